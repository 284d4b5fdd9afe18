package server

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
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
func TestCertificateChanges(t *testing.T) { synctest.Test(t, testCertificateChanges) }

func testCertificateChanges(t *testing.T) {
	oldCert, oldKey := selfSigned(t, "old.example")
	newCert, newKey := selfSigned(t, "new.example")
	certFile, keyFile := filepath.Join(t.TempDir(), "cert"), filepath.Join(t.TempDir(), "key")
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, oldCert)
	write(keyFile, oldKey)
	var log bytes.Buffer
	c, err := openCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(name string) {
		t.Helper()
		time.Sleep(time.Second)
		got, err := c.get(&tls.ClientHelloInfo{})
		if err != nil || got.Leaf.Subject.CommonName != name {
			t.Errorf("%v, want %s; %v", got.Leaf.Subject, name, err)
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
	synctest.Wait()
	if text := log.String(); strings.Count(text, "cannot be used") != 3 || !strings.Contains(text, "reloaded") {
		t.Errorf("it said:\n%s", text)
	}
	if key := bytes.Split(newKey, []byte("\n"))[1]; strings.Contains(log.String(), string(key)) {
		t.Error("it told the key")
	}
	write(keyFile, oldKey)
	if _, err := openCertificate(certFile, keyFile, nil); err == nil {
		t.Error("a key of another certificate is taken")
	}
}
