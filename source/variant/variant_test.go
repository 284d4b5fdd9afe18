package variant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/pattern"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A camera in the hall is shown smaller, and with the time.
func Example() {
	hall := stream.New(pattern.Camera{Width: 1280, Height: 720}, stream.Options{})
	defer hall.Close()
	small := stream.New(&variant.Source{
		From:  variant.View{Stream: hall},
		Width: 320, Text: "%F %T hall", TextAt: variant.BottomRight,
	}, stream.Options{NoStall: true})
	defer small.Close()
	for frame := range small.Frames(context.Background()) {
		fmt.Println(frame.Width, frame.Height, hall.Stats().Width)
		break
	}
	// Output: 320 180 1280
}

// corners are the colours of a test picture's quarters: upper left, upper right, lower left, lower right.
var corners = [4]color.RGBA{{200, 30, 30, 255}, {30, 180, 30, 255}, {30, 30, 200, 255}, {220, 220, 220, 255}}

func quarters(t testing.TB, width, height int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, corners[2*x/width+2*y/height*2])
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// once is a camera that sends one picture.
func once(picture []byte, when time.Time) stream.Source {
	return stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
		emit(stream.Picture{JPEG: picture, Time: when})
		return stream.ErrEnded
	})
}

// made returns the picture that a variant makes of one.
func made(t testing.TB, s variant.Source, picture []byte) (jpg []byte, facts map[string]string) {
	t.Helper()
	s.From = once(picture, time.Time{})
	err := s.Run(t.Context(), func(p stream.Picture) {
		jpg, facts = bytes.Clone(p.JPEG), p.Facts
	})
	if !errors.Is(err, stream.ErrEnded) {
		t.Fatalf("%+v: %v", s, err)
	}
	return jpg, facts
}

