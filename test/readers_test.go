package test

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-mjpeg"

	"mjpegazer/stream/streamtest"
)

// watched is a camera shown by the program, for programs that others wrote to read.
func watched(t *testing.T) (address string, p streamtest.Pictures) {
	t.Helper()
	pictures := streamtest.OfSize(30_000)
	camera := newCamera(t, 40*time.Millisecond, pictures.JPEG)
	return start(t, command(t, anyPort, camera.URL)).url + "/live", pictures
}

// TestGoMJPEG reads with an independent client in Go.
func TestGoMJPEG(t *testing.T) {
	t.Parallel()
	address, pictures := watched(t)
	decoder, err := mjpeg.NewDecoderFromURL(address)
	if err != nil {
		t.Fatal(err)
	}
	checkOrder(t, pictures, 20, decoder.DecodeRaw)
}

// external runs somebody else's reader, which has 30 s.
func external(t *testing.T, name string, args ...string) string {
	t.Helper()
	return finish(t, exec.CommandContext(t.Context(), name, args...))
}

// finish runs somebody else's program, which has 30 s.
func finish(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	stuck := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// TestCurl takes a second of the stream as a file, and finds the pictures in it.
func TestCurl(t *testing.T) {
	t.Parallel()
	curl := need(t, "curl", "curl")
	address, pictures := watched(t)
	file := filepath.Join(t.TempDir(), "stream")
	out, err := exec.CommandContext(t.Context(), curl, "-sS", "--max-time", "1.5", "-o", file, address).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 28 { // its own time was up
		t.Fatalf("curl: %v\n%s", err, out)
	}
	stream, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Split(stream, []byte("--frame\r\n"))
	if len(whole) < 10 {
		t.Fatalf("%d parts came", len(whole))
	}
	for _, part := range whole[1 : len(whole)-1] {
		_, picture, _ := bytes.Cut(part, []byte("\r\n\r\n"))
		if _, err := pictures.Check(bytes.TrimSuffix(picture, []byte("\r\n"))); err != nil {
			t.Error(err)
		}
	}
}

// TestFFmpeg copies ten pictures out of the stream.
func TestFFmpeg(t *testing.T) {
	t.Parallel()
	ffmpeg := need(t, "ffmpeg", "ffmpeg")
	address, _ := watched(t)
	dir := t.TempDir()
	external(t, ffmpeg, "-v", "error", "-f", "mpjpeg", "-i", address, "-frames:v", "10", "-c", "copy", filepath.Join(dir, "%02d.jpg"))
	external(t, ffmpeg, "-v", "error", "-i", address, "-frames:v", "2", filepath.Join(dir, "probed%02d.jpg"))
	files, _ := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if len(files) != 12 {
		t.Fatalf("%d pictures, not 12", len(files))
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenCV reads as the program that this one replaces did.
func TestOpenCV(t *testing.T) {
	t.Parallel()
	if exec.Command(python, "-c", "import cv2").Run() != nil {
		miss(t, "no OpenCV for Python here: apt-get install python3-opencv")
	}
	address, _ := watched(t)
	out := external(t, python, "-c", fmt.Sprintf(`
import cv2
camera = cv2.VideoCapture(%q)
sizes = {camera.read()[1].shape[1] for _ in range(10)}
print("widths", sizes)`, address+"?fps=15"))
	if !strings.Contains(out, "widths {320}") {
		t.Errorf("OpenCV says %s", out)
	}
}
