package router

import (
	"crypto/tls"
	"log/slog"
)

// A Certificate is a server's, in files that may change: who renews it need not restart the server.
type Certificate struct{ files *watched[*tls.Certificate] }

// OpenCertificate reads a certificate with its chain, and its key, both PEM. While the files do not fit together later on,
// as between the renewal of the one and of the other, the certificate from before is used and log says so.
func OpenCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	files, err := watch(log, func(contents [][]byte) (*tls.Certificate, error) {
		c, err := tls.X509KeyPair(contents[0], contents[1])
		return &c, err
	}, certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &Certificate{files}, nil
}

// Get is for [tls.Config.GetCertificate].
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.files.get(), nil }
