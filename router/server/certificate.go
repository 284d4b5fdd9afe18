package server

import (
	"crypto/tls"
	"log/slog"

	"mjpegazer/router/internal/watch"
)

// A certificate is the server's, in files that may change: a renewal needs no restart.
type certificate struct {
	files *watch.Files[*tls.Certificate]
}

// openCertificate reads a certificate with its chain, and its key, both PEM. While the files do not fit together later on,
// as between the renewal of the one and of the other, the certificate from before is used and log says so.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	files, err := watch.Open(log, func(contents [][]byte) (*tls.Certificate, error) {
		c, err := tls.X509KeyPair(contents[0], contents[1])
		return &c, err
	}, certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &certificate{files}, nil
}

// get is for [tls.Config.GetCertificate].
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.files.Get(), nil }
