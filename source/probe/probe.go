// Package probe tells what a camera sends, or why it does not.
package probe

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"mjpegazer/source"
	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

const usage = `usage: mjpegazer probe SOURCE

connects to a camera, watches it for 5 seconds and tells what it found: whether it was reached, how it logs in, what it
sends, how large and how fast. The exit status is 0 only if pictures came.
`

const (
	watchTime = 5 * time.Second  // from the first picture on
	firstTime = 20 * time.Second // for the first picture: time to dial, to ask, to wait for a slow camera
)

// Main is the program's command probe: it tells in plain words what is at a SOURCE. It returns the exit status, 0 only if
// pictures came.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil || flags.NArg() != 1:
		fmt.Fprint(stderr, usage)
		return 2
	}
	text := flags.Arg(0)
	_, text, _ = source.SplitName(text)
	p := &probing{out: stdout, facts: map[string]string{}, told: map[string]bool{}}
	camera, err := source.Parse(text, source.Defaults{Trace: p.trace})
	if err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintln(stdout, camera.Display)
	err = p.run(ctx, camera.Source)
	p.report(err)
	if p.pictures == 0 {
		return 1
	}
	fmt.Fprintf(stdout, "\nIt works. To show it:\n\n    mjpegazer '%s'\n", recipe(text, camera.Display))
	return 0
}

// probing is what was found so far.
type probing struct {
	out      io.Writer
	began    time.Time
	reached  string // address
	facts    map[string]string
	first    time.Time // picture
	last     time.Time
	pictures int
	bytes    int
	damaged  int
	info     jpeg.Info
	sizes    int             // changes of the size
	told     map[string]bool // lines, by name and what was found
}

// run watches the source.
func (p *probing) run(ctx context.Context, src stream.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := time.AfterFunc(firstTime, cancel)
	defer limit.Stop()
	p.began = time.Now()
	return src.Run(ctx, func(picture stream.Picture) {
		maps.Copy(p.facts, picture.Facts)
		p.damaged += picture.Damaged
		if picture.JPEG == nil {
			return
		}
		p.last = time.Now()
		if p.pictures == 0 {
			p.first = p.last
			limit.Reset(watchTime)
		}
		info, _, _ := jpeg.Inspect(picture.JPEG)
		if p.pictures > 0 && (info.Width != p.info.Width || info.Height != p.info.Height) {
			p.sizes++
		}
		p.info = info
		p.pictures++
		p.bytes += len(picture.JPEG)
	})
}

// trace tells what happens on the way.
func (p *probing) trace(e httpcam.Event) {
	switch e.Kind {
	case httpcam.Connected:
		if p.reached != e.Detail {
			p.line("reached", "%s after %s", e.Detail, since(p.began))
		}
		p.reached = e.Detail
	case httpcam.Answered:
		p.once("answer", e.Detail)
	case httpcam.Redirected:
		p.once("redirects", "to "+e.Detail)
	case httpcam.Login:
		p.once("log-in", e.Detail)
	}
}

// once prints what may be found again and again.
func (p *probing) once(name, text string) {
	if !p.told[name+text] {
		p.line(name, "%s", text)
	}
	p.told[name+text] = true
}

// line prints one thing that was found.
func (p *probing) line(name, format string, args ...any) {
	fmt.Fprintf(p.out, "  %-13s %s\n", name, fmt.Sprintf(format, args...))
}

// report tells what was seen, and why it ended.
func (p *probing) report(err error) {
	for _, name := range slices.Sorted(maps.Keys(p.facts)) {
		if name != "log-in" { // it was told when it happened
			p.line(name, "%s", p.facts[name])
		}
	}
	if p.pictures > 0 {
		p.reportPictures()
	}
	if p.damaged > 0 {
		p.line("damaged", "%d pictures came broken, cut or too large, and were dropped", p.damaged)
	}
	switch {
	case !errors.Is(err, context.Canceled):
		p.line("ended", "%v", err)
	case p.pictures == 0:
		p.line("ended", "no picture came within %s", since(p.began))
	}
}

func (p *probing) reportPictures() {
	p.line("first picture", "after %s", p.first.Sub(p.began).Round(100*time.Microsecond))
	size := fmt.Sprintf("%d×%d", p.info.Width, p.info.Height)
	if p.sizes > 0 {
		size += fmt.Sprintf(", another size %d times", p.sizes)
	}
	p.line("pictures", "%d, %s, %s each", p.pictures, size, bytesText(float64(p.bytes)/float64(p.pictures)))
	if took := p.last.Sub(p.first).Seconds(); p.pictures > 1 && took > 0 {
		rate := float64(p.pictures-1) / took
		p.line("rate", "%.3g pictures a second, %s a second", rate, bytesText(rate*float64(p.bytes)/float64(p.pictures)))
	}
	if quiet := time.Since(p.last); quiet > 2*time.Second {
		p.line("silence", "nothing came for the last %s", quiet.Round(time.Millisecond))
	}
	if p.info.NoTables {
		p.line("tables", "the pictures lack their Huffman tables, as from many webcams; mjpegazer puts them in")
	}
}

func since(t time.Time) time.Duration { return time.Since(t).Round(100 * time.Microsecond) }

func bytesText(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3g MB", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g KB", n/1e3)
	}
	return fmt.Sprintf("%.0f bytes", n)
}

// recipe is the source as it may be shown to others: with placeholders for its secrets.
func recipe(text, display string) string {
	scheme, rest, _ := strings.Cut(display, "://")
	address, _, options := strings.Cut(text, "#")
	if authority, _, _ := strings.Cut(strings.TrimPrefix(address, scheme+"://"), "/"); scheme != "webcam" && strings.Contains(authority, "@") {
		display = scheme + "://USER:PASSWORD@" + rest
	}
	if strings.HasPrefix(text, "http") && strings.Contains(address, "?") {
		display += "?…"
	}
	if strings.HasPrefix(text, "exec:") {
		return "exec:COMMAND ARGS"
	}
	if options {
		display += "#…"
	}
	return cmp.Or(display, text)
}
