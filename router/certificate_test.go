package router_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
)

// selfSigned makes a certificate and its key, both PEM.
func selfSigned(t *testing.T, name string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// A certificate is renewed in two steps, and half of a file is there before all of it is.
func TestCertificateChanges(t *testing.T) {
	oldCert, oldKey := selfSigned(t, "old.example")
	newCert, newKey := selfSigned(t, "new.example")
	certFile, keyFile := writeFile(t, string(oldCert)), writeFile(t, string(oldKey))
	var log syncBuffer
	c, err := router.OpenCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(name string) {
		t.Helper()
		time.Sleep(1100 * time.Millisecond) // for the next look
		got, err := c.Get(&tls.ClientHelloInfo{})
		if err != nil || got.Leaf.Subject.CommonName != name {
			t.Errorf("%v, want %s; %v", got.Leaf.Subject, name, err)
		}
	}
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, newCert)
	expect("old.example")
	write(keyFile, newKey[:len(newKey)/2])
	expect("old.example")
	write(keyFile, newKey)
	expect("new.example")
	os.Remove(keyFile)
	expect("new.example")
	if text := log.String(); strings.Count(text, "makes no sense") != 3 || !strings.Contains(text, "read anew") {
		t.Errorf("it said:\n%s", text)
	}
	if key := bytes.Split(newKey, []byte("\n"))[1]; strings.Contains(log.String(), string(key)) {
		t.Error("it told the key")
	}
	if _, err := router.OpenCertificate(certFile, writeFile(t, string(oldKey)), nil); err == nil {
		t.Error("a key of another certificate is taken")
	}
}
