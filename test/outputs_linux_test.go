package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestCanariesInAllOutputs has secrets in all places of all kinds of sources, makes each fail in all ways, and looks for them in
// all that the program says.
func TestCanariesInAllOutputs(t *testing.T) {
	t.Parallel()
	house := newHaunted(t)
	t.Run("serve", func(t *testing.T) {
		t.Parallel()
		house.serve(t)
	})
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		house.check(t)
	})
	t.Run("probe", func(t *testing.T) {
		t.Parallel()
		house.probe(t)
	})
}

// A haunted house is a configuration full of canaries.
type haunted struct {
	aviary
	directory string
	cameras   []string // their names
	sources   []string // of cameras that probe can be asked about
	yaml      string
	environ   []string
	token     string
	wrong     []string // SOURCE strings that make no sense
	input     string   // standard input
	changed   string   // yaml with other secrets
	mistaken  string   // yaml with mistakes
}

func (h *haunted) file(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(h.directory, name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// add adds a camera to the configuration.
func (h *haunted) add(name, text string) {
	h.cameras = append(h.cameras, name)
	h.yaml += "  " + name + ": " + text + "\n"
}

func newHaunted(t *testing.T) *haunted {
	h := &haunted{directory: t.TempDir()}
	h.addHTTP(t, newTalkativeCamera(t))
	h.addOthers(t)
	h.token = h.canary("token")
	h.file(t, "token", h.token, 0o600)
	h.file(t, "users", secretUser, 0o600)
	h.file(t, "link-key", strings.Repeat(h.canary("link key"), 4), 0o600)
	h.yaml = "cameras:\n" + h.yaml + "token: token\nusers: users\nlink-key: link-key\ntokens: {screen: " + filepath.Base(h.file(t, "screen", h.canary("named token"), 0o600)) + "}\n" +
		"stall: 1s\nhealth-threshold: 2\nkeep: true\n"
	h.input = h.canary("input") + strings.Repeat(" no picture", 1000)
	h.changed = strings.NewReplacer("pwd=", "pwd="+h.canary("another query"), "stall=1s", "stall=2s", "exec:", "exec:nice ").Replace(h.yaml) + "max-viewers: 7\n"
	h.mistaken = h.yaml + h.canary("wrong key") + ": " + h.canary("wrong value") + "\nlinger: ${DOOR_PASSWORD}\n"
	for i, text := range h.wrong {
		h.mistaken = strings.Replace(h.mistaken, "cameras:\n", fmt.Sprintf("cameras:\n  wrong%d: '%s'\n", i, strings.ReplaceAll(text, "'", "''")), 1)
	}
	return h
}

// addHTTP adds cameras that speak HTTP.
func (h *haunted) addHTTP(t *testing.T, camera string) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	refusing := "127.0.0.1:" + freePort(t)
	full := func(name, scheme, host, way string) string {
		c := func(place string) string { return h.canary(name + ", " + place) }
		return scheme + "://" + c("user") + ":" + c("password") + "%2F" + c("rest of the password") + "@" + host + "/" + way + "/token/" + c("key in the path") +
			"/v?pwd=" + c("query") + "&user=" + c("user in the query") + "&src=rtsp%3A%2F%2Fbob%3A" + c("address in the query") + "%40h%2F" +
			"#header=X-Api-Key:" + c("header") + "&header=Cookie:session%3D" + c("cookie") + "&body=" + c("body") + "&method=POST&stall=1s"
	}
	for _, way := range talkativeWays {
		text := full(way, "http", camera, way)
		h.add("http-"+way, "'"+text+"'")
		h.sources = append(h.sources, text)
	}
	for name, text := range map[string]string{
		"basic-first": full("basic first", "http", camera, "basic") + "&auth=basic", "works-basic": full("works with basic", "http", camera, "works") + "&auth=basic",
		"refused": full("refused", "http", refusing, "v"), "nobody": full("no such host", "http", "nobody.invalid", "v"), "no-tls": full("no TLS", "https", camera, "works"),
		"unknown-certificate": full("certificate", "https", secure.Listener.Addr().String(), "v"),
		"insecure":            full("insecure", "https", secure.Listener.Addr().String(), "v") + "&insecure",
		"also":                full("also", "http", refusing, "v") + "&also=http%3A%2F%2Fbob%3A" + h.canary("password of also") + "%40" + camera + "%2Fforbidden%2F%3Fpwd%3D" + h.canary("query of also"),
		"plain":               "http://" + camera + "/forbidden/" + "?pwd=" + h.canary("only query"),
		"own-authorization":   "http://" + camera + "/forbidden/" + "#header=Authorization:Bearer%20" + h.canary("bearer"),
	} {
		h.add(name, "'"+text+"'")
		h.sources = append(h.sources, text)
	}
	h.environ = append(h.environ, "DOOR_PASSWORD="+h.canary("variable"), "DOOR_KEY=pa/ss "+h.canary("variable in a query"))
	h.add("variable", "'http://admin:${DOOR_PASSWORD}@"+camera+"/forbidden?key=${DOOR_KEY}'")
	h.add("password-file", "{source: 'http://admin@"+camera+"/basic', password-file: "+filepath.Base(h.file(t, "password", "p@:"+h.canary("password file"), 0o600))+", options: {auth: basic, header: 'X-Token: "+h.canary("header of a map")+"'}}")
	h.add("'*'", "'http://bob:"+h.canary("template")+"@"+camera+"/missing/*/live?pwd="+h.canary("query of a template")+"'")
	for _, text := range []string{
		"http://admin:12/%s@" + camera + "/v", "http://admin:12?%s@h/v", "http://admin:12#%s@h/v", "http://admin:12%%%s@h/v", "http://admin:1@%s@h/v/%%zz", "http:/bob:%s@h/", "http:bob:%s@h", "https://bob:%s@h:port/",
		"gopher://bob:%s@h/", "bob:%s@h/v", "%s", "://%s", "http://h/#insecure=%s&%s", "http://h/#%s", "http://h/#pin=%s", "http://h/#method=%s x", "http://h/#header=%s", "http://h/#also=bob:%s@x", "http://h/#stall=%s",
		"http://[%s]/", "http://h:%s/", "pattern:%s", "pattern:#text=x&width=%s", "camera:http://bob:%s@h/", "camera:", "webcam://%s/x", "webcam://0#width=%s", "mediadevices:%%%s", "exec:'%s", "exec:", "http://h/#offline=%s", "pattern:#offline=file:/nowhere/token/%s", "file:#fps=%s", "-#%s",
	} {
		h.wrong = append(h.wrong, strings.ReplaceAll(text, "%s", h.canary("wrong: "+text)))
	}
}

// addOthers adds cameras of all other kinds.
func (h *haunted) addOthers(t *testing.T) {
	c := h.canary
	h.environ = append(h.environ, "CAM_PASSWORD="+c("password in the environment"), "MJPEGAZER_FOO_PASSWORD="+c("an unknown variable of the program"))
	says := h.file(t, "says", "#!/bin/sh\nenv >&2; echo \"cannot open $*: $CAM_PASSWORD\" >&2; for a; do echo \"$a\" | base64 >&2; done; printf '%s' \"$*\" | od -An -tx1 | tr -d ' \\n' >&2; exit 3\n", 0o755)
	works := h.file(t, "works", "#!/bin/sh\necho \"open $*\" >&2; while cat \""+h.file(t, "picture.jpg", string(streamtest.Picture(1)), 0o600)+"\"; do echo \"still $*\" >&2; sleep 0.2; done\n", 0o755)
	garbage := h.file(t, "garbage", "#!/bin/sh\necho \"$*\"; sleep 5\n", 0o755)
	environment := h.file(t, "environment", "#!/bin/sh\necho \"login with $CAM_PASSWORD failed\" >&2; exit 1\n", 0o755)
	for name, text := range map[string]string{
		"exec-environment": "exec:" + environment,
		"exec-fails":       "exec:" + says + " -i rtsp://bob:" + c("exec address") + "@h/s?x=" + c("exec query") + " -" + c("exec option") + " --key=" + c("exec key") + " '" + c("exec word") + " and more'#offline=card",
		"exec-works":       "exec:" + works + " --password " + c("exec works"),
		"exec-garbage":     "exec:" + garbage + " " + c("exec garbage"),
		"exec-missing":     "exec:/nowhere/program rtsp://bob:" + c("exec missing") + "@h/",
		"exec-none":        "exec:" + h.directory + " " + c("exec of a folder"),
		"number":           "webcam://63#brightness=" + c("webcam control"), "webcam-name": "webcam://by-id/token=" + c("webcam name"), "driver": "mediadevices:http%3A%2F%2Fbob:" + c("driver") + "@h",
		"file-missing": "file:/nowhere/token/" + c("file") + "/v.mjpg", "file-garbage": "file:" + h.file(t, "garbage.mjpg", c("content of a file")+strings.Repeat(" no picture", 1000), 0o600),
		"folder": "file:" + filepath.Dir(h.file(t, "empty.txt", c("content of a folder"), 0o600)) + "#fps=5&loop",
		"input":  "-", "pattern": "pattern:#width=64&height=48", "variant": "camera:exec-works#width=16", "dead-variant": "camera:http-forbidden#turn=90",
	} {
		h.add(name, "'"+strings.ReplaceAll(text, "'", "''")+"'")
		if !strings.HasPrefix(text, "camera:") && !strings.Contains(name, "works") && name != "input" && name != "pattern" && name != "folder" {
			h.sources = append(h.sources, text)
		}
	}
}

// serve starts the program, asks it for everything, and reloads it with other secrets, and with mistakes.
func (h *haunted) serve(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	path := h.file(t, "serve.yaml", h.yaml, 0o600)
	address := "127.0.0.1:" + freePort(t)
	cmd := command(t, "-config", path, "-log-level=debug", "-listen", address, "-log-file", file)
	cmd.Env = append(cmd.Env, h.environ...)
	cmd.Stdin = strings.NewReader(h.input)
	p := launch(t, cmd)
	logged := func() string {
		text, _ := os.ReadFile(file) // an error is that there is none yet
		return string(text)
	}
	await := func(what string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(logged(), what); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the log never says %s\n%s%s", what, p.said, logged())
			}
		}
	}
	await("open in a browser")
	h.askAll(t, "http://"+address)
	h.file(t, "serve.yaml", h.changed+"log-format: json\n", 0o600)
	await(`{"time":`)
	h.askAll(t, "http://"+address)
	h.file(t, "serve.yaml", h.mistaken, 0o600)
	await("configuration not reloaded")
	h.askAll(t, "http://"+address, "/", "/status", "/metrics")
	p.stop(t)
	h.look(t, "log", logged())
	h.look(t, "stderr", p.said.String())
}

