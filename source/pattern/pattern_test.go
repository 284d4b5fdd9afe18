package pattern_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/pattern"
	"mjpegazer/stream"
)

func ExampleCamera() {
	ctx, cancel := context.WithCancel(context.Background())
	card := pattern.Camera{Width: 320, Height: 240, FPS: 50}
	err := card.Run(ctx, func(p stream.Picture) {
		config, _ := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		fmt.Println(config.Width, config.Height)
		cancel() // one is enough
	})
	fmt.Println(err)
	// Output:
	// 320 240
	// context canceled
}

// watch runs a test card under synctest until it has made n pictures, each of which keeps its viewer busy for so long.
func watch(t *testing.T, p pattern.Camera, n int, busy ...time.Duration) (pictures [][]byte, at []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		err := p.Run(ctx, func(p stream.Picture) {
			if !p.Time.Equal(time.Now()) {
				t.Errorf("picture %d says it is of %v, at %v", len(pictures), p.Time, time.Now())
			}
			pictures, at = append(pictures, slices.Clone(p.JPEG)), append(at, time.Since(began))
			if len(pictures) == n {
				cancel()
			} else if len(pictures) <= len(busy) {
				time.Sleep(busy[len(pictures)-1])
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
	return pictures, at
}

func TestPatternKeepsItsSchedule(t *testing.T) {
	const ms = time.Millisecond
	small := pattern.Camera{Width: 32, Height: 24}
	for _, test := range []struct {
		fps  float64
		busy []time.Duration
		want []time.Duration
	}{
		{0, nil, []time.Duration{0, 40 * ms, 80 * ms, 120 * ms, 160 * ms}},
		{1, nil, []time.Duration{0, 1000 * ms, 2000 * ms}},
		{2.5, nil, []time.Duration{0, 400 * ms, 800 * ms}},
		// What is a little late is late alone; what is due twice comes once.
		{10, []time.Duration{130 * ms, 30 * ms}, []time.Duration{0, 130 * ms, 200 * ms, 300 * ms}},
		{10, []time.Duration{570 * ms}, []time.Duration{0, 570 * ms, 600 * ms, 700 * ms}},
	} {
		small.FPS = test.fps
		if _, at := watch(t, small, len(test.want), test.busy...); !slices.Equal(at, test.want) {
			t.Errorf("at fps=%v with delays %v: %v, want %v", test.fps, test.busy, at, test.want)
		}
	}
}

func TestPatternDoesNotDrift(t *testing.T) {
	_, at := watch(t, pattern.Camera{Width: 16, Height: 16, FPS: 30}, 30*60+1)
	if last := at[len(at)-1]; last != time.Minute {
		t.Errorf("30 × 60 pictures took %v", last)
	}
}

func TestPatternShowsItsColours(t *testing.T) {
	pictures, _ := watch(t, pattern.Camera{}, 1)
	img, err := jpeg.Decode(bytes.NewReader(pictures[0]))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Size() != image.Pt(1280, 720) {
		t.Errorf("the size is %v", img.Bounds().Size())
	}
	for i, want := range []color.RGBA{
		{191, 191, 191, 255}, {191, 191, 0, 255}, {0, 191, 191, 255}, {0, 191, 0, 255},
		{191, 0, 191, 255}, {191, 0, 0, 255}, {0, 0, 191, 255}, {0, 0, 0, 255},
	} {
		x := 640 + (2*i-7)*77/2
		got := color.RGBAModel.Convert(img.At(x, 270)).(color.RGBA)
		for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
			if d < -10 || d > 10 {
				t.Errorf("bar %d is %v at %d, want %v", i, got, x, want)
				break
			}
		}
	}
}

// The time and the number differ even where the hand points in the same direction.
func TestPatternMoves(t *testing.T) {
	pictures, at := watch(t, pattern.Camera{Width: 320, Height: 240, FPS: 2}, 9)
	for i := range pictures[1:] {
		if bytes.Equal(pictures[i], pictures[i+1]) {
			t.Errorf("pictures %d and %d are the same", i, i+1)
		}
	}
	if bytes.Equal(pictures[0], pictures[8]) || at[8] != 4*time.Second {
		t.Errorf("the picture at %v is the first", at[8])
	}
}

func TestPatternOfAnySize(t *testing.T) {
	for _, size := range []image.Point{{16, 16}, {17, 19}, {641, 99}, {99, 641}, {16, 8192}, {8192, 16}} {
		pictures, _ := watch(t, pattern.Camera{Width: size.X, Height: size.Y}, 2)
		for _, p := range pictures {
			if img, err := jpeg.Decode(bytes.NewReader(p)); err != nil || img.Bounds().Size() != size {
				t.Errorf("%v: %v", size, err)
			}
		}
	}
}

func TestPatternRefuses(t *testing.T) {
	for want, p := range map[string]pattern.Camera{
		"15x720: choose a width and a height of 16 to 8192": {Width: 15},
		"1280x8193":                {Height: 8193},
		"-1x720":                   {Width: -1},
		"fps=0.5: choose 1 to 120": {FPS: 0.5},
		"fps=121":                  {FPS: 121},
		"quality=101":              {Quality: 101},
		"quality=-1":               {Quality: -1},
	} {
		err := p.Run(t.Context(), func(stream.Picture) { t.Errorf("%v made a picture", p) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", p, err, want)
		}
	}
}
