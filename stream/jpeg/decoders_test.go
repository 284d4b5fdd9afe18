package jpeg_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

// program returns the path of a program of another package, or skips the test.
func program(t *testing.T, name, pkg string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		message := fmt.Sprintf("%s is missing: apt install %s", name, pkg)
		if os.Getenv("MJPEGAZER_TEST") == "full" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return path
}

// samplePictures are encoded pictures of every subsampling, with odd sizes, and
// what a Transform makes of them.
func samplePictures(t *testing.T) map[string][]byte {
	var e jpeg.Encoder
	m := map[string][]byte{}
	for _, format := range []jpeg.Format{jpeg.YUYV, jpeg.NV12, jpeg.Grey, jpeg.I444} {
		for _, size := range []image.Point{{1, 1}, {319, 243}} {
			picture := mustAppend(t, &e, scene(size.X, size.Y, format).in(format, 0))
			m[fmt.Sprint(format, size)] = picture
			if size.X > 1 {
				turn, coarse := jpeg.Transform{Turn: jpeg.Turned90}, jpeg.Transform{Turn: jpeg.Mirrored, Quality: 30}
				m[fmt.Sprint(format, size, " turned")] = mustTransform(t, &turn, picture)
				m[fmt.Sprint(format, size, " mirrored")] = mustTransform(t, &coarse, picture)
			}
		}
	}
	return m
}

func TestDjpegDecodes(t *testing.T) {
	djpeg := program(t, "djpeg", "libjpeg-turbo-progs")
	for name, picture := range samplePictures(t) {
		cmd := exec.Command(djpeg, "-strict", "-grayscale", "-pnm")
		cmd.Stdin = bytes.NewReader(picture)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		pgm, err := cmd.Output()
		if err != nil || complaints.Len() > 0 {
			t.Errorf("%s: %v: %s", name, err, &complaints)
			continue
		}
		sameLuma(t, name, pgm, decode(t, picture))
	}
}

func TestFfmpegDecodes(t *testing.T) {
	ffmpeg := program(t, "ffmpeg", "ffmpeg")
	for name, picture := range samplePictures(t) {
		cmd := exec.Command(ffmpeg, "-v", "warning", "-xerror", "-err_detect", "explode",
			"-f", "mjpeg", "-i", "-", "-vf", "extractplanes=y", "-f", "image2pipe", "-c:v", "pgm", "-")
		cmd.Stdin = bytes.NewReader(picture)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		pgm, err := cmd.Output()
		if err != nil || strings.Contains(complaints.String(), "rror") {
			t.Errorf("%s: %v: %s", name, err, &complaints)
			continue
		}
		sameLuma(t, name, pgm, decode(t, picture))
	}
}

// sameLuma compares a PGM to a picture. Decoders may differ by rounding.
func sameLuma(t *testing.T, name string, pgm []byte, want image.Image) {
	t.Helper()
	size := want.Bounds().Size()
	head := fmt.Sprintf("P5\n%d %d\n255\n", size.X, size.Y)
	got, ok := bytes.CutPrefix(pgm, []byte(head))
	if !ok || len(got) != size.X*size.Y {
		t.Errorf("%s: %d bytes of samples behind %q", name, len(got), pgm[:min(len(pgm), 20)])
		return
	}
	luma, strides := planes(want)
	for i, sample := range got {
		if here := luma[0][i/size.X*strides[0]+i%size.X]; differ(sample, here) > 3 {
			t.Errorf("%s: sample %d is %d, to image/jpeg it is %d", name, i, sample, here)
			return
		}
	}
}

// Chromium draws a picture on a canvas and says what colour it sees.
func TestChromiumDecodes(t *testing.T) {
	chromium := program(t, "chromium", "chromium")
	img := image.NewRGBA(image.Rect(0, 0, 61, 47))
	patchwork(img)
	e := jpeg.Encoder{Quality: 95}
	picture, err := e.AppendImage(nil, img)
	if err != nil {
		t.Fatal(err)
	}
	turn := jpeg.Transform{Turn: jpeg.Turned90}
	turned := mustTransform(t, &turn, picture)
	oriented, err := jpeg.Turned90.Append(nil, picture)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("encoded", func(t *testing.T) { chromiumSees(t, chromium, picture, img) })
	t.Run("turned", func(t *testing.T) { chromiumSees(t, chromium, turned, turnedBy90(img, 32)) })
	t.Run("oriented", func(t *testing.T) { chromiumSees(t, chromium, oriented, turnedBy90(img, 47)) })
}

// turnedBy90 returns as many rows of a picture, turned.
func turnedBy90(img image.Image, rows int) *image.RGBA {
	turned := image.NewRGBA(image.Rect(0, 0, rows, img.Bounds().Dx()))
	for x := range rows {
		for y := range img.Bounds().Dx() {
			turned.Set(x, y, img.At(y, rows-1-x))
		}
	}
	return turned
}

func chromiumSees(t *testing.T, chromium string, picture []byte, img *image.RGBA) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	html := fmt.Sprintf(`<img id=i src="data:image/jpeg;base64,%s"><p id=p>nothing</p><script>
onload = () => {
	const c = document.createElement('canvas').getContext('2d');
	c.drawImage(i, 0, 0);
	const at = (x, y) => c.getImageData(x, y, 1, 1).data.slice(0, 3).join(' ');
	p.textContent = 'seen ' + [i.naturalWidth, i.naturalHeight, at(8, 8), at(24, 8), at(8, 24), at(8, 40)].join(' ') + ' end';
}
</script>`, base64.StdEncoding.EncodeToString(picture))
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	dom, err := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--dump-dom", "file://"+page).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, seen, _ := strings.Cut(string(dom), "<p id=\"p\">")
	var w, h int
	var c [4][3]int
	fmt.Sscanf(seen, "seen %d %d %d %d %d %d %d %d %d %d %d %d %d %d end", &w, &h, &c[0][0], &c[0][1], &c[0][2],
		&c[1][0], &c[1][1], &c[1][2], &c[2][0], &c[2][1], &c[2][2], &c[3][0], &c[3][1], &c[3][2])
	if image.Pt(w, h) != img.Rect.Size() {
		t.Fatalf("Chromium saw %d x %d in %.200q", w, h, seen)
	}
	for i, at := range []image.Point{{8, 8}, {24, 8}, {8, 24}, {8, 40}} {
		want := img.At(at.X, at.Y).(color.RGBA)
		for k, v := range []uint8{want.R, want.G, want.B} {
			if differ(uint8(c[i][k]), v) > 4 {
				t.Errorf("Chromium saw %v at %v, want %v", c[i], at, want)
			}
		}
	}
}
