package pipe_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/pipe"
	"mjpegazer/stream"
)

// following runs a File that is followed, and do beside it; it returns the pictures that came, and how many were said to be damaged.
func following(t *testing.T, path string, do func()) (pictures [][]byte, damaged int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&pipe.File{Path: path, Follow: true}).Run(ctx, func(p stream.Picture) {
			damaged += p.Damaged
			if p.JPEG != nil {
				pictures = append(pictures, bytes.Clone(p.JPEG))
			}
		})
	}()
	time.Sleep(1050 * time.Millisecond) // never in the moment of a look
	do()
	time.Sleep(time.Second)
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("it ended: %v", err)
	}
	return pictures, damaged
}

// put writes a file, dated so that the file system's clock does not matter.
func put(t *testing.T, path string, at int, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1_700_000_000+int64(at), 0)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

func TestFollowAFolder(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	var all [][]byte
	for i := range 7 {
		all = append(all, picture(i, 64, 48))
	}
	put(t, in("b.jpg"), 1, all[0])
	put(t, in("a.jpg"), 2, all[1]) // the newest by its time, not by its name
	synctest.Test(t, func(t *testing.T) {
		got, damaged := following(t, folder, func() {
			put(t, in("c.jpg"), 3, all[2][:len(all[2])/2]) // half of it is there
			time.Sleep(time.Second)
			put(t, in("c.jpg"), 4, all[2])
			time.Sleep(time.Second)
			put(t, in("e.jpg"), 5, all[3])
			put(t, in("d.jpg"), 6, all[4])
			put(t, in("empty.jpg"), 7, nil)
			put(t, in("notes.txt"), 8, all[0])
			put(t, in("._d.jpg"), 8, all[0])
			time.Sleep(time.Second)
			put(t, in("a.jpg"), 9, all[5]) // written again
			os.Remove(in("b.jpg"))
			time.Sleep(time.Minute)
			put(t, in("b.jpg"), 10, all[6])
		})
		same(t, got, all[1:])
		if damaged > 0 {
			t.Errorf("%d damaged", damaged)
		}
	})
}

// A picture that does not change for minutes is no failure of its camera.
func TestFollowStaysLive(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "a.jpg"), 1, picture(1, 64, 48))
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(&pipe.File{Path: folder, Follow: true}, stream.Options{Keep: true})
		defer s.Close()
		time.Sleep(10 * time.Minute)
		if stats := s.Stats(); stats.State != stream.Live || stats.Frames != 1 || stats.Error != "" {
			t.Errorf("%+v", stats)
		}
	})
}

// signed is a picture whose number stands at its end, too.
func signed(n int) []byte {
	jpeg := picture(n, 64, 48)
	return fmt.Appendf(jpeg[:len(jpeg)-2], "\xFF\xFE\x00\x04%02d\xFF\xD9", n)
}

// into writes a picture over another of the same size, a piece at a time.
func into(t *testing.T, path string, at int, content []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i := range 8 {
		file.WriteAt(content[i*len(content)/8:(i+1)*len(content)/8], int64(i*len(content)/8))
		when := time.Unix(1_700_000_000+int64(at+i), 0)
		os.Chtimes(path, when, when)
		time.Sleep(70 * time.Millisecond)
	}
	time.Sleep(time.Second)
}

func TestFollowAFile(t *testing.T) {
	one, two, three, four := picture(1, 64, 48), picture(2, 64, 48), picture(3, 80, 48), picture(4, 64, 48)
	path := filepath.Join(t.TempDir(), "now.jpg")
	add := func(content []byte) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		file.Write(content)
		time.Sleep(time.Second)
	}
	t.Run("written again", func(t *testing.T) {
		put(t, path, 1, one)
		synctest.Test(t, func(t *testing.T) {
			got, damaged := following(t, path, func() {
				for i, content := range [][]byte{nil, two, two[:900], three, one} {
					put(t, path, 2+i, content)
					time.Sleep(time.Second)
				}
				os.Remove(path)
				time.Sleep(time.Second)
				put(t, path, 9, four)
			})
			same(t, got, [][]byte{one, two, three, one, four})
			if damaged > 0 {
				t.Errorf("%d damaged", damaged)
			}
		})
	})
	t.Run("written into", func(t *testing.T) {
		one, two, four := signed(1), signed(2), signed(4)
		put(t, path, 1, one)
		synctest.Test(t, func(t *testing.T) {
			got, _ := following(t, path, func() {
				for i, next := range [][]byte{two, four, one, two} {
					into(t, path, 20*(i+1), next)
				}
			})
			same(t, got, [][]byte{one, two, four, one, two})
		})
	})
	t.Run("added to", func(t *testing.T) {
		put(t, path, 1, append(bytes.Clone(one), two...)) // of a recording the newest
		synctest.Test(t, func(t *testing.T) {
			got, _ := following(t, path, func() {
				add(three)
				add(four[:900])
				add(four[900:])
				add(append(bytes.Clone(one), two...))
			})
			same(t, got, [][]byte{two, three, four, one, two})
		})
	})
}

// A file that another program writes again, slowly, is empty or half there at times: in a loop that is no failure.
func TestLoopOfAFileThatIsWrittenAgain(t *testing.T) {
	one, two := picture(1, 64, 48), picture(2, 64, 48)
	path := write(t, one)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ended := make(chan error, 1)
		seen := map[string]bool{}
		go func() {
			ended <- (&pipe.File{Path: path, Loop: true}).Run(ctx, func(p stream.Picture) {
				if p.JPEG != nil {
					seen[string(p.JPEG)] = true
				}
			})
		}()
		for i := range 10 {
			time.Sleep(450 * time.Millisecond)
			os.WriteFile(path, nil, 0o600)
			time.Sleep(150 * time.Millisecond)
			os.WriteFile(path, two[:700], 0o600)
			time.Sleep(150 * time.Millisecond)
			os.WriteFile(path, [][]byte{one, two}[i%2], 0o600)
		}
		if err := <-ended; err != context.DeadlineExceeded {
			t.Error(err)
		}
		if len(seen) != 2 || !seen[string(one)] || !seen[string(two)] {
			t.Errorf("%d different pictures", len(seen))
		}
	})
}

// A picture of a folder that is written over is never shown half old.
func TestFollowAFolderThatIsWrittenInto(t *testing.T) {
	folder := t.TempDir()
	now := filepath.Join(folder, "now.jpg")
	put(t, now, 1, signed(1))
	synctest.Test(t, func(t *testing.T) {
		got, _ := following(t, folder, func() {
			into(t, now, 20, signed(2))
			into(t, now, 40, signed(3))
		})
		same(t, got, [][]byte{signed(1), signed(2), signed(3)})
	})
}
