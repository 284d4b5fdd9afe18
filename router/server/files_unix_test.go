//go:build unix

package server

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A program that ends removes its own socket, and not that of another one in its place.
func TestSocketOfAnotherStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	for range 20 {
		first, err := listenUnix(path)
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		second, err := listenUnix(path)
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal("the second one's socket is gone: ", err)
		}
		conn.Close()
		second.Close()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Fatal("its own socket is left")
		}
	}
}

// Of two that start at the same moment one gets the socket, and the other an error, whatever was left behind.
func TestSocketIsOpenedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	for range 20 {
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		stale.Close()
		var all sync.WaitGroup
		listeners := make([]net.Listener, 2)
		for i := range listeners {
			all.Go(func() { listeners[i], _ = listenUnix(path) })
		}
		all.Wait()
		open := 0
		for _, l := range listeners {
			if l != nil {
				open++
			}
		}
		if open != 1 {
			t.Fatalf("%d listen", open)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm() != 0o660 {
			t.Fatalf("%v, %v", info, err)
		}
		for _, l := range listeners {
			if l != nil {
				l.Close()
			}
		}
	}
}

func TestLogFileThatNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	done := make(chan error, 1)
	go func() { _, err := openLogFile(path); done <- err }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "nobody reads") {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("opening the log does not end")
	}
}

// A handler's panic is an error of the program; what clients do wrong is of interest to nobody.
func TestPanicsAreLogged(t *testing.T) {
	var b bytes.Buffer
	log := serverLog(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.Print("http: panic serving 127.0.0.1:5: oh\ngoroutine 1")
	log.Print("http: TLS handshake error from 127.0.0.1:5: EOF")
	if text := b.String(); !strings.Contains(text, `level=ERROR msg="http: panic serving`) || !strings.Contains(text, `level=DEBUG msg="http: TLS`) {
		t.Error(text)
	}
}
