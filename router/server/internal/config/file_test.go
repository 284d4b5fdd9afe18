package config_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/router/server/internal/config"
	"mjpegazer/source"
	"mjpegazer/source/httpcam"
)

// write makes a file in a directory, and returns its path.
func write(t testing.TB, directory, name, content string) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parse reads a file with the given text, an environment of NAME=VALUE and arguments.
func parse(t testing.TB, text string, environ []string, args ...string) (*config.Config, error) {
	t.Helper()
	path := write(t, t.TempDir(), "mjpegazer.yaml", text)
	c, err := config.Parse(append([]string{"-config", path}, args...), config.NewVariables(environ), io.Discard)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), path, "f"))
	}
	return c, err
}

func mustParse(t testing.TB, text string, environ []string, args ...string) *config.Config {
	t.Helper()
	c, err := parse(t, text, environ, args...)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return c
}

func cameras(c *config.Config) string {
	var all []string
	for _, camera := range c.Cameras {
		all = append(all, camera.Name+"="+camera.Source)
	}
	return strings.Join(all, " ")
}

const everything = `
# a comment
listen: [ ":5000", "unix:run.sock" ]
linger: 1m
keep: yes
max-frame: 1MB
max-viewers: ${MOST:7}
users: users
cors: https://a.example, https://b.example
log-level: debug
cameras:
  door: http://u:${DOOR}@192.168.1.20/video.mjpg#stall=5s
  garden:
    source: webcam://0
    title: Garten süd
    options:
      width: 640
      brightness: -1
  yard:
    source: https://ann@cam/
    password-file: secret
    options: { header: ["X-A: 1", "X-B: a&b#c"], insecure: true }
  gate: exec:play ${DOOR} -
`

