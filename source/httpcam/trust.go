package httpcam

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"

	"mjpegazer/source/internal/redact"
)

// tlsConfig returns how TLS is spoken to the camera, by Insecure, CA and Pin. It reads the CA file.
func (c *Camera) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	if c.CA != "" {
		pem, err := readPEM(c.CA)
		if err != nil {
			return nil, problem("option ca: the file cannot be read: " + redact.Cause(err).Error())
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, problem("option ca: the file holds no PEM certificate")
		}
	}
	if c.Pin != nil {
		config.InsecureSkipVerify = true // a pin is more than a signature
		verify(config, func(state tls.ConnectionState) error {
			got := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if string(got[:]) != string(c.Pin) {
				return problem("the camera's key is not the pinned one; it is sha256/" + base64.StdEncoding.EncodeToString(got[:]))
			}
			return nil
		})
	}
	if c.Insecure {
		config.InsecureSkipVerify = true
	}
	if config.InsecureSkipVerify {
		allowOld(config)
	} else {
		verify(config, refuseWeak)
	}
	return config, nil
}

// verify adds a check of connections to that of the caller, if there is one.
func verify(config *tls.Config, check func(tls.ConnectionState) error) {
	own := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := check(state); err != nil || own == nil {
			return err
		}
		return own(state)
	}
}

// allowsOld reports whether tlsConfig calls allowOld.
func (c *Camera) allowsOld() bool {
	return c.Insecure || c.Pin != nil || c.TLS != nil && c.TLS.InsecureSkipVerify
}

// refuseWeak refuses keys that the program's GODEBUG settings let through, for the sake of cameras whose certificates are not
// checked.
func refuseWeak(state tls.ConnectionState) error {
	for _, certificate := range state.PeerCertificates {
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSA || certificate.SerialNumber.Sign() < 0 {
			return problem("the camera's certificate has a weak key or a negative serial number: add #pin=sha256/… to the address to trust its key, or #insecure to trust any")
		}
	}
	return nil
}

const minRSA = 1024 // bits

const maxPEM = 1 << 20 // bytes

// readPEM reads a regular file: any other, such as a named pipe, may block for ever.
func readPEM(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxPEM:
		return nil, errors.New("it is larger than 1 MiB")
	}
	return os.ReadFile(name)
}

// allowOld accepts the TLS of cameras that have not been updated for a decade. Without a check of signatures, nothing is lost
// by that.
func allowOld(config *tls.Config) {
	config.MinVersion = tls.VersionTLS10
	config.Renegotiation = tls.RenegotiateOnceAsClient
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
}