func decoded(t testing.TB, picture []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// layout says which quarter of a test picture is now where.
func layout(img image.Image) (order string) {
	b := img.Bounds()
	for i := range 4 {
		x, y := b.Dx()/4+i%2*b.Dx()/2, b.Dy()/4+i/2*b.Dy()/2
		r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
		best, least := 0, 1<<30
		for k, c := range corners {
			dr, dg, db := int(r>>8)-int(c.R), int(g>>8)-int(c.G), int(bl>>8)-int(c.B)
			if d := dr*dr + dg*dg + db*db; d < least {
				best, least = k, d
			}
		}
		order += string("ABCD"[best])
	}
	return order
}

func TestTurns(t *testing.T) {
	picture := quarters(t, 160, 120)
	for _, test := range []struct {
		s    variant.Source
		want string
	}{
		{variant.Source{}, "ABCD"},
		{variant.Source{Turn: 90}, "CADB"},
		{variant.Source{Turn: 180}, "DCBA"},
		{variant.Source{Turn: 270}, "BDAC"},
		{variant.Source{Mirror: true}, "BADC"},
		{variant.Source{Flip: true}, "CDAB"},
		{variant.Source{Turn: 90, Mirror: true}, "ACBD"},
		{variant.Source{Turn: 90, Flip: true}, "DBCA"},
	} {
		for _, how := range []variant.How{variant.Lossless, variant.Encode} {
			test.s.How = how
			jpg, facts := made(t, test.s, picture)
			img := decoded(t, jpg)
			if got := layout(img); got != test.want {
				t.Errorf("turn=%d mirror=%v flip=%v how=%s: %s, want %s", test.s.Turn, test.s.Mirror, test.s.Flip, how, got, test.want)
			}
			swap := test.s.Turn%180 == 90
			switch size := img.Bounds().Size(); {
			case how == variant.Encode && !swap && size != image.Pt(160, 120), how == variant.Encode && swap && size != image.Pt(120, 160):
				t.Errorf("turn=%d: how=encode made %v", test.s.Turn, size)
			case size.X*size.Y < 160*120 && facts["left out"] == "":
				t.Errorf("turn=%d: %v, and the facts say nothing of it: %v", test.s.Turn, size, facts)
			}
		}
	}
	if jpg, _ := made(t, variant.Source{}, picture); !bytes.Equal(jpg, picture) {
		t.Error("a variant that changes nothing changes bytes")
	}
	exif, _ := made(t, variant.Source{Turn: 90, How: variant.Exif}, picture)
	if len(exif) != len(picture)+36 {
		t.Errorf("an orientation takes %d bytes", len(exif)-len(picture))
	}
	if jpg, _ := made(t, variant.Source{Turn: 180, How: variant.Encode}, exif); layout(decoded(t, jpg)) != "BDAC" {
		t.Error("the orientation of the original does not count")
	}
	if jpg, _ := made(t, variant.Source{Width: 100}, exif); layout(decoded(t, jpg)) != "CADB" {
		t.Error("the orientation of the original is lost in a smaller picture")
	}
}

func TestSizes(t *testing.T) {
	picture := quarters(t, 640, 360)
	for _, test := range []struct {
		s    variant.Source
		want image.Point
	}{
		{variant.Source{Width: 320}, image.Pt(320, 180)},
		{variant.Source{Height: 90}, image.Pt(160, 90)},
		{variant.Source{Width: 100, Height: 100}, image.Pt(100, 56)},
		{variant.Source{Width: 300, Height: 50}, image.Pt(89, 50)},
		{variant.Source{Width: 1280}, image.Pt(640, 360)},
		{variant.Source{Width: 1}, image.Pt(1, 1)},
		{variant.Source{Width: 180, Turn: 90}, image.Pt(180, 320)},
		{variant.Source{Crop: image.Rect(320, 192, 640, 360)}, image.Pt(320, 168)},
		{variant.Source{Crop: image.Rect(320, 180, 640, 360), Width: 160}, image.Pt(160, 90)},
		{variant.Source{Crop: image.Rect(600, 300, 900, 900), Width: 20, Turn: 180}, image.Pt(20, 30)},
		{variant.Source{Grey: true, Quality: 30}, image.Pt(640, 360)},
		{variant.Source{Grey: true, Width: 320, Text: "%T"}, image.Pt(320, 180)},
	} {
		jpg, _ := made(t, test.s, picture)
		img := decoded(t, jpg)
		if got := img.Bounds().Size(); got != test.want {
			t.Errorf("%+v: %v, want %v", test.s, got, test.want)
		}
		if _, grey := img.(*image.Gray); grey != test.s.Grey {
			t.Errorf("%+v: %T", test.s, img)
		}
	}
	lower := variant.Source{Crop: image.Rect(320, 180, 640, 360), Width: 160}
	if jpg, _ := made(t, lower, picture); layout(decoded(t, jpg)) != "DDDD" {
		t.Error("the crop is not the lower right quarter")
	}
}

func TestRefuses(t *testing.T) {
	for want, s := range map[string]variant.Source{
		"turn must be":       {Turn: 45},
		"how must be":        {How: "fast"},
		"how=exif only":      {How: variant.Exif, Width: 10},
		"crop must be":       {Crop: image.Rect(0, 0, 0, 9)},
		"width and height":   {Width: 1 << 16},
		"quality must be":    {Quality: 101},
		"fps must be":        {FPS: -1},
		"text-at must be":    {TextAt: "middle"},
		"%Q is no part of a": {Text: "%H %Q"},
		"text ends with":     {Text: "50%"},
		"one line":           {Text: "a\nb"},
	} {
		s.From = once(quarters(t, 16, 16), time.Time{})
		err := s.Run(t.Context(), func(stream.Picture) { t.Errorf("%+v made a picture", s) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	outside := variant.Source{From: once(quarters(t, 64, 64), time.Time{}), Crop: image.Rect(64, 0, 80, 9), Width: 9}
	if err := outside.Run(t.Context(), func(stream.Picture) {}); err == nil || !strings.Contains(err.Error(), "outside of the picture, which has 64×64") {
		t.Errorf("a crop outside of the picture: %v", err)
	}
}

// A picture that is cut is shown as far as it goes, like the original; one of which nothing is left is counted.
func TestDamagedPictures(t *testing.T) {
	picture := quarters(t, 640, 480)
	s := variant.Source{Width: 320, From: once(append(bytes.Clone(picture[:len(picture)/2]), 0xff, 0xd9), time.Time{})}
	s.Run(t.Context(), func(p stream.Picture) {
		if got := layout(decoded(t, p.JPEG)); got[:1] != "A" {
			t.Errorf("half a picture is %q", got)
		}
	})
	s.From = once([]byte("\xff\xd8 nothing \xff\xd9"), time.Time{})
	s.Run(t.Context(), func(p stream.Picture) {
		if p.JPEG != nil || p.Damaged != 1 {
			t.Errorf("what is no picture is one of %d bytes, %d damaged", len(p.JPEG), p.Damaged)
		}
	})
}

// All viewers of a variant get the very same picture, which has the time of the original.
func TestOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		camera := &streamtest.Camera{Interval: 100 * time.Millisecond}
		original := stream.New(camera, stream.Options{})
		small := stream.New(&variant.Source{From: variant.View{Stream: original}, Width: 16}, stream.Options{NoStall: true})
		defer original.Close()
		defer small.Close()
		seen := map[*stream.Frame]int{}
		var viewers [100]*stream.Viewer
		for i := range viewers {
			viewers[i] = small.View(stream.ViewerOptions{})
			defer viewers[i].Close()
		}
		for range 5 {
			for _, v := range viewers {
				f, err := v.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if seen[f]++; f.Width != 16 || f.Time.Sub(began)%(100*time.Millisecond) != 0 {
					t.Errorf("a picture %d wide of %v", f.Width, f.Time)
				}
			}
		}
		if len(seen) != 5 || small.Stats().Frames != 5 || camera.Sent() != 5 || original.Stats().Viewers != 1 {
			t.Errorf("%d pictures for 5 of the camera; %+v", len(seen), small.Stats())
		}
	})
}

// A variant is in its camera's state, for its camera's reason, and back with it.
func TestStateIsTheCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for ; !broken.Load(); time.Sleep(100 * time.Millisecond) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				emit(stream.Picture{JPEG: streamtest.Picture(1)})
			}
			return errors.New("the camera has been unplugged")
		})
		original := stream.New(camera, stream.Options{})
		small := stream.New(&variant.Source{From: variant.View{Stream: original}, Width: 16}, stream.Options{NoStall: true})
		smaller := stream.New(&variant.Source{From: variant.View{Stream: small}, Width: 8}, stream.Options{NoStall: true})
		defer original.Close()
		defer small.Close()
		defer smaller.Close()
		v := smaller.View(stream.ViewerOptions{})
		defer v.Close()
		if f, err := v.Next(t.Context()); err != nil || f.Width != 8 {
			t.Fatal(f, err)
		}
		broken.Store(true)
		time.Sleep(time.Minute)
		a, b := original.Stats(), smaller.Stats()
		if b.State != stream.Down || b.Error != a.Error || b.Failures != a.Failures || (a.Retry-b.Retry).Abs() > time.Second {
			t.Errorf("the camera is %s for %q after %d failures, its variant %s for %q after %d",
				a.State, a.Error, a.Failures, b.State, b.Error, b.Failures)
		}
		if last, live := smaller.Last(); live || last == nil {
			t.Errorf("the last picture is shown as a live one: %v", live)
		}
		broken.Store(false)
		before := time.Now()
		if _, err := v.Next(t.Context()); err != nil || original.Stats().State != stream.Live || smaller.Stats().State != stream.Live {
			t.Errorf("%v: the camera is %s, its variant %s", err, original.Stats().State, smaller.Stats().State)
		}
		if waited := time.Since(before); waited > a.Retry+time.Millisecond {
			t.Errorf("it came back after %v, the camera after %v", waited, a.Retry)
		}
	})
}

