package router

import (
	"net/http"
	"strings"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// A form is how frames look on the wire.
type form struct {
	start  string                     // before the first part
	part   func(*stream.Frame) []byte // a new picture
	repeat func(*stream.Frame) []byte // a picture once more
	wait   []byte                     // header lines that show nothing; empty where only a picture can follow
}

// framed is for programs. Each frame is followed by the next part's delimiter alone, so that more header lines can be added to
// that part at any time.
var framed = form{
	start:  mjpeg.Start,
	part:   (*stream.Frame).Part,
	repeat: (*stream.Frame).Repeat,
	wait:   []byte(mjpeg.WaitHeader),
}

// open is for browsers. The headers of the next part are complete, so that a browser shows the picture before it, and nothing but
// a picture can follow.
var open = form{
	start:  mjpeg.OpenStart,
	part:   (*stream.Frame).OpenPart,
	repeat: (*stream.Frame).OpenPart,
}

func formOf(r *http.Request) form {
	if browser(r) {
		return open
	}
	return framed
}

// browser reports whether the client asks for pictures as browsers do. Chromium shows a part only when the headers of the next
// are complete.
func browser(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "image/webp") || strings.Contains(accept, "image/avif") ||
		strings.Contains(accept, "image/*")
}
