package mjpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"mjpegazer/stream/mjpeg"
)

// A reader that looks for the delimiter, as Firefox does, must find every part's end, and none within a picture.
func TestPackRefusesTheDelimiter(t *testing.T) {
	jpeg := picture(1, 64, 48)
	for text, refused := range map[string]bool{
		"--frame\r\nContent-Type: text/html\r\n\r\n": true,
		"--frame\n":          true,
		"--frame\r":          true,
		"--frame--":          true,
		"--frame --":         true,
		"x--frame\x00":       true,
		"----frame\n":        true,
		"--framed--frame\n":  true,
		"--framerate 30":     false,
		"--frames=1":         false,
		"--FRAME\n":          false,
		"-frame\n\r\n--fram": false,
	} {
		for _, at := range []int{2, len(jpeg) / 2, len(jpeg) - 2} {
			_, err := mjpeg.Pack(time.Now(), jpeg[:at], []byte(text), jpeg[at:])
			if errors.Is(err, mjpeg.ErrDelimiter) != refused {
				t.Errorf("%q at %d: error %v, want one: %v", text, at, err, refused)
			}
			// Also where pieces meet.
			_, err = mjpeg.Pack(time.Now(), jpeg[:at], []byte(text[:3]), []byte(text[3:]), jpeg[at:])
			if errors.Is(err, mjpeg.ErrDelimiter) != refused {
				t.Errorf("%q in two pieces at %d: error %v, want one: %v", text, at, err, refused)
			}
		}
	}
}

// FuzzPack has the properties that whatever is packed has the delimiter at its end alone, and that its chunk says how long it is.
func FuzzPack(f *testing.F) {
	f.Add([]byte("\xff\xd8--frame\r\n\xff\xd9"), uint(4))
	f.Add([]byte("--framed --frame"), uint(11))
	f.Fuzz(func(t *testing.T, jpeg []byte, at uint) {
		at %= uint(len(jpeg)) + 1
		packed, err := mjpeg.Pack(time.Unix(1, 0), jpeg[:at], jpeg[at:])
		holds := false
		for _, end := range []string{"\r", "\n", " ", "-", "\x00"} {
			holds = holds || bytes.Contains(slices.Concat(jpeg, []byte("\r")), []byte("--frame"+end))
		}
		switch {
		case holds && !errors.Is(err, mjpeg.ErrDelimiter):
			t.Fatalf("%q holds the delimiter, and the error is %v", jpeg, err)
		case err == nil && !bytes.Equal(packed.JPEG(), jpeg):
			t.Fatalf("%q became %q", jpeg, packed.JPEG())
		case err == nil && bytes.Count(packed.Part(), []byte("--frame\r\n")) != 1:
			t.Fatalf("more than one delimiter in %q", packed.Part())
		case err == nil && string(packed.Chunk()) != fmt.Sprintf("%x\r\n%s", len(packed.Part()), packed.Part()):
			t.Fatalf("the chunk %q has not %d bytes", packed.Chunk(), len(packed.Part()))
		}
	})
}

func ExamplePack() {
	packed, err := mjpeg.Pack(time.Unix(1700000000, 0), []byte("\xff\xd8…\xff\xd9"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", packed.Part()[:79])
	// Output: "Content-Type: image/jpeg\r\nContent-Length: 7\r\nX-Timestamp: 1700000000.000000\r\n\r\n"
}
