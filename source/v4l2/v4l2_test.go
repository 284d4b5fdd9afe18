package v4l2_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"mjpegazer/source/v4l2"
)

func FuzzFourCC(f *testing.F) {
	for _, name := range []string{"MJPG", "Z16", "Y8", "", "toolong", "\xff\xff\xff\xff", "a b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var format v4l2.FourCC
		err := format.UnmarshalText([]byte(name))
		if (err != nil) != (len(name) == 0 || len(name) > 4) {
			t.Fatal(err)
		}
		if err != nil || name[len(name)-1] >= 0x80 || len(name) == 4 && name[3] >= 0x80 {
			return // the highest bit means big-endian
		}
		if got := format.String(); got != strings.TrimRight(name, " ") {
			t.Errorf("%q became %q", name, got)
		}
	})
}

func TestNearest(t *testing.T) {
	single := v4l2.Size{Width: 640, Height: 480}
	steps := v4l2.Size{Width: 32, Height: 32, MaxWidth: 2592, MaxHeight: 1944, StepWidth: 16, StepHeight: 2}
	for _, test := range []struct {
		size                        v4l2.Size
		width, height, wantW, wantH int
	}{
		{single, 0, 0, 640, 480},
		{single, 1920, 1, 640, 480},
		{steps, 0, 0, 2592, 1944},
		{steps, 640, 481, 640, 482},
		{steps, 647, 360, 640, 360},
		{steps, 649, 360, 656, 360},
		{steps, 1, 9999, 32, 1944},
	} {
		if w, h := test.size.Nearest(test.width, test.height); w != test.wantW || h != test.wantH {
			t.Errorf("%v: %dx%d gives %dx%d, want %dx%d", test.size, test.width, test.height, w, h, test.wantW, test.wantH)
		}
	}
}

// A size in a range is never outside it, and always on a step.
func FuzzNearest(f *testing.F) {
	f.Add(uint16(32), uint16(2592), uint16(16), uint16(640))
	f.Fuzz(func(t *testing.T, least, most, step, want uint16) {
		s := v4l2.Size{Width: int(least), Height: 1, MaxWidth: int(most), MaxHeight: 1, StepWidth: int(step), StepHeight: 1}
		w, _ := s.Nearest(int(want), 0)
		if w < int(least) || w > max(int(least), int(most)) {
			t.Errorf("%+v: %d gives %d", s, want, w)
		}
		if on := (w - int(least)) % max(int(step), 1); on != 0 && w != int(most) {
			t.Errorf("%+v: %d gives %d, which is between two steps", s, want, w)
		}
	})
}

func TestSizeString(t *testing.T) {
	for want, size := range map[string]v4l2.Size{
		"640x480":                       {Width: 640, Height: 480},
		"640x480 at 30, 15, 29.97":      {Width: 640, Height: 480, Rates: []float64{30, 15, 30000.0 / 1001}},
		"32x32 to 2592x1944 at 1 to 90": {Width: 32, Height: 32, MaxWidth: 2592, MaxHeight: 1944, Rates: []float64{1, 90}, RateRange: true},
		"16x16 to 4096x4096":            {Width: 16, Height: 16, MaxWidth: 4096, MaxHeight: 4096},
	} {
		if got := size.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestControlCheck(t *testing.T) {
	brightness := v4l2.Control{Name: "brightness", Type: v4l2.Integer, Min: -64, Max: 64, Step: 2}
	exposure := v4l2.Control{Name: "auto_exposure", Type: v4l2.Menu, Max: 3, Default: 3,
		Menu: []v4l2.MenuItem{{Value: 1, Name: "Manual Mode"}, {Value: 3, Name: "Aperture Priority Mode"}}}
	for _, test := range []struct {
		control v4l2.Control
		value   int
		want    string // "" is no error
	}{
		{brightness, 64, ""},
		{brightness, 65, "brightness=65 is out of range: -64 to 64 in steps of 2 (default 0)"},
		{exposure, 1, ""},
		{exposure, 2, "auto_exposure=2 is not in its menu: 1 Manual Mode, 3 Aperture Priority Mode (default 3)"},
		{v4l2.Control{Name: "reset", Type: v4l2.Button}, 7, ""},
		{v4l2.Control{Name: "bits", Type: v4l2.Bitmask, Max: 0xf0}, 0x30, ""},
		{v4l2.Control{Name: "bits", Type: v4l2.Bitmask, Max: 0xf0}, 0x31, "bits=0x31 has bits that are not in 0xf0"},
		{v4l2.Control{Name: "serial", Type: v4l2.Integer, Max: 9, ReadOnly: true}, 1, "serial can only be read"},
	} {
		err := test.control.Check(test.value)
		if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("%s=%d: %v, want %q", test.control.Name, test.value, err, test.want)
		}
	}
}

// What -json prints can be read again.
func TestJSON(t *testing.T) {
	var mjpg v4l2.FourCC
	mjpg.UnmarshalText([]byte("MJPG"))
	b, err := json.Marshal(v4l2.Node{
		Path: "/dev/video0", Formats: []v4l2.Format{{FourCC: mjpg}}, Controls: []v4l2.Control{{Name: "brightness", Type: v4l2.Integer}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var c v4l2.Node
	if err := json.Unmarshal(b, &c); err != nil || c.Formats[0].FourCC != mjpg || c.Controls[0].Type != v4l2.Integer {
		t.Errorf("%s became %+v, %v", b, c, err)
	}
}

func TestOpenNoCamera(t *testing.T) {
	_, err := v4l2.Open("/dev/null")
	if !errors.Is(err, v4l2.ErrNotCamera) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("/dev/null: %v", err)
	}
	_, err = v4l2.Open("/nowhere/video0")
	if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("/nowhere/video0: %v", err)
	}
}
