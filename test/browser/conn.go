package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// answerTime is how long a browser may take to answer; on a busy machine that is long.
const answerTime = time.Minute

// A wire carries whole messages.
type wire interface {
	send(message []byte) error
	receive() ([]byte, error)
	close() error
}

// A conn carries commands, of any number of goroutines, and their answers. Events are passed over.
type conn struct {
	wire wire

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	ended   error // why no answer comes any more
}

// An answer is a message of either protocol.
type answer struct {
	ID      int
	Result  json.RawMessage
	Error   json.RawMessage // an object in one protocol, a code in the other
	Message string
}

func newConn(w wire) *conn {
	c := &conn{wire: w, waiting: map[int]chan answer{}}
	go c.read()
	return c
}

// read hands answers to those who wait for them, until the wire ends.
func (c *conn) read() {
	for {
		message, err := c.wire.receive()
		var a answer
		if err == nil {
			err = json.Unmarshal(message, &a)
		}
		c.mu.Lock()
		if err != nil {
			c.ended = fmt.Errorf("the browser is gone: %w", err)
			for _, waits := range c.waiting {
				close(waits)
			}
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		waits := c.waiting[a.ID]
		delete(c.waiting, a.ID)
		c.mu.Unlock()
		if waits != nil {
			waits <- a
		}
	}
}

// call sends a command, and waits for its answer.
func (c *conn) call(command Fields, result any) error {
	waits, err := c.send(command)
	if err != nil {
		return err
	}
	var a answer
	var ok bool
	select {
	case a, ok = <-waits:
	case <-time.After(answerTime):
		return fmt.Errorf("%s: no answer", command["method"])
	}
	switch {
	case !ok:
		return c.ended
	case len(a.Error) > 0:
		return fmt.Errorf("%s: %s %s", command["method"], a.Error, a.Message)
	case result != nil:
		return json.Unmarshal(a.Result, result)
	}
	return nil
}

func (c *conn) send(command Fields) (chan answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return nil, c.ended
	}
	c.last++
	command["id"] = c.last
	message, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	waits := make(chan answer, 1)
	c.waiting[c.last] = waits
	return waits, c.wire.send(message)
}

func (c *conn) close() { c.wire.close() }

var errNoPage = errors.New("it opened no page")
