package httpcam

import (
	"context"
	"crypto/tls"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// A session is one run of a [Camera].
type session struct {
	camera    *Camera
	url       *url.URL // without user, password and fragment
	secrets   redact.Secrets
	carries   bool // a secret in each request, besides user and password
	transport *transport
	login     *login
	emit      func(stream.Picture)

	reader  *mjpeg.Reader
	facts   map[string]string
	known   map[string]string // those from the head of the last response
	shown   bool              // facts have been emitted as they are
	other   bool              // the camera is another mjpegazer
	via     mjpeg.Via         // the programs that its pictures have come by
	pause   time.Duration     // before the next session; 0: the usual
	soon    bool              // another one costs the camera nothing
	missing bool              // the camera says that there is none at this address

	pictures int  // emitted
	cookies  bool // the camera has set some

	still still

	skip    int  // pictures that are yet to be skipped
	skipped bool // a picture was
}

func newSession(c *Camera, u *url.URL, config *tls.Config, emit func(stream.Picture)) *session {
	s := &session{camera: c, emit: emit, secrets: redact.Of(u, c.Header, c.Body), transport: &transport{camera: c, tls: config}, still: still{seed: maphash.MakeSeed()}}
	s.url = &url.URL{}
	*s.url = *u
	s.url.User, s.url.Fragment, s.url.RawFragment = nil, "", ""
	s.carries = redact.Of(s.url, c.Header, c.Body).Any()
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
	case s.circular():
		s.pause = circlePause
		return errCircle
	case len(s.via) > mjpeg.MaxHops:
		return problem("the pictures come by more than 8 mjpegazers")
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
	if s.transport.body.head.line {
		s.camera.trace(Answered, resp.Status)
	} else {
		s.camera.trace(Answered, "no status line")
	}
	facts := map[string]string{}
	s.via = mjpeg.ParseVia(resp.Header.Values(mjpeg.InstanceHeader))
	s.other = len(s.via) > 0 || strings.HasPrefix(resp.Header.Get("Server"), "mjpegazer")
	note := func(name, value string) {
		if value != "" {
			facts[name] = s.quote(value)
		}
	}
	if len(s.camera.Also) > 0 {
		note("address", redact.URL(s.url))
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
		s.camera.trace(Quirk, s.quote(text))
	}
	s.facts = maps.Clone(s.facts)
	s.facts["quirks"] = s.quote(strings.Join(append(slices.Clone(s.transport.body.head.quirks), quirks...), "; "))
	s.shown = false
}

// quote returns what the camera says as it may be shown: without secrets, and in short.
func (s *session) quote(text string) string {
	return redact.Start(s.secrets.Hide(text), maxQuote)
}

const maxQuote = 200 // bytes
