//go:build nats

package nats

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"github.com/nats-io/nats.go"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
)

// Reasons that viewers read.
var (
	errNoEdge     = stream.FailedStatus.Of(errors.New("no edge has this camera"))
	errSilent     = stream.FailedStall.Of(errors.New("the edge that had this camera has fallen silent"))
	errNoAnswer   = stream.FailedStall.Of(errors.New("no edge with this camera answers"))
	errLost       = stream.FailedDial.Of(errors.New("the connection to the NATS servers is lost"))
	errClosed     = errors.New("the connection was closed")
	errCircle     = errors.New("the pictures come from this mjpegazer itself, directly or by way of others: it cannot be its own source")
	errManyHops   = errors.New("the pictures come by more than 8 programs")
	errNoServer   = errors.New("none of the NATS servers can be reached")
	errNotTrusted = errors.New("the NATS server's certificate is not trusted: name the file of the authority that signed it by the option ca=FILE")
	errLogin      = errors.New("the NATS server refuses the login: are user and password, or the files of creds= and nkey=, right?")
)

const maxQuote = 200 // bytes of what others say

// explain turns an error of a connection into one that may be shown.
func (s Servers) explain(err error) error {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var dialed *net.OpError
	var late interface{ Timeout() bool }
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return stream.FailedLogin.Of(errLogin)
	case errors.As(err, &host):
		return stream.FailedDial.Of(errors.New("the NATS server's certificate is for another name"))
	case errors.As(err, &authority), errors.As(err, &certificate):
		return stream.FailedDial.Of(errNotTrusted)
	case errors.Is(err, nats.ErrStaleConnection), errors.Is(err, nats.ErrTimeout), errors.As(err, &late) && late.Timeout():
		return stream.RetrySoon(stream.FailedDial.Of(errors.New("the NATS server does not answer")))
	case errors.Is(err, nats.ErrNoServers), errors.As(err, &dialed):
		return stream.RetrySoon(stream.FailedDial.Of(errNoServer))
	}
	_, login, _ := s.parse()
	var secrets []string
	if login != nil {
		password, _ := login.Password()
		secrets = []string{login.Username(), password}
	}
	return stream.FailedDial.Of(errors.New("the NATS server cannot be used: " + redact.Start(redact.New(secrets).Hide(err.Error()), maxQuote)))
}
