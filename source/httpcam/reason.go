package httpcam

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mjpegazer/source/internal/mdns"
	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// A problem is an error in a user's words, which may be shown. What others have said is in it only if it was cleaned before:
// what the sentence itself says is never hidden.
type problem string

func (p problem) Error() string { return string(p) }

// errCircle is the error of a mjpegazer whose pictures come from this one.
const errCircle = problem("the address leads back to this mjpegazer itself, directly or by way of others: it cannot be its own source")

// circular reports whether an answer comes from this program, directly or by way of others.
func (s *session) circular() bool {
	return s.camera.Instance != "" && s.via.Meets(mjpeg.Via{s.camera.Instance})
}

// reason puts an error of the connection to the camera into a user's words. It does not repeat addresses.
func (s *session) reason(err error) error {
	var shown problem
	if errors.As(err, &shown) {
		return shown
	}
	if text := connectionReason(err); text != "" {
		return problem(text)
	}
	var name *net.DNSError
	var inner *net.OpError
	switch {
	case errors.As(err, &name) && mdns.IsName(name.Name):
		return problem("cannot resolve " + s.quote(name.Name) + ": neither the system nor the network (mDNS) knows it: is the camera switched on, and on this network?")
	case errors.As(err, &name):
		return problem("cannot resolve " + s.quote(name.Name) + ": is it spelled correctly?")
	case errors.As(err, &inner):
		return problem("the connection to the camera failed: " + s.quote(inner.Err.Error()))
	}
	return problem("the camera's response is invalid: " + s.quote(err.Error()))
}

// connectionReason says how a connection failed, or is "".
func connectionReason(err error) string {
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		return ""
	case timedOut(err):
		return "the camera stopped responding"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the camera refuses the connection: is it switched on, and is the port right?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to the camera: is it on this network?"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return "the camera closed the connection"
	}
	return ""
}

// handshakeReason is reason for the errors of a TLS handshake. It advises nothing that is in use.
func (c *Camera) handshakeReason(err error) error {
	var (
		shown     problem
		late      errHandshakeTime
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		untrusted *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		remote    *net.OpError
	)
	switch {
	case errors.As(err, &shown):
		return shown
	case errors.As(err, &late):
		return problem(late.Error())
	case errors.As(err, &authority):
		return problem("the camera's certificate is signed by an unknown authority" + c.trustAdvice())
	case errors.As(err, &host):
		return problem("the camera's certificate is for another name" + c.trustAdvice())
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return problem("the camera's certificate is not valid now: is a clock wrong?" + c.trustAdvice())
	case errors.As(err, &untrusted):
		return problem("the camera's certificate is not trusted" + c.trustAdvice())
	case errors.As(err, &record):
		return problem("the camera does not speak TLS at this port: try http:// instead of https://")
	case errors.As(err, &remote) && remote.Op != "remote error", errors.Is(err, io.EOF):
		if text := connectionReason(err); text != "" {
			return problem(text)
		}
	}
	// What remains is said by the TLS package, which quotes the certificate.
	text := "the TLS handshake failed (" + redact.Start(redact.Secrets{}.Hide(redact.Cause(err).Error()), maxQuote) + ")"
	if c.allowsOld() || strings.Contains(text, "certificate") {
		return problem(text + "; #insecure does not help: use http:// if the camera allows it, or read it with curl: " + curlWay)
	}
	return problem(text + "; add #insecure to the address to allow old versions")
}

// curlWay is a source for cameras whose TLS Go does not speak; where OpenSSL does, curl reads them.
const curlWay = "'exec:curl -sSNk --ciphers DEFAULT@SECLEVEL=0 https://…'"

// trustAdvice says how a certificate may be trusted that is not.
func (c *Camera) trustAdvice() string {
	if c.CA != "" {
		return "; add #pin=sha256/… to the address to trust its key alone, or #insecure to trust any"
	}
	return "; add #ca=FILE or #pin=sha256/… to the address to trust it, or #insecure to trust any"
}

