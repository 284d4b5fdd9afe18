package server

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
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
		if err == nil {
			err = checkCertificate(&c)
		}
		return &c, err
	}, certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &certificate{files}, nil
}

// checkCertificate refuses what the rules of TLS forbid and this program's GODEBUG settings, which are for cameras, allow:
// weak keys, negative serial numbers, signatures with SHA-1.
func checkCertificate(c *tls.Certificate) error {
	const minRSA = 1024 // bits
	if c.Leaf == nil {  // the user's GODEBUG says so
		var err error
		if c.Leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return err
		}
	}
	if key, ok := c.Leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSA {
		return errors.New("its RSA key is shorter than 1024 bits: make a new one")
	}
	if c.Leaf.SerialNumber.Sign() < 0 {
		return errors.New("its serial number is negative: make a new one")
	}
	c.SupportedSignatureAlgorithms = signatures
	return nil
}

// signatures are those of the server in a handshake: those of Go, without SHA-1.
var signatures = []tls.SignatureScheme{
	tls.PSSWithSHA256, tls.ECDSAWithP256AndSHA256, tls.Ed25519, tls.PSSWithSHA384, tls.PSSWithSHA512, tls.PKCS1WithSHA256, tls.PKCS1WithSHA384,
	tls.PKCS1WithSHA512, tls.ECDSAWithP384AndSHA384, tls.ECDSAWithP521AndSHA512,
}

// get is for [tls.Config.GetCertificate].
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.files.Get(), nil }
