//go:build linux

package guest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/prop"
	"golang.org/x/sys/unix"

	"mjpegazer/source/webcam"
	"mjpegazer/stream"
)

// measure reports what b.N pictures cost this process, the camera that it plays included.
func measure(b *testing.B, pictures func(n int)) {
	pictures(10) // until everything is as large as it gets
	var before, after unix.Rusage
	var memoryBefore, memoryAfter runtime.MemStats
	runtime.ReadMemStats(&memoryBefore)
	unix.Getrusage(unix.RUSAGE_SELF, &before)
	pictures(b.N)
	unix.Getrusage(unix.RUSAGE_SELF, &after)
	runtime.ReadMemStats(&memoryAfter)
	cpu := func(r unix.Rusage) int64 { return r.Utime.Nano() + r.Stime.Nano() }
	b.ReportMetric(float64(cpu(after)-cpu(before))/1e6/float64(b.N), "cpu-ms/frame")
	b.ReportMetric(float64(memoryAfter.TotalAlloc-memoryBefore.TotalAlloc)/float64(b.N), "B/frame")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPassThrough is a Stream of a webcam that sends MJPEG, with one viewer.
func BenchmarkPassThrough(b *testing.B) {
	all := jpegs(b, large, 8)
	b.Logf("pictures of %d bytes", len(all[0]))
	plug(b, usbWebcam("Cost Webcam", all))
	measureStream(b, &webcam.Camera{Address: "name/cost"})
}

// BenchmarkDecoding is the way of mediadevices' own driver: the same camera, each picture decoded.
func BenchmarkDecoding(b *testing.B) {
	plug(b, usbWebcam("Cost Webcam", jpegs(b, large, 8)))
	d, err := webcam.Register(node("Cost Webcam"))
	if err != nil {
		b.Fatal(err)
	}
	defer driver.GetManager().Delete(d.ID())
	if err := d.Open(); err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	reader, err := d.(driver.VideoRecorder).VideoRecord(prop.Media{Video: prop.Video{Width: large.Width, Height: large.Height, FrameFormat: frame.FormatMJPEG}})
	if err != nil {
		b.Fatal(err)
	}
	decoder, err := frame.NewDecoder(frame.FormatMJPEG)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, func(n int) {
		for range n {
			img, release, err := reader.Read()
			if err != nil {
				b.Fatal(err)
			}
			bytes := img.(interface{ JPEG() []byte }).JPEG()
			if _, _, err := decoder.Decode(bytes, large.Width, large.Height); err != nil {
				b.Fatal(err)
			}
			release()
		}
	})
}

// BenchmarkRaw is a Stream of a webcam that sends YUYV, compressed once.
func BenchmarkRaw(b *testing.B) {
	plug(b, usbWebcam("Cost Webcam", nil))
	measureStream(b, &webcam.Camera{Address: "name/cost", Width: large.Width, Format: "yuyv"})
}

// measureStream measures a Stream of a webcam with one viewer.
func measureStream(b *testing.B, camera *webcam.Camera) {
	b.Helper()
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	v := s.View(stream.ViewerOptions{})
	defer v.Close()
	measure(b, func(n int) {
		for range n {
			if _, err := v.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestSystemCalls counts what the thread that reads a webcam asks of the kernel for each picture: wait, take, give back.
func TestSystemCalls(t *testing.T) {
	trace := newTrace(t)
	all := jpegs(t, small, 8)
	plug(t, usbWebcam("Call Webcam", all))
	p := serve(t, "-keep", "webcam://name/call#width=320")
	await(t, patience, "picture", func() bool { return p.status(t).Frames > 5 })
	const length = time.Second
	calls := trace.count(t, p.cmd.Process.Pid, length)
	t.Logf("in %v at 30 pictures a second: %v", length, calls)
	pictures := float64(calls["ppoll"])
	if most := 30 * length.Seconds(); pictures < most/6 || pictures > most*1.3 { // an emulated machine may be slow
		t.Errorf("%v calls of ppoll for %v pictures", pictures, most)
	}
	if each := float64(calls["ioctl"]) / pictures; each < 1.9 || each > 2.1 {
		t.Errorf("%.2f calls of ioctl a picture, want 2", each)
	}
}

// tracing is the kernel's own record of system calls (Documentation/trace/events.rst).
type tracing string

func newTrace(t *testing.T) tracing {
	const dir = "/sys/kernel/tracing"
	if err := unix.Mount("tracefs", dir, "tracefs", 0, ""); err != nil && err != unix.EBUSY {
		t.Skip("no tracefs:", err)
	}
	if _, err := os.Stat(dir + "/events/raw_syscalls"); err != nil {
		t.Skip("the kernel does not trace system calls:", err)
	}
	return dir
}

func (d tracing) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(d), name), []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

// count counts the calls of all threads of a process for a time, those that matter here by name.
func (d tracing) count(t *testing.T, pid int, length time.Duration) map[string]int {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for i, path := range threads {
		threads[i] = filepath.Base(path)
	}
	d.write(t, "set_event_pid", strings.Join(threads, " "))
	d.write(t, "events/raw_syscalls/sys_enter/enable", "1")
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	<-ctx.Done()
	d.write(t, "events/raw_syscalls/sys_enter/enable", "0")
	lines, err := os.ReadFile(filepath.Join(string(d), "trace"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{fmt.Sprint(syscall.SYS_IOCTL): "ioctl", fmt.Sprint(syscall.SYS_PPOLL): "ppoll", fmt.Sprint(syscall.SYS_FUTEX): "futex"}
	calls := map[string]int{}
	for _, match := range regexp.MustCompile(`sys_enter: NR (\d+)`).FindAllStringSubmatch(string(lines), -1) {
		name, known := names[match[1]]
		if !known {
			name = "call " + match[1]
		}
		calls[name]++
	}
	return calls
}
