package source_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/source"
	"mjpegazer/source/httpcam"
)

func TestParseHTTP(t *testing.T) {
	c, err := source.Parse("https://cam:s%23cret@host:8443/video?x=1#stall=60s&max-frame=500KB&insecure&poll=500ms&header=X-Key:a+b%26c&ipv4&auth=basic", source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	h := c.Source.(*httpcam.Camera)
	if c.Display != "https://host:8443/video" || c.Stall != time.Minute || c.MaxFrame != 500_000 {
		t.Errorf("%+v", c)
	}
	if h.URL != "https://cam:s%23cret@host:8443/video?x=1" || h.MaxFrame != 500_000 || h.Poll != time.Second/2 || !h.IPv4 || !h.Basic ||
		h.IdleTime != time.Minute || h.Header.Get("X-Key") != "a+b&c" || !h.Insecure {
		t.Errorf("%+v", h)
	}
}

func TestParseUsesDefaults(t *testing.T) {
	c, err := source.Parse("http://host/", source.Defaults{Stall: 3 * time.Second, MaxFrame: 7000})
	if err != nil || c.Stall != 3*time.Second || c.MaxFrame != 7000 || c.Source.(*httpcam.Camera).MaxFrame != 7000 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestParseOffline(t *testing.T) {
	for text, want := range map[string]string{
		"http://host/": "auto", "http://host/#offline=card": "card", "webcam://0#offline=last&brightness=1": "last", "camera:door#offline=error": "error",
		"exec:program#offline=file:own.jpg": "file:" + filepath.Join("folder", "own.jpg"), "pattern:#offline=auto": "auto",
	} {
		if s, err := source.Parse(text, source.Defaults{Directory: "folder"}); err != nil || s.Offline != want {
			t.Errorf("%s: %q, %v", text, s.Offline, err)
		}
	}
	s, err := source.Parse("pattern:#offline=file:/no/such/file", source.Defaults{})
	if err != nil || s.Check() == nil {
		t.Errorf("%v, and a file that is not there is taken", err)
	}
}

func TestParseRefusesNonsense(t *testing.T) {
	for text, want := range map[string]string{
		"":                                              "not a source. Forgot http://?",
		"gopher://host/":                                "For RTSP: 'exec:ffmpeg -i",
		"http:///video":                                 "not a valid address",
		"http://host:port/":                             "not a valid address",
		"http://host/#canary=canary":                    "unknown option (the 1st after #). Known here: also, auth, body, ca, flip, gzip, header, how, idle, insecure, ipv4, max-frame, method, mirror, offline, pin, poll, redirects, skip, stall, turn",
		"http://host/?canary#poll=canary":               "option poll must be a duration such as 500ms",
		"http://canary@host/#stall=-1s":                 "option stall must be a duration",
		"http://host/#header=canary":                    "such as X-Key:abc",
		"http://host/#max-frame=many":                   "option max-frame must be a size",
		"http://host/#auth=canary":                      "option auth must be basic",
		"http://host/#insecure=canary":                  "option insecure must be without a value",
		"http://host/#also=canary":                      "option also: not a valid address",
		"http://host/#also=http://u:canary%2Fcanary@b/": "option also: not a valid address: in a user name or password",
		"http://host/#idle=1ms":                         "option idle must be at least 100ms",
		"http://host/#idle=10s":                         "option idle must be below stall, which is 10s",
		"http://host/#idle=2s&stall=2s":                 "option idle must be below stall, which is 2s",
		"http://host/#canary%zz":                        "the 1st option after # is not percent-encoded",
		"https://host/#pin=sha256/canary":               "option pin must be sha256/",
		"http://host/#method=canary canary":             "option method must be a method such as GET or POST",
		"http://host/#method=HEAD":                      "option method must be a method such as GET or POST",
		"http://host/#offline=canary":                   "option offline must be auto, card, last, error or file:PATH",
		"http://host/#offline=file:":                    "option offline must be auto, card, last, error or file:PATH",
		"http://host/#redirects=canary":                 "option redirects must be any",
		"http://host/#body":                             "option body must be followed by = and a value",
		"http://u:canary#x@host/v#stall=1m":             "# as %23",
		"http://u:canary/x@host/v#stall=1m":             "/ as %2F",
		"http://u:canary?x@host/v":                      "? as %3F",
		"http:/u:canary@host/":                          "not a valid address",
		"http://host/#poll=1s&stal=1s":                  "(the 2nd after #). Known here: also, auth, body, ca, flip, gzip, header, how, idle, insecure, ipv4, max-frame, method, mirror, offline, pin, poll, redirects, skip, stall, turn; did you mean stall?",
		"pattern:#wdith=3":                              "did you mean width?",
		"pattern:#canary=":                              "Known here: flip, fps, height, how, max-frame, mirror, offline, quality, stall, turn, width",
		"pattern:canary":                                "nothing but options may follow pattern:",
		"exec:a#canary":                                 "Known here: flip, how, max-frame, mirror, offline, stall, turn; a # of the command itself goes in quotes",
		"file:a#canary":                                 "Known here: flip, follow, fps, how, loop, max-frame, mirror, offline, stall, turn; where the # belongs to the name, add another # at the end",
		"https://u:canary@ho st/?canary#ca":             "not a valid address",
	} {
		_, err := source.Parse(text, source.Defaults{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int{"1000000": 1e6, "32MiB": 32 << 20, "500KB": 500e3, "1.5 mb": 15e5, "64k": 64 << 10, "7B": 7} {
		if n, err := source.ParseSize(text); n != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "NaN", "2GiB", "1e99", "many", "MB", "1 000"} {
		if n, err := source.ParseSize(text); err == nil {
			t.Errorf("%q: %d, want an error", text, n)
		}
	}
}

// A phone focuses before it answers: stall= holds for the wait for an answer, too.
func TestStallHoldsForTheHead(t *testing.T) {
	for text, want := range map[string]time.Duration{"http://host/": 10 * time.Second, "http://host/#stall=60s": time.Minute, "http://host/#stall=2s": 10 * time.Second} {
		spec, err := source.Parse(text, source.Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		if camera := spec.Source.(*httpcam.Camera); camera.HeadTime != want {
			t.Errorf("%s: %v, want %v", text, camera.HeadTime, want)
		}
	}
}
