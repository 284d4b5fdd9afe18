package streamtest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/textproto"
	"sync"
	"time"

	"mjpegazer/stream"
)

// A Server is a camera on the network: it answers any request with its Camera's pictures, as MJPEG over HTTP/1.0, on an
// address of this machine alone. Each connection is a run of the Camera.
type Server struct {
	URL    string // of the stream, such as http://127.0.0.1:40123/video
	Camera *Camera

	address string
	serving sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while it is stopped
	stop     context.CancelFunc
	conns    map[net.Conn]bool
}

// NewServer starts a Server, which must be stopped. It panics if it cannot listen.
func NewServer(camera *Camera) *Server {
	s := &Server{Camera: camera, address: "127.0.0.1:0"}
	s.Start()
	return s
}

// Start serves again after [Server.Stop], at the same address. It panics if it cannot listen there.
func (s *Server) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return
	}
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		panic("streamtest: " + err.Error())
	}
	s.address = listener.Addr().String()
	s.URL = "http://" + s.address + "/video"
	ctx, stop := context.WithCancel(context.Background())
	s.listener, s.stop, s.conns = listener, stop, map[net.Conn]bool{}
	s.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(ctx, conn) })
		}
	})
}

// stopTime is how long the last half of a picture may take to leave.
const stopTime = time.Second

// Stop cuts every connection in the middle of a picture and refuses new ones. It returns when all of that is done.
func (s *Server) Stop() {
	s.mu.Lock()
	if s.listener != nil {
		s.listener.Close()
		s.stop()
		for conn := range s.conns {
			conn.SetDeadline(time.Now().Add(stopTime))
		}
		s.listener = nil
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// enter reports whether the connection came before the end.
func (s *Server) enter(ctx context.Context, conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = true
	return ctx.Err() == nil
}

func (s *Server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	conn.Close()
}

func (s *Server) serve(ctx context.Context, conn net.Conn) {
	defer s.leave(conn)
	if !s.enter(ctx, conn) {
		return
	}
	request := textproto.NewReader(bufio.NewReader(conn))
	if _, err := request.ReadLine(); err != nil {
		return
	}
	if _, err := request.ReadMIMEHeader(); err != nil {
		return
	}
	fmt.Fprint(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=camera\r\n\r\n--camera\r\n")
	run, end := context.WithCancel(ctx)
	defer end()
	err := s.Camera.Run(run, func(p stream.Picture) {
		if _, err := conn.Write(part(p.JPEG)); err != nil {
			end()
		}
	})
	if ctx.Err() != nil && err == ctx.Err() {
		half := part(s.Camera.next(time.Now()))
		conn.Write(half[:len(half)/2])
	}
}

func part(picture []byte) []byte {
	part := make([]byte, 0, len(picture)+100)
	part = fmt.Appendf(part, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(picture))
	part = append(part, picture...)
	return append(part, "\r\n--camera\r\n"...)
}
