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

// A problem is an error in a user's words.
type problem string

func (p problem) Error() string { return string(p) }

// reason puts what went wrong on the way to a camera into a user's words. It never repeats an address.
func reason(err error) error {
	var said problem
	if errors.As(err, &said) {
		return said
	}
	var asURL *url.Error
	if errors.As(err, &asURL) {
		return reason(asURL.Err)
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return problem("the name " + name.Name + " is not known to the name service: is it spelt right?")
	}
	switch {
	case timedOut(err):
		return problem("the camera has fallen silent")
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem("the camera refuses the connection: is it on, and is the port right?")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return problem("there is no way to the camera: is it on the network?")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return problem("the camera broke the connection")
	}
	var inner *net.OpError
	if errors.As(err, &inner) {
		return problem("the connection to the camera failed: " + inner.Err.Error())
	}
	return problem("the camera's answer makes no sense: " + err.Error())
}

// handshakeReason is reason for the errors of a TLS handshake.
func handshakeReason(err error) error {
	const trust = "; #ca=FILE or #pin=sha256/… behind the address trusts it, #insecure anything"
	var (
		said      problem
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		untrusted *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		remote    *net.OpError
	)
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &authority):
		return problem("nobody known has signed the camera's certificate" + trust)
	case errors.As(err, &host):
		return problem("the camera's certificate is for another name" + trust)
	case errors.As(err, &invalid):
		return problem("the camera's certificate is not valid: is a clock wrong?" + trust)
	case errors.As(err, &untrusted):
		return problem("the camera's certificate is not trusted" + trust)
	case errors.As(err, &record):
		return problem("the camera speaks no TLS at this port: try http:// instead of https://")
	case errors.As(err, &remote) && remote.Op != "remote error", errors.Is(err, io.EOF):
		return reason(err)
	}
	return problem("the camera does not agree on TLS (" + redact.Cause(err).Error() + "); #insecure behind the address allows older versions")
}
