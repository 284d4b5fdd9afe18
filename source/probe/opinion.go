package probe

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/mattn/go-mjpeg"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream/jpeg"
)

const (
	opinionTime     = 10 * time.Second // for the pictures of the second opinion
	opinionPictures = 2
	opinionBytes    = 64 << 20
)

// secondOpinion reads the camera once more, as programs do that trust it to keep to the standards, and says whether that
// works. The camera's own connection of before is closed: many serve one client.
func (p *report) secondOpinion(ctx context.Context, camera *httpcam.Camera) string {
	p.second = true
	ctx, cancel := context.WithTimeout(ctx, opinionTime)
	defer cancel()
	resp, err := camera.Open(ctx)
	if err != nil && !wait(ctx, time.Second) {
		resp, err = camera.Open(ctx) // some take a while to see that a client has gone
	}
	if err != nil {
		return "not tried, for the second connection failed: " + err.Error()
	}
	defer resp.Body.Close()
	if why := readPlainly(resp); why != "" {
		return "a plain multipart reader does not read it: " + why
	}
	if len(p.quirks) > 0 {
		return "a plain multipart reader reads it, if its HTTP client bears this: " + strings.Join(p.quirks, "; ")
	}
	return "a plain multipart reader reads it, too"
}

// wait reports whether ctx is done before d has passed.
func wait(ctx context.Context, d time.Duration) (done bool) {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(d):
		return false
	}
}

// readPlainly reads pictures with the Decoder of go-mjpeg, and returns why that does not work, or "". It repeats nothing of
// what the camera sends.
func readPlainly(resp *http.Response) (why string) {
	defer func() {
		if recover() != nil {
			why = "it breaks on what the camera sends"
		}
	}()
	mediaType, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err == nil && strings.HasPrefix(mediaType, "image/"):
		return "the camera sends single pictures, not a stream"
	case err != nil:
		return "the Content-Type is missing or malformed"
	case strings.Trim(params["boundary"], "-") == "":
		return "the Content-Type names no boundary"
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, opinionBytes), resp.Body}
	decoder, err := mjpeg.NewDecoderFromResponse(resp)
	for n := 0; err == nil && n < opinionPictures; n++ {
		var picture []byte
		if picture, err = decoder.DecodeRaw(); err != nil {
			break
		}
		if _, _, damaged := jpeg.Inspect(picture); damaged != nil {
			return "between its delimiters there are no whole pictures"
		}
	}
	return reasonOf(err)
}

// reasonOf says why a multipart reader gave up.
func reasonOf(err error) string {
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), "expecting a new Part"):
		return "the delimiters are not those that the Content-Type names"
	case strings.Contains(err.Error(), "MIME header"), strings.Contains(err.Error(), "malformed"):
		return "the head of a part is malformed"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the delimiter that the Content-Type names does not come"
	}
	return "no second picture came within " + opinionTime.String()
}