// askAll asks for what there is of all cameras, or for some paths.
func (h *haunted) askAll(t *testing.T, address string, paths ...string) {
	if len(paths) == 0 {
		paths = []string{"/", "/status", "/metrics", "/wall", "/nope", "/health", "/?token=" + h.token + "&action=snapshot", "/live?token=" + h.token, "/login", "/?action=stream_99"}
		for _, name := range append(h.cameras, "unknown") {
			name = strings.Trim(name, "'")
			paths = append(paths, "/"+name+"/", "/"+name+"/live", "/"+name+"/snapshot")
		}
	}
	var all sync.WaitGroup
	for _, path := range paths {
		all.Go(func() { h.ask(t, address+path) })
	}
	all.Wait()
}

// pictureForm is what a camera sent as a picture, which is passed on as it is.
var pictureForm = regexp.MustCompile(`(?s)\xff\xd8.*?\xff\xd9`)

// ask asks as one who may see everything, and looks at the answer, of a stream at its beginning.
func (h *haunted) ask(t *testing.T, address string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Errorf("%s: %v", address, err)
		return
	}
	defer response.Body.Close()
	time.AfterFunc(time.Second, cancel)
	var head bytes.Buffer
	response.Header.Del("Set-Cookie") // which stands for the token
	response.Header.Write(&head)
	if strings.Contains(address, "token=") {
		head.Reset() // it may be led on to where it wanted to go
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // an error is the end of a stream
	h.look(t, address, response.Status+head.String()+string(pictureForm.ReplaceAll(body, nil)))
}

