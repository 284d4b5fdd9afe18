package router

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
)

//go:embed page
var pageFiles embed.FS

// pageStreams is how many cameras the page streams at a time where its script does not run. Browsers open six connections to a
// host: this leaves two for the snapshots of the other cameras.
const pageStreams = 4

// maxColumns bounds ?columns=.
const maxColumns = 12

// contentPolicy lets the page load what this server serves and, beside blank pictures, nothing else. It
// does not forbid frames: dashboards embed the page.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; " +
	"form-action 'none'; connect-src 'self'"

// anyServer follows contentPolicy for a page that looks for another server, whose address it does not know.
const anyServer = " http: https:"

// An asset is a file that the page needs beside itself.
type asset struct {
	mediaType string
	body      string
	version   string // a hash of body
}

var assetTable = readAssets()

// mediaTypes are those of the page's files that browsers ask for by themselves.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func readAssets() map[string]asset {
	files, err := pageFiles.ReadDir("page")
	if err != nil {
		panic(err) // it was there when this was built
	}
	assets := map[string]asset{}
	for _, file := range files {
		if mediaType, ok := mediaTypes[path.Ext(file.Name())]; ok {
			assets[file.Name()] = readAsset(file.Name(), mediaType)
		}
	}
	return assets
}

func readAsset(name, mediaType string) asset {
	body, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it was there when this was built
	}
	sum := sha256.Sum256(body)
	return asset{mediaType, string(body), hex.EncodeToString(sum[:8])}
}

// page serves a page with all cameras that its viewer may see, or those in ?cameras=door,garden.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	names := query(r).Get("cameras")
	status := s.report(r, s.visible(r))
	if names != "" {
		chosen := strings.Split(names, ",")
		status.Cameras = slices.DeleteFunc(status.Cameras, func(c cameraStatus) bool { return !slices.Contains(chosen, c.Name) })
		slices.SortStableFunc(status.Cameras, func(a, b cameraStatus) int {
			return slices.Index(chosen, a.Name) - slices.Index(chosen, b.Name)
		})
		if len(status.Cameras) == 0 {
			s.notFound(w, r)
			return
		}
	}
	s.servePage(w, r, pageView{status: status, names: names})
}

// pageOf serves the page of one camera.
func (s *site) pageOf(c Camera) http.Handler {
	return reading(func(w http.ResponseWriter, r *http.Request) {
		s.servePage(w, r, pageView{status: s.report(r, []Camera{c}), names: c.Name, base: "../", single: true, columns: 1})
	})
}

// servePage serves a page as its query wants it: ?bare, and ?columns=3.
func (s *site) servePage(w http.ResponseWriter, r *http.Request, v pageView) {
	h := w.Header()
	if address, ok := withSlash(r); ok {
		h.Set("Cache-Control", "no-store")
		h.Set("Location", address) // [http.Redirect] would make it absolute, and a proxy may see another path
		w.WriteHeader(http.StatusFound)
		return
	}
	q := query(r)
	v.bare, v.login = q.Has("bare"), access.Anonymous(r)
	if n, err := strconv.Atoi(q.Get("columns")); err == nil && !v.single {
		v.columns = min(max(n, 1), maxColumns)
	}
	if v.query = access.LinkQuery(r); v.query != "" {
		v.query = "?" + v.query
	}
	textHeaders(h, "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	if v.external = s.options.ExternalURL; v.external != "" {
		v.pass = s.options.Access.PassQuery(r)
		h.Set("Content-Security-Policy", contentPolicy+anyServer)
	}
	h.Set("Referrer-Policy", "no-referrer")
	io.WriteString(w, string(v.markup())) // an error means that the viewer has left
}

// withSlash returns the address of the page for a request without the last slash, as where the handler is mounted at /cams:
// the page's links are relative to it.
func withSlash(r *http.Request) (address string, ok bool) {
	page, query, _ := strings.Cut(r.RequestURI, "?")
	if token := access.LinkQuery(r); strings.HasPrefix(token, "token=") { // which was taken out of the address
		query = strings.Trim(query+"&"+token, "&")
	}
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
		textHeaders(h, a.mediaType)
		h.Set("ETag", `"`+a.version+`"`)
		h.Set("Cache-Control", "no-cache")
		if r.URL.RawQuery == a.version {
			h.Set("Cache-Control", "max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, strings.NewReader(a.body))
	}
}
