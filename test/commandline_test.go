package test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestWrong starts the program in ways that make no sense: one line that says what to do, and exit code 2.
func TestWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says string // part of the line
	}{
		{[]string{"-bogus"}, "bogus"},
		{[]string{"-listen=nowhere"}, "HOST:PORT"},
		{[]string{"-listen=unix:"}, "HOST:PORT"},
		{[]string{"-linger=soon"}, "linger"},
		{[]string{"-linger=-1s"}, "linger"},
		{[]string{"-stall=0s"}, "stall"},
		{[]string{"-max-frame=huge"}, "max-frame"},
		{[]string{"-max-frame=0"}, "max-frame"},
		{[]string{"-health-threshold=0"}, "health-threshold"},
		{[]string{"-log-level=loud"}, "log-level"},
		{[]string{"-log-format=xml"}, "log-format"},
		{[]string{"-heartbeat=-1s"}, "heartbeat"},
		{[]string{"-max-viewers=-1"}, "max-viewers"},
		{[]string{"-max-viewers-per-camera=-1"}, "max-viewers-per-camera"},
		{[]string{"-max-rate=1"}, "max-rate"},
		{[]string{"gopher://camera/1"}, "source"},
		{[]string{"http://"}, "http"},
		{[]string{"http://camera:port/"}, "address"},
		{[]string{""}, "source"},
		{[]string{"pattern:#colour=red"}, "option"},
		{[]string{"pattern:#width=wide"}, "width"},
		{[]string{"pattern:#stall=never"}, "stall"},
		{[]string{"http://camera/video#unheard=of"}, "option"},
		{[]string{"door=pattern:", "door=pattern:"}, "door"},
		{[]string{"camera=pattern:", "camera=pattern:"}, "camera"},
		{[]string{"live=pattern:"}, "live"},
		{[]string{"metrics=pattern:"}, "metrics"},
		{[]string{"-door=pattern:"}, "door"},
		{[]string{"-tls-cert=file"}, "tls-key"},
		{[]string{"-cors=https://pages.example/path"}, "cors"},
		{[]string{"-trusted-proxy=proxy.example"}, "trusted-proxy"},
		{[]string{"-anonymous=door", "door=pattern:"}, "anonymous"},
		{[]string{"-anonymous=dor", "-users=users", "door=pattern:"}, "did you mean door?"},
	} {
		code, stdout, stderr := run(t, command(t, append([]string{anyPort}, c.args...)...))
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.says) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q: not exit 2 with one line about %s", c.args, code, stdout, stderr, c.says)
		}
	}
}

// TestPortInUse listens where somebody listens already.
func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	code, stdout, stderr := run(t, command(t, "-listen", address))
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, address) {
		t.Errorf("exit %d, stdout %q, stderr %q: not exit 1 with one line that names %s", code, stdout, stderr, address)
	}
}

// flags are all flags with a value that is wrong for each, "" where any is right.
var flags = map[string]string{
	"config": "",
	"listen": "nowhere", "linger": "soon", "keep": "perhaps", "stall": "later", "max-frame": "huge", "health-threshold": "few",
	"heartbeat": "soon", "max-viewers": "many", "max-viewers-per-camera": "many", "max-rate": "high",
	"log-level": "loud", "log-format": "xml", "log-file": "",
	"tls-cert": "", "tls-key": "", "users": "", "token": "", "link-key": "", "anonymous": "", "allowed-hosts": "", "cors": "nowhere", "trusted-proxy": "nobody",
	"public": "perhaps",
}

// TestEnvironment sets every flag by its variable: a wrong value must be found there.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	for flag, wrong := range flags {
		variable := "MJPEGAZER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		if wrong == "" {
			continue
		}
		cmd := command(t)
		cmd.Env = append(cmd.Env, variable+"="+wrong)
		code, _, stderr := run(t, cmd)
		if code != 2 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, variable) {
			t.Errorf("%s=%s: exit %d, stderr %q: not exit 2 with one line that names the variable", variable, wrong, code, stderr)
		}
	}
	cmd := command(t, "-log-format=text", anyPort)
	cmd.Env = append(cmd.Env, "MJPEGAZER_LOG_FORMAT=json", "MJPEGAZER_LISTEN=203.0.113.1:1")
	start(t, cmd) // a flag beats the environment
}

