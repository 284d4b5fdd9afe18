package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

func ExampleEncoder() {
	camera := make([]byte, 640*480*2) // a YUYV picture, as a webcam delivers it
	var e jpeg.Encoder
	var picture []byte
	for range 3 {
		var err error
		picture, err = e.Append(picture[:0], jpeg.YUYV.Raw(640, 480, 0, camera))
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	config, err := stdjpeg.DecodeConfig(bytes.NewReader(picture))
	fmt.Println(config.Width, config.Height, err)
	// Output: 640 480 <nil>
}

// The same steps at the same quality must lead to the same size and sharpness.
func TestSizeAndQualityAreThoseOfImageJPEG(t *testing.T) {
	for _, format := range []jpeg.Format{jpeg.I420, jpeg.I422, jpeg.Grey} {
		picture := scene(320, 240, format)
		for _, quality := range []int{1, 50, 80, 95, 100} {
			e := jpeg.Encoder{Quality: quality}
			ours := mustAppend(t, &e, picture.raw())
			theirs := standard(picture.image(), quality)
			ratio := float64(len(ours)) / float64(len(theirs))
			gain := picture.psnr(t, ours) - picture.psnr(t, theirs)
			t.Logf("%s at %d: %d bytes, %+.2f %%, %+.3f dB", format, quality, len(ours), 100*ratio-100, gain)
			// image/jpeg has no 4:2:2: only luma can be compared.
			if format != jpeg.I422 && quality >= 50 && math.Abs(ratio-1) > 0.03 {
				t.Errorf("%s at %d: size is %.3f of image/jpeg's", format, quality, ratio)
			}
			if math.Abs(gain) > 0.3 && quality < 100 || gain < -0.3 {
				t.Errorf("%s at %d: PSNR differs by %.2f dB", format, quality, gain)
			}
		}
	}
}

func TestFormatsOfOnePictureGiveOneJPEG(t *testing.T) {
	for _, group := range [][]jpeg.Format{{jpeg.I422, jpeg.YUYV, jpeg.UYVY}, {jpeg.I420, jpeg.NV12, jpeg.NV21}, {jpeg.Grey},
		{jpeg.I444}, {jpeg.I440}, {jpeg.I411}, {jpeg.I410}} {
		for _, size := range []image.Point{{1, 1}, {7, 5}, {16, 16}, {33, 31}, {64, 48}} {
			picture := scene(size.X, size.Y, group[0])
			var e jpeg.Encoder
			want := mustAppend(t, &e, picture.raw())
			info, end, err := jpeg.Inspect(want)
			if err != nil || end != len(want) || info.NoTables || info.Width != size.X || info.Height != size.Y {
				t.Errorf("%s %v is seen as %+v of %d bytes (%v)", group[0], size, info, end, err)
			}
			for _, format := range group {
				for _, padding := range []int{0, 2, 30} {
					raw := picture.in(format, padding)
					if got := mustAppend(t, &e, raw); !bytes.Equal(got, want) {
						t.Errorf("%v %s with %d bytes of padding is not what %s gives", size, format, padding, group[0])
					}
				}
			}
		}
	}
}

// A border that is not repeated would show as a dark seam, and cost bytes.
func TestBorderIsRepeated(t *testing.T) {
	flat := func(w, h int) jpeg.Raw {
		pix := bytes.Repeat([]byte{200}, w*h*2)
		return jpeg.I420.Raw(w, h, 0, pix)
	}
	var e jpeg.Encoder
	odd, whole := mustAppend(t, &e, flat(33, 33)), mustAppend(t, &e, flat(48, 48))
	if len(odd) != len(whole) {
		t.Errorf("a grey 33x33 takes %d bytes, as much ground of 48x48 %d", len(odd), len(whole))
	}
}

func TestLimitedRangeIsStretched(t *testing.T) {
	for _, quality := range []int{50, 80, 100} {
		e := jpeg.Encoder{Quality: quality}
		for _, test := range []struct{ y, c, wantY, wantC uint8 }{
			{16, 128, 0, 128}, {235, 128, 255, 128}, {126, 16, 128, 0}, {126, 240, 128, 255}, {0, 255, 0, 255}, {255, 0, 255, 0},
		} {
			pix := bytes.Repeat([]byte{test.y, test.c}, 64*32)
			raw := jpeg.YUYV.Raw(64, 32, 0, pix)
			raw.Limited = true
			img := decode(t, mustAppend(t, &e, raw)).(*image.YCbCr)
			y, c := img.Y[img.YOffset(20, 20)], img.Cb[img.COffset(20, 20)]
			if differ(y, test.wantY) > 2 || differ(c, test.wantC) > 4 {
				t.Errorf("at %d, limited %d %d became %d %d, want %d %d", quality, test.y, test.c, y, c, test.wantY, test.wantC)
			}
		}
	}
}

// Samples that jump from one end to the other make the largest coefficients.
func TestExtremesStayInRange(t *testing.T) {
	for _, limited := range []bool{false, true} {
		e := jpeg.Encoder{Quality: 100}
		for u := range 8 {
			for v := range 8 {
				pix := make([]byte, 64)
				for i := range pix {
					wave := math.Cos(float64(2*(i%8)+1)*float64(u)*math.Pi/16) * math.Cos(float64(2*(i/8)+1)*float64(v)*math.Pi/16)
					if wave > 0 {
						pix[i] = 255
					}
				}
				raw := jpeg.Grey.Raw(8, 8, 0, pix)
				raw.Limited = limited
				img := decode(t, mustAppend(t, &e, raw)).(*image.Gray)
				for i := range pix {
					if d := differ(img.Pix[i], pix[i]); d > 4 {
						t.Fatalf("wave %d %d, limited %t: sample %d is off by %d", u, v, limited, i, d)
					}
				}
			}
		}
	}
}

func TestSensibleErrors(t *testing.T) {
	pix := make([]byte, 64*64*2)
	wrong := func(f jpeg.Format, w, h, stride, bytes int) jpeg.Raw { return f.Raw(w, h, stride, pix[:bytes]) }
	for _, test := range []struct {
		raw     jpeg.Raw
		quality int
		want    string
	}{
		{jpeg.Raw{}, 80, "cannot be 0x0"},
		{wrong(jpeg.YUYV, 0, 64, 0, 8192), 80, "cannot be 0x64"},
		{wrong(jpeg.YUYV, 64, -1, 0, 8192), 80, "cannot be 64x-1"},
		{wrong(jpeg.Grey, 65536, 1, 0, 8192), 80, "each side is 1 to 65535"},
		{wrong(jpeg.Grey, 1, math.MaxInt, 0, 8192), 80, "each side is 1 to 65535"},
		{wrong(jpeg.Format(99), 64, 64, 0, 8192), 80, "unknown raw format 99"},
		{wrong(jpeg.YUYV, 64, 64, 127, 8192), 80, "stride of 127 bytes, needs 128"},
		{wrong(jpeg.YUYV, 64, 64, -128, 8192), 80, "stride of -128 bytes"},
		{wrong(jpeg.YUYV, 64, 64, 0, 8191), 80, "plane 0 of a 64x64 YUYV picture has 8191 bytes, needs 8192"},
		{wrong(jpeg.NV12, 64, 64, 0, 6143), 80, "plane 1 of a 64x64 NV12 picture has 2047 bytes, needs 2048"},
		{wrong(jpeg.I420, 64, 64, 0, 4096), 80, "plane 1 of a 64x64 I420 picture has 0 bytes, needs 1024"},
		{wrong(jpeg.I420, 65535, 65535, 0, 8192), 80, "needs 4294836225"},
		{wrong(jpeg.Grey, 64, 64, math.MaxInt, 8192), 80, "plane 0 of a 64x64 Grey picture has 8192 bytes"},
		{wrong(jpeg.YUYV, 64, 64, 0, 8192), -1, "quality -1 is not 1 to 100"},
		{wrong(jpeg.YUYV, 64, 64, 0, 8192), 101, "quality 101 is not 1 to 100"},
	} {
		e := jpeg.Encoder{Quality: test.quality}
		got, err := e.Append([]byte("before"), test.raw)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v %dx%d: error %v, want %q", test.raw.Format, test.raw.Width, test.raw.Height, err, test.want)
		}
		if string(got) != "before" {
			t.Errorf("after %v, dst is %q", err, got)
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	for format := jpeg.YUYV; format <= jpeg.I410; format++ {
		raw := scene(160, 120, format).raw()
		var e jpeg.Encoder
		out := mustAppend(t, &e, raw)
		if n := testing.AllocsPerRun(10, func() { out, _ = e.Append(out[:0], raw) }); n != 0 {
			t.Errorf("%s: %v allocations a picture", format, n)
		}
	}
}
