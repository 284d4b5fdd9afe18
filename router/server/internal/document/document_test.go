package document_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"mjpegazer/router/server/internal/document"
)

// walk visits everything.
func walk(v document.Value, depth int) {
	switch {
	case depth > 30:
	case v.IsMap():
		for _, f := range v.Fields() {
			walk(f.Value, depth+1)
		}
	case v.IsList():
		for _, item := range v.Items() {
			walk(item, depth+1)
		}
	default:
		v.Source(func(string) (string, bool, error) { return "", false, nil })
	}
}

func mistakes(content string) string {
	d := document.Parse("f", []byte(content))
	if d.Readable() {
		walk(d.Root(), 0)
	}
	var b strings.Builder
	for _, m := range d.Mistakes() {
		b.WriteString(m.Error() + "\n")
	}
	return b.String()
}

// TestMistakes are told at their place, all at once, without what the file says there.
func TestMistakes(t *testing.T) {
	for content, want := range map[string]string{
		"a: 1\nb: [x, y]\nc: {d: e}\n":            "",
		"a: canary\nb: 2\na: canary\n":            "f:3:1: this key is here already, in line 1",
		"a: {canary: 1, b: 2, canary: 3}\n":       "f:1:22: this key is here already, in line 1",
		"a: *canary\n":                            "f:1:4: a value that begins with * is an alias",
		"a: !canary x\n":                          "f:1:4: a value that begins with ! is a tag",
		"a: &canary\n":                            "f:1:4: the value is missing",
		"a: #canary\n":                            "the value is missing",
		"a:\nb: !!str\nc: 3\n":                    "f:2:4: a value that begins with !",
		"a: b: canary\n":                          "f:1:5: a colon and a space cannot be here",
		"a: [::1]:canary\n":                       "f:1:9: this does not fit",
		"a:\n\tcanary: c\n":                       "f:2:1: indent with spaces",
		"a: @canary\n":                            "f:1:4: a value cannot begin with this character",
		"a: -\n":                                  "f:1:4: a list cannot begin here",
		"a: \"canary\n":                           "f:1:4: this quote is never closed",
		"a: {canary\n":                            "f:1:4: this { is never closed",
		"a: [canary\nb: c\n":                      "f:1:4: this [ is never closed",
		"a: x\ncanary\n":                          "f:2:1: a key must be followed by a colon",
		"a:\n  b: 1\n canary: 2\n":                "f:3:2: this does not fit",
		"a: | canary\n":                           "f:1:6: a value that begins with |",
		"a: \"\\qcanary\"\n":                      "f:1:5: after a backslash",
		"a: 1\nb: caf\xe9 canary\n":               "f:2:7: this is not UTF-8",
		"a: 1\n---\ncanary: 2\n":                  "f:2:1: a second document",
		"a: 1\n---\ncanary: *x\n":                 "f:3:9: a value that begins with *",
		"? [canary]\n: y\n":                       "f:1:3: a single value is needed",
		"a: ${canary\n":                           "f:1:4: ${ must be followed by a name and }",
		"a: ${canary x}\n":                        "f:1:4: ${ must be followed by a name and }",
		"a: 1${UNSET}canary${OTHER}\n":            "f:1:4: ${OTHER}: neither a credential nor",
		strings.Repeat("[", 20_000):               "nested too deep",
		strings.Repeat("a: 1\n", 300_000):         "f: more than 1048576 bytes",
		"a: &a {b: *a}\n":                         "",
		"a: &a [*a, *a, *a]\n":                    "more than 20000 values",
		"x: &x {<<: *x}\n":                        "f:1:12: more than 20000 values",
		"a: &a {b: 1}\nc: {<<: *a, <<: [*a]}\n":   "",
		"a: &a {b: 1}\nc: {<<: canary}\n":         "f:2:9: a map is needed here",
		"a: &a canary\nb: *a\nc: {<<: [*a, 1]}":   "f:3:10: a map is needed here",
		"%YAML 3.0\n---\na: canary\n":             "f:1:1: this is not YAML",
		"a: &a [1]\nb: &b [*a, *a]\nc: [*b,*b]\n": "",
	} {
		got := mistakes(content)
		if (want == "") != (got == "") || !strings.Contains(got, want) || strings.Contains(got, "canary") {
			t.Errorf("%.60q: %q; want %q", content, got, want)
		}
	}
}

