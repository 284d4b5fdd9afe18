package offline_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/server/internal/offline"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// TestPicture goes through the settings, with a camera that never had a picture and one that had.
func TestPicture(t *testing.T) { synctest.Test(t, testPicture) }

func testPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.jpg")
	write := func(picture []byte) {
		t.Helper()
		if err := os.WriteFile(path, picture, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // from then on it counts
	}
	write(streamtest.Picture(7))
	for _, had := range []bool{false, true} {
		s := stream.New(stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
			if had {
				emit(stream.Picture{JPEG: streamtest.OfPixels(320, 240).JPEG(1, time.Now())})
			}
			return stream.RetryAfter(errors.New("the cable is out"), time.Hour)
		}), stream.Options{})
		defer s.Close()
		defer s.View(stream.ViewerOptions{}).Close()
		synctest.Wait()
		down, p := s.Stats(), offline.New(s, slog.New(slog.DiscardHandler))
		show := func(setting string, browser bool) *stream.Frame {
			p.Set(setting, "door")
			return p.Frame(down, browser)
		}
		card := show("auto", true)
		size := [2]int{640, 360}
		if had {
			size = [2]int{320, 240}
		}
		if card == nil || [2]int{card.Width, card.Height} != size {
			t.Fatalf("the card is %+v", card)
		}
		if _, err := jpeg.Decode(bytes.NewReader(card.JPEG())); err != nil {
			t.Error(err)
		}
		if show("auto", true) != card || show("card", false) != card {
			t.Error("the same card is drawn again")
		}
		other := down
		if other.Error = "the power is out"; p.Frame(other, true) == card {
			t.Error("another reason has the same card")
		}
		if show("auto", false) != nil || show("error", true) != nil {
			t.Error("something is shown where nothing is to be")
		}
		if last := show("last", false); (last != nil) != had || had && !bytes.Equal(last.JPEG(), s.Past().JPEG()) {
			t.Errorf("the last picture is %+v", last)
		}
		own := show("file:"+path, false)
		if own == nil || !bytes.Equal(own.JPEG(), streamtest.Picture(7)) || show("file:"+path, true) != own {
			t.Fatal("the picture in the file is not shown, or made twice")
		}
		write(streamtest.Picture(8))
		if own := show("file:"+path, false); own == nil || !bytes.Equal(own.JPEG(), streamtest.Picture(8)) {
			t.Error("the picture in the file has changed, what is shown has not")
		}
		write(streamtest.Picture(7))
		if own := show("file:/no/such/file", false); own == nil || own.Width != size[0] {
			t.Error("no card in place of a file that is not there")
		}
	}
}
