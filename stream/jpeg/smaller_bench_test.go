package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/image/draw"

	"mjpegazer/stream/jpeg"
)

// BenchmarkSmaller makes smaller pictures of a camera's in turn with this package, with the standard library and x/image/draw,
// and with libjpeg-turbo's programs, where they are installed and the scale is one that they have.
func BenchmarkSmaller(b *testing.B) {
	for _, c := range cameras {
		picture := sized(b, scene(c.size.X, c.size.Y, c.format), c.bytes)
		info, _, err := jpeg.Inspect(picture)
		if err != nil {
			b.Fatal(err)
		}
		for _, width := range []int{c.size.X * 2 / 3, c.size.X / 2, c.size.X / 3, c.size.X / 4} {
			size := image.Pt(width, c.size.Y*width/c.size.X)
			b.Run(fmt.Sprintf("%s/%dx%d/width=%d", c.format, c.size.X, c.size.Y, width), func(b *testing.B) {
				var d jpeg.Decoder
				var s jpeg.Scaler
				e := jpeg.Encoder{Quality: 75}
				var out []byte
				all := []func(){func() {
					raw, err := d.Decode(picture, info.Scale(size.X, size.Y))
					if err == nil {
						raw, err = s.Scale(raw, size.X, size.Y)
					}
					if err == nil {
						out, err = e.Append(out[:0], raw)
					}
					if err != nil {
						b.Fatal(err)
					}
				}, func() { smallerSlowly(picture, size) }}
				turbo := newTurbo(b, picture, c.size.X, width)
				if turbo != nil {
					all = append(all, func() { turbo.run(b) })
				}
				ms := compareAll(b, all...)
				b.ReportMetric(ms[0], "ms")
				b.ReportMetric(ms[1]/ms[0], "x-image/jpeg")
				b.ReportMetric(float64(len(out))/1000, "kB")
				if turbo != nil {
					b.ReportMetric(ms[0]/turbo.median(), "x-turbo")
				}
			})
		}
	}
}

func smallerSlowly(picture []byte, size image.Point) {
	img, err := stdjpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		panic(err)
	}
	to := image.NewRGBA(image.Rectangle{Max: size})
	draw.ApproxBiLinear.Scale(to, to.Rect, img, img.Bounds(), draw.Src, nil)
	stdjpeg.Encode(io.Discard, to, &stdjpeg.Options{Quality: 75})
}

// A turbo does the same as djpeg -scale 1/N | cjpeg -quality 75. What the programs take to start, and pictures to pass from one to
// the other, is not counted.
type turbo struct {
	work, start [2]turboCommand // djpeg and cjpeg: of the picture, and of one that is a single block
	times       []float64       // processor time, in ms
}

// A turboCommand is a program and its arguments.
type turboCommand []string

// newTurbo returns nil where there is nothing to compare with.
func newTurbo(b *testing.B, picture []byte, from, width int) *turbo {
	djpeg, _ := exec.LookPath("djpeg")
	cjpeg, _ := exec.LookPath("cjpeg")
	if djpeg == "" || cjpeg == "" {
		b.Log("libjpeg-turbo is missing: apt install libjpeg-turbo-progs")
		return nil
	}
	if from%width != 0 || 8%(from/width) != 0 {
		return nil
	}
	scale := fmt.Sprintf("1/%d", from/width)
	commands := func(picture []byte) [2]turboCommand {
		file := filepath.Join(b.TempDir(), "picture")
		if err := os.WriteFile(file+".jpg", picture, 0o600); err != nil {
			b.Fatal(err)
		}
		turboCommand{djpeg, "-scale", scale, "-outfile", file + ".ppm", file + ".jpg"}.run(b)
		return [2]turboCommand{
			{djpeg, "-scale", scale, "-outfile", os.DevNull, file + ".jpg"},
			{cjpeg, "-quality", "75", "-outfile", os.DevNull, file + ".ppm"},
		}
	}
	dot := mustAppend(b, new(jpeg.Encoder), jpeg.I420.Raw(16, 16, 0, make([]byte, 16*16*3/2)))
	return &turbo{work: commands(picture), start: commands(dot)}
}

func (t *turbo) run(b *testing.B) {
	sum := 0.0
	for i := range t.work {
		sum += t.work[i].run(b) - t.start[i].run(b)
	}
	t.times = append(t.times, sum)
}

// run returns what the program took of the processors, in ms.
func (c turboCommand) run(b *testing.B) float64 {
	cmd := exec.Command(c[0], c[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%q: %v: %s", c, err, out)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() * 1000
}

func (t *turbo) median() float64 {
	slices.Sort(t.times)
	return t.times[len(t.times)/2]
}
