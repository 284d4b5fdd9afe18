package source_test

import (
	"maps"
	"strings"
	"testing"

	"mjpegazer/source"
	"mjpegazer/source/pipe"
	"mjpegazer/source/webcam"
)

func TestParseWebcam(t *testing.T) {
	for text, want := range map[string]webcam.Camera{
		"0":                             {Address: "0"},
		"12#width=320":                  {Address: "12", Width: 320},
		"/dev/video7":                   {Address: "/dev/video7"},
		"webcam://0":                    {Address: "0"},
		"WEBCAM:0":                      {Address: "0"},
		"webcam:///dev/v4l/by-id/usb-a": {Address: "/dev/v4l/by-id/usb-a"},
		"webcam://by-id/usb-a%23b":      {Address: "by-id/usb-a#b"},
		"webcam://name/HD%20Webcam":     {Address: "name/HD Webcam"},
		"webcam://name/a+b#format=Gray": {Address: "name/a+b", Format: "Gray"},
		"webcam://name/a/b#fps=29.97":   {Address: "name/a/b", FPS: 29.97},
		"webcam://99#quality=1&format=mjpeg&width=1280&height=720&fps=30&brightness=128&exposure_auto=Manual%20Mode": {
			Address: "99", Quality: 1, Format: "mjpeg", Width: 1280, Height: 720, FPS: 30,
			Controls: map[string]string{"brightness": "128", "exposure_auto": "Manual Mode"},
		},
	} {
		c, err := source.Parse(text, source.Defaults{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := c.Source.(*webcam.Camera)
		if got.Address != want.Address || got.Width != want.Width || got.Height != want.Height || got.FPS != want.FPS ||
			got.Format != want.Format || got.Quality != want.Quality || !maps.Equal(got.Controls, want.Controls) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestParseWebcamRefusesNonsense(t *testing.T) {
	for text, want := range map[string]string{
		"webcam://":               "webcam://name/NAME",
		"webcam://name/":          "webcam://name/NAME",
		"webcam://video0":         "webcam:///dev/video0",
		"webcam://-1":             "`mjpegazer webcams`",
		"webcam://name/%zz":       "not percent-encoded correctly",
		"0#width=0":               "option width must be a number from 1 to 65535",
		"0#quality=101":           "option quality must be a number from 1 to 100",
		"0#fps=0":                 "option fps must be a number of pictures a second",
		"0#fps=NaN":               "option fps must be a number of pictures a second",
		"0#format=h264":           "option format must be one of mjpeg, yuyv, uyvy, nv12, nv21, i420, grey, z16",
		"mediadevices:":           "mediadevices:LABEL",
		"mediadevices:a#colour=1": "Known here:",
	} {
		if _, err := source.Parse(text, source.Defaults{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// Every address is refused or becomes that of a webcam.
func FuzzParseWebcam(f *testing.F) {
	for _, text := range []string{"0", "by-id/usb-a", "name/a%20b", "/dev/null", "#fps=1e9", "%", "name/#format=yuyv&width=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := source.Parse("webcam://"+text, source.Defaults{})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") && !strings.ContainsAny(text, "\n\r") {
				t.Errorf("more than a line: %q", err)
			}
			return
		}
		w, ok := c.Source.(*webcam.Camera)
		if !ok || w.Address == "" || w.FPS < 0 || w.Width < 0 || w.Quality > 100 {
			t.Errorf("%q: %+v", text, c.Source)
		}
	})
}

func TestParseCommand(t *testing.T) {
	for text, want := range map[string]string{
		`exec:a b  c`:                      "a|b|c",
		`exec:a "b c" 'd "e' f\ g "\"h"`:   `a|b c|d "e|f g|"h`,
		`exec:a '' b#c d#max-frame=1000`:   "a||b#c|d",
		`exec:sh -c "echo '#1' #2"`:        "sh|-c|echo '#1' #2",
		`exec:sh -c 'x #2'#stall=1m`:       "sh|-c|x #2",
		`exec:a rtsp://h/#1 -f mjpeg -`:    "a|rtsp://h/#1|-f|mjpeg|-",
		`exec:a b\#c`:                      "a|b#c",
		`exec:a "\"#1"#`:                   `a|"#1`,
		`exec:ffmpeg -i rtsp://u:p@h -f -`: "ffmpeg|-i|rtsp://u:p@h|-f|-",
	} {
		c, err := source.Parse(text, source.Defaults{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := strings.Join(c.Source.(*pipe.Command).Args, "|"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"exec:", "exec:  ", `exec:a "b`, "exec:a#canary"} {
		if _, err := source.Parse(text, source.Defaults{}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is in quotes is an argument as it stands, whatever it holds.
func FuzzQuotedArgument(f *testing.F) {
	for _, text := range []string{"", "#", "a #b", `\`, "\"#stall=1m", "\n", "#max-frame=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "'") {
			t.Skip("it ends the quotes")
		}
		for _, options := range []string{"", "#", "#stall=1m"} {
			spec, err := source.Parse("exec:a '"+text+"'"+options, source.Defaults{})
			if err != nil {
				t.Fatal(err)
			}
			if args := spec.Source.(*pipe.Command).Args; len(args) != 2 || args[1] != text {
				t.Errorf("%q: %q", text, args)
			}
		}
	})
}
