package mjpeg_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"regexp"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"mjpegazer/stream/jpeg"
	"mjpegazer/stream/mjpeg"
	"mjpegazer/stream/streamtest"
)

// picture is one of many that differ in n.
func picture(n, width, height int) []byte {
	return streamtest.OfPixels(width, height).JPEG(n, time.Unix(1_700_000_000, 0))
}

// readAll returns all pictures of src and how many were damaged.
func readAll(t testing.TB, src io.Reader, maxFrame int) (pictures [][]byte, damaged int) {
	t.Helper()
	parts := mjpeg.NewReader(src, maxFrame)
	for {
		part, err := parts.Next()
		damaged += part.Damaged
		if err == io.EOF {
			return pictures, damaged
		}
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, bytes.Clone(part.JPEG))
	}
}

// same fails unless got is want, bit by bit.
func same(t testing.TB, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d pictures, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("picture %d differs: %d bytes, want %d", i, len(got[i]), len(want[i]))
		}
	}
}

func TestReaderReadsAnyFraming(t *testing.T) {
	a, b := picture(1, 64, 48), picture(2, 80, 40)
	cut := a[:len(a)*2/3]
	for _, test := range []struct {
		name    string
		stream  []any
		want    [][]byte
		damaged int
	}{
		{"nothing between", []any{a, b}, [][]byte{a, b}, 0},
		{"multipart", []any{"--x\r\nContent-Type: image/jpeg\r\n\r\n", a, "\r\n--x\r\n\r\n", b, "\r\n--x--"}, [][]byte{a, b}, 0},
		{"false lengths", []any{"--x\nContent-Length: 3\n\n", a, "--x\nContent-Length: 99999999999999999999\n\n", b}, [][]byte{a, b}, 0},
		{"other parts", []any{"--x\r\nContent-Type: audio/basic\r\n\r\n", "..", a, "\r\n--x\r\nContent-Type: image/jpeg\r\n\r\n", b}, [][]byte{b}, 0},
		{"picture called text", []any{"--x\r\nContent-Type: text/plain\r\n\r\n", a, "\r\n--x\r\nContent-Type: text/plain\r\n\r\n", b}, [][]byte{a, b}, 0},
		{"glued header", []any{"--xContent-type: video/x-h264\r\n\r\n..", b, "\n--xContent-Type:image/jpeg\r\n\r\n..", a}, [][]byte{a}, 0},
		{"cut in the scan", []any{cut, "\r\n--x\r\nContent-Type: image/jpeg\r\n\r\n", b}, [][]byte{b}, 1},
		{"cut in a segment", []any{a[:30], b}, [][]byte{b}, 0},
		{"cut at the end", []any{a, b[:len(b)-1]}, [][]byte{a}, 1},
		{"false segment length", []any{[]byte{0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF}, a, b}, [][]byte{a, b}, 0},
		{"SOI twice", []any{[]byte{0xFF, 0xD8}, a, []byte{0xFF, 0xD8, 0xFF, 0xD8}, b}, [][]byte{a, b}, 0},
		{"padding", []any{a, make([]byte, 9000), b, bytes.Repeat([]byte{0xFF}, 9000)}, [][]byte{a, b}, 0},
	} {
		var all []byte
		for _, piece := range test.stream {
			switch piece := piece.(type) {
			case string:
				all = append(all, piece...)
			case []byte:
				all = append(all, piece...)
			}
		}
		t.Run(test.name, func(t *testing.T) {
			for _, src := range []io.Reader{bytes.NewReader(all), iotest.OneByteReader(bytes.NewReader(all)), iotest.DataErrReader(bytes.NewReader(all))} {
				got, damaged := readAll(t, src, 0)
				same(t, got, test.want)
				if damaged != test.damaged {
					t.Errorf("%d damaged, want %d", damaged, test.damaged)
				}
			}
		})
	}
}

func TestReaderReturnsAPictureAtItsEOI(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	want := picture(1, 64, 48)
	go out.Write(want) // and nothing more, ever
	part, err := mjpeg.NewReader(in, 0).Next()
	if err != nil || !bytes.Equal(part.JPEG, want) {
		t.Fatalf("%d bytes, %v", len(part.JPEG), err)
	}
}

func TestReaderDropsLargePictures(t *testing.T) {
	small, large := picture(1, 64, 48), picture(2, 600, 600)
	got, damaged := readAll(t, bytes.NewReader(bytes.Join([][]byte{small, large, small, large}, nil)), 100_000)
	same(t, got, [][]byte{small, small})
	if len(large) < 100_000 || damaged != 2 {
		t.Errorf("%d damaged, want 2", damaged)
	}
}

