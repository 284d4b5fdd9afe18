//go:build nats

package nats

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// CheckAddress says what is wrong with the servers' address, or with the name. Its error holds no secrets.
func (c *Camera) CheckAddress() error {
	if !namePattern.MatchString(c.Name) {
		return errors.New("the name of the camera must follow the servers, as in nats://HOST,HOST/NAME")
	}
	return c.Servers.CheckAddress()
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Check is CheckAddress, and looks for the files. It does not connect.
func (c *Camera) Check() error {
	if err := c.CheckAddress(); err != nil {
		return err
	}
	return c.Servers.Check()
}

const (
	queue     = 64                     // messages of a subscription that wait; a full queue keeps the old ones, so that it must not fill
	tickPause = 50 * time.Millisecond  // from one look at the clock to the next
	lostPause = 5 * time.Second        // before a viewer of a camera that is away should come again
	lostAgain = 3 * time.Second        // from one notice that the camera is away to the next
	selfTime  = 600 * time.Millisecond // for which another edge than this program itself may answer
)

// Run implements [stream.Source]. It emits the pictures of one edge at a time. Where there is none it goes on, and says so by
// [stream.Picture].Lost. Its error is that the servers cannot be reached or used.
func (c *Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	if err := c.Check(); err != nil {
		return stream.FailedDial.Of(err)
	}
	l, done, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !l.conn.IsConnected() {
		return stream.RetrySoon(errLost)
	}
	r := &reading{camera: c, link: l, ctx: ctx, id: c.Instance, emit: emit, inbox: l.conn.NewInbox(), patience: time.Now().Add(wantLife)}
	if r.id == "" {
		r.id = rand.Text()
	}
	return r.run(ctx)
}

// connect opens a connection of c's Connections, or of some that it alone has, until done is called.
func (c *Camera) connect(ctx context.Context) (l *link, done func(), err error) {
	connections, end := c.Connections, func() {}
	if connections == nil {
		connections = &Connections{}
		end = connections.Close
	}
	if l, err = connections.open(ctx, c.Servers, c.Log); err != nil {
		end()
		return nil, nil, err
	}
	return l, func() { l.release(); end() }, nil
}

// A reading is one Run of a Camera.
type reading struct {
	camera *Camera
	link   *link
	ctx    context.Context // of Run
	id     string          // of who asks
	inbox  string
	emit   func(stream.Picture)

	kept     holder    // the edge whose pictures are shown; none before the first, and once it is lost
	heard    time.Time // when it last was
	sequence uint64    // of its last picture
	age      ages      // of its pictures

	asked    time.Time // when the camera was last wanted
	hurried  bool      // nobody heard that
	patience time.Time // until when an edge must be heard
	own      time.Time // when this program itself answered; zero: it has not
	emitted  time.Time // when something good last was
	lost     string    // why the camera is away; "": it is not
	told     time.Time // when that was last said
}

func (r *reading) run(ctx context.Context) error {
	to := r.link.listen(r.camera.Name)
	defer r.link.mute(to)
	var channels [3]chan *nats.Msg
	for i, subject := range []string{r.subject("frames"), r.subject("beat"), r.inbox} {
		channels[i] = make(chan *nats.Msg, queue)
		s, err := r.link.conn.ChanSubscribe(subject, channels[i])
		if err != nil {
			return r.camera.Servers.explain(err)
		}
		defer s.Unsubscribe()
	}
	r.ask(time.Now())
	ticks := time.NewTicker(tickPause)
	defer ticks.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.link.closed:
			err = r.closed()
		case err = <-to.denied:
			err = stream.FailedLogin.Of(err)
		case <-to.back:
			r.ask(time.Now())
		case m := <-channels[0]:
			err = r.frame(m, time.Now())
		case m := <-channels[1]:
			r.beat(m, time.Now())
		case m := <-channels[2]:
			r.answer(m, time.Now())
		case now := <-ticks.C:
			r.tick(now)
		}
		if err != nil {
			return err
		}
	}
}

func (r *reading) subject(kind string) string {
	return r.camera.Servers.subject(r.camera.Name, kind)
}

func (r *reading) closed() error {
	if err := r.link.conn.LastError(); err != nil {
		return r.camera.Servers.explain(err)
	}
	return stream.FailedDial.Of(errClosed)
}

// ask says that the camera is wanted, and for whom. An error is that the connection is being made again, after which it asks.
func (r *reading) ask(now time.Time) {
	r.asked, r.hurried = now, false
	via := mjpeg.Via{r.id}.Then(stream.FromContext(r.ctx).Via())
	r.link.send(&nats.Msg{Subject: r.subject("want"), Reply: r.inbox, Header: nats.Header{headerVia: {via.String()}}})
}

