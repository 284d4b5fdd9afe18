package router

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

const (
	maxBody  = 64 << 10 // bytes
	maxForm  = 4 << 10  // bytes of a body that may be a form for a token, of [access.Control]
	bodyTime = 5 * time.Second
)

// drained reads a request's body, of which nobody needs more than a form, before a handler answers. net/http would wait for it, without end, before
// the first byte of an answer.
type drained struct{ http.Handler }

func (d *drained) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || drain(w, r) {
		d.Handler.ServeHTTP(w, r)
	}
}

// drain reports whether the whole body was read, and refuses the request if not. Then the body's deadline stays, so that net/http
// does not try in its turn.
func drain(w http.ResponseWriter, r *http.Request) bool {
	controller := http.NewResponseController(w)
	controller.SetReadDeadline(time.Now().Add(bodyTime)) // a writer without a connection has a body that does not wait
	var form bytes.Buffer
	to := io.Discard
	if r.ContentLength > 0 && r.ContentLength <= maxForm {
		to = &form
	}
	if n, err := io.Copy(to, io.LimitReader(r.Body, maxBody+1)); err != nil || n > maxBody {
		controller.SetReadDeadline(time.Unix(1, 0))
		w.Header().Set("Connection", "close")
		http.Error(w, "no request needs a body here, and this one is too large or too slow", http.StatusRequestEntityTooLarge)
		return false
	}
	controller.SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(&form)
	return true
}

// reading answers HEAD with h's headers alone, and refuses what would write. The handlers do it, not the routes, so that they
// keep it wherever they are mounted.
func reading(h http.HandlerFunc) http.Handler { return &drained{reader(h)} }

type reader http.HandlerFunc

func (h reader) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuseMethod(w, r)
		return
	}
	h(w, r)
}

// refuseMethod answers a method that would write.
func refuseMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
}
