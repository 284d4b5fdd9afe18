package httpcam

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"

	"mjpegazer/source/internal/redact"
)

// A problem is an error in a user's words, which may be shown.
type problem string

func (p problem) Error() string { return string(p) }

// reason puts an error of the connection to a camera into a user's words. It does not repeat addresses.
func reason(err error) error {
	var shown problem
	if errors.As(err, &shown) {
		return shown
	}
	var asURL *url.Error
	if errors.As(err, &asURL) {
		return reason(asURL.Err)
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return problem("cannot resolve " + name.Name + ": is it spelled correctly?")
	}
	switch {
	case timedOut(err):
		return problem("the camera stopped responding")
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem("the camera refuses the connection: is it switched on, and is the port right?")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return problem("no route to the camera: is it on this network?")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return problem("the camera closed the connection")
	}
	var inner *net.OpError
	if errors.As(err, &inner) {
		return problem("the connection to the camera failed: " + inner.Err.Error())
	}
	return problem("the camera's response is invalid: " + err.Error())
}

// handshakeReason is reason for the errors of a TLS handshake.
func handshakeReason(err error) error {
	const trust = "; add #ca=FILE or #pin=sha256/… to the address to trust it, or #insecure to trust any"
	var (
		shown     problem
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
	case errors.As(err, &authority):
		return problem("the camera's certificate is signed by an unknown authority" + trust)
	case errors.As(err, &host):
		return problem("the camera's certificate is for another name" + trust)
	case errors.As(err, &invalid):
		return problem("the camera's certificate is not valid now: is a clock wrong?" + trust)
	case errors.As(err, &untrusted):
		return problem("the camera's certificate is not trusted" + trust)
	case errors.As(err, &record):
		return problem("the camera does not speak TLS at this port: try http:// instead of https://")
	case errors.As(err, &remote) && remote.Op != "remote error", errors.Is(err, io.EOF):
		return reason(err)
	}
	return problem("the TLS handshake failed (" + redact.Cause(err).Error() + "); add #insecure to the address to allow old versions")
}
