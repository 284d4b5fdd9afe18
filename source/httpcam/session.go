package httpcam

import (
	"context"
	"crypto/tls"
	"hash/maphash"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// instanceHeader tells one mjpegazer from another. It also comes through proxies that put another Server in its place.
const instanceHeader = "X-Mjpegazer-Instance"

const refusedPause = 30 * time.Second // after a refused log-in: cameras lock accounts

// A session is one run of a [Camera].
type session struct {
	camera    *Camera
	url       *url.URL // without user and fragment
	secrets   redact.Secrets
	transport *transport
	login     *login
	jar       *cookiejar.Jar
	emit      func(stream.Picture)

	reader *mjpeg.Reader
	facts  map[string]string
	known  map[string]string // of them, what the head of the last answer told
	shown  bool              // facts have been emitted as they are
	other  bool              // the camera is another mjpegazer
	pause  time.Duration     // before the next session; 0: the usual

	// Of single pictures: the last one's, to ask for and to know the next one by.
	seed               maphash.Seed
	sum                uint64 // 0: there is none
	modified, identity string
}

func newSession(c *Camera, u *url.URL, config *tls.Config, emit func(stream.Picture)) *session {
	s := &session{camera: c, emit: emit, secrets: redact.Of(u, c.Header), transport: &transport{camera: c, tls: config}, seed: maphash.MakeSeed()}
	s.url = &url.URL{}
	*s.url = *u
	s.url.User, s.url.Fragment, s.url.RawFragment = nil, "", ""
	s.jar, _ = cookiejar.New(nil) // it never fails
	s.login = newLogin(c, u, s.transport)
	s.reader = mjpeg.NewReader(nil, c.MaxFrame)
	return s
}

// get makes one request and emits what comes. Nil means that a single picture came and that there may be another.
func (s *session) get(ctx context.Context) error {
	resp, err := s.ask(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	s.answered(resp)
	switch {
	case s.camera.Instance != "" && resp.Header.Get(instanceHeader) == s.camera.Instance:
		return problem("this address is the program's own: it would show itself to itself")
	case resp.StatusCode == http.StatusNotModified && s.sum != 0:
		s.emit(stream.Picture{})
		return nil
	case !succeeded(resp.StatusCode):
		return s.refused(resp)
	}
	return newPictures(s, resp).read()
}

// answered notes what the head of an answer tells.
func (s *session) answered(resp *http.Response) {
	s.camera.trace(Answered, resp.Status)
	facts := map[string]string{}
	s.other = resp.Header.Get(instanceHeader) != "" || strings.HasPrefix(resp.Header.Get("Server"), "mjpegazer")
	note := func(name, value string) {
		if value != "" {
			facts[name] = s.secrets.Hide(redact.Printable(value[:min(len(value), 200)]))
		}
	}
	note("server", resp.Header.Get("Server"))
	note("content type", resp.Header.Get("Content-Type"))
	note("log-in", s.login.used())
	quirks := s.transport.body.head.quirks
	for _, text := range quirks {
		s.camera.trace(Quirk, text)
	}
	note("quirks", strings.Join(quirks, "; "))
	if s.known == nil || !maps.Equal(facts, s.known) {
		s.facts, s.known, s.shown = facts, facts, false
	}
}

// noteQuirks adds what is quirks about the pictures of a stream.
func (s *session) noteQuirks(quirks []string) {
	if len(quirks) == 0 {
		return
	}
	for _, text := range quirks {
		s.camera.trace(Quirk, s.secrets.Hide(text))
	}
	s.facts = maps.Clone(s.facts)
	s.facts["quirks"] = s.secrets.Hide(strings.Join(append(slices.Clone(s.transport.body.head.quirks), quirks...), "; "))
	s.shown = false
}

// refused is the error of an answer that is none of success.
func (s *session) refused(resp *http.Response) error {
	const where = "http://USER:PASSWORD@HOST/…"
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		s.pause = refusedPause
		switch {
		case originOf(resp.Request.URL) != originOf(s.url):
			return problem("the camera redirects to " + redact.URL(resp.Request.URL) + ", which wants a log-in: name that address instead")
		case s.login.user == nil:
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

// explain makes what ended the session a reason that may be shown.
func (s *session) explain(err error) error {
	said := problem(s.secrets.Hide(reason(err).Error()))
	if s.pause > 0 {
		return stream.RetryAfter(said, s.pause)
	}
	return said
}