// TestOriginalVariables are those of the program that this one replaces.
func TestOriginalVariables(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	file := filepath.Join(t.TempDir(), "log")
	port := freePort(t)
	cmd := command(t)
	cmd.Env = append(cmd.Env, "VIDEO_URL="+camera.URL, "FLASK_RUN_HOST=127.0.0.1", "FLASK_RUN_PORT="+port, "DEBUG=Yes", "LOG_FILE="+file)
	p := launch(t, cmd)
	var conn net.Conn
	for deadline := time.Now().Add(10 * time.Second); conn == nil; time.Sleep(20 * time.Millisecond) {
		if conn, _ = net.Dial("tcp", "127.0.0.1:"+port); conn == nil && time.Now().After(deadline) {
			t.Fatal("nobody listens where FLASK_RUN_HOST and FLASK_RUN_PORT say")
		}
	}
	conn.Close()
	watchAll(t, []*viewer{view(t, "http://127.0.0.1:"+port+"/live")}, streamtest.OfSize(4_000), 3)
	p.stop(t)
	logged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(logged), ":"+port+"/") {
		t.Errorf("the file that LOG_FILE names does not say where to look: %s", logged)
	}
}

// TestHelp names every flag and variable.
func TestHelp(t *testing.T) {
	code, stdout, stderr := run(t, command(t, "-h"))
	if code != 0 {
		t.Errorf("exit %d", code)
	}
	words := []string{"MJPEGAZER_", "VIDEO_URL", "FLASK_RUN_HOST", "FLASK_RUN_PORT", "DEBUG", "LOG_FILE", "pattern:", "http://"}
	for flag := range flags {
		words = append(words, "-"+flag)
	}
	for _, word := range words {
		if !strings.Contains(stdout+stderr, word) {
			t.Errorf("-h does not mention %s", word)
		}
	}
}

// TestReleaseVersion is what a release build was given.
func TestReleaseVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mjpegazer")
	if err := compile(path, []string{"CGO_ENABLED=0"}, "-ldflags=-X "+module+"/router/server.version=1.2.3"); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, anyPort)
	cmd.Path = path
	p := start(t, cmd)
	if _, body := ask(t, http.MethodGet, p.url+"/status"); !strings.Contains(body, `"1.2.3"`) {
		t.Errorf("/status: %s", body)
	}
	cmd = command(t, "-version")
	cmd.Path = path
	if code, stdout, _ := run(t, cmd); code != 0 || !strings.HasPrefix(stdout, "mjpegazer 1.2.3 ") {
		t.Errorf("-version: exit %d, %q", code, stdout)
	}
}

// TestVersion names the Go version.
func TestVersion(t *testing.T) {
	code, stdout, _ := run(t, command(t, "-version"))
	if code != 0 || !strings.Contains(stdout, "mjpegazer") || !strings.Contains(stdout, runtime.Version()) {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

// TestSecrets names cameras with secrets in every place of an address, makes them fail, and looks for the secrets in all
// that the program says.
func TestSecrets(t *testing.T) {
	t.Parallel()
	address := "127.0.0.1:" + freePort(t)
	refusing := newRefusingCamera(t)
	const canary = "canary7"
	secret := func(host string) string {
		return "http://" + canary + ":" + canary + "@" + host + "/video?key=" + canary
	}
	for _, args := range [][]string{
		{"http://" + canary + ":" + canary + "@host:port/"}, {"gopher://" + canary + ":" + canary + "@host/"},
		{secret(address) + "#header=X:" + canary + "&unheard=of"}, {"http://x:" + canary + "%zz@host/?" + canary},
	} {
		_, stdout, stderr := run(t, command(t, append([]string{anyPort}, args...)...))
		if strings.Contains(stdout+stderr, canary) {
			t.Errorf("secrets in what the program says of a wrong source: %s%s", stdout, stderr)
		}
	}
	cmd := command(t, anyPort, "-log-level=debug", "-stall=1s", "one="+secret(address), "two="+secret(refusing))
	p := start(t, cmd)
	var said strings.Builder
	for _, path := range []string{"/one/live", "/two/live", "/two/snapshot", "/one/health", "/status", "/"} {
		response, body := ask(t, http.MethodGet, p.url+path)
		response.Header.Write(&said)
		io.WriteString(&said, body)
	}
	p.stop(t)
	if said.WriteString(p.said.String()); strings.Contains(said.String(), canary) {
		t.Errorf("secrets in what the program says:\n%s", said.String())
	}
}

// newRefusingCamera asks everyone to log in, and lets nobody.
func newRefusingCamera(t *testing.T) (host string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="camera"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
