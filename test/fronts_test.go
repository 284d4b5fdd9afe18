package test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A front is a web server that people put before the program, with the recipe that the README recommends for it.
type front struct {
	name, pkg, recipe string
	host              string   // "" is this one
	replace           []string // what stands in the recipe for a whole machine, and what for a test
	before, after     string   // what else the server's configuration needs
	args              []string
	socket            []string // what in the recipe makes it come by TCP, and what by a Unix socket

	plain     string   // the least that works, with the server's defaults
	impatient []string // what in the recipe makes it cut a connection that is silent for 3 s
}

// socketName is how recipes name the program's Unix socket.
const socketName = "/run/mjpegazer.sock"

// In all of these HOST:PORT is where to listen, CERT is a certificate and its key, DIR a place for files.
var fronts = []front{
	{
		name: "nginx", pkg: "nginx-light", recipe: "nginx.conf",
		replace: []string{
			"listen 443", "listen HOST:PORT", "/etc/ssl/cameras.example.pem", "CERT",
			"/etc/ssl/private/cameras.example.key", "CERT",
		},
		before: "daemon off; master_process off; pid DIR/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off; proxy_temp_path DIR/p;" +
			" client_body_temp_path DIR/b; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;\n",
		after: "}\n", args: []string{"-p", "DIR", "-e", "stderr", "-c", "CONF"},
		socket: []string{"http://127.0.0.1:5000/", "http://unix:" + socketName + ":/"},
		plain: "server { listen HOST:PORT ssl http2; ssl_certificate CERT; ssl_certificate_key CERT;\n" +
			"location /cams/ { proxy_pass http://127.0.0.1:5000/; } }\n",
		impatient: []string{"proxy_read_timeout 1m", "proxy_read_timeout 3s"},
	},
	{
		name: "caddy", pkg: "caddy", recipe: "Caddyfile",
		replace:   []string{"cameras.example {", "https://HOST:PORT, https://cameras.example:PORT {\n\ttls CERT CERT"},
		before:    "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n",
		args:      []string{"run", "--adapter", "caddyfile", "--config", "CONF"},
		socket:    []string{"127.0.0.1:5000", "unix/" + socketName},
		plain:     "https://HOST:PORT, https://cameras.example:PORT {\n\ttls CERT CERT\n\thandle_path /cams/* {\n\t\treverse_proxy 127.0.0.1:5000\n\t}\n}\n",
		impatient: []string{"flush_interval -1", "flush_interval -1\n\t\t\ttransport http {\n\t\t\t\tread_timeout 3s\n\t\t\t}"},
	},
	{
		name: "haproxy", pkg: "haproxy", recipe: "haproxy.cfg",
		replace: []string{"bind :443", "bind HOST:PORT", "/etc/ssl/private/cameras.example.pem", "CERT"},
		args:    []string{"-db", "-f", "CONF"},
		socket:  []string{"127.0.0.1:5000", "unix@" + socketName},
		plain: "defaults\n mode http\n timeout connect 5s\n timeout client 1m\n timeout server 1m\nfrontend cameras\n" +
			" bind HOST:PORT ssl crt CERT alpn h2,http/1.1\n default_backend mjpegazer\nbackend mjpegazer\n" +
			" http-request replace-path /cams/(.*) /\\1\n server mjpegazer 127.0.0.1:5000\n",
		impatient: []string{"timeout client  1m", "timeout client  3s", "timeout server  1m", "timeout server  3s"},
	},
}

// serve starts the server with its recipe before a program, with more replaced where a test wants it so, and returns the
// address of the program's cameras.
func (f front) serve(t *testing.T, p *program, replace ...string) (address string) {
	t.Helper()
	recipe, err := os.ReadFile(filepath.Join("recipes", f.recipe))
	if err != nil {
		t.Fatal(err)
	}
	conf := string(recipe)
	for _, way := range f.socket {
		if !strings.Contains(conf, way) {
			t.Fatalf("%s does not lead to the program by %s", f.recipe, way)
		}
	}
	for pairs := slices.Concat(f.replace, replace); len(pairs) > 0; pairs = pairs[2:] {
		if !strings.Contains(conf, pairs[0]) {
			t.Fatalf("%s has no %q any more", f.recipe, pairs[0])
		}
		conf = strings.ReplaceAll(conf, pairs[0], pairs[1])
	}
	return f.configured(t, p, conf)
}

// bySocket is what must be replaced in the recipe to make the server come by a Unix socket.
func (f front) bySocket(socket string) []string {
	return []string{f.socket[0], strings.ReplaceAll(f.socket[1], socketName, socket)}
}

// configured starts the server with a configuration.
func (f front) configured(t *testing.T, p *program, conf string) (address string) {
	t.Helper()
	server := need(t, f.name, f.pkg)
	conf = strings.ReplaceAll(conf, "127.0.0.1:5000", strings.TrimPrefix(p.url, "http://"))
	dir, port := t.TempDir(), freePort(t)
	file := filepath.Join(dir, f.recipe)
	host := cmp.Or(f.host, "127.0.0.1")
	fill := strings.NewReplacer("HOST", host, "CERT", certificate(t, dir), "PORT", port, "DIR", dir, "CONF", file)
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
	awaitListener(t, host+":"+port, said)
	awaitTLS(t, host+":"+port, said)
	return "https://" + host + ":" + port + "/cams"
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

// awaitTLS waits until the server has a certificate: Caddy makes one after it has begun to listen.
func awaitTLS(t *testing.T, address string, p *program) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no TLS at %s: %v: %s", address, err, p.said)
		}
	}
}

// certificate writes a certificate of our own and its key to one file.
func certificate(t testing.TB, dir string) (file string) {
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