// TestBomb would be a thousand million values.
func TestBomb(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", "))
	}
	if got := mistakes(bomb); strings.Count(got, "\n") != 1 || !strings.Contains(got, "more than 20000 values") {
		t.Errorf("%q", got)
	}
}

func TestMergeGivesWay(t *testing.T) {
	d := document.Parse("f", []byte("base: &base {b: 1, c: 2}\nmore: &more {c: 3, d: 4}\nx: {b: 5, <<: [*base, *more]}\n"))
	var got []string
	for _, f := range d.Root().Fields()[2].Value.Fields() {
		text, _ := f.Value.Text()
		got = append(got, f.Name+"="+text)
	}
	if s := strings.Join(got, " "); s != "b=5 c=2 d=4" || len(d.Mistakes()) > 0 {
		t.Errorf("%s, %v", s, d.Mistakes())
	}
}

func TestEmpty(t *testing.T) {
	for content, want := range map[string]bool{"": true, "\n# comment\n": true, "a: 1\n": false, "a": false, "\x00": false} {
		if got := document.Parse("f", []byte(content)).Empty(); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

var variables = map[string]string{
	"PW": "p@ss:w/ö d", "HOST": "192.168.1.20:8080", "EVIL": "x@y/z", "URL": "http://u:p@h/#insecure", "N": "640",
	"WORDS": `a b"c'd\e#f`, "LINE": "secret\n", "LINES": "a\n\n", "EMPTY": "", "a.b-c": "dots",
}

func lookup(name string) (string, bool, error) {
	if name == "BROKEN" {
		return "", false, os.ErrPermission
	}
	value, ok := variables[name]
	return value, ok, nil
}

func TestExpanded(t *testing.T) {
	for text, want := range map[string]string{
		"${PW}": "p@ss:w/ö d", "a${N}b${N}": "a640b640", "${N:5}${M:7}${M:}": "6407", "$${N}$N ${N}": "${N}$N 640", "$$${N}": "$${N}",
		"${LINE}": "secret", "${LINES}": "a\n", "${EMPTY:x}": "", "${a.b-c}": "dots", "${M:a:b/c}": "a:b/c", "plain": "plain", "'$'": "$",
		"${M": "!", "${}": "!", "${../x}": "!", "${M}": "!", "${-x:1}": "!", "${BROKEN}": "!",
	} {
		d := document.Parse("f", []byte("a: "+text+"\n"))
		got, ok := d.Root().Fields()[0].Value.Expanded(lookup)
		if !ok {
			got = "!"
		}
		if got != want || ok != (len(d.Mistakes()) == 0) {
			t.Errorf("%s: %q, %v; want %q", text, got, d.Mistakes(), want)
		}
	}
}

func TestSource(t *testing.T) {
	for text, want := range map[string]string{
		"${URL}":                                         "http://u:p@h/#insecure",
		"http://u:${PW}@h/v":                             "http://u:p%40ss%3Aw%2F%C3%B6%20d@h/v",
		"http://${PW}:${PW}@${HOST}/${PW}?${PW}":         "http://p%40ss%3Aw%2F%C3%B6%20d:p%40ss%3Aw%2F%C3%B6%20d@192.168.1.20:8080/p%40ss%3Aw%2F%C3%B6%20d?p%40ss%3Aw%2F%C3%B6%20d",
		"http://${HOST}":                                 "http://192.168.1.20:8080",
		"http://${EVIL}/video":                           "http://x%40y%2Fz/video",
		"http://u@h:${N}/a@b":                            "http://u@h:640/a@b",
		"http://h/#header=X-Key: ${WORDS}":               "http://h/#header=X-Key: a%20b%22c%27d%5Ce%23f",
		"http://h/#idle=1s&also=http://u:${PW}@${HOST}/": "http://h/#idle=1s&also=http://u:p%2540ss%253Aw%252F%25C3%25B6%2520d@192.168.1.20%3A8080/",
		"pattern:#width=${N}":                            "pattern:#width=640",
		"webcam://name/${WORDS}":                         "webcam://name/a%20b%22c%27d%5Ce%23f",
		"webcam:name/${WORDS}":                           "webcam:name/a%20b%22c%27d%5Ce%23f",
		"mediadevices:${WORDS}":                          "mediadevices:a%20b%22c%27d%5Ce%23f",
		"/dev/video${M:3}":                               "/dev/video3",
		"file:/x/${WORDS}":                               `file:/x/a b"c'd\e#f#`,
		"file:/x/${WORDS}#fps=${N}":                      `file:/x/a b"c'd\e#f#fps=640`,
		"exec:play ${WORDS} x":                           `exec:play a\ b\"c\'d\\e\#f x`,
		`exec:play "-${WORDS}"`:                          `exec:play "-a\ b\"c\'d\\e\#f"`,
		`exec:play '${WORDS}' ${N}`:                      `exec:play 'a b"c'\''d\e#f' 640`,
		"exec:play ${EMPTY} x":                           "exec:play '' x",
		"exec:play -i rtsp://u:${PW}@h/ -x":              "exec:play -i rtsp://u:p%40ss%3Aw%2F%C3%B6%20d@h/ -x",
		"exec:play -i ${URL}x/${PW} -x":                  `exec:play -i http://u:p@h/\#insecurex/p%40ss%3Aw%2F%C3%B6%20d -x`,
		"exec:play ${PW}#stall=${N}s":                    "exec:play p@ss:w/ö\\ d#stall=640s",
		"exec:play a#b ${WORDS}#stall=${N}s":             `exec:play a#b a\ b\"c\'d\\e\#f#stall=640s`,
	} {
		d := document.Parse("f", []byte("- '"+strings.ReplaceAll(text, "'", "''")+"'\n"))
		if got, ok := d.Root().Items()[0].Source(lookup); got != want || !ok {
			t.Errorf("%s:\n%s, want\n%s\n%v", text, got, want, d.Mistakes())
		}
	}
}

func TestWithPassword(t *testing.T) {
	for address, want := range map[string]string{
		"http://ann@h:80/p@q": "http://ann:a%20b%40@h:80/p@q", "https://a%40b@h": "https://a%40b:a%20b%40@h", "nats://a@b@h/": "nats://a@b:a%20b%40@h/",
		"http://h/": "no user", "http://@h/": "no user", "http://a:b@h/": "already", "http://h/a@b": "no user",
		"exec:ffmpeg -i rtsp://a@h/": "needs an address", "webcam": "needs an address", "": "needs an address",
	} {
		got, err := document.WithPassword(address, "a b@")
		if got != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
	}
}

func TestWithOptions(t *testing.T) {
	for source, want := range map[string]string{
		"http://h/": "http://h/#stall=1%20s&insecure", "http://h/#a=b": "http://h/#a=b&stall=1%20s&insecure",
		"exec:a#x=y": "exec:a#x=y#stall=1%20s&insecure", "exec:a # b": "exec:a # b#stall=1%20s&insecure", "file:a#": "file:a#&stall=1%20s&insecure", "0": "0#stall=1%20s&insecure",
	} {
		if got := document.WithOptions(source, document.Option{Name: "stall", Value: "1 s"}, document.Option{Name: "insecure"}); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
	if got := document.WithOptions("0"); got != "0" {
		t.Error(got)
	}
}

// FuzzDocument parses and walks anything: it ends soon, in mistakes of one line each that hold none of the file's words.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{
		"a: &a {b: [1, ${X:y}]}\nc: {<<: *a}\n", "listen: [a, b]\ncameras:\n  door: http://u:p@h/\n", "a: 'x", "? a\n: b\n---\n", "\tx", "- - - {[",
		"!!map {a: b}", "a: |\n  x\n", "\xff\xfe", "*a", "%TAG ! x\n--- a",
	} {
		f.Add(s, uint16(3))
	}
	const canary = "canary7word"
	f.Fuzz(func(t *testing.T, text string, at uint16) {
		i := int(at) % (len(text) + 1)
		got := mistakes(text[:i] + canary + text[i:])
		if name := "${" + canary; !strings.Contains(text[:i]+canary, name) && strings.Contains(got, canary) && !strings.Contains(text[:i], "${") {
			t.Errorf("%q in %q", got, text)
		}
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "f:") || len(line) > 300 {
				t.Errorf("%q", line)
			}
		}
	})
}
