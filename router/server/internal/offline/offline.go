// Package offline makes what viewers see while a camera has no picture.
package offline

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"mjpegazer/router/internal/watch"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// A Picture is what viewers of one camera see while it has none. It is drawn once for all of them, and again when what it says
// changes.
type Picture struct {
	stream *stream.Stream
	log    *slog.Logger

	mu      sync.Mutex
	setting string               // of [source.Spec]
	title   string               // of the camera
	file    *watch.Files[[]byte] // that the setting names; nil: it could not be read
	opened  time.Time            // when it was last tried
	says    says
	frame   *stream.Frame // what is shown; nil: nothing is
}

// says is what a picture depends on.
type says struct {
	title, reason string
	seq           uint64 // of the camera's last picture
	file          *byte  // where the file's picture is in memory
}

// reopenPause is how long a file is not looked for again that could not be read.
const reopenPause = 5 * time.Second

// New returns the Picture of a Stream.
func New(s *stream.Stream, log *slog.Logger) *Picture { return &Picture{stream: s, log: log} }

// Set says what is shown from now on: auto, card, last, error or file:PATH, as [source.Spec] has it, under a title.
func (p *Picture) Set(setting, title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if setting != p.setting {
		p.file, p.opened = nil, time.Time{}
	}
	p.setting, p.title = setting, title
}

// ForAll reports whether anything is shown to others than browsers.
func (p *Picture) ForAll() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.setting != "auto" && p.setting != "error"
}

// Frame returns what is shown to a browser, or to another client, nil where that is nothing: [router.Options].Offline.
func (p *Picture) Frame(stats stream.Stats, browser bool) *stream.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.stream.Past()
	now := says{title: p.title, reason: stats.Error}
	if last != nil {
		now.seq = last.Seq
	}
	var own []byte
	switch {
	case p.setting == "error", p.setting == "auto" && !browser, p.setting == "last" && last == nil:
		return nil
	case p.setting == "last":
		now.title, now.reason = "", ""
	default:
		if own = p.ownPicture(); own != nil {
			now = says{file: &own[0]}
		}
	}
	if p.frame == nil || now != p.says {
		p.says, p.frame = now, p.draw(now, own, last, stats.LastPicture)
	}
	return p.frame
}

// draw makes a frame.
func (p *Picture) draw(now says, picture []byte, last *stream.Frame, since time.Time) *stream.Frame {
	var err error
	switch {
	case picture != nil:
	case p.setting == "last":
		picture = last.JPEG()
	default:
		card := variant.Card{Title: now.title, Reason: now.reason, Since: since}
		if last != nil {
			card.Last = last.JPEG()
		}
		picture, err = card.JPEG(time.Now())
	}
	if err == nil {
		var frame *stream.Frame
		if frame, err = (stream.Picture{JPEG: picture}).Offline(); err == nil {
			return frame
		}
	}
	p.log.Warn("what is to be shown while there is no picture cannot be made", "reason", err)
	return nil
}

// ownPicture is the picture in the file that the setting names; nil: it names none, or it cannot be read.
func (p *Picture) ownPicture() []byte {
	path, ok := strings.CutPrefix(p.setting, "file:")
	if !ok {
		return nil
	}
	if p.file == nil && time.Since(p.opened) >= reopenPause {
		first := p.opened.IsZero()
		p.opened = time.Now()
		var err error
		if p.file, err = watch.Open(p.log, parse, path); err != nil && first {
			p.log.Warn("option offline: the picture cannot be used, a card is shown instead", "reason", err)
		}
	}
	if p.file == nil {
		return nil
	}
	return p.file.Get()
}

// parse reads a file that holds a picture.
func parse(contents [][]byte) ([]byte, error) {
	_, err := stream.Picture{JPEG: contents[0]}.Offline()
	return contents[0], err
}
