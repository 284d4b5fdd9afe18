package source_test

import (
	"testing"

	"mjpegazer/source"
)

func TestDisplay(t *testing.T) {
	for text, want := range map[string]string{
		"http://canary:canary@cam:80/path?canary#canary":  "http://cam:80/path",
		"http://canary:canary@cam:port/":                  "http://…",
		"exec:ffmpeg -i rtsp://canary:canary@cam/#canary": "exec:ffmpeg",
		"exec:'/usr/bin/ff mpeg' canary":                  "exec:ff mpeg",
		"exec:'canary":                                    "exec:…",
		"canary:canary@cam/video":                         "…",
		"canary":                                          "…",
		"file:/videos/one.mjpeg#fps=3":                    "file:/videos/one.mjpeg",
		"-":                                               "-",
		"/dev/video0#width=640":                           "/dev/video0",
	} {
		if got := source.Display(text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
