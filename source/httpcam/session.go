package httpcam

import (
	"context"
	"crypto/tls"
	"errors"
	"hash/maphash"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// instanceHeader distinguishes one mjpegazer from another. Unlike Server, proxies pass it on.
const instanceHeader = "X-Mjpegazer-Instance"

const refusedPause = 30 * time.Second // after a refused login: cameras lock accounts

// A session is one run of a [Camera].
type session struct {
	camera    *Camera
	url       *url.URL // without user, password and fragment
	secrets   redact.Secrets
	transport *transport
	login     *login
	jar       *cookiejar.Jar
	emit      func(stream.Picture)

	reader *mjpeg.Reader
	facts  map[string]string
	known  map[string]string // those from the head of the last response
	shown  bool              // facts have been emitted as they are
	other  bool              // the camera is another mjpegazer
	pause  time.Duration     // before the next session; 0: the usual

	still still

	skip    int  // pictures that are yet to be skipped
	skipped bool // a picture was
}

func newSession(c *Camera, u *url.URL, config *tls.Config, emit func(stream.Picture)) *session {
	s := &session{camera: c, emit: emit, secrets: redact.Of(u, c.Header), transport: &transport{camera: c, tls: config}, still: still{seed: maphash.MakeSeed()}}
	s.url = &url.URL{}
	*s.url = *u
	s.url.User, s.url.Fragment, s.url.RawFragment = nil, "", ""
	s.jar, _ = cookiejar.New(nil) // it never fails
	s.login = newLogin(c, u, s.transport)
	s.reader = mjpeg.NewReader(nil, c.MaxFrame)
	return s
}

// getNew is get, and gets again what [Camera.Skip] says are old pictures.
func (s *session) getNew(ctx context.Context) error {
	s.skip = s.camera.Skip
	for {
		s.skipped = false
		if err := s.get(ctx); err != nil || !s.skipped {
			return err
		}
	}
}

// get makes one request and emits the pictures of the answer. Nil means that a single picture came, and that there may be
// another one.
func (s *session) get(ctx context.Context) error {
	resp, err := s.request(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	s.answered(resp)
	switch {
	case s.camera.Instance != "" && resp.Header.Get(instanceHeader) == s.camera.Instance:
		return problem("this is mjpegazer's own address: it cannot be its own source")
	case resp.StatusCode == http.StatusNotModified && s.still.sum != 0:
		s.emit(stream.Picture{})
		return nil
	case !succeeded(resp.StatusCode):
		return s.refused(resp)
	}
	return newPictures(s, resp).read()
}

// answered notes what the head of an answer says.
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
	note("login", s.login.used())
	quirks := s.transport.body.head.quirks
	for _, text := range quirks {
		s.camera.trace(Quirk, text)
	}
	note("quirks", strings.Join(quirks, "; "))
	if s.known == nil || !maps.Equal(facts, s.known) {
		s.facts, s.known, s.shown = facts, facts, false
	}
}

// noteQuirks adds the quirks of the pictures of a stream.
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

// refused is the error of an answer whose status is not one of success.
func (s *session) refused(resp *http.Response) error {
	const where = "http://USER:PASSWORD@HOST/…"
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		s.pause = refusedPause
		switch {
		case originOf(resp.Request.URL) != originOf(s.url):
			return problem("the camera redirects to " + redact.URL(resp.Request.URL) + ", which requires a login: use that address instead")
		case s.login.user == nil:
			return problem("the camera requires a login: put user and password into its address, " + where)
		case !answerable(resp.Header):
			return problem("the camera offers no way to log in that is supported: add #auth=basic to its address to try Basic")
		}
		return problem("the camera refuses the login: are user and password right?")
	case code/100 == 3:
		return problem("the camera redirects without saying where to")
	case code == http.StatusNotFound:
		return problem("the camera does not know this address (404 Not Found): is the path right?")
	default:
		return problem("the camera answered " + resp.Status)
	}
}

// explain turns what ended the session into an error that may be shown.
func (s *session) explain(err error) error {
	shown := problem(s.secrets.Hide(reason(err).Error()))
	switch {
	case s.pause > 0:
		return stream.RetryAfter(shown, s.pause)
	case errors.Is(err, syscall.ECONNREFUSED):
		return stream.RetrySoon(shown)
	}
	return shown
}
