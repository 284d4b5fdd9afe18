package server_test

import (
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVariantMistakes(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"door=pattern:", "small=camera:dor"}, `camera 2 ("small"): there is no camera of the name "dor": did you mean door?`},
		{[]string{"door=pattern:", "small=camera:garden"}, `camera 2 ("small"): there is no camera of the name "garden"; the cameras are: door, small`},
		{[]string{"a=camera:a"}, `camera 1 ("a"): it would be a variant of itself: a → a`},
		{[]string{"door=pattern:", "a=camera:b", "b=camera:c#width=9", "c=camera:a"}, `camera 2 ("a"): it would be a variant of itself: a → b → c → a`},
	} {
		mustRefuse(t, nil, test.args, 2, test.want)
	}
	file := filepath.Join(t.TempDir(), "c.yaml")
	os.WriteFile(file, []byte("cameras:\n  a: camera:b\n  b: camera:a\n  c: camera:x\n  d: camera:a\n"), 0o600)
	_, _, stderr := run(t, nil, "-config", file)
	for _, want := range []string{"c.yaml:2:3: it would be a variant of itself: a → b → a", ":3:3: ", "c.yaml:4:3: there is no camera of the name \"x\""} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in:\n%s", want, stderr)
		}
	}
	if strings.Contains(stderr, ":5:") {
		t.Errorf("a variant of a mistaken one is a mistake as well:\n%s", stderr)
	}
}

// sizeOf returns the size of the picture that the program shows of a camera.
func sizeOf(t *testing.T, p *program, camera string) image.Point {
	t.Helper()
	response, err := http.Get(p.url + camera + "/snapshot")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	config, err := jpeg.DecodeConfig(response.Body)
	if err != nil {
		t.Fatalf("%s: %s, %v", camera, response.Status, err)
	}
	return image.Pt(config.Width, config.Height)
}

// Variants stand before and behind their cameras, are variants of variants, and are marked as what they are.
func TestVariants(t *testing.T) {
	p := start(t, nil, anyPort, "tiny=camera:small#turn=90", "small=camera:hall#width=64&text=%T", "hall=pattern:#width=320&height=240")
	for camera, want := range map[string]image.Point{"tiny": {48, 64}, "small": {64, 48}, "hall": {320, 240}} {
		if got := sizeOf(t, p, camera); got != want {
			t.Errorf("%s is %v, want %v", camera, got, want)
		}
	}
	response, err := http.Get(p.url + "status")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var status struct {
		Cameras []struct {
			Name      string
			VariantOf string `json:"variant_of"`
			Facts     map[string]string
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for _, c := range status.Cameras {
		of[c.Name] = c.VariantOf
	}
	if of["tiny"] != "small" || of["small"] != "hall" || of["hall"] != "" {
		t.Errorf("variants are marked %v", of)
	}
	if facts := status.Cameras[0].Facts; facts["variant"] != "changed without decoding" {
		t.Errorf("the facts of a turn are %v", facts)
	}
}

// MIRROR_IMAGE mirrors as in the Python program, and a variant of what is mirrored no second time.
func TestMirrorImage(t *testing.T) {
	for value, want := range map[string]string{"Yes": "changed without decoding", "1": "changed without decoding", "no": "", "": ""} {
		p := start(t, []string{"MIRROR_IMAGE=" + value, "VIDEO_URL=pattern:#width=64&height=48"}, anyPort)
		sizeOf(t, p, "camera")
		response, err := http.Get(p.url + "status")
		if err != nil {
			t.Fatal(err)
		}
		var status struct {
			Cameras []struct{ Facts map[string]string }
		}
		err = json.NewDecoder(response.Body).Decode(&status)
		response.Body.Close()
		if err != nil || status.Cameras[0].Facts["variant"] != want {
			t.Errorf("MIRROR_IMAGE=%s: %v, %v", value, status, err)
		}
	}
}

// A reload gives a variant another size, or its camera another source; viewers go on.
func TestVariantsAreReloaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	save := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save("cameras:\n  small: camera:hall#width=64\n  hall: 'pattern:#width=320&height=240'\n")
	p := start(t, nil, anyPort, "-config", file)
	if got := sizeOf(t, p, "small"); got != image.Pt(64, 48) {
		t.Errorf("at first it is %v", got)
	}
	for _, step := range []struct {
		text string
		want image.Point
	}{
		{"cameras:\n  small: camera:hall#width=96\n  hall: 'pattern:#width=320&height=240'\n", image.Pt(96, 72)},
		{"cameras:\n  small: camera:hall#width=96\n  hall: 'pattern:#width=240&height=240'\n", image.Pt(96, 96)},
		{"cameras:\n  small: camera:door#width=96\n  door: 'pattern:#width=960&height=240'\n", image.Pt(96, 24)},
		{"cameras:\n  small: 'pattern:#width=16&height=16'\n", image.Pt(16, 16)},
	} {
		save(step.text)
		var got image.Point
		for deadline := time.Now().Add(15 * time.Second); got != step.want && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			got = sizeOf(t, p, "small")
		}
		if got != step.want {
			t.Errorf("it is %v with\n%s\n%s", got, step.text, p.stderr)
		}
	}
}

// A reload raises the limit for pictures that are changed, too.
func TestVariantsObeyMaxPixelsAfterReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "c.yaml")
	save := func(limit string) {
		text := "max-pixels: " + limit + "\ncameras:\n  turned: 'pattern:#width=320&height=240&turn=90'\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save("10000")
	p := start(t, nil, anyPort, "-config", file)
	code := func() int {
		response, err := http.Get(p.url + "turned/snapshot")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := code(); got != http.StatusServiceUnavailable {
		t.Errorf("a picture of 76,800 pixels, of which 10,000 are allowed: %d", got)
	}
	save("1M")
	for deadline := time.Now().Add(20 * time.Second); code() != http.StatusOK; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no picture with a higher limit\n%s", p.stderr)
		}
	}
}
