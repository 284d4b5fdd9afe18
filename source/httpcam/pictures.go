package httpcam

import (
	"io"
	"net/http"
	"strings"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

const (
	withoutPicture = 5 * time.Second // that a camera may send other video without a picture
	quirkTime      = 5               // pictures after which the quirks of a stream are known
)

// A pictureReader emits the pictures in the body of one response.
type pictureReader struct {
	*session
	resp      *http.Response
	raw       *body  // under resp.Body
	mediaType string // from the head, and often wrong
	single    bool   // the media type is that of one picture
	page      bool   // the media type is that of text
	began     time.Time
	bytes     int // read
	pictures  int // emitted
}

func newPictures(s *session, resp *http.Response) *pictureReader {
	r := &pictureReader{session: s, resp: resp, raw: s.transport.body, began: time.Now()}
	r.mediaType, _, _ = strings.Cut(strings.ToLower(resp.Header.Get("Content-Type")), ";")
	r.mediaType = strings.TrimSpace(r.mediaType)
	r.single = strings.HasPrefix(r.mediaType, "image/") && r.raw.head.line || s.still.bare
	r.page = !r.single && !mjpeg.HoldsPictures(r.mediaType) && !strings.HasPrefix(r.mediaType, "video/")
	r.raw.endless = !r.single && !r.page
	if r.single {
		s.reader.ResetBody(r, r.raw.announced())
	} else {
		s.reader.Reset(r)
	}
	return r
}

// read emits the pictures. It returns nil after a single one.
func (r *pictureReader) read() error {
	for {
		part, err := r.reader.Next()
		if err != nil {
			return r.end(part.Damaged, err)
		}
		if r.other && part.Repeat {
			continue // it keeps the connection alive, and says nothing about the camera
		}
		if r.other && !r.single && r.camera.kept.again(part.Time) {
			continue // it was here before: it goes round in a circle, or the address before had it, too
		}
		r.picture(part)
		if !r.single {
			continue
		}
		// The rest of the body follows, or a stream whose media type is wrong. What once was a still without saying so is one
		// again only if it ends.
		r.raw.conn.by, r.raw.complete = time.Time{}, r.pictures == 1
		if r.pictures == 1 && !r.still.bare {
			r.raw.conn.by = time.Now().Add(r.camera.pollTime())
		}
	}
}

// picture emits a picture, unless it is the last single one again.
func (r *pictureReader) picture(part mjpeg.Part) {
	r.pictures++
	r.session.pictures++
	r.still.cut = 0
	p := stream.Picture{JPEG: part.JPEG, Damaged: part.Damaged}
	switch {
	case r.skip > 0:
		r.skip--
		p.JPEG, r.skipped = nil, true
	case r.pictures == 1 && !r.still.note(part.JPEG, r.resp.Header) && r.single:
		p.JPEG = nil
	}
	if r.other {
		p.Time, p.Via = part.Time, r.via
	}
	if r.pictures == quirkTime {
		r.noteQuirks(r.reader.Quirks())
	}
	if !r.shown {
		p.Facts, r.shown = r.facts, true
	}
	r.emit(p)
}

// Read reads the body for the [mjpeg.Reader], and ends it where no picture can be expected any more.
func (r *pictureReader) Read(p []byte) (int, error) {
	switch {
	case r.pictures > 0:
	case r.page && r.bytes > maxOther && !r.reader.InPicture():
		return 0, io.EOF
	case time.Since(r.began) > withoutPicture && (r.otherVideo() != "" || r.reader.Kind() != ""):
		return 0, io.EOF
	}
	n, err := r.resp.Body.Read(p)
	r.bytes += n
	return n, err
}

// otherVideo returns the media type of the video that comes instead of pictures, or "".
func (r *pictureReader) otherVideo() string {
	for _, mediaType := range append(r.reader.Skipped(), r.mediaType) {
		if strings.HasPrefix(strings.ToLower(mediaType), "video/") && !mjpeg.HoldsPictures(mediaType) {
			return mediaType
		}
	}
	return ""
}

// end returns why no more pictures come; nil after a single one.
func (r *pictureReader) end(damaged int, err error) error {
	if damaged > 0 {
		r.emit(stream.Picture{Damaged: damaged})
	}
	const address = ": is this the address of its MJPEG stream?"
	switch video := r.otherVideo(); {
	case r.single && r.reader.Unended():
		return nil // the next one shows whether this camera ever ends its pictures
	case r.pictures == 1 && damaged == 0 && err == io.EOF && !r.single && !r.other:
		r.still.bare = true
		return nil
	case r.single && r.pictures == 0 && damaged > 0 && err == io.EOF && r.still.cut < maxCut:
		r.still.cut++
		return nil
	case r.single && (r.pictures == 1 || r.pictures > 0 && r.raw.whole()):
		return nil
	case r.pictures > 0 && err == io.EOF:
		return problem("the camera ended its stream")
	case r.pictures > 0:
		return err
	case r.reader.Kind() != "" && damaged == 0:
		return problem("the camera sends " + r.reader.Kind() + ", not JPEG: choose JPEG or MJPEG in its settings, or another address")
	case strings.Contains(r.mediaType, "html"):
		return problem("the camera sent a web page" + address)
	case r.page:
		return problem("the camera sent text (" + r.quote(r.mediaType) + "), no pictures" + address)
	case video != "":
		return problem("the camera sends " + r.quote(video) + ", which is not MJPEG: choose MJPEG in its settings, or the address of its MJPEG stream")
	case err != io.EOF:
		return err
	case damaged > 0:
		return problem("the camera sent no complete picture")
	case r.bytes == 0:
		return problem("the camera closed the connection without sending a picture")
	}
	return problem("the camera sent no JPEG" + r.otherType() + address)
}

// otherType names a media type that is not one of JPEG pictures, to follow "no JPEG"; or is "".
func (r *pictureReader) otherType() string {
	kind := strings.ToLower(r.mediaType)
	for _, of := range []string{"jpeg", "jpg", "multipart/", "octet-stream"} {
		if kind == "" || strings.Contains(kind, of) {
			return ""
		}
	}
	return " but " + r.quote(r.mediaType)
}
