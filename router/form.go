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
	wait   []byte                     // anything but a picture; empty where there can be nothing else
}

// Each frame is followed by the next part's delimiter, so that more header lines can come into that part at any time.
var framed = form{
	start:  mjpeg.Start,
	part:   (*stream.Frame).Part,
	repeat: (*stream.Frame).Repeat,
	wait:   []byte(mjpeg.WaitHeader),
}

// Its next part's headers are complete, so that nothing but a picture can follow: a browser shows none but the last.
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

// browser reports whether the client asks as browsers do. Chromium, by far the most used, shows a part only when the
// headers of the next are there.
func browser(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "image/webp") || strings.Contains(accept, "image/avif") ||
		strings.Contains(accept, "image/*")
}
