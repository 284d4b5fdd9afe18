package test

import (
	"bytes"
	"image/jpeg"
	"testing"
	"time"
)

// TestTestCard is the program as someone runs it who has never seen it: nothing named, a picture.
func TestTestCard(t *testing.T) {
	t.Parallel()
	p := start(t, command(t, anyPort))
	v := view(t, p.url+"/live")
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	var last []byte
	for range 5 {
		part, err := v.next()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(part.jpeg, last) {
			t.Error("the same picture twice: the test card does not move")
		}
		last = part.jpeg
	}
	picture, err := jpeg.Decode(bytes.NewReader(last))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 1280 || size.Y != 720 {
		t.Errorf("the test card measures %v, not 1280 by 720", size)
	}
}

// TestTestCardOptions asks for another size.
func TestTestCardOptions(t *testing.T) {
	t.Parallel()
	p := start(t, command(t, anyPort, "card=pattern:#width=320&height=200&fps=50"))
	begun := time.Now()
	v := view(t, p.url+"/card/live")
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	var last part
	for range 50 {
		var err error
		if last, err = v.next(); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < 500*time.Millisecond || took > 5*time.Second {
		t.Errorf("50 pictures at 50 a second took %v", took)
	}
	picture, err := jpeg.Decode(bytes.NewReader(last.jpeg))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 320 || size.Y != 200 {
		t.Errorf("the test card measures %v, not 320 by 200", size)
	}
}
