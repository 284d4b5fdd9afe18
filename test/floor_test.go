package test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// A load is how many viewers watch what, and in which way.
type load struct {
	viewers, size, fps int
	by                 string // "": HTTP; "TLS"; "HTTP2"
}

func (l load) interval() time.Duration { return time.Second / time.Duration(l.fps) }

func (l load) String() string {
	return fmt.Sprintf("%s%dx%dKBx%dfps", l.by, l.viewers, l.size/1000, l.fps)
}

// floorVariable makes the test program the floor: how many viewers, how large the pictures, how often, and a certificate if they
// are to be sent by TLS.
const floorVariable = "MJPEGAZER_TEST_FLOOR"

// floorCommand is a child process that does nothing but write what the program would write, to as many sockets: whatever
// the program costs beyond it, the program added.
func floorCommand(tb testing.TB, l load, certificate string) *exec.Cmd {
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d %q", floorVariable, l.viewers, l.size, l.interval(), certificate))
	return cmd
}

func floor() int {
	var viewers, size int
	var interval time.Duration
	var certificate string
	if _, err := fmt.Sscanf(os.Getenv(floorVariable), "%d %d %d %q", &viewers, &size, &interval, &certificate); err != nil {
		panic(err)
	}
	serve, scheme := newPolled, "http"
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, certificate)
		if err != nil {
			panic(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{pair}}
		serve, scheme = func(c net.Conn) net.Conn { return newGathered(c, config) }, "https"
	}
	var plain net.ListenConfig
	plain.SetMultipathTCP(false)
	listener, err := plain.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("floor at %s://%s/\n", scheme, listener.Addr())
	var conns []net.Conn
	for range viewers {
		conn, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		conn = serve(conn)
		http.ReadRequest(bufio.NewReader(conn))
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n--frame\r\n")
		conns = append(conns, conn)
	}
	floorWrite(conns, streamtest.OfSize(size), interval)
	return 0
}

// A gathered connection is one of TLS that does nothing but write the records of each Write in one piece.
type gathered struct {
	*tls.Conn
	below *records
}

type records struct {
	net.Conn
	bytes []byte
	held  bool
}

func newGathered(c net.Conn, config *tls.Config) gathered {
	b := &records{Conn: c}
	return gathered{tls.Server(b, config), b}
}

func (g gathered) Write(b []byte) (int, error) {
	g.below.bytes, g.below.held = g.below.bytes[:0], true
	if _, err := g.Conn.Write(b); err != nil {
		return 0, err
	}
	g.below.held = false
	return g.below.Conn.Write(g.below.bytes)
}

func (b *records) Write(record []byte) (int, error) {
	if !b.held {
		return b.Conn.Write(record)
	}
	b.bytes = append(b.bytes, record...)
	return len(record), nil
}

// floorLife bounds it where its viewers do not end it.
const floorLife = 5 * time.Minute

func floorWrite(conns []net.Conn, p streamtest.Pictures, interval time.Duration) {
	head := fmt.Sprintf("Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: 1234567890.123456\r\n\r\n", len(p.JPEG(0, time.Now())))
	part := slices.Concat([]byte(head), p.JPEG(0, time.Now()), []byte("\r\n--frame\r\n"))
	picture := part[len(head):]
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for n := 1; len(conns) > 0 && time.Duration(n)*interval < floorLife; n++ {
		<-ticks.C
		copy(picture, p.JPEG(n, time.Now()))
		conns = slices.DeleteFunc(conns, func(conn net.Conn) bool {
			_, err := conn.Write(part)
			return err != nil
		})
	}
}
