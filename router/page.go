package router

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
)

//go:embed page
var pageFiles embed.FS

// pageStreams is how many cameras the page streams at a time. Browsers open six connections to a host: this leaves one for
// snapshots of the other cameras and one for /status.
const pageStreams = 4

// contentPolicy lets the page load what this server serves and, beside the blank picture that ends a stream, nothing else. It
// does not forbid frames: dashboards embed the page.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'"

// An asset is a file that the page needs beside itself.
type asset struct {
	mediaType string
	body      string
	version   string // a hash of body
}

var assetTable = map[string]asset{
	"style.css": readAsset("style.css", "text/css; charset=utf-8"),
	"page.js":   readAsset("page.js", "text/javascript; charset=utf-8"),
	"icon.svg":  readAsset("icon.svg", "image/svg+xml"),
}

func readAsset(name, mediaType string) asset {
	body, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it was there when this was built
	}
	sum := sha256.Sum256(body)
	return asset{mediaType, string(body), hex.EncodeToString(sum[:8])}
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if address, ok := withSlash(r); ok {
		h.Set("Cache-Control", "no-store")
		h.Set("Location", address) // [http.Redirect] would make it absolute, and a proxy may see another path
		w.WriteHeader(http.StatusFound)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	io.WriteString(w, string(s.report(r, s.visible(r)).markup(access.LinkQuery(r), access.Anonymous(r)))) // an error means that the viewer has left
}

// withSlash returns the address of the page for a request without the last slash, as where the handler is mounted at /cams:
// the page's links are relative to it.
func withSlash(r *http.Request) (address string, ok bool) {
	page, query, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasSuffix(r.URL.Path, "/") || strings.HasSuffix(page, "/") || !strings.HasPrefix(page, "/") {
		return "", false
	}
	address = "." + page[strings.LastIndexByte(page, '/'):] + "/"
	if query != "" {
		address += "?" + query
	}
	return address, true
}

// assets serves the page's files. Under the address that the page gives them they never change.
func assets() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := chi.URLParam(r, "*")
		a, ok := assetTable[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.mediaType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", `"`+a.version+`"`)
		h.Set("Cache-Control", "no-cache")
		if r.URL.RawQuery == a.version {
			h.Set("Cache-Control", "max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, strings.NewReader(a.body))
	}
}
