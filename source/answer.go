package source

import (
	"hash/maphash"
	"io"
	"net/http"
	"strings"
	"time"

	"mjpegazer/stream"
)

const (
	withoutPicture = 5 * time.Second // after which a camera that sends only video of other kinds is given up
	oddTime        = 5               // pictures after which it is known what is odd about a stream
)

// An answer is the body of one answer, read for pictures.
type answer struct {
	*visit
	resp      *http.Response
	raw       *body  // under resp.Body
	mediaType string // what the head says of the body; it is often wrong
	single    bool   // said to be one picture
	page      bool   // said to be text
	began     time.Time
	bytes     int // read
	pictures  int // emitted
}

func newAnswer(v *visit, resp *http.Response) *answer {
	a := &answer{visit: v, resp: resp, raw: v.transport.body, began: time.Now()}
	a.mediaType, _, _ = strings.Cut(strings.ToLower(resp.Header.Get("Content-Type")), ";")
	a.mediaType = strings.TrimSpace(a.mediaType)
	a.single = strings.HasPrefix(a.mediaType, "image/") && a.raw.head.line
	a.page = holdsNoPicture([]byte(a.mediaType)) && !strings.HasPrefix(a.mediaType, "video/")
	a.raw.endless = !a.single && !a.page
	v.parts.Reset(a)
	return a
}

// read emits the pictures. Nil means that there was a single one.
func (a *answer) read() error {
	for {
		part, err := a.parts.Next()
		if err != nil {
			return a.end(part.Damaged, err)
		}
		if a.other && part.Repeat {
			continue // it keeps a connection open, and says nothing of the camera
		}
		a.picture(part)
		if !a.single {
			continue
		}
		// The rest of the answer follows, or a stream that is only said to be one picture.
		a.raw.link.by = time.Time{}
		if a.pictures == 1 {
			a.raw.link.by = time.Now().Add(a.camera.pollTime())
			a.raw.complete = true
		}
	}
}

// picture emits one, unless it is the last single one once more.
func (a *answer) picture(part Part) {
	a.pictures++
	p := stream.Picture{JPEG: part.JPEG, Damaged: part.Damaged}
	if a.single && a.pictures == 1 {
		sum := maphash.Bytes(a.seed, part.JPEG)
		if sum == a.sum {
			p.JPEG = nil
		}
		a.sum = sum
		a.modified, a.identity = a.resp.Header.Get("Last-Modified"), a.resp.Header.Get("ETag")
	}
	if a.other {
		p.Time = part.Time
	}
	if a.pictures == oddTime {
		a.noteOddities(a.parts.Oddities())
	}
	if !a.told {
		p.Facts, a.told = a.facts, true
	}
	a.emit(p)
}

// Read reads the body for the splitter. It ends it where no picture can come any more.
func (a *answer) Read(p []byte) (int, error) {
	switch {
	case a.pictures > 0:
	case a.page && a.bytes > maxOther && !a.parts.inside:
		return 0, io.EOF
	case time.Since(a.began) > withoutPicture && a.otherVideo() != "":
		return 0, io.EOF
	}
	n, err := a.resp.Body.Read(p)
	a.bytes += n
	return n, err
}

// otherVideo returns the type of the video that comes instead of pictures, or nothing.
func (a *answer) otherVideo() string {
	for _, mediaType := range append(a.parts.Skipped(), a.mediaType) {
		if strings.HasPrefix(strings.ToLower(mediaType), "video/") && holdsNoPicture([]byte(mediaType)) {
			return mediaType
		}
	}
	return ""
}

// end says why no more pictures came.
func (a *answer) end(damaged int, err error) error {
	if damaged > 0 {
		a.emit(stream.Picture{Damaged: damaged})
	}
	const address = ": is the address that of its MJPEG stream?"
	switch video := a.otherVideo(); {
	case a.single && (a.pictures == 1 || a.pictures > 0 && a.raw.whole()):
		return nil
	case a.pictures > 0 && err == io.EOF:
		return problem("the camera ended its stream")
	case a.pictures > 0:
		return err
	case strings.Contains(a.mediaType, "html"):
		return problem("the camera sent a web page" + address)
	case a.page:
		return problem("the camera sent text (" + printable(a.mediaType) + "), no pictures" + address)
	case video != "":
		return problem("the camera sends " + video + ", which is not MJPEG: choose MJPEG in its settings, or the address of its MJPEG stream")
	case err != io.EOF:
		return err
	case damaged > 0:
		return problem("the camera sent no whole picture")
	case a.bytes == 0:
		return problem("the camera closed the connection without sending a picture")
	}
	return problem("there is no JPEG in what the camera sent" + address)
}
