package httpcam_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mjpegazer/source/httpcam"
)

func TestTrust(t *testing.T) {
	want := picture(1, 64, 48)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=x")
		io.WriteString(w, part(want))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.StartTLS()
	defer server.Close()
	old := server.URL

	server = httptest.NewUnstartedServer(server.Config.Handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	plain := httptest.NewServer(server.Config.Handler)
	defer plain.Close()

	certificate := server.Certificate()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	pin := "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
	wrong := "sha256/" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for text, reason := range map[string]string{
		server.URL:                                     "the camera's certificate is signed by an unknown authority; add #ca=FILE",
		server.URL + "#insecure":                       "",
		server.URL + "#ca=" + ca:                       "",
		server.URL + "#pin=" + pin:                     "",
		server.URL + "#pin=" + wrong:                   "is not the pinned one; it is " + pin,
		server.URL + "#insecure&pin=" + wrong:          "is not the pinned one",
		server.URL + "#ca=" + ca + "&pin=" + wrong:     "is not the pinned one",
		server.URL + "#ca=/nowhere/canary":             "option ca: the file cannot be read: no such file",
		server.URL + "#ca=" + filepath.Dir(ca):         "option ca: the file cannot be read: it is not a regular file",
		old + "#insecure":                              "",
		old + "#ca=" + ca:                              "the TLS handshake failed",
		strings.Replace(plain.URL, "http", "https", 1): "does not speak TLS at this port",
	} {
		got, err := collect(t, parse(t, text), 1)
		switch {
		case reason == "":
			same(t, got, [][]byte{want})
		case err == nil || !strings.Contains(err.Error(), reason):
			t.Errorf("%s: %v; want %q", text, err, reason)
		}
	}
}

// A library's own check of connections is made beside that of the Camera.
func TestTrustKeepsTheCallersCheck(t *testing.T) {
	want := picture(1, 64, 48)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=x")
		io.WriteString(w, part(want))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	pin := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	for name, camera := range map[string]*httpcam.Camera{
		"checked": {}, "pinned": {Pin: pin[:]}, "insecure": {Insecure: true},
	} {
		refuse := false
		camera.URL = server.URL
		camera.TLS = &tls.Config{RootCAs: roots, VerifyConnection: func(tls.ConnectionState) error {
			if refuse {
				return errors.New("refused")
			}
			return nil
		}}
		got, _ := collect(t, camera, 1)
		same(t, got, [][]byte{want})
		refuse = true
		if got, err := collect(t, camera, 1); err == nil || len(got) > 0 {
			t.Errorf("%s: the caller's check was not made", name)
		}
	}
}
