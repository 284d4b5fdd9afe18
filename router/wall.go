package router

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// A record of a wall is a head of recordHead bytes, big endian, and a body:
//
//	type    1 byte   a kind
//	flags   1 byte   0
//	tile    2 bytes  counted from 0 in the list of tiles; 0 where the record is of none
//	length  4 bytes  of the body
//	time    8 bytes  microseconds since 1970: when a picture was taken, else the server's now
//	body
const recordHead = 16

// The kinds of records.
const (
	recordPicture = 0 // a JPEG
	recordState   = 1 // a tile's, as JSON; see tileState
	recordTiles   = 2 // the first: which cameras the tiles show, as JSON
	recordNothing = 3 // only says that the server is still there
)

// heartbeatHeader says how many seconds a wall may be silent.
const heartbeatHeader = "X-Mjpegazer-Heartbeat"

const (
	// firstRecord is how many bytes the first record has at least: browsers keep the beginning of an answer back.
	firstRecord = 1 << 10
	// readyPause is after how long a connection that was not ready for a picture is looked at again.
	readyPause = 10 * time.Millisecond
	// statePause is between two looks at the states of all tiles.
	statePause = 500 * time.Millisecond
)

func appendHead(b []byte, kind byte, tile, length int, at time.Time) []byte {
	b = append(b, kind, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(tile))
	b = binary.BigEndian.AppendUint32(b, uint32(length))
	return binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
}

// A wall is one viewer of several cameras: of each tile the newest picture, one tile in turn after the other, on one
// connection. One goroutine does all of it.
type wall struct {
	send  *sender
	tiles []*tile
	wake  chan struct{} // filled by the streams when there is something new
	rate  float64       // bytes a second at most; 0: no limit
	beat  time.Duration // after which silence is broken; 0: never

	next    int       // the tile whose turn it is
	now     time.Time // of the pass over the tiles
	busy    bool      // in this pass the connection was not ready
	due     time.Time // before it rate allows no picture
	checked time.Time // when the states were looked at
	sent    time.Time // when the latest record was
	head    []byte    // room for one
}

