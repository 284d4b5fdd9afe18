package source

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// trust is which certificates of a camera are accepted.
type trust struct {
	insecure bool   // any
	ca       string // name of a PEM file with those who sign them; "": the system's
	pin      string // sha256/ and the hash of its public key in base64; "": none
}

// config returns how TLS is spoken then; nil means as the system does.
func (t trust) config() (*tls.Config, error) {
	if t == (trust{}) {
		return nil, nil
	}
	config := &tls.Config{}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("option ca: the file cannot be read: %w", cause(err))
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("option ca: the file holds no PEM certificate")
		}
	}
	if t.pin != "" {
		digest, ok := strings.CutPrefix(t.pin, "sha256/")
		want, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(digest, "/"))
		if !ok || err != nil || len(want) != sha256.Size {
			return nil, errors.New("option pin must be sha256/ and the hash of the camera's public key in base64")
		}
		config.InsecureSkipVerify = true // the pin says more than any signature
		config.VerifyConnection = func(state tls.ConnectionState) error {
			got := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if string(got[:]) != string(want) {
				return problem("the camera's certificate is not the one pinned; it is sha256/" + base64.StdEncoding.EncodeToString(got[:]))
			}
			return nil
		}
	}
	if t.insecure {
		config.InsecureSkipVerify = true
	}
	if config.InsecureSkipVerify {
		allowOld(config)
	}
	return config, nil
}

// allowOld lets cameras in that have not been updated for a decade. Who trusts a camera without a signature does not lose
// by it.
func allowOld(config *tls.Config) {
	config.MinVersion = tls.VersionTLS10
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
}

// cause is what lies under an error that repeats a file's name.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
