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
		"http://canary:1234/canary@cam/v":                 "http://…",
		"http://canary:a?canary@cam/v":                    "http://…",
		"http://canary:a#canary@cam/v#stall=1m":           "http://…",
		"https://cam/key/canary/live.mjpg":                "https://cam/…",
		"http:/bob:canary@cam/":                           "http://…",
		" http://cam/v \r\n":                              "http://cam/v",
		"http://küche.local/v":                            "http://küche.local/v",
		"exec:http://u:canary@cam/":                       "exec:…",
		"exec:KEY=canary ffmpeg":                          "exec:…",
		"file:rtsp://u:canary@cam/":                       "file:rtsp://…@cam/",
		"webcam://name/HD\u202e\x1bcam":                   "webcam://name/HDcam",
		"http://a/v#also=http://canary:canary@b/canary?canary&idle=1s": "http://a/v",
		"/dev/video0#width=640": "/dev/video0",
	} {
		if got := source.Display(text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
