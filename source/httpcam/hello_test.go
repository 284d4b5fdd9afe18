// As in main: the cameras of these tests have certificates that Go refuses otherwise.
//
//go:debug x509negativeserial=1
//go:debug tlssha1=1
//go:debug rsa1024min=0

package httpcam_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// selfSigned returns a certificate with its key.
func selfSigned(t testing.TB, bits int, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cam"}, DNSNames: []string{"cam"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(-1, 0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A secured camera speaks TLS. It does to a ClientHello of more than 1024 bytes what fail says.
type secured struct {
	config *tls.Config
	fail   func(conn net.Conn)
	mu     sync.Mutex
	hellos []int // sizes
}

func (c *secured) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		head := make([]byte, 5)
		if _, err := io.ReadFull(far, head); err != nil {
			return
		}
		rest := make([]byte, int(head[3])<<8|int(head[4]))
		io.ReadFull(far, rest)
		c.mu.Lock()
		c.hellos = append(c.hellos, len(rest))
		c.mu.Unlock()
		if c.fail != nil && len(rest) > 1024 {
			c.fail(far)
			return
		}
		server := tls.Server(replayed{far, io.MultiReader(strings.NewReader(string(head)+string(rest)), far)}, c.config)
		if server.Handshake() != nil {
			return
		}
		http.ReadRequest(bufio.NewReader(server))
		io.WriteString(server, streamHead+part(picture(1, 16, 16))+part(picture(2, 16, 16)))
		server.Close()
	}()
	return near, nil
}

// replayed is a connection of which something was read already.
type replayed struct {
	net.Conn
	in io.Reader
}

func (r replayed) Read(p []byte) (int, error) { return r.in.Read(p) }

// pictureWithin runs h until a picture comes and returns how long that took.
func pictureWithin(t *testing.T, h *httpcam.Camera) (took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	err = h.Run(ctx, func(p stream.Picture) {
		if p.JPEG != nil {
			took = time.Since(begun)
			cancel()
		}
	})
	if took == 0 && errors.Is(err, context.Canceled) {
		took = 1 // a picture came at once
	}
	return took, err
}

// A camera that breaks on a ClientHello with the keys of post-quantum cryptography gets a small one, and from then on only
// such; another one gets the large one.
func TestSmallClientHello(t *testing.T) {
	certificate := selfSigned(t, 2048, nil)
	for name, test := range map[string]struct {
		fail   func(conn net.Conn)
		within time.Duration
		hellos int
	}{
		"well": {nil, 0, 2},
		"end":  {func(net.Conn) {}, 0, 3},
		"alert": {func(conn net.Conn) { // decode_error
			conn.Write([]byte{21, 3, 1, 0, 2, 2, 50})
		}, 0, 3},
		"silence": {func(conn net.Conn) { // which ends when the client gives up
			conn.Read(make([]byte, 1))
		}, 5 * time.Second, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &secured{config: &tls.Config{Certificates: []tls.Certificate{certificate}}, fail: test.fail}
				h := &httpcam.Camera{URL: "https://cam/", Insecure: true, DialContext: c.dial}
				for run := range 2 {
					took, err := pictureWithin(t, h)
					want := test.within
					if run == 1 {
						want = 0
					}
					if took == 0 || took.Round(time.Second) != want {
						t.Errorf("run %d: a picture after %v: %v", run, took, err)
					}
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				small := c.hellos[len(c.hellos)-1] <= 1024
				if small != (test.fail != nil) || len(c.hellos) != test.hellos {
					t.Errorf("ClientHellos of %v bytes", c.hellos)
				}
			})
		})
	}
}