// What comes while a picture is in work is passed over but for the newest, and counted.
func TestNewestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 10 * time.Millisecond, Limit: 1000}
		s := variant.Source{From: camera, Quality: 50}
		ctx, cancel := context.WithCancel(t.Context())
		var passed string
		n := 0
		s.Run(ctx, func(p stream.Picture) {
			if age := time.Since(p.Time); age > 10*time.Millisecond {
				t.Errorf("picture %d is %v old", n, age)
			}
			if p.Facts["pictures passed over"] != "" {
				passed = p.Facts["pictures passed over"]
			}
			if n++; n == 10 {
				cancel()
			}
			time.Sleep(time.Second)
		})
		if passed == "" || camera.Sent() < 500 {
			t.Errorf("%d pictures were sent, %d made, %q passed over", camera.Sent(), n, passed)
		}
	})
}

func TestFPS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := variant.Source{From: &streamtest.Camera{Interval: 40 * time.Millisecond}, FPS: 5}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		n := 0
		s.Run(ctx, func(stream.Picture) { n++ })
		if n < 99 || n > 102 {
			t.Errorf("%d pictures in 20 s at 5 a second", n)
		}
	})
}

// Variants that share a limit share it evenly.
func TestLimitIsFair(t *testing.T) {
	picture := quarters(t, 640, 480)
	limit := variant.NewLimit(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var made [6]atomic.Int64
	done := make(chan error)
	for i := range made {
		fast := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for ctx.Err() == nil {
				emit(stream.Picture{JPEG: picture})
				time.Sleep(time.Millisecond)
			}
			return ctx.Err()
		})
		s := variant.Source{From: fast, Width: 320, Limit: limit}
		go func() { done <- s.Run(ctx, func(stream.Picture) { made[i].Add(1) }) }()
	}
	for range made {
		<-done
	}
	least, most := made[0].Load(), made[0].Load()
	for i := range made {
		least, most = min(least, made[i].Load()), max(most, made[i].Load())
	}
	if least < 3 || most > 2*least {
		t.Errorf("one variant made %d pictures, another %d", least, most)
	}
}