// tick does what is due.
func (r *reading) tick(now time.Time) {
	pause := wantPause
	if r.hurried {
		pause = hurryPause
	}
	if now.Sub(r.asked) >= pause {
		r.ask(now)
	}
	switch none := r.kept == (holder{}); {
	case !r.link.conn.IsConnected() && now.Sub(r.heard) > wantLife:
		r.lose(errLost, now)
	case none && !r.own.IsZero() && now.Sub(r.own) > selfTime:
		r.lose(errCircle, now)
	case none && now.After(r.patience):
		r.lose(errNoAnswer, now)
	case !none && now.After(r.patience):
		r.kept = holder{}
		r.lose(errSilent, now)
	}
}

// answer reads the answer to a want, which is bad news: that nobody has heard it, or that it has gone round in a circle.
func (r *reading) answer(m *nats.Msg, now time.Time) {
	switch {
	case m.Header.Get(headerStatus) != "503":
		if r.own.IsZero() && r.kept == (holder{}) {
			r.own = now
		}
	case r.kept == (holder{}):
		r.lose(errNoEdge, now)
	default: // it may be on its way to another server
		r.hurried = true
		if soon := r.heard.Add(shortLife); soon.Before(r.patience) {
			r.patience = soon
		}
	}
}

// keeps reports whether messages of an edge count.
func (r *reading) keeps(from holder, now time.Time) bool {
	if from.edge != r.kept.edge {
		if r.kept != (holder{}) && now.Sub(r.heard) < silence {
			return false
		}
		r.sequence, r.age = 0, ages{}
	}
	r.kept, r.heard, r.patience, r.own = from, now, now.Add(wantLife), time.Time{}
	return true
}

func (r *reading) beat(m *nats.Msg, now time.Time) {
	from, ok := holderOf(m)
	if !ok || !r.keeps(from, now) {
		return
	}
	reason := m.Header.Get(headerReason)
	switch {
	case reason != "":
		r.lose(errors.New(redact.Start(redact.Secrets{}.Hide(reason), maxReason)), now)
	case r.lost == "" && now.Sub(r.emitted) > time.Second: // a slow camera is told from a dead machine
		r.emitted = now
		r.emit(stream.Picture{})
	}
}

// frame shows a picture. Its error is that the picture was here before.
func (r *reading) frame(m *nats.Msg, now time.Time) error {
	from, ok := holderOf(m)
	sequence, err := strconv.ParseUint(m.Header.Get(headerSequence), 10, 64)
	if !ok || err != nil || !r.keeps(from, now) || sequence <= r.sequence || len(m.Data) == 0 {
		return nil
	}
	r.sequence = sequence
	via := mjpeg.Via{from.edge}.Then(mjpeg.ParseVia(m.Header.Values(headerVia)))
	switch {
	case via.Meets(mjpeg.Via{r.id}):
		return stream.RetryAfter(errCircle, 15*time.Second)
	case len(via) > mjpeg.MaxHops:
		return stream.RetryAfter(errManyHops, 15*time.Second)
	case via.Meets(stream.FromContext(r.ctx).Via()), r.age.old(micros(m, headerArrived), now):
		return nil
	}
	r.lost, r.emitted = "", now
	r.emit(stream.Picture{JPEG: m.Data, Time: micros(m, headerTime), Via: via})
	return nil
}

// lose says that the camera is away, and again from time to time while it is.
func (r *reading) lose(reason error, now time.Time) {
	if text := reason.Error(); text != r.lost || now.Sub(r.told) > lostAgain {
		r.lost, r.told = text, now
		r.emit(stream.Picture{Lost: stream.RetryAfter(reason, lostPause)})
	}
}

// ages tell pictures that have waited somewhere from those that have just been taken, by clocks that need not agree.
type ages struct {
	known bool
	least time.Duration // from the edge's clock to ours, by the picture that was fastest
	since time.Time     // since when all have been old; zero: they are not
}

// old reports whether a picture has waited for too long. Where all have, for longer than anything waits, a clock was set.
func (a *ages) old(arrived, now time.Time) bool {
	if arrived.IsZero() {
		return false
	}
	age := now.Sub(arrived)
	if !a.known || age < a.least {
		a.known, a.least = true, age
	}
	if age <= a.least+freshTime {
		a.since = time.Time{}
		return false
	}
	if a.since.IsZero() {
		a.since = now
	}
	if now.Sub(a.since) < 2*freshTime {
		return true
	}
	a.least, a.since = age, time.Time{}
	return false
}
