package source

import (
	"context"
	"hash/maphash"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"mjpegazer/stream"
)

// instanceHeader tells one mjpegazer from another. It also comes through proxies that put another Server in its place.
const instanceHeader = "X-Mjpegazer-Instance"

const refusedPause = 30 * time.Second // after a refused log-in: cameras lock accounts

// A visit is one run of an [HTTP].
type visit struct {
	camera    *HTTP
	url       *url.URL // without user and fragment
	secrets   secrets
	transport *transport
	login     *login
	jar       *cookiejar.Jar
	emit      func(stream.Picture)

	parts *Parts
	facts map[string]string
	known map[string]string // of them, what the head of the last answer told
	told  bool              // facts are passed on as they are
	other bool              // the camera is another mjpegazer
	pause time.Duration     // before the next visit; 0: the usual

	// Of single pictures: the last one's, to ask for and to know the next one by.
	seed               maphash.Seed
	sum                uint64 // 0: there is none
	modified, identity string
}

func newVisit(h *HTTP, u *url.URL, emit func(stream.Picture)) *visit {
	v := &visit{camera: h, emit: emit, secrets: secretsOf(u, h.Header), transport: &transport{camera: h}, seed: maphash.MakeSeed()}
	v.url = &url.URL{}
	*v.url = *u
	v.url.User, v.url.Fragment, v.url.RawFragment = nil, "", ""
	v.jar, _ = cookiejar.New(nil) // it never fails
	v.login = newLogin(h, u, v.transport)
	v.parts = NewParts(nil, h.MaxFrame)
	return v
}

// get makes one request and emits what comes. Nil means that a single picture came and that there may be another.
func (v *visit) get(ctx context.Context) error {
	resp, err := v.ask(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	v.answered(resp)
	switch {
	case v.camera.Instance != "" && resp.Header.Get(instanceHeader) == v.camera.Instance:
		return problem("this address is the program's own: it would show itself to itself")
	case resp.StatusCode == http.StatusNotModified && v.sum != 0:
		v.emit(stream.Picture{})
		return nil
	case !succeeded(resp.StatusCode):
		return v.refused(resp)
	}
	return newAnswer(v, resp).read()
}

// answered notes what the head of an answer tells.
func (v *visit) answered(resp *http.Response) {
	v.camera.trace(Answered, resp.Status)
	facts := map[string]string{}
	v.other = resp.Header.Get(instanceHeader) != "" || strings.HasPrefix(resp.Header.Get("Server"), "mjpegazer")
	note := func(name, value string) {
		if value != "" {
			facts[name] = v.secrets.hide(printable(value[:min(len(value), 200)]))
		}
	}
	note("server", resp.Header.Get("Server"))
	note("content type", resp.Header.Get("Content-Type"))
	note("log-in", v.login.used())
	odd := v.transport.body.head.odd
	for _, text := range odd {
		v.camera.trace(Odd, text)
	}
	note("oddities", strings.Join(odd, "; "))
	if v.known == nil || !maps.Equal(facts, v.known) {
		v.facts, v.known, v.told = facts, facts, false
	}
}

// noteOddities adds what is odd about the pictures of a stream.
func (v *visit) noteOddities(odd []string) {
	if len(odd) == 0 {
		return
	}
	for _, text := range odd {
		v.camera.trace(Odd, v.secrets.hide(text))
	}
	v.facts = maps.Clone(v.facts)
	v.facts["oddities"] = v.secrets.hide(strings.Join(append(slices.Clone(v.transport.body.head.odd), odd...), "; "))
	v.told = false
}

// refused is the error of an answer that is none of success.
func (v *visit) refused(resp *http.Response) error {
	const where = "http://USER:PASSWORD@HOST/…"
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		v.pause = refusedPause
		switch {
		case originOf(resp.Request.URL) != originOf(v.url):
			return problem("the camera redirects to " + Display(resp.Request.URL.String()) + ", which wants a log-in: name that address instead")
		case v.login.user == nil:
			return problem("the camera wants a log-in: put user and password into its address, " + where)
		case !answerable(resp.Header):
			return problem("the camera does not say how to log in, or in a way unknown here: #auth=basic behind its address sends Basic unasked")
		}
		return problem("the camera refuses the log-in: are user and password right?")
	case code/100 == 3:
		return problem("the camera redirects and does not say where to")
	case code == http.StatusNotFound:
		return problem("the camera knows no such address (404 Not Found): is its path right?")
	default:
		return problem("the camera answered " + resp.Status)
	}
}

// explain makes what ended the visit a reason that may be shown.
func (v *visit) explain(err error) error {
	said := problem(v.secrets.hide(reason(err).Error()))
	if v.pause > 0 {
		return stream.RetryAfter(said, v.pause)
	}
	return said
}
