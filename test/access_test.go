package test

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

const secretToken = "canary-3f2a9c5e7d1b"

// secretUser may look with the password canary-7.
const secretUser = "ann:$2y$05$/6A3ifxmTVxHvcFW61hA8Og5kQ5OxZdtA.NX7iHfRIQA78mDhIcKq\n"

func writeFile(t *testing.T, name, content string, mode os.FileMode) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// status is what an address answers to a request with more headers, none of which may be followed elsewhere.
func status(t *testing.T, address string, headers ...string) (code int, header http.Header) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode, response.Header
}

// TestWhoMayLook asks the program as those do who may and who may not, and looks for secrets in all that it says.
func TestWhoMayLook(t *testing.T) {
	users, token := writeFile(t, "users", secretUser, 0o600), writeFile(t, "token", secretToken+"\n", 0o600)
	p := start(t, command(t, anyPort, "-log-level=debug", "-users", users, "-token", token,
		"-trusted-proxy=127.0.0.1", "-cors=https://pages.example", "pattern:#width=64&height=48"))
	var said strings.Builder
	for _, test := range []struct {
		path string
		code int
		more []string
	}{
		{"/health", 200, nil},
		{"/camera/health", 200, nil},
		{"/", 401, nil},
		{"/snapshot", 401, nil},
		{"/snapshot?token=canary-wrong", 401, nil},
		{"/snapshot", 401, []string{"Authorization", "Basic YW5uOmNhbmFyeS04"}}, // ann:canary-8
		{"/snapshot", 200, []string{"Authorization", "Basic YW5uOmNhbmFyeS03"}}, // ann:canary-7
		{"/snapshot", 200, []string{"Authorization", "Bearer " + secretToken}},
		{"/snapshot?token=" + secretToken, 200, nil},
		{"/?action=snapshot&token=" + secretToken, 200, nil},
		{"/?token=" + secretToken, 303, []string{"X-Forwarded-For", "192.0.2.7"}},
		{"/status", 403, []string{"Host", "pages.example"}},
		{"/status", 401, []string{"Origin", "https://pages.example"}},
	} {
		code, header := status(t, p.url+test.path, test.more...)
		header.Write(&said)
		if code != test.code {
			t.Errorf("%s with %q: %d, want %d", test.path, test.more, code, test.code)
		}
		if allowed := header.Get("Access-Control-Allow-Origin"); (allowed != "") != (len(test.more) > 0 && test.more[0] == "Origin") {
			t.Errorf("%s with %q: origin %q is allowed", test.path, test.more, allowed)
		}
	}
	v := view(t, p.url+"/live?token="+secretToken, "X-Forwarded-For: 6.6.6.6, 192.0.2.7")
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := v.next(); err != nil {
			t.Fatal(err)
		}
	}
	v.close()
	p.await(t, `(viewer connected).* camera=camera client=192\.0\.2\.7\n`)
	p.await(t, `(viewer left).* camera=camera client=192\.0\.2\.7 after=[0-9.]+m?s frames=[1-9]`)
	p.await(t, `(login refused).* client=127\.0\.0\.1`)
	p.stop(t)
	if said.WriteString(p.said.String()); strings.Contains(said.String(), "canary") {
		t.Errorf("secrets in what the program says:\n%s", said.String())
	}
}

// TestSecretsInTheWrongPlace gives the secret itself where the name of its file belongs, and the other way round.
func TestSecretsInTheWrongPlace(t *testing.T) {
	token := writeFile(t, "token", secretToken, 0o600)
	two := writeFile(t, "token", secretToken+" "+secretToken, 0o600)
	for _, args := range [][]string{
		{"-token", secretToken}, {"-token", strings.Repeat(secretToken, 30)}, {"-token", two}, {"-users", token},
		{"-tls-cert", token, "-tls-key", token}, {"-users", two},
	} {
		code, stdout, stderr := run(t, command(t, append(args, anyPort)...))
		if code == 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, secretToken) || !strings.Contains(stderr, args[0]) {
			t.Errorf("%s: exit %d, %s%s", args[0], code, stdout, stderr)
		}
	}
}

// TestWarnings are about files that everyone may read, and about cameras that everyone may look at.
func TestWarnings(t *testing.T) {
	const everywhere = "-listen=0.0.0.0:0"
	openUsers, closedUsers := writeFile(t, "open", secretUser, 0o644), writeFile(t, "closed", secretUser, 0o640)
	for _, test := range []struct {
		args            []string
		readers, public bool
	}{
		{[]string{anyPort}, false, false},
		{[]string{everywhere}, false, true},
		{[]string{everywhere, "-public"}, false, false},
		{[]string{everywhere, anyPort}, false, true},
		{[]string{everywhere, "-users", closedUsers}, false, false},
		{[]string{everywhere, "-users", openUsers}, true, false},
		{[]string{anyPort, "-token", writeFile(t, "token", secretToken, 0o604)}, true, false},
	} {
		p := start(t, command(t, test.args...))
		if p.stop(t); strings.Contains(p.said.String(), "level=WARN") != (test.readers || test.public) ||
			strings.Contains(p.said.String(), "every user of this machine") != test.readers ||
			strings.Contains(p.said.String(), "anyone who can reach") != test.public {
			t.Errorf("%q: it said:\n%s", test.args, p.said)
		}
	}
}

// TestTLS serves HTTPS and HTTP/2, and takes a new certificate without a restart.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	file := certificate(t, dir)
	pictures := streamtest.OfSize(50_000)
	camera := newCamera(t, 50*time.Millisecond, pictures.JPEG)
	p := launch(t, command(t, anyPort, "-tls-cert", file, "-tls-key", file, "-http2", camera.URL))
	address := p.await(t, `(https://[^/\s"]+)/`)
	watchAll(t, []*viewer{view(t, address+"/live"), viewHTTP2(t, address+"/live")}, pictures, 5)
	presented := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(address, "https://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return string(conn.ConnectionState().PeerCertificates[0].Raw)
	}
	old := presented()
	if err := os.WriteFile(file, []byte("-----BEGIN CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if presented() != old {
		t.Error("half a certificate is presented")
	}
	certificate(t, dir)
	for deadline := time.Now().Add(10 * time.Second); presented() == old; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not presented")
		}
	}
}
