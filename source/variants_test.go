package source_test

import (
	"image"
	"strings"
	"testing"

	"mjpegazer/source"
	"mjpegazer/source/pattern"
	"mjpegazer/source/variant"
	"mjpegazer/source/webcam"
)

func TestVariants(t *testing.T) {
	limit := variant.NewLimit(1)
	for text, want := range map[string]variant.Source{
		"pattern:#turn=90&mirror&flip&how=encode": {From: pattern.Camera{}, Turn: 90, Mirror: true, Flip: true, How: variant.Encode},
		"pattern:#turn=270&how=exif&width=320":    {From: pattern.Camera{Width: 320}, Turn: 270, How: variant.Exif},
		"camera:door":                             {},
		"camera:door#width=640&height=480&quality=60&fps=2.5&grey&crop=8,16,320,240": {
			Width: 640, Height: 480, Quality: 60, FPS: 2.5, Grey: true, Crop: image.Rect(8, 16, 328, 256)},
		"camera:door#text=%H:%M:%S door&text-at=bottom-right": {Text: "%H:%M:%S door", TextAt: variant.BottomRight},
		"camera:door#text=%d.%m. %26 %23 %25H":                {Text: "%d.%m. & # %H"},
		"camera:door#text=%C3%A4 %41 %%41 %Y%B%E2%82%AC":      {Text: "ä A %%41 %Y%B€"},
	} {
		spec, err := source.Parse(text, source.Defaults{Limit: limit, MaxPixels: 7})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want.Limit, want.MaxPixels = limit, 7
		if got := *spec.Source.(*variant.Source); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if of, _ := strings.CutPrefix(spec.Display, "camera:"); of == "door" != (spec.Camera == "door") {
			t.Errorf("%s is of %q", text, spec.Camera)
		}
	}
}

func TestVariantsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"camera:":                                   "name of the camera is missing",
		"camera:http://bob:canary@h/":               "is the name of another camera",
		"pattern:#turn=45":                          "option turn must be 90, 180 or 270",
		"pattern:#how=lossless":                     "option how must be exif or encode",
		"http://h/#grey":                            "unknown option",
		"http://h/#width=640":                       "unknown option",
		"camera:a#crop=1,2,3":                       "option crop must be X,Y,WIDTH,HEIGHT",
		"camera:a#crop=1,2,0,4":                     "option crop must be X,Y,WIDTH,HEIGHT",
		"camera:a#crop=-1,2,3,4":                    "option crop must be X,Y,WIDTH,HEIGHT",
		"camera:a#text-at=middle":                   "option text-at must be top-left, top",
		"camera:a#text=%Q":                          "%Q is no part of a time",
		"camera:a#text=" + "50%25":                  "write %% for a percent sign",
		"camera:a#turn=90&how=exif&width=9":         "how=exif only turns",
		"camera:a#quality=0":                        "option quality must be",
		"camera:a#text=" + strings.Repeat("x", 201): "one line of at most 200 bytes",
	} {
		_, err := source.Parse(text, source.Defaults{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Where all cameras are mirrored, variants of others are not mirrored once more, and options win.
func TestMirror(t *testing.T) {
	for text, want := range map[string]bool{
		"pattern:": true, "pattern:#mirror=false": false, "pattern:#mirror=true": true, "camera:a": false, "camera:a#mirror": true,
	} {
		spec, err := source.Parse(text, source.Defaults{Mirror: true})
		v, _ := spec.Source.(*variant.Source)
		if got := v != nil && v.Mirror; err != nil || got != want {
			t.Errorf("%s: %v, mirror is %v", text, err, got)
		}
	}
}

// A webcam's controls are still its own, and its mistakes still found.
func TestVariantOfAWebcam(t *testing.T) {
	spec, err := source.Parse("webcam://0#turn=180&brightness=7&width=640", source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	w := spec.Source.(*variant.Source).From.(*webcam.Camera)
	if w.Width != 640 || len(w.Controls) != 1 || w.Controls["brightness"] != "7" {
		t.Errorf("%+v", w)
	}
}
