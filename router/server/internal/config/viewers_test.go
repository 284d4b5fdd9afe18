package config_test

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"mjpegazer/router/server/internal/config"
)

// TestViewers reads who may see which camera. A variant without viewers of its own has those of its camera.
func TestViewers(t *testing.T) {
	c := mustParse(t, `
users: users
tokens: { screen: screen-token, printer: /abs/printer-token }
cameras:
  door: { source: 'pattern:', viewers: [ ann, screen ] }
  small: camera:door#width=64
  smaller: camera:small#width=32
  blurred: { source: 'camera:door#width=16', viewers: '*' }
  tiny: camera:blurred#width=8
  vault: { source: 'pattern:', viewers: [] }
  safe: { source: 'camera:vault', viewers: ben }
  yard: { source: 'pattern:', viewers: "ann, ${GUESTS:ben}" }
  garden: 'pattern:'
`, nil)
	want := "map[door:[ann screen] safe:[ben] small:[ann screen] smaller:[ann screen] vault:[] yard:[ann ben]]"
	if got := fmt.Sprint(c.Viewers()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if a := c.Access; a.Tokens["printer"] != "/abs/printer-token" || filepath.Dir(a.Tokens["screen"]) != filepath.Dir(c.File) || len(a.Tokens) != 2 {
		t.Errorf("%v", a.Tokens)
	}
	unknown := c.UnknownViewers(func(name string) bool { return name == "ann" }).Error()
	if want := ":12:40: viewers: neither a user nor a token has this name"; strings.Count(unknown, "\n") != 1 || !strings.Contains(unknown, want) {
		t.Errorf("%s\nwant %s", unknown, want)
	}
}

func TestViewersMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"cameras:\n  a: { source: 'pattern:', viewers: [ canary ] }\n":                               "f:2:39: viewers: nobody has to log in: add users, token or tokens",
		"cameras:\n  a: { source: 'pattern:', viewers: [] }\n":                                       "f:2:37: viewers: nobody has to log in: add users, token or tokens",
		"token: t\ncameras:\n  a: { source: 'pattern:', viewers: [ canary ] }\n":                     "f:3:39: viewers: no token has this name, and there are no users",
		"tokens: { screen: t }\ncameras:\n  a: { source: 'pattern:', viewers: [ screen, sreen ] }\n": "f:3:47: viewers: no token has this name, and there are no users: did you mean screen?",
		"users: u\ncameras:\n  a: { source: 'pattern:', viewers: { canary: 1 } }\n":                  "f:3:37: a single value is needed here, not a list or a map",
		"users: u\ncameras:\n  a: { source: 'pattern:', viewrs: ann }\n":                             "f:3:28: unknown key: did you mean viewers?",
		"tokens: canary\n": "f:1:9: a map is needed here: lines of the form KEY: VALUE",
		"tokens:\n  a b: canary\n  '*': canary2\n  c: [ canary ]\n  d:\n": "f:2:3: tokens: a name has no blanks and no commas\nf:3:3: tokens: a name has no blanks and no commas\n" +
			"f:4:6: a single value is needed here, not a list or a map\nf:5:5: the value is missing: give one, or remove the line; one that begins with # or & needs quotes",
		"token: t\ntokens:\n  a: t\n":    "f:3:6: tokens: this is the file of the token for all cameras: each needs its own",
		"tokens:\n  a: t\n  b: ./t\n":    "f:3:6: tokens: another token has this file: each needs its own",
		"tokens:\n  a: t\n  a: canary\n": "f:3:3: this key is here already, in line 2",
		"tokns:\n  a: t\n":               "f:1:1: unknown key: did you mean tokens?",
	} {
		_, err := parse(t, text, nil)
		if err == nil || err.Error() != want {
			t.Errorf("%s\n%v\nwant\n%s", text, err, want)
		}
	}
}

// TestDiffOfRights says in words who loses a stream.
func TestDiffOfRights(t *testing.T) {
	const cameras = "users: u\ncameras:\n  a: { source: 'pattern:', viewers: %s }\n  small: camera:a#width=64\n  b: 'pattern:'\n"
	directory := t.TempDir()
	read := func(text string) *config.Config {
		t.Helper()
		c, err := config.Parse([]string{"-config", write(t, directory, "mjpegazer.yaml", text)}, nil, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	old := read("tokens: { screen: s, printer: /p }\n" + fmt.Sprintf(cameras, "[ ann, ben ]"))
	for text, want := range map[string]string{
		"tokens: { printer: /q, kiosk: /k }\n" + fmt.Sprintf(cameras, "[ ann ]"): "camera a is for ann alone; the streams of others end\ncamera small is for ann alone; the streams of others end\n" +
			"token kiosk is added\ntoken printer has another file; streams end whose token is not in it\ntoken screen is removed; the streams that it let in end",
		"tokens: { printer: /p }\n" + fmt.Sprintf(cameras, "'*'"): "camera a is for everybody who is let in\ncamera small is for everybody who is let in\ntoken screen is removed; the streams that it let in end",
		"tokens: { printer: /p }\n" + fmt.Sprintf(cameras, "[]"): "camera a is for the token for all cameras alone; the streams of others end\n" +
			"camera small is for the token for all cameras alone; the streams of others end\ntoken screen is removed; the streams that it let in end",
	} {
		if got := strings.Join(config.Diff(old, read(text)), "\n"); got != want {
			t.Errorf("%s\n%s\nwant\n%s", text, got, want)
		}
	}
}
