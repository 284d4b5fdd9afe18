package pipe

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

const (
	defaultFPS = 10
	pipePause  = 100 * time.Millisecond // before a named pipe is read for its next writer, or an empty file again
	emptyTime  = time.Second            // that a file in a loop may hold no picture at first
)

// A File is a recorded MJPEG file, a folder of JPEGs (.jpg, .jpeg) in the order of their names, or a named pipe.
type File struct {
	Path     string
	FPS      float64 // pictures a second; 0: 10 for files and folders, as they come for a pipe
	Loop     bool    // start again at the end; a pipe always waits for its next writer
	Follow   bool    // show the newest picture, and then what is added within 0.2 s, or written again within 0.3 s; FPS and Loop do not count
	MaxFrame int     // how large a picture may be, in bytes; 0: [mjpeg.DefaultMaxFrame]
}

// Run plays the file. At its end it returns [stream.ErrEnded], unless Loop is set.
func (f *File) Run(ctx context.Context, emit func(stream.Picture)) error {
	return stream.FailedDevice.Of(f.run(ctx, emit))
}

func (f *File) run(ctx context.Context, emit func(stream.Picture)) error {
	info, err := os.Stat(f.Path)
	if err != nil {
		return f.failed(err)
	}
	play := &playback{File: f, ctx: ctx, emit: emit, reader: mjpeg.NewReader(nil, f.MaxFrame)}
	switch mode := info.Mode(); {
	case f.Follow && mode.IsDir():
		return f.failed(play.followFolder())
	case f.Follow && mode.IsRegular():
		return f.failed(play.followFile())
	case mode.IsRegular() || mode.IsDir():
		play.pause = time.Duration(float64(time.Second) / cmp.Or(f.FPS, defaultFPS))
	case mode&fs.ModeNamedPipe != 0:
		if f.FPS > 0 {
			play.pause = time.Duration(float64(time.Second) / f.FPS)
		}
		return play.pipe()
	default:
		return errors.New("it is a device or a socket, and must be a file, a folder or a named pipe")
	}
	for begun := time.Now(); ; {
		before := play.pictures
		if info.IsDir() {
			err = play.folder()
		} else {
			err = play.recording()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return f.failed(err)
		case play.pictures == before && f.Loop && (before > 0 || time.Since(begun) < emptyTime):
			play.sleep(pipePause) // it is just being written again
		case play.pictures == before:
			return errors.New("it holds no JPEG")
		case !f.Loop:
			return stream.ErrEnded
		}
	}
}

// failed puts an error of the file system into a user's words, without the path.
func (f *File) failed(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("no permission to read the file: are its permissions right?")
	}
	return errors.New("the file cannot be read: " + redact.Cause(err).Error())
}

// A playback is one run of a File.
type playback struct {
	*File
	ctx      context.Context
	emit     func(stream.Picture)
	reader   *mjpeg.Reader
	pause    time.Duration // between pictures
	next     time.Time     // when the next is due
	pictures int
	shown    []byte // the last picture of a file that is followed
	doubted  *doubt // of the picture that is being read; nil: none
}

// folder plays the pictures of a folder once.
func (p *playback) folder() error {
	entries, err := os.ReadDir(p.Path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if isPicture(entry.Name()) {
			p.picture(filepath.Join(p.Path, entry.Name())) // one that cannot be read does not keep the others away
		}
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
	}
	return nil
}

// recording plays a file of any number of pictures once.
func (p *playback) recording() error {
	file, _, err := openRegular(p.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	p.reader.Reset(interruptible{p.ctx, file})
	return p.all()
}

// picture plays a file of a folder, which is one picture.
func (p *playback) picture(path string) error {
	file, size, err := openRegular(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if p.doubted != nil {
		*p.doubted = newDoubt(file)
	}
	p.reader.ResetBody(interruptible{p.ctx, file}, int(min(size, math.MaxInt32)))
	return p.all()
}

// openRegular opens a regular file. Anything else, such as a named pipe with the name of a picture, could block the reader.
func openRegular(path string) (file *os.File, size int64, err error) {
	file, err = os.OpenFile(path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, 0, cmp.Or(err, errNotRegular)
	}
	return file, info.Size(), nil
}

var errNotRegular = errors.New("it is not a regular file")

// An interruptible reader fails once its context is done: an endless file may hold no picture.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// all plays the pictures that the reader finds. The end of the bytes and of the context is no error.
func (p *playback) all() error {
	for {
		part, err := p.reader.Next()
		picture := stream.Picture{JPEG: part.JPEG, Damaged: part.Damaged}
		switch {
		case err == nil && p.doubted != nil && !p.settled(*p.doubted):
			return nil
		case err == nil && p.wait():
			p.emit(picture)
			p.pictures++
		case p.ctx.Err() != nil:
			return nil
		default:
			if picture.Damaged > 0 && !p.Follow { // the rest of it may yet come
				p.emit(picture)
			}
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// wait waits until the next picture is due. It returns false where ctx is done.
func (p *playback) wait() bool {
	now := time.Now()
	p.next = p.next.Add(p.pause)
	if p.next.Before(now) { // the first, or a late one
		p.next = now
	}
	return p.sleep(p.next.Sub(now))
}

func (p *playback) sleep(d time.Duration) bool {
	if d <= 0 {
		return p.ctx.Err() == nil
	}
	select {
	case <-p.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// pipe plays what one writer after another writes to a named pipe.
func (p *playback) pipe() error {
	file, err := os.OpenFile(p.Path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return p.failed(err)
	}
	defer file.Close()
	defer context.AfterFunc(p.ctx, func() { file.Close() })()
	for {
		p.reader.Reset(interruptible{p.ctx, file})
		err := p.all()
		if err == nil {
			p.sleep(pipePause)
		}
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if err != nil {
			return p.failed(err)
		}
	}
}