// A camera that answers no ClientHello is tried with both, one after the other.
func TestNoAnswerToClientHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go io.Copy(io.Discard, far)
			return near, nil
		}
		begun := time.Now()
		err := (&httpcam.Camera{URL: "https://cam/", DialContext: silent}).Run(t.Context(), nil)
		if took := time.Since(begun); took != 15*time.Second || err == nil || !strings.Contains(err.Error(), "did not answer the TLS handshake within 10s") {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A camera's certificate need not be fit for today's rules where it is not checked, or is pinned; where it is checked, they hold.
// No reason advises what is in use, or what does not help.
func TestUnfitCertificates(t *testing.T) {
	negative := selfSigned(t, 2048, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(7) })
	makeNegative(t, &negative)
	weak := selfSigned(t, 512, nil)
	broken := selfSigned(t, 2048, func(c *x509.Certificate) {
		san := []byte{0x30, 0x07, 0x87, 0x05, 1, 2, 3, 4, 5} // an IP address of five bytes
		c.DNSNames, c.ExtraExtensions = nil, []pkix.Extension{{Id: []int{2, 5, 29, 17}, Value: san}}
	})
	other := selfSigned(t, 2048, nil)
	for name, test := range map[string]struct {
		certificate tls.Certificate
		config      func(*tls.Config)
		insecure    bool
		pinned      bool
		trusted     bool
		says        string // "": pictures
	}{
		"negative serial":          {negative, nil, true, false, false, ""},
		"negative serial, pinned":  {negative, nil, false, true, false, ""},
		"negative serial, trusted": {negative, nil, false, false, true, "a weak key or a negative serial number"},
		"weak":                     {weak, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true, false, false, ""},
		"weak, trusted":            {weak, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, false, false, true, "weak"},
		"broken":                   {broken, nil, true, false, false, "#insecure does not help: use http://"},
		"broken, nothing set":      {broken, nil, false, false, false, "#insecure does not help: use http://"},
		"unknown":                  {other, nil, false, false, false, "add #ca=FILE or #pin="},
		"old":                      {other, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS10; c.MinVersion = tls.VersionTLS10 }, false, false, true, "add #insecure"},
		"old, not checked":         {other, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS10; c.MinVersion = tls.VersionTLS10 }, true, false, false, ""},
		"nothing in common": {other, func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS12
			c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, true, false, false, "exec:curl"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := &tls.Config{Certificates: []tls.Certificate{test.certificate}}
				if test.config != nil {
					test.config(config)
				}
				c := &secured{config: config}
				h := &httpcam.Camera{URL: "https://cam/", Insecure: test.insecure, DialContext: c.dial}
				leaf, parseErr := x509.ParseCertificate(test.certificate.Certificate[0])
				if test.pinned {
					sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
					h.Pin = sum[:]
				}
				if test.trusted {
					if parseErr != nil {
						t.Fatal(parseErr)
					}
					h.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
					h.TLS.RootCAs.AddCert(leaf)
				}
				took, err := pictureWithin(t, h)
				if test.says == "" && took == 0 || test.says != "" && !strings.Contains(err.Error(), test.says) {
					t.Errorf("a picture after %v: %v", took, err)
				}
				if test.insecure && strings.Contains(err.Error(), "add #insecure") {
					t.Error(err)
				}
			})
		})
	}
}

// makeNegative makes the serial number 7 of a certificate -7 and signs it again.
func makeNegative(t *testing.T, c *tls.Certificate) {
	t.Helper()
	parsed, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	raw := string(parsed.RawTBSCertificate)
	changed := strings.Replace(raw, "\x02\x01\x07", "\x02\x01\xf9", 1)
	if changed == raw {
		t.Fatal("the serial number is not found")
	}
	digest := sha256.Sum256([]byte(changed))
	signature, err := c.PrivateKey.(*rsa.PrivateKey).Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der := strings.Replace(string(c.Certificate[0]), raw, changed, 1)
	der = strings.Replace(der, string(parsed.Signature), string(signature), 1)
	c.Certificate[0] = []byte(der)
	if parsed, err := x509.ParseCertificate(c.Certificate[0]); err != nil || parsed.SerialNumber.Sign() >= 0 {
		t.Fatal(err)
	}
}
