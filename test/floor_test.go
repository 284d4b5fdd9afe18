package test

import (
	"bufio"
	"context"
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

// A load is how many viewers watch what.
type load struct{ viewers, size, fps int }

func (l load) interval() time.Duration { return time.Second / time.Duration(l.fps) }

func (l load) String() string { return fmt.Sprintf("%dx%dKBx%dfps", l.viewers, l.size/1000, l.fps) }

// floorVariable makes the test program the floor: how many viewers, how large the pictures, how often.
const floorVariable = "MJPEGAZER_TEST_FLOOR"

// floorCommand is a child process that does nothing but write what the program would write, to as many sockets: whatever
// the program costs beyond it, the program added.
func floorCommand(tb testing.TB, l load) *exec.Cmd {
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d", floorVariable, l.viewers, l.size, l.interval()))
	return cmd
}

func floor() int {
	var viewers, size int
	var interval time.Duration
	if _, err := fmt.Sscan(os.Getenv(floorVariable), &viewers, &size, &interval); err != nil {
		panic(err)
	}
	var plain net.ListenConfig
	plain.SetMultipathTCP(false)
	listener, err := plain.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("floor at http://%s/\n", listener.Addr())
	var conns []net.Conn
	for range viewers {
		conn, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		http.ReadRequest(bufio.NewReader(conn))
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n--frame\r\n")
		conns = append(conns, conn)
	}
	floorWrite(conns, streamtest.OfSize(size), interval)
	return 0
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
