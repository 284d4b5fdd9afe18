package router_test

import (
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/test/browser"
)

// refusals counts the requests that are refused.
type refusals struct {
	http.Handler
	n atomic.Int32
}

func (h *refusals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Handler.ServeHTTP(&refusalsWriter{w, &h.n}, r)
}

type refusalsWriter struct {
	http.ResponseWriter
	n *atomic.Int32
}

func (w *refusalsWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *refusalsWriter) WriteHeader(code int) {
	if code == http.StatusUnauthorized || code == http.StatusForbidden {
		w.n.Add(1)
	}
	w.ResponseWriter.WriteHeader(code)
}

// TestPageByALinkInBrowsers opens the page of one camera by a link: it is live by what the link opens, and says when the link has
// ended.
func TestPageByALinkInBrowsers(t *testing.T) {
	t.Parallel()
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := browser.Open(t, kind)
			key := writeFile(t, strings.Repeat("k", 32))
			links, err := access.OpenLinks(key, nil)
			if err != nil {
				t.Fatal(err)
			}
			h := &refusals{Handler: router.New(sixCameras(t), router.Options{Access: &access.Control{Links: links}})}
			server := serve(t, h)
			p.Go(server.URL + "/b/?" + links.Sign("b", access.Page, time.Now().Add(time.Hour)))
			p.Want(jsStates, "live")
			moved(t, p, 0)
			if n := h.n.Load(); n > 0 {
				t.Errorf("%d requests of the page were refused", n)
			}
			if err := os.WriteFile(key, []byte(strings.Repeat("l", 32)), 0o600); err != nil {
				t.Fatal(err)
			}
			p.Want(jsLost, "This link has ended")
		})
	}
}