// Once it has seen a picture, a variant takes no memory for others like it.
func TestAllocations(t *testing.T) {
	picture := quarters(t, 640, 480)
	for name, s := range map[string]variant.Source{
		"turn":  {Turn: 90},
		"size":  {Width: 300, Quality: 60, Text: "%F %T.%f", Limit: variant.NewLimit(1)},
		"crop":  {Crop: image.Rect(100, 100, 300, 300), Grey: true},
		"exif":  {Turn: 90, How: variant.Exif},
		"plain": {FPS: 1000},
	} {
		const warm, n = 20, 200
		var before, after runtime.MemStats
		next := make(chan struct{}, 1)
		s.From = stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for i := range warm + n {
				if i == warm {
					runtime.ReadMemStats(&before)
				}
				emit(stream.Picture{JPEG: picture, Time: time.Unix(1700000000+int64(i), 0)})
				if name == "plain" {
					time.Sleep(2 * time.Millisecond)
				}
				<-next
			}
			runtime.ReadMemStats(&after)
			return stream.ErrEnded
		})
		s.Run(t.Context(), func(stream.Picture) { next <- struct{}{} })
		if per := float64(after.Mallocs-before.Mallocs) / n; per > 0.5 {
			t.Errorf("%s: %.1f allocations a picture", name, per)
		}
	}
}

// A text that is accepted can be written into any picture, whatever its letters and its length.
func FuzzText(f *testing.F) {
	picture := quarters(f, 40, 24)
	for _, text := range []string{"%H:%M:%S door", "%%", "%f%s%j", "Tür 世界 \u200d", strings.Repeat("%c", 100), "%"} {
		f.Add(text, "bottom-right", 20)
	}
	f.Fuzz(func(t *testing.T, text, at string, width int) {
		s := variant.Source{Text: text, TextAt: variant.Place(at), Width: width}
		if s.Check() != nil {
			return
		}
		jpg, _ := made(t, s, picture)
		decoded(t, jpg)
	})
}

// The text says when the picture was taken.
func TestTextIsLegible(t *testing.T) {
	for _, ground := range []uint8{0, 128, 255} {
		img := image.NewGray(image.Rect(0, 0, 640, 360))
		for i := range img.Pix {
			img.Pix[i] = ground
		}
		var b bytes.Buffer
		jpeg.Encode(&b, img, nil)
		jpg, _ := made(t, variant.Source{Text: "%T", TextAt: variant.Bottom, Quality: 90}, b.Bytes())
		got := decoded(t, jpg).(*image.Gray)
		darkest, brightest := uint8(255), uint8(0)
		for x := 280; x < 360; x++ {
			for y := 335; y < 355; y++ {
				darkest, brightest = min(darkest, got.GrayAt(x, y).Y), max(brightest, got.GrayAt(x, y).Y)
			}
		}
		if brightest-darkest < 110 {
			t.Errorf("on %d letters are %d on %d", ground, brightest, darkest)
		}
		if got.GrayAt(320, 100).Y != ground && ground != 128 {
			t.Errorf("the rest of the picture is %d, was %d", got.GrayAt(320, 100).Y, ground)
		}
	}
}