// A picture that never ends, and rubbish that holds none, cost no memory beyond what one picture may.
func TestReaderHoldsLittle(t *testing.T) {
	const size, maxFrame = 16 << 20, 1 << 20
	endless := picture(1, 64, 48)
	endless = endless[:len(endless)-2]
	for name, start := range map[string][]byte{"endless picture": endless, "rubbish": []byte("--x\n"), "false segments": {0xFF, 0xD8, 0xFF, 0xE0}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rest := &loop{data: bytes.Repeat(append(start[2:len(start):len(start)], 'x', '='), 1000)}
		readAll(t, io.MultiReader(bytes.NewReader(start), io.LimitReader(rest, size)), maxFrame)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2*maxFrame+1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
}

// The memory of a rare large picture is let go of.
func TestReaderShrinks(t *testing.T) {
	large, small := picture(1, 1500, 1500), picture(2, 64, 48)
	parts := mjpeg.NewReader(io.MultiReader(bytes.NewReader(large), io.LimitReader(&loop{data: small}, 16<<20)), 0)
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	parts.Next()
	before := held()
	for range 1000 {
		if _, err := parts.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if after := held(); after+uint64(len(large))/2 > before {
		t.Errorf("%d bytes are held, %d before", after, before)
	}
	runtime.KeepAlive(large)
}

func TestReaderAllocatesNothing(t *testing.T) {
	one := append([]byte("--x\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\nX-Timestamp: 1700000000.123456\r\n\r\n"), picture(1, 200, 200)...)
	parts := mjpeg.NewReader(&loop{data: one}, 0)
	next := func() {
		if _, err := parts.Next(); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if n := testing.AllocsPerRun(1000, next); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

// loop reads data again and again.
type loop struct {
	data []byte
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.data[l.at:])
	l.at = (l.at + n) % len(l.data)
	return n, nil
}

// FuzzReader puts pictures between arbitrary bytes, cuts the stream anywhere, and wants the same pictures back.
// longPart matches the length of a part that is longer than a picture.
var longPart = regexp.MustCompile(`(?i)content-length\s*:\s*\+?0*[1-9][0-9]{2}`)

func FuzzReader(f *testing.F) {
	f.Add([]byte("--x\r\n\r\n|\xFF|\xFF\xD8|\r\n"), uint64(1))
	f.Add([]byte("--x\r\nContent-Length: 5\r\n\r\n|\xFF\xFF|\xFF\xD9\xFF\xD8\xFE\xFF"), uint64(7))
	pictures := [][]byte{picture(1, 16, 16), picture(2, 32, 8), picture(3, 8, 32)}
	f.Fuzz(func(t *testing.T, framing []byte, seed uint64) {
		if bytes.Contains(framing, []byte{0xFF, 0xD8, 0xFF}) || bytes.Contains(bytes.ToLower(framing), []byte("content-type")) {
			t.Skip("what may hold a picture, or says that it does not")
		}
		if longPart.Match(framing) {
			t.Skip("a part that holds several pictures, and is one")
		}
		var all []byte
		var want [][]byte
		for i, between := range bytes.Split(framing, []byte("|")) {
			one := pictures[(i+int(seed%3))%3]
			all = append(append(all, between...), one...)
			want = append(want, one)
		}
		got, damaged := readAll(t, &pieces{all, rand.New(rand.NewPCG(seed, 2))}, 0)
		same(t, got, want)
		if damaged > 0 {
			t.Errorf("%d damaged", damaged)
		}
	})
}

// pieces reads data in pieces of random length.
type pieces struct {
	data []byte
	rnd  *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1+p.rnd.IntN(300))], p.data)
	p.data = p.data[n:]
	return n, nil
}

// FuzzReaderOfAnything reads arbitrary bytes: what comes out is a picture, and no larger than allowed.
func FuzzReaderOfAnything(f *testing.F) {
	whole := picture(1, 16, 16)
	f.Add(whole, uint64(1))
	f.Add(append(whole[:100:100], whole...), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		const maxFrame = 1 << 10
		got, _ := readAll(t, &pieces{data, rand.New(rand.NewPCG(seed, 2))}, maxFrame)
		for _, one := range got {
			if _, end, err := jpeg.Inspect(one); err != nil || end != len(one) || len(one) > maxFrame {
				t.Fatalf("%d bytes, of which %d are a picture: %v", len(one), end, err)
			}
		}
	})
}
