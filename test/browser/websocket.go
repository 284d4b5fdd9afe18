package browser

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// A socket is a WebSocket connection (RFC 6455) as far as a driver needs one: text messages, to a server on this machine.
type socket struct {
	mu     sync.Mutex // guards writing
	net    net.Conn
	reader *bufio.Reader
}

// Opcodes of frames.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// mostMessage bounds a message, in bytes: a large screenshot.
const mostMessage = 256 << 20

func dialSocket(address string) (*socket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 16)
	rand.Read(key)
	// An Origin would be refused: no page is meant to drive the browser.
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", u.Path, u.Host, base64.StdEncoding.EncodeToString(key))
	s := &socket{net: conn, reader: bufio.NewReaderSize(conn, 1<<16)}
	response, err := http.ReadResponse(s.reader, nil)
	if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the WebSocket was refused: %s", response.Status)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) send(message []byte) error { return s.frame(opText, message) }

// frame writes a whole message as one frame, masked as a client must.
func (s *socket) frame(op byte, message []byte) error {
	b := []byte{0x80 | op}
	switch n := len(message); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	var mask [4]byte
	rand.Read(mask[:])
	b = append(b, mask[:]...)
	for i, c := range message {
		b = append(b, c^mask[i%4])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.net.Write(b)
	return err
}

// receive returns the next message, and answers pings on the way.
func (s *socket) receive() ([]byte, error) {
	var message []byte
	for {
		final, op, payload, err := s.next(mostMessage - len(message))
		if err != nil {
			return nil, err
		}
		switch op {
		case opClose:
			return nil, io.EOF
		case opPing:
			s.frame(opPong, payload)
		case opPong:
		default: // a text, or its continuation
			message = append(message, payload...)
			if final {
				return message, nil
			}
		}
	}
}

// next reads one frame.
func (s *socket) next(most int) (final bool, op byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(s.reader, head[:]); err != nil {
		return false, 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var n uint16
		err = binary.Read(s.reader, binary.BigEndian, &n)
		size = uint64(n)
	case 127:
		err = binary.Read(s.reader, binary.BigEndian, &size)
	}
	if err == nil && size > uint64(most) {
		err = fmt.Errorf("a message of more than %d bytes", mostMessage)
	}
	if err != nil {
		return false, 0, nil, err
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(s.reader, payload)
	return head[0]&0x80 != 0, head[0] & 0x0f, payload, err
}

func (s *socket) close() error { return s.net.Close() }
