package test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A front is a web server that people put before the program, with the recipe that the README recommends for it.
type front struct {
	name, pkg, recipe string
	replace           []string // what stands in the recipe for a whole machine, and what for a test
	before, after     string   // what else the server's configuration needs
	args              []string
	smallBuffers      bool // the recipe sees to it
}

// In all of these CERT is a certificate and its key, PORT where to listen, DIR a place for files.
var fronts = []front{
	{
		name: "nginx", pkg: "nginx-light", recipe: "nginx.conf",
		replace: []string{
			"listen 443", "listen 127.0.0.1:PORT", "/etc/ssl/cameras.example.pem", "CERT",
			"/etc/ssl/private/cameras.example.key", "CERT",
		},
		before: "daemon off; master_process off; pid DIR/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off; proxy_temp_path DIR/p;" +
			" client_body_temp_path DIR/b; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;\n",
		after: "}\n", args: []string{"-p", "DIR", "-e", "stderr", "-c", "CONF"}, smallBuffers: true,
	},
	{
		name: "caddy", pkg: "caddy", recipe: "Caddyfile",
		replace: []string{"cameras.example {", "https://127.0.0.1:PORT {\n\ttls CERT CERT"},
		before:  "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n",
		args:    []string{"run", "--adapter", "caddyfile", "--config", "CONF"},
	},
	{
		name: "haproxy", pkg: "haproxy", recipe: "haproxy.cfg",
		replace: []string{"bind :443", "bind 127.0.0.1:PORT", "/etc/ssl/private/cameras.example.pem", "CERT"},
		args:    []string{"-db", "-f", "CONF"}, smallBuffers: true,
	},
}

// serve starts the server before a program, and returns the address of its cameras.
func (f front) serve(t *testing.T, p *program) (address string) {
	t.Helper()
	server := need(t, f.name, f.pkg)
	recipe, err := os.ReadFile(filepath.Join("recipes", f.recipe))
	if err != nil {
		t.Fatal(err)
	}
	conf := string(recipe)
	for pairs := append(f.replace, "127.0.0.1:5000", strings.TrimPrefix(p.url, "http://")); len(pairs) > 0; pairs = pairs[2:] {
		if !strings.Contains(conf, pairs[0]) {
			t.Fatalf("%s has no %q any more", f.recipe, pairs[0])
		}
		conf = strings.ReplaceAll(conf, pairs[0], pairs[1])
	}
	dir, port := t.TempDir(), freePort(t)
	file := filepath.Join(dir, f.recipe)
	fill := strings.NewReplacer("CERT", certificate(t, dir), "PORT", port, "DIR", dir, "CONF", file)
	if err := os.WriteFile(file, []byte(fill.Replace(f.before+conf+f.after)), 0o600); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, arg := range f.args {
		args = append(args, fill.Replace(arg))
	}
	cmd := exec.CommandContext(t.Context(), server, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	said := launch(t, cmd)
	awaitListener(t, "127.0.0.1:"+port, said)
	return "https://127.0.0.1:" + port + "/cams"
}

// awaitListener waits until somebody listens at an address.
func awaitListener(t *testing.T, address string, p *program) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens at %s: %s", address, p.said)
		}
	}
}

// certificate writes a certificate of our own and its key to one file.
func certificate(t *testing.T, dir string) (file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"cameras.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	file = filepath.Join(dir, "certificate.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestProxies looks through each server with its recipe, below a path and over TLS: every picture comes whole, in order,
// and none waits for the next.
func TestProxies(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			pictures := picturesOf(50_000)
			camera := newCamera(t, 200*time.Millisecond, pictures.take)
			address := f.serve(t, start(t, command(t, anyPort, camera.url())))
			for _, look := range []func() *viewer{
				func() *viewer { return view(t, address+"/live") }, func() *viewer { return viewHTTP2(t, address+"/live") },
			} {
				v := look()
				if err := v.expect("--frame\r\n"); err != nil {
					t.Fatal(err)
				}
				for range 5 {
					part, err := v.next()
					if err != nil {
						t.Fatal(err)
					}
					newest(t, camera, pictures, part.jpeg)
				}
			}
		})
	}
}

// viewHTTP2 asks for a stream by HTTP/2.
func viewHTTP2(t *testing.T, address string) *viewer {
	t.Helper()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		response.Body.Close()
		transport.CloseIdleConnections()
	})
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		t.Fatalf("%s %s", response.Proto, response.Status)
	}
	return &viewer{reader: bufio.NewReaderSize(response.Body, 64<<10)}
}
