package test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mjpegazer/stream/streamtest"
)

// TestNobodyReadsTheLog lets whoever reads standard error stop, or go away, and a disk be full, while much is said.
func TestNobodyReadsTheLog(t *testing.T) {
	for _, name := range []string{"stalled", "closed", "disk full"} {
		t.Run(name, func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			unix.FcntlInt(writer.Fd(), unix.F_SETPIPE_SZ, 4096) // else it only takes more to fill it
			if name == "disk full" {
				if writer, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
					t.Fatal(err)
				}
			}
			pictures := streamtest.OfSize(20_000)
			camera := newCamera(t, 100*time.Millisecond, pictures.JPEG)
			address := "127.0.0.1:" + freePort(t)
			args := []string{"-log-level=debug", "-listen=" + address, "-keep", camera.URL}
			for i := range 100 {
				args = append(args, fmt.Sprintf("gone%d=http://127.0.0.1:9/", i))
			}
			cmd := command(t, args...)
			cmd.Stderr = writer
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			if name == "closed" {
				reader.Close()
			}
			v := viewSoon(t, "http://"+address+"/live")
			if err := watchEvery(v, pictures, 4*time.Second); err != nil {
				t.Error(err)
			}
			cmd.Process.Signal(os.Interrupt)
			begun := time.Now()
			if err := cmd.Wait(); err != nil || time.Since(begun) > 10*time.Second {
				t.Errorf("the end: %v after %v", err, time.Since(begun))
			}
		})
	}
}

// viewSoon asks a program that says nothing until it answers.
func viewSoon(t *testing.T, address string) *viewer {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if v, err := dial(address, 4096); err == nil {
			t.Cleanup(v.close)
			return v
		}
	}
	t.Fatal("no answer within 10 s")
	return nil
}
