package variant_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"mjpegazer/source/variant"
)

func ExampleCard() {
	card := variant.Card{Title: "door", Reason: "the camera refuses the connection"}
	picture, err := card.JPEG(time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	fmt.Println(config.Width, config.Height, err)
	// Output: 640 360 <nil>
}

// TestCard draws cards on last pictures of all kinds and sizes, and on none; words in them differ.
func TestCard(t *testing.T) {
	long := strings.Repeat("the camera at http://192.168.1.20/ answers with a very long reason – ", 40)
	for _, size := range [][2]int{{0, 0}, {16, 16}, {160, 120}, {480, 640}, {1920, 1080}, {8192, 16}} {
		c := variant.Card{Title: "Küche", Reason: long, Width: size[0], Height: size[1], Since: time.Now().Add(-time.Minute)}
		want := size
		if size[0] == 0 {
			want = [2]int{640, 360}
		}
		for _, last := range [][]byte{nil, []byte("no picture"), quarters(t, max(16, size[0]), max(16, size[1]))} {
			c.Last = last
			if len(last) > 100 && size[0] == 0 {
				want = [2]int{16, 16}
			}
			picture, err := c.JPEG(time.Now())
			if err != nil {
				t.Fatalf("%v: %v", size, err)
			}
			img := decoded(t, picture)
			if b := img.Bounds(); b.Dx() != want[0] || b.Dy() != want[1] {
				t.Errorf("%v becomes %v", size, b)
			}
		}
	}
	words := func(c variant.Card) string {
		picture, err := c.JPEG(time.Date(2026, 11, 27, 12, 0, 0, 0, time.Local))
		if err != nil {
			t.Fatal(err)
		}
		return string(picture)
	}
	drawn := map[string]bool{}
	all := []variant.Card{
		{}, {Title: "a"}, {Reason: "a"}, {Since: time.Date(2026, 11, 27, 11, 0, 0, 0, time.Local)},
		{Since: time.Date(2026, 11, 26, 11, 0, 0, 0, time.Local)}, {Reason: strings.Repeat("long ", 20)},
	}
	for _, c := range all {
		drawn[words(c)] = true
	}
	if len(drawn) != len(all) {
		t.Errorf("%d cards look different, not %d", len(drawn), len(all))
	}
}
