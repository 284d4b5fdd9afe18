package httpcam

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
)

const maxChunkLine = 256 // bytes of the line with a chunk's size and extensions

// chunks decodes the chunked transfer coding, RFC 9112 section 7.1. After a mistake in the coding, the rest is passed on as it
// is, for pictures are found among the sizes of chunks as well.
type chunks struct {
	in    *bufio.Reader
	left  uint64 // bytes of the chunk
	plain bool   // not, or no longer, chunked
	ended bool   // the last chunk has come
}

// Read reads what is in the chunks. It returns io.EOF after the last one.
func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 && !c.plain {
		if c.ended {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if c.plain {
		return c.in.Read(p)
	}
	if uint64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.in.Read(p)
	c.left -= uint64(n)
	return n, err
}

// next reads the line that starts a chunk.
func (c *chunks) next() error {
	line, err := c.peekLine()
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(line)) == 0 { // the end of the last chunk, which some cameras leave out
		_, err = c.in.Discard(len(line))
		return err
	}
	size, ok := chunkSize(line)
	if !ok {
		c.plain = true
		return nil
	}
	c.in.Discard(len(line))
	c.left = size
	if size == 0 {
		c.ended = true
		return c.trailer()
	}
	return nil
}

// trailer reads the lines after the last chunk, up to the blank one.
func (c *chunks) trailer() error {
	for range maxLines {
		line, err := c.peekLine()
		if err != nil {
			return err
		}
		c.in.Discard(len(line))
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
	}
	return errEndlessHead
}

// peekLine returns the next line, or its beginning if it is too long or ends early.
func (c *chunks) peekLine() ([]byte, error) {
	for n := 1; ; n++ {
		peeked, err := c.in.Peek(max(n, min(c.in.Buffered(), maxChunkLine)))
		if end := bytes.IndexByte(peeked, '\n'); end >= 0 {
			return peeked[:end+1], nil
		}
		if len(peeked) >= maxChunkLine || err != nil && len(peeked) > 0 {
			return peeked, nil
		}
		if err != nil {
			return nil, err
		}
		n = len(peeked)
	}
}

// chunkSize reads a chunk's size, which extensions may follow.
func chunkSize(line []byte) (uint64, bool) {
	line, _, _ = bytes.Cut(line, []byte(";"))
	size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 62)
	return size, err == nil
}
