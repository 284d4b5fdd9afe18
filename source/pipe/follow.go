package pipe

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// followPause is the time between two looks at what is followed. Network disks tell of no changes, so it is looked at.
const followPause = 200 * time.Millisecond

// settleTime is for how long a file that is written again must have stayed as it was read. Where nothing cuts it first it is half
// the old picture and half the new one for a while, which can look whole.
const settleTime = 100 * time.Millisecond

// A doubt is whether a file was being written again while it was read.
type doubt struct {
	file *os.File
	version
}

func newDoubt(file *os.File) doubt {
	info, err := file.Stat()
	if err != nil {
		return doubt{file: file}
	}
	return doubt{file, versionOf(info)}
}

// settled waits, and reports whether the file is still as it was before it was read.
func (p *playback) settled(before doubt) bool {
	return p.sleep(settleTime) && newDoubt(before.file) == before
}

// look waits until it is time for another look. What was shown still holds until then, however long nothing comes.
func (p *playback) look() bool {
	if p.pictures > 0 {
		p.emit(stream.Picture{})
	}
	return p.sleep(followPause)
}

// isPicture reports whether a file of a folder is one of its pictures. Files that are hidden are not meant to be shown: they
// are half copied, or have what macOS knows of the others.
func isPicture(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg":
		return true
	}
	return false
}

// version is what a file is known by: another one has been written to.
type version struct {
	size     int64
	modified int64 // in nanoseconds since 1970
}

func versionOf(info fs.FileInfo) version { return version{info.Size(), info.ModTime().UnixNano()} }

// A picture file is one of a folder, with when it was written.
type pictureFile struct {
	name string
	version
}

// followFolder shows the newest picture of a folder, and then those that are put into it or written again, in the order of their
// times and names. A picture that is not yet complete is looked at again.
func (p *playback) followFolder() error {
	known := map[string]version{}
	for first := true; ; first = false {
		changed, err := p.changed(known)
		if err != nil {
			return err
		}
		if first {
			changed = p.newest(changed, known)
		}
		for _, file := range changed {
			if _, again := known[file.name]; p.complete(file.name, again) {
				known[file.name] = file.version
			}
		}
		if !p.look() {
			return p.ctx.Err()
		}
	}
}

// changed lists the pictures of the folder that are not known as they are, the oldest first, and forgets those that are gone.
func (p *playback) changed(known map[string]version) (files []pictureFile, err error) {
	entries, err := os.ReadDir(p.Path)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		if !isPicture(name) {
			continue
		}
		there[name] = true
		if info, err := os.Stat(filepath.Join(p.Path, name)); err == nil && info.Mode().IsRegular() && known[name] != versionOf(info) {
			files = append(files, pictureFile{name, versionOf(info)})
		}
	}
	for name := range known {
		if !there[name] {
			delete(known, name)
		}
	}
	slices.SortFunc(files, func(a, b pictureFile) int {
		if a.modified != b.modified {
			return int(max(-1, min(1, a.modified-b.modified)))
		}
		return strings.Compare(a.name, b.name)
	})
	return files, nil
}

// newest shows the newest complete picture. It notes all older ones as known, and returns those that are not complete yet.
func (p *playback) newest(files []pictureFile, known map[string]version) (rest []pictureFile) {
	for i, file := range slices.Backward(files) {
		if p.complete(file.name, true) {
			for _, older := range files[:i+1] {
				known[older.name] = older.version
			}
			return nil
		}
	}
	return nil
}

// complete shows a picture of the folder if it is complete, and, where it may be written again, does not change meanwhile.
func (p *playback) complete(name string, again bool) bool {
	before := p.pictures
	p.doubted = nil
	if again {
		p.doubted = &doubt{}
	}
	p.picture(filepath.Join(p.Path, name))
	return p.pictures > before
}

// followFile shows the newest picture of a file, and then those that are added to it, or written into it again.
func (p *playback) followFile() error {
	for {
		file, _, err := openRegular(p.Path)
		if err == nil {
			err = p.follow(file)
			file.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !p.look() {
			return p.ctx.Err()
		}
	}
}

// follow shows what is in a file and added to it, until another one takes its place.
func (p *playback) follow(file *os.File) error {
	var newest []byte
	t := &tail{playback: p, file: file}
	before := newDoubt(file)
	t.caughtUp = func() bool {
		if t.pictures <= 1 && newest != nil && !p.settled(before) {
			return false
		}
		if newest != nil {
			p.show(newest)
		}
		return true
	}
	if info, err := file.Stat(); err == nil {
		t.offset, _ = file.Seek(max(0, info.Size()-2*int64(cmp.Or(p.MaxFrame, mjpeg.DefaultMaxFrame))), io.SeekStart)
	}
	p.reader.Reset(t)
	for {
		part, err := p.reader.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if t.pictures++; t.caughtUp != nil {
			newest = append(newest[:0], part.JPEG...)
		} else {
			p.show(part.JPEG)
		}
	}
}

// show emits a picture, unless it is the last one again.
func (p *playback) show(jpeg []byte) {
	if bytes.Equal(jpeg, p.shown) {
		return
	}
	p.shown = append(p.shown[:0], jpeg...)
	p.emit(stream.Picture{JPEG: jpeg})
	p.pictures++
}

// A tail reads a file and what is added to it. It ends where the file was written again or replaced.
type tail struct {
	*playback
	file     *os.File
	offset   int64
	seen     version     // at its end
	pictures int         // that were in it
	caughtUp func() bool // called once, at the end of what there was at first; false: it has changed; then nil
}

func (t *tail) Read(b []byte) (int, error) {
	for {
		n, err := t.file.Read(b)
		t.offset += int64(n)
		if n > 0 || err != io.EOF {
			return n, err
		}
		if t.caughtUp != nil {
			if !t.caughtUp() {
				return 0, io.EOF
			}
			t.caughtUp = nil
			t.replaced() // remembers what there is
		}
		if !t.look() {
			return 0, t.ctx.Err()
		}
		if t.replaced() { // what is read next would not belong to what was read before
			return 0, io.EOF
		}
	}
}

// replaced reports whether what follows in the file is not what was added to it. A file that had one picture or none is taken for
// one picture, which another program writes again; only a recording grows.
func (t *tail) replaced() bool {
	now, err := os.Stat(t.Path)
	if err != nil {
		return false // perhaps it is just being replaced
	}
	opened, err := t.file.Stat()
	before := t.seen
	t.seen = versionOf(now)
	switch {
	case err != nil || !os.SameFile(opened, now) || now.Size() < t.offset:
		return true
	case before == version{} || before == t.seen:
		return now.Size() > t.offset && t.pictures <= 1
	}
	return now.Size() == t.offset || t.pictures <= 1
}
