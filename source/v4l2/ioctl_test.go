//go:build linux

package v4l2

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// The numbers are those that C computes from the kernel's headers, for the architecture that the test runs on.
func TestRequestNumbers(t *testing.T) {
	for _, test := range []struct {
		name   string
		number uintptr
		want   uintptr
		want32 uintptr // where it differs on 32-bit systems
	}{
		{"VIDIOC_QUERYCAP", queryCap, 0x80685600, 0},
		{"VIDIOC_ENUM_FMT", enumFmt, 0xc0405602, 0},
		{"VIDIOC_G_FMT", getFmt, 0xc0d05604, 0xc0cc5604},
		{"VIDIOC_S_FMT", setFmt, 0xc0d05605, 0xc0cc5605},
		{"VIDIOC_REQBUFS", reqBufs, 0xc0145608, 0},
		{"VIDIOC_QUERYBUF", queryBuf | bufferLayouts()[0].size<<16, 0xc0585609, 0xc0445609},
		{"VIDIOC_QBUF", qBuf | bufferLayouts()[0].size<<16, 0xc058560f, 0xc044560f},
		{"VIDIOC_DQBUF", dqBuf | bufferLayouts()[0].size<<16, 0xc0585611, 0xc0445611},
		{"VIDIOC_STREAMON", streamOn, 0x40045612, 0},
		{"VIDIOC_STREAMOFF", streamOff, 0x40045613, 0},
		{"VIDIOC_G_PARM", getParm, 0xc0cc5615, 0},
		{"VIDIOC_S_PARM", setParm, 0xc0cc5616, 0},
		{"VIDIOC_G_CTRL", getCtrl, 0xc008561b, 0},
		{"VIDIOC_S_CTRL", setCtrl, 0xc008561c, 0},
		{"VIDIOC_QUERYCTRL", queryCtrl, 0xc0445624, 0},
		{"VIDIOC_G_INPUT", getInput, 0x80045626, 0},
		{"VIDIOC_QUERYMENU", queryMenu, 0xc02c5625, 0},
		{"VIDIOC_ENUM_FRAMESIZES", enumFrameSizes, 0xc02c564a, 0},
		{"VIDIOC_ENUM_FRAMEINTERVALS", enumIntervals, 0xc034564b, 0},
	} {
		want := test.want
		if unsafe.Sizeof(uintptr(0)) == 4 && test.want32 != 0 {
			want = test.want32
		}
		if strings.HasPrefix(runtime.GOARCH, "mips") || strings.HasPrefix(runtime.GOARCH, "ppc") {
			switch direction := want >> 30; direction {
			case 1: // write
				want = want&0x3fffffff | 4<<29
			case 2: // read
				want = want&0x3fffffff | 2<<29
			}
		}
		if test.number != want {
			t.Errorf("%s is %#x, want %#x", test.name, test.number, want)
		}
	}
	if layouts := bufferLayouts(); len(layouts) == 2 {
		want := uintptr(80)
		if runtime.GOARCH == "386" {
			want = 76
		}
		if layouts[1].size != want {
			t.Errorf("with times of 64 bits struct v4l2_buffer has %d bytes, want %d", layouts[1].size, want)
		}
	}
}

// What one layout writes, the same reads: no two fields share a word.
func TestBufferLayouts(t *testing.T) {
	for _, l := range []bufferLayout{layout64, layout32, layout32Time64, layout386Time64} {
		timeWords := 2
		if l.wide {
			timeWords = 4
		}
		const timecodeWords = 4
		at := l.seconds + timeWords + timecodeWords
		if l.sequence != at || l.memory != at+1 || l.offset != at+2 || l.length*4+4 > int(l.size) {
			t.Errorf("%+v: the fields do not follow each other", l)
		}
	}
}

func TestControlName(t *testing.T) {
	for label, want := range map[string]string{
		"Brightness": "brightness", "Exposure Time, Absolute": "exposure_time_absolute", "White Balance, Auto & Preset": "white_balance_auto_preset",
		"LED1 Mode (Logitech)": "led1_mode_logitech", "": "",
	} {
		if got := controlName(label); got != want {
			t.Errorf("%q is %q, want %q", label, got, want)
		}
	}
}

// TestKernelLayouts needs a camera: the kernel and the layouts have to agree on where each field is.
func TestKernelLayouts(t *testing.T) {
	path := os.Getenv("MJPEGAZER_CAMERA")
	if path == "" {
		t.Skip("MJPEGAZER_CAMERA names no camera, such as /dev/video0")
	}
	for _, layout := range bufferLayouts() {
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		d.layout = layout
		mode, err := d.Configure(Mode{Width: 320, Height: 180})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Start(4); err != nil {
			t.Fatal(err)
		}
		var last Frame
		for i := range 5 {
			f, err := d.Read(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Data) != mode.SizeImage || f.Damaged {
				t.Errorf("%+v: %d bytes, want %d", layout, len(f.Data), mode.SizeImage)
			}
			if age := time.Since(f.Time); age < 0 || age > 5*time.Second {
				t.Errorf("%+v: a picture of %v ago", layout, age)
			}
			if i > 0 && (f.Sequence <= last.Sequence || f.Sequence > last.Sequence+30 || f.Time.Before(last.Time)) {
				t.Errorf("%+v: picture %d of %v after %d of %v", layout, f.Sequence, f.Time, last.Sequence, last.Time)
			}
			last = f
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Interrupt ends a Read that waits, and every one after it.
func TestKernelInterrupt(t *testing.T) {
	path := os.Getenv("MJPEGAZER_CAMERA")
	if path == "" {
		t.Skip("MJPEGAZER_CAMERA names no camera, such as /dev/video0")
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Read(nil); err == nil {
		t.Error("a camera that is off was read")
	}
	if err := d.Start(4); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		d.Interrupt()
	}()
	for deadline := time.Now().Add(5 * time.Second); err == nil; _, err = d.Read(nil) {
		if time.Now().After(deadline) {
			t.Fatal("Interrupt was not heard")
		}
	}
	if _, again := d.Read(nil); err != ErrInterrupted || again != ErrInterrupted {
		t.Errorf("%v, then %v", err, again)
	}
	d.Close()
	d.Interrupt() // of a camera that is closed: nothing
	if err := d.Close(); err == nil {
		t.Error("closed twice")
	}
}

// What a camera calls itself is no message to a terminal.
func TestTextIsPrintable(t *testing.T) {
	if got := text([]byte("HD\x1b[2J W\u202eeb\xffcam é\n\x00rest")); got != "HD[2J Webcam é" {
		t.Errorf("%q", got)
	}
}