// wall serves all cameras that ?camera= names, any number of times, or all that the viewer may see, as records, until the
// viewer leaves or all streams are over. ?fps=N gives at most N pictures a second of each. It answers at once, whatever the
// cameras do.
func (s *site) wall(w http.ResponseWriter, r *http.Request) {
	fps, err := maxFPS(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cameras, ok := s.chosen(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	if r.Method == http.MethodHead {
		wallHead(w)
		return
	}
	if !flushes(w) {
		return
	}
	for _, c := range cameras {
		access.Watches(r, c.Name)
	}
	limits := s.options.Limits
	send := newSender(w, r, &s.options)
	defer send.close()
	wall := &wall{send: send, wake: make(chan struct{}, 1), rate: limits.rate(), beat: s.options.Heartbeat}
	defer wall.leave()
	if err := wall.enter(cameras, fps); err != nil {
		refuseViewer(w, err)
		return
	}
	defer logViewer(r, &s.options, send)()
	if wall.beat > 0 {
		w.Header().Set(heartbeatHeader, strconv.FormatFloat(wall.beat.Seconds(), 'f', -1, 64))
	}
	wallHead(w)
	send.coding()
	wall.run(r.Context())
}

// chosen are the cameras that a request names, in its order, or else all that its viewer may see; false where there is no
// such camera.
func (s *site) chosen(r *http.Request) ([]Camera, bool) {
	names := r.URL.Query()["camera"]
	if len(names) == 0 {
		return s.visible(r), true
	}
	var cameras []Camera
	for _, name := range names {
		c, ok := s.find(r, name)
		if !ok {
			return nil, false
		}
		if !slices.ContainsFunc(cameras, func(other Camera) bool { return other.Name == name }) {
			cameras = append(cameras, c)
		}
	}
	return cameras, true
}

func wallHead(w http.ResponseWriter) {
	streamHead(w, "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// enter makes the wall a viewer of each camera. Its error says that there is no room at any.
func (w *wall) enter(cameras []Camera, fps float64) error {
	var failed error
	entered := len(cameras) == 0
	for _, c := range cameras {
		t := &tile{camera: c}
		w.tiles = append(w.tiles, t)
		if t.full = w.send.limits.enter(c.Stream, watchesWall); t.full != nil {
			failed = t.full
			continue
		}
		entered = true
		t.viewer = c.Stream.View(stream.ViewerOptions{MaxFPS: fps, MaxRate: w.rate, Ready: w.ready, Notify: w.notify})
	}
	if entered {
		return nil
	}
	return failed
}

func (w *wall) leave() {
	for _, t := range w.tiles {
		if t.viewer != nil {
			t.viewer.Close()
			w.send.limits.leave(t.camera.Stream, watchesWall)
		}
	}
}

// notify wakes the wall from any goroutine.
func (w *wall) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run sends records until the viewer leaves or all streams are over.
func (w *wall) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	err := w.list()
	for err == nil {
		var sent bool
		w.now = time.Now()
		if sent, err = w.picture(); err == nil && w.now.Sub(w.checked) >= statePause {
			err = w.states()
		}
		if err == nil && !slices.ContainsFunc(w.tiles, (*tile).goesOn) {
			w.states() // an error means that the viewer has left
			return
		}
		if err != nil {
			return
		}
		if !sent {
			timer.Reset(w.pause())
			select {
			case <-w.wake:
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// pause is how long nothing need be done unless a stream says so.
func (w *wall) pause() time.Duration {
	pause := statePause - w.now.Sub(w.checked)
	if w.busy {
		pause = min(pause, max(readyPause, w.due.Sub(w.now)))
	}
	return pause
}

// list sends the first record.
func (w *wall) list() error {
	names := []string{}
	for _, t := range w.tiles {
		names = append(names, t.camera.Name)
	}
	body, err := json.Marshal(map[string]any{"cameras": names})
	if err != nil {
		return err
	}
	for recordHead+len(body) < firstRecord {
		body = append(body, ' ')
	}
	return w.record(appendHead(nil, recordTiles, 0, len(body), time.Now()), body)
}

func (w *wall) record(pieces ...[]byte) error {
	w.sent = w.now
	return w.send.bytes(pieces...)
}

// picture sends one picture: the newest of the next tile in turn that has one which the viewer has not had. It reports
// whether there was one, and the connection ready for it.
func (w *wall) picture() (bool, error) {
	w.busy = false
	for i := range w.tiles {
		n := (w.next + i) % len(w.tiles)
		frame := w.tiles[n].poll()
		if frame == nil {
			continue
		}
		size := len(frame.JPEG())
		if w.rate > 0 {
			w.due = later(w.due, w.now).Add(time.Duration(float64(size) / w.rate * float64(time.Second)))
		}
		w.next, w.sent = n+1, w.now
		w.head = appendHead(w.head[:0], recordPicture, n, size, frame.Time)
		return true, w.send.record(w.head, w.tiles[n].viewer, frame)
	}
	return false, nil
}

// ready is asked by the tiles that have a new picture. A tile that is refused stays the next in turn.
func (w *wall) ready(f *stream.Frame) bool {
	if !w.busy {
		w.busy = w.now.Before(w.due) || !w.send.ready(f)
	}
	return !w.busy
}

// states sends the states of the tiles that have changed, or else something if there was silence for too long.
func (w *wall) states() error {
	w.checked = w.now
	var b []byte
	for n, t := range w.tiles {
		body, err := t.report(w.now)
		if err != nil {
			return err
		}
		if body != nil {
			b = append(appendHead(b, recordState, n, len(body), w.now), body...)
		}
	}
	if b == nil && w.beat > 0 && w.now.Sub(w.sent) >= w.beat {
		b = appendHead(nil, recordNothing, 0, 0, w.now)
	}
	if b == nil {
		return nil
	}
	return w.record(b)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
