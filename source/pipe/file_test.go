package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/pipe"
	"mjpegazer/stream"
)

// write puts the pictures into a new file and returns its name.
func write(t testing.TB, pictures ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pictures of today.mjpeg")
	var all []byte
	for _, one := range pictures {
		all = append(all, one...)
	}
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFilePlaysOnce(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)}
	name := write(t, want...)
	synctest.Test(t, func(t *testing.T) {
		src := parse(t, "file:"+name+"#fps=4")
		for range 2 { // once for each start
			start := time.Now()
			got, err := collect(t, src, 4)
			same(t, got, want)
			if took := time.Since(start); err != stream.ErrEnded || took != 500*time.Millisecond {
				t.Errorf("%v after %v", err, took)
			}
		}
	})
}

func TestFileLoops(t *testing.T) {
	one, two := picture(1, 64, 48), picture(2, 64, 48)
	name := write(t, one, two[:500], two)
	synctest.Test(t, func(t *testing.T) {
		got, err := collect(t, parse(t, "file:"+name+"#loop"), 5)
		same(t, got, [][]byte{one, two, one, two, one})
		if err != context.Canceled {
			t.Error(err)
		}
	})
}

func TestFileReadsAFolder(t *testing.T) {
	folder := t.TempDir()
	var want [][]byte
	for i, name := range []string{"1.jpg", "2.JPEG", "3.jpg", "4.txt"} {
		one := picture(i, 64, 48)
		if err := os.WriteFile(filepath.Join(folder, name), one, 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, one)
	}
	synctest.Test(t, func(t *testing.T) {
		got, err := collect(t, parse(t, "file:"+folder), 4)
		same(t, got, want[:3])
		if err != stream.ErrEnded {
			t.Error(err)
		}
	})
}

func TestFileSaysWhy(t *testing.T) {
	text := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{text: "it holds no JPEG", text + "2": "there is no such file", t.TempDir(): "it holds no JPEG"} {
		_, err := collect(t, &pipe.File{Path: path, Loop: true}, 1)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

func TestInputGoesOnWhereItWas(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)}
	synctest.Test(t, func(t *testing.T) {
		in := &pipe.Input{Reader: bytes.NewReader(bytes.Join(want, []byte("rubbish")))}
		got, err := collect(t, in, 2)
		same(t, got, want[:2])
		if err != context.Canceled {
			t.Error(err)
		}
		got, err = collect(t, in, 2)
		same(t, got, want[2:])
		if !errors.Is(err, stream.ErrEnded) {
			t.Error(err)
		}
		if _, err = collect(t, in, 1); !errors.Is(err, stream.ErrEnded) {
			t.Error(err)
		}
	})
}

func TestInputWithoutAPicture(t *testing.T) {
	_, err := collect(t, &pipe.Input{Reader: strings.NewReader("text")}, 1)
	if !errors.Is(err, stream.ErrEnded) || !strings.Contains(err.Error(), "held no JPEG") {
		t.Error(err)
	}
}

// raw returns its pictures one by one.
type raw struct {
	pictures [][]byte
	closed   bool
}

func (r *raw) DecodeRaw() ([]byte, error) {
	if len(r.pictures) == 0 {
		return nil, io.EOF
	}
	one := r.pictures[0]
	r.pictures = r.pictures[1:]
	return one, nil
}

func (r *raw) Close() error { r.closed = true; return nil }

func TestDecoder(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	var r *raw
	src := pipe.Decoder(func(context.Context) (pipe.DecodeRawer, io.Closer, error) {
		r = &raw{pictures: want}
		return r, r, nil
	})
	got, err := collect(t, src, 3)
	same(t, got, want)
	if err == nil || !r.closed {
		t.Errorf("%v, closed: %v", err, r.closed)
	}
	got, err = collect(t, src, 1)
	same(t, got, want[:1])
	if err != context.Canceled || !r.closed {
		t.Errorf("%v, closed: %v", err, r.closed)
	}
}