const (
	circlePause  = 15 * time.Second // after a circle, which only somebody who configures it can end
	refusedPause = 30 * time.Second // after a refused login: cameras lock accounts
	longestPause = 5 * time.Minute  // that a camera may ask for
)

// refused is the error of an answer whose status is not one of success.
func (s *session) refused(resp *http.Response) error {
	s.pause = retryAfter(resp.Header, time.Now())
	code, showed := resp.StatusCode, s.showedSecret(resp.Request)
	if code == http.StatusUnauthorized || showed && (code == http.StatusForbidden || code == http.StatusLocked) {
		s.pause = max(s.pause, refusedPause)
		return stream.FailedLogin.Of(s.loginRefused(resp))
	}
	if showed && code == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" { // perhaps of logins
		s.pause = refusedPause
	}
	return stream.FailedStatus.Of(s.statusRefused(resp))
}

// statusRefused is the error of an answer that has nothing to do with a login.
func (s *session) statusRefused(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code/100 == 3:
		return problem("the camera redirects without saying where to")
	case code == http.StatusLoopDetected && s.other:
		s.pause = max(s.pause, circlePause)
		return errCircle
	case code == http.StatusNotFound:
		s.missing = true
		return problem("the camera does not know this address (404 Not Found): is the path right?")
	case code == http.StatusMethodNotAllowed && resp.Request.Method == http.MethodGet:
		return problem("the camera answered " + resp.Status + ": if its manual says POST, add #method=POST to its address")
	default:
		return problem("the camera answered " + resp.Status)
	}
}

// loginRefused is the error of an answer that wants a login, or another one.
func (s *session) loginRefused(resp *http.Response) error {
	const where = "http://USER:PASSWORD@HOST/…"
	switch {
	case originOf(resp.Request.URL) != originOf(s.url):
		return problem("the camera redirects to " + s.quote(redact.URL(resp.Request.URL)) + ", which requires a login: use that address instead")
	case resp.StatusCode != http.StatusUnauthorized:
		return problem("the camera refuses the login (" + resp.Status + "): are user and password right, and is the account not locked?")
	case s.login.user == nil:
		return problem("the camera requires a login: put user and password into its address, " + where)
	case s.login.used() == "" && !answerable(resp.Header):
		return problem("the camera offers no way to log in that is supported: add #auth=basic to its address to try Basic")
	}
	return problem("the camera refuses the login: are user and password right?")
}

// showedSecret reports whether a request held a login, or what may be one: a refusal of it is a failed try to log in.
func (s *session) showedSecret(req *http.Request) bool {
	return originOf(req.URL) == originOf(s.url) && (s.login.used() != "" || s.carries)
}

// retryAfter returns how long the camera wants to be left alone, RFC 9110 section 10.2.3; 0 where it says nothing, or nothing
// that makes sense. A date is compared with that of the answer, for the clocks of cameras are wrong.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, longestPause.Seconds()) * float64(time.Second))
	}
	at, ok := parseDate(text)
	if !ok {
		return 0
	}
	if sent, ok := parseDate(header.Get("Date")); ok {
		now = sent
	}
	return min(max(at.Sub(now), 0), longestPause)
}

// failureOf is what a session failed at that ended with err.
func failureOf(err error) stream.Failure {
	var known interface{ Failure() stream.Failure }
	switch {
	case errors.As(err, &known):
		return known.Failure()
	case timedOut(err):
		return stream.FailedStall
	}
	return stream.FailedContent
}

// explain turns what ended the session into an error that may be shown.
func (s *session) explain(err error) error {
	shown := failureOf(err).Of(s.reason(err))
	if s.missing {
		shown = notFound{shown}
	}
	switch {
	case s.pause > 0:
		return stream.RetryAfter(shown, s.pause)
	case errors.Is(err, syscall.ECONNREFUSED):
		s.soon = true
		return stream.RetrySoon(shown)
	}
	return shown
}
