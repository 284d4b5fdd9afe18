package jpeg_test

import (
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"runtime"
	"slices"
	"testing"

	"mjpegazer/stream/jpeg"
)

// BenchmarkEncoder encodes in turn with this encoder and with image/jpeg, so
// that both have the same machine. It reports the medians of processor time, in ms
// a picture, and what image/jpeg takes for each of ours.
func BenchmarkEncoder(b *testing.B) {
	for _, size := range []image.Point{{640, 480}, {1280, 720}, {1920, 1080}} {
		for _, format := range []jpeg.Format{jpeg.YUYV, jpeg.NV12, jpeg.I420, jpeg.Grey} {
			for _, quality := range []int{50, 80, 95} {
				if quality != 80 && format != jpeg.I420 {
					continue
				}
				b.Run(fmt.Sprintf("%s/%dx%d/quality=%d", format, size.X, size.Y, quality), func(b *testing.B) {
					d := scene(size.X, size.Y, format)
					e := jpeg.Encoder{Quality: quality}
					raw, img := d.in(format, 0), d.image()
					out := mustAppend(b, &e, raw)
					compare(b, func() { out, _ = e.Append(out[:0], raw) },
						func() { stdjpeg.Encode(io.Discard, img, &stdjpeg.Options{Quality: quality}) })
					theirs := standard(img, quality)
					b.ReportMetric(100*float64(len(out))/float64(len(theirs))-100, "%size")
					b.ReportMetric(d.psnr(b, out)-d.psnr(b, theirs), "dB")
				})
			}
		}
	}
}

// BenchmarkEncoderImage is for pictures that have to be converted.
func BenchmarkEncoderImage(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	patchwork(img)
	var e jpeg.Encoder
	out, err := e.AppendImage(nil, img)
	if err != nil {
		b.Fatal(err)
	}
	compare(b, func() { out, _ = e.AppendImage(out[:0], img) },
		func() { stdjpeg.Encode(io.Discard, img, &stdjpeg.Options{Quality: 80}) })
}

func compare(b *testing.B, ours, theirs func()) {
	ms := compareAll(b, ours, theirs)
	b.ReportMetric(ms[0], "ms")
	b.ReportMetric(ms[1], "ms-image/jpeg")
	b.ReportMetric(ms[1]/ms[0], "x")
}

// compareAll runs all in turn, and returns the median of the processor time of each, in ms.
func compareAll(b *testing.B, all ...func()) []float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	times := make([][]float64, len(all))
	for b.Loop() {
		for i, run := range all {
			began := now()
			run()
			times[i] = append(times[i], (now()-began).Seconds()*1000)
		}
	}
	medians := make([]float64, len(all))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
	}
	b.ReportMetric(0, "ns/op") // of all together: says nothing
	return medians
}