func TestFile(t *testing.T) {
	path := write(t, t.TempDir(), "mjpegazer.yaml", everything)
	write(t, filepath.Dir(path), "secret", "p w\n")
	c, err := config.Parse([]string{"first=pattern:", "-max-frame=2MB", "-config=" + path},
		config.NewVariables([]string{"DOOR=p@ss w", "MJPEGAZER_LINGER=2m", "MJPEGAZER_MAX_FRAME=3MB", "VIDEO_URL=http://unused/"}), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	directory := filepath.Dir(path)
	want := "first=pattern: door=http://u:p%40ss%20w@192.168.1.20/video.mjpg#stall=5s garden=webcam://0#width=640&brightness=-1 " +
		"yard=https://ann:p%20w@cam/#header=X-A%3A%201&header=X-B%3A%20a%26b%23c&insecure=true " + `gate=exec:play p@ss\ w -`
	if got := cameras(c); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if c.Listen.String() != ":5000,unix:"+directory+"/run.sock" || c.Linger != 2*time.Minute || !c.Keep || c.MaxFrame != 2e6 ||
		c.Limits.Viewers != 7 || c.Access.UsersFile != directory+"/users" || len(c.Access.Origins.Values) != 2 || c.LogLevel.String() != "debug" ||
		c.Cameras[2].Title != "Garten süd" || c.Cameras[1].Directory != directory || c.Cameras[0].Directory != "" {
		t.Errorf("%+v", c)
	}
	if read := c.Read.Contents(); len(read) != 2 {
		t.Errorf("%d files read", len(read))
	}
	again, err := c.Reload()
	if err != nil || cameras(again) != want || again.Instance != c.Instance || again.Linger != c.Linger {
		t.Errorf("%v, %+v", err, again)
	}
}

// Flags replace a list, and so does the environment, whatever the file has in it.
func TestListsAreReplaced(t *testing.T) {
	const text = "listen: [127.0.0.1:1, 127.0.0.1:2]\nallowed-hosts: [a, b]\n"
	for _, c := range []struct {
		environ, args []string
		listen, hosts string
	}{
		{nil, nil, "127.0.0.1:1,127.0.0.1:2", "a,b"},
		{[]string{"MJPEGAZER_LISTEN=:3,:4"}, nil, ":3,:4", "a,b"},
		{[]string{"MJPEGAZER_LISTEN=:3"}, []string{"-listen=:5", "-listen=:6", "-allowed-hosts=c"}, ":5,:6", "c"},
		{[]string{"FLASK_RUN_PORT=7"}, nil, "127.0.0.1:1,127.0.0.1:2", "a,b"},
	} {
		got := mustParse(t, text, c.environ, c.args...)
		if got.Listen.String() != c.listen || got.Access.Hosts.String() != c.hosts {
			t.Errorf("%v %v: %s %s", c.environ, c.args, &got.Listen, &got.Access.Hosts)
		}
	}
}

// Without cameras in the file or on the command line there is VIDEO_URL, or the test card.
func TestFileWithoutCameras(t *testing.T) {
	if got := cameras(mustParse(t, "linger: 1s\n", nil)); got != "camera=pattern:" {
		t.Error(got)
	}
	if got := cameras(mustParse(t, "linger: 1s\ncameras: {}\n", []string{"VIDEO_URL=http://h/"})); got != "camera=http://h/" {
		t.Error(got)
	}
	if got := cameras(mustParse(t, "cameras: {a: 'pattern:'}\n", []string{"VIDEO_URL=http://h/"})); got != "a=pattern:" {
		t.Error(got)
	}
}

// Secrets come from $CREDENTIALS_DIRECTORY before the environment.
func TestCredentials(t *testing.T) {
	directory := t.TempDir()
	write(t, directory, "door", "fr@m file\n")
	environ := []string{"CREDENTIALS_DIRECTORY=" + directory, "door=from environment", "gate=g"}
	c := mustParse(t, "cameras:\n  a: http://u:${door}@h/\n  b: http://u:${gate}@h/\n", environ)
	if got := cameras(c); got != "a=http://u:fr%40m%20file@h/ b=http://u:g@h/" {
		t.Error(got)
	}
	also := mustParse(t, "cameras:\n  a: {source: http://h/, options: {also: 'http://u:${door}@i/'}}\n  b: http://h/#also=http://u:${door}@i/\n", environ)
	for _, camera := range also.Cameras {
		spec, err := source.Parse(camera.Source, source.Defaults{})
		if h, ok := spec.Source.(*httpcam.Camera); !ok || len(h.Also) != 1 || h.Also[0] != "http://u:fr%40m%20file@i/" {
			t.Errorf("%v, %+v", err, spec.Source)
		}
	}
	if read := c.Read.Contents(); len(read) != 3 { // that gate is no file may change
		t.Errorf("%d files", len(read))
	}
	if err := os.Mkdir(filepath.Join(directory, "gate"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Reload(); err == nil || !strings.Contains(err.Error(), "${gate}: the credential cannot be read") {
		t.Error(err)
	}
}

// TestFileMistakes are all told at once, at their place, without what the file says there.
func TestFileMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "f: the file is empty",
		"# canary\n":       "f: the file is empty",
		"- canary\n":       "f:1:1: a map is needed here",
		"linger: canary\n": "f:1:9: linger: give a duration such as 10s or 1m",
		"lingr: canary\nlinger: 1s\nstall: -1s\nmax_viewers: canary\nport: 5000\ncanary: 1\n": "f:1:1: unknown key: did you mean linger?\n" +
			"f:3:8: stall: it must be more than 0: give a duration such as 10s or 1m\nf:4:1: unknown key: did you mean max-viewers?\n" +
			"f:5:1: unknown key: did you mean listen?\nf:6:1: unknown key (mjpegazer example shows all)",
		"version: true\nconfig: canary\n":                            "f:1:1: unknown key (",
		"listen: [canary, :5000]\n":                                  "f:1:10: listen: give HOST:PORT",
		"listen: 5000\n":                                             "f:1:9: listen: give HOST:PORT",
		"listen:\n":                                                  "f:1:8: the value is missing",
		"keep: canary\n":                                             "f:1:7: keep: give true or false",
		"max-rate: 1\n":                                              "f:1:11: max-rate: no picture is smaller",
		"max-frame: canary\n":                                        "f:1:12: max-frame: give a size",
		"max-viewers: canary\n":                                      "f:1:14: max-viewers: give a whole number",
		"cors: [https://canary/canary]\n":                            "f:1:8: cors: an origin is https",
		"trusted-proxy: canary\n":                                    "f:1:16: trusted-proxy: a proxy is an IP",
		"log-level: canary\nlog-format: canary\n":                    "f:1:12: log-level: use debug, info, warn or error\nf:2:13: log-format: use text or json",
		"tls-cert: canary\n":                                         "f: -tls-cert and -tls-key belong together",
		"users: {a: canary}\n":                                       "f:1:8: a single value is needed",
		"cameras: canary\n":                                          "f:1:10: a map is needed here",
		"cameras:\n  canary!: x\n":                                   "f:2:3: a name has letters",
		"cameras:\n  live: x\n":                                      "f:2:3: the name is a route",
		"cameras:\n  first: 'pattern:'\n":                            "f:2:3: a camera of the command line has this name",
		"cameras:\n  a: canary://canary\n":                           "f:2:6: not a source",
		"cameras:\n  a: http://u:canary@h/#stal=1s\n":                "f:2:6: unknown option (the 1st after #)",
		"cameras:\n  a: http://u:${canary\n":                         "f:2:6: ${ must be followed by a name and }",
		"cameras:\n  a: http://u:${NONE}@h/\n  b: ${NOTHING}\n":      "f:2:6: ${NONE}: neither a credential nor",
		"cameras:\n  a: {title: canary}\n":                           "f:2:3: source is missing",
		"cameras:\n  a: {source: 'pattern:', sorce: canary}\n":       "f:2:27: unknown key: did you mean source?",
		"cameras:\n  a: {source: 'pattern:', title: \"ca\\nary\"}\n": "f:2:34: a title is one line",
		"cameras:\n  a:\n    source: http://u:canary@h/\n    options: {stall: canary, poll: 1s, auth: canary}\n": "f:4:22: option stall must be a",
		"cameras:\n  a:\n    source: 'pattern:'\n    options: {width: 64, colour: canary}\n":                     "f:4:34: unknown option",
		"cameras:\n  a:\n    source: http://h/\n    password-file: canary\n":                                     "f:4:20: password-file: the file cannot be read: no such file",
		"cameras:\n  a:\n    source: http://h/\n    password-file: mjpegazer.yaml\n":                             "f:4:20: password-file: the address names no user",
		"cameras:\n  a: {source: 'pattern:', options: {width: [64, canary]}}\n":                                  "f:2:49: option width must be",
		"cameras:\n  a: x\n  b: y\n  a: z\n":                                                                     "f:4:3: this key is here already, in line 2",
	} {
		_, err := parse(t, text, nil, "first=pattern:")
		got := "nothing"
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || strings.Contains(got, "canary") {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
	_, err := parse(t, "cameras:\n  a:\n    source: http://h/\n    options: {stall: no, poll: no}\n  b: no\nlinger: no\n", nil)
	if got := strings.Count(err.Error(), "\n") + 1; got != 4 {
		t.Errorf("%d mistakes of 4:\n%v", got, err)
	}
}

// A file that cannot be read is one mistake.
func TestUnreadableFile(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none.yaml"), t.TempDir(), os.DevNull} {
		c, err := config.Parse([]string{"-config", path}, nil, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), path+": cannot be read: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
		if len(c.Read.Contents()) != 1 {
			t.Error("it would not be looked at again")
		}
	}
}

// What the command line has wrong is told before the file is read.
func TestArgumentsBeforeFile(t *testing.T) {
	if _, err := parse(t, "linger: x\n", nil, "-linger=y"); err == nil || !strings.HasPrefix(err.Error(), "-linger y") {
		t.Error(err)
	}
	if _, err := parse(t, "linger: 1s\n", nil, "http://"); err == nil || !strings.HasPrefix(err.Error(), "camera 1") {
		t.Error(err)
	}
}

// FuzzSecrets puts a secret anywhere in a configuration, as the file's text, as what ${X} stands for and on the command line: no
// error repeats it, and what is shown of a camera does not where the secret is in no part of an address that is shown.
func FuzzSecrets(f *testing.F) {
	for _, text := range []string{
		everything, "cameras:\n  a: http://u:X@h/\n", "cameras: {a: {source: 'http://u:${X}@h/p?k=${X}#header=K:${X}', options: {ca: X}}}\n",
		"cameras:\n  a: exec:ffmpeg -i rtsp://u:${X}@h/ -key ${X}\n", "listen: X\n", "token: ${X}\n", "X: X\n", "cors: ${X}\nstall: ${X}\nkeep: ${X}",
		"cameras:\n  a: ${X}\n  b: {source: '${X}', options: {X: 1}}\n", "tls-cert: ${X}\nlog-format: ${X}\ntrusted-proxy: [${X}]\n",
	} {
		f.Add(text, uint16(40), "http://u:p@h/?k=v#stall=1s")
	}
	const canary = "Canary7Word"
	directory := f.TempDir()
	f.Fuzz(func(t *testing.T, text string, at uint16, sourceText string) {
		text = strings.ReplaceAll(text, "$${", "")
		i := int(at) % (len(text) + 1)
		path := write(t, directory, "f", text[:i]+canary+text[i:])
		environ := config.NewVariables([]string{"X=" + canary, "DOOR=" + canary})
		i = int(at) % (len(sourceText) + 1)
		for _, args := range [][]string{{"-config", path}, {"a=" + sourceText[:i] + canary + sourceText[i:]}} {
			c, err := config.Parse(args, environ, io.Discard)
			if err != nil && strings.Contains(err.Error(), canary) && !strings.Contains(err.Error(), "${") {
				t.Errorf("%q: %v", text, err)
			}
			for _, camera := range c.Cameras {
				if shown := source.Display(camera.Source); strings.Contains(shown, canary) && isSecret(camera.Source, canary) {
					t.Errorf("%q is shown as %q", camera.Source, shown)
				}
			}
		}
	})
}

// isSecret reports whether each place of the word in an address is one that holds secrets: the user's, the query, the options.
func isSecret(address, word string) bool {
	kind, rest, ok := strings.Cut(address, "://")
	if kind = strings.ToLower(kind); !ok || kind != "http" && kind != "https" {
		return false
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	if cut := strings.IndexAny(path, "?#"); cut >= 0 {
		path = path[:cut]
	}
	host := authority[strings.LastIndex(authority, "@")+1:]
	return !strings.Contains(strings.ToLower(host+path), strings.ToLower(word))
}