// check tells of mistakes, and of differences.
func (h *haunted) check(t *testing.T) {
	var all sync.WaitGroup
	running := h.file(t, "running.yaml", h.yaml, 0o600)
	next := h.file(t, "next.yaml", h.changed, 0o600)
	slots := make(chan struct{}, 4)
	try := func(args ...string) {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			cmd := command(t, args...)
			cmd.Env = append(cmd.Env, h.environ...)
			_, stdout, stderr := run(t, cmd)
			if stdout+stderr == "" {
				t.Errorf("%q says nothing", args)
			}
			h.look(t, "check", stdout+stderr)
		})
	}
	try("check", "-config", running)
	try("check", "-config", next, "-diff="+running)
	try("check", "-config", running, "-diff="+next)
	try("check", "-config", h.file(t, "wrong.yaml", h.mistaken, 0o600))
	for _, text := range h.wrong {
		try("check", "door="+text, anyPort, text)
	}
	all.Wait()
}

// probe tells what is at an address, and why that is not a camera.
func (h *haunted) probe(t *testing.T) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, text := range append(h.sources, h.wrong...) {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			cmd := command(t, "probe", text)
			cmd.Env = append(cmd.Env, h.environ...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			stop := time.AfterFunc(3*time.Second, func() { cmd.Process.Signal(os.Interrupt) })
			defer stop.Stop()
			cmd.Wait() // its status is not what is asked for
			said, _, _ := strings.Cut(out.String(), "It works. To show it:")
			h.look(t, "probe", said)
		})
	}
	all.Wait()
}
