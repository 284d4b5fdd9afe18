// Package probe reports what is at a SOURCE: whether the camera can be reached, how it logs in, what it sends, how large
// and how fast, or why it sends nothing. It is the command probe of the program.
package probe

import (
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
	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

const usage = `usage: mjpegazer probe SOURCE

connects to a camera, watches it for 5 seconds and reports whether it can be reached, how it logs in, what it sends, how
large and how fast. Then it connects once more and tries whether a plain multipart reader understands it as well. The exit
status is 0 only if pictures came.
`

const (
	watchTime = 5 * time.Second  // from the first picture
	firstTime = 20 * time.Second // until the first picture: slow cameras take their time
	leastTime = time.Second      // in which pictures must come for a rate to be told
)

// Main is the program's command probe; args are those that follow its name. The report goes to stdout, and mistakes in args
// go to stderr. The result is the exit status: 0 if pictures came, 1 if not, 2 for mistakes.
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
	p := &report{out: stdout, facts: map[string]string{}, printed: map[string]bool{}}
	camera, err := source.Parse(text, source.Defaults{Trace: p.trace})
	if err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", redact.Printable(err.Error()))
		return 2
	}
	if camera.Camera != "" {
		fmt.Fprintln(stderr, "mjpegazer: camera:NAME shows another camera of the running program: probe the SOURCE of that one")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintln(stdout, camera.Display)
	err = p.run(ctx, camera.Source)
	p.finish(err)
	if c, ok := camera.Source.(*httpcam.Camera); ok && p.pictures > 0 && ctx.Err() == nil {
		p.line("plain reader", "%s", p.secondOpinion(ctx, c))
	}
	if p.pictures == 0 {
		return 1
	}
	fmt.Fprintf(stdout, "\nIt works. To show it:\n\n    mjpegazer %s\n", quoted(text))
	return 0
}

// A report is what is known so far.
type report struct {
	out       io.Writer
	began     time.Time
	reached   string // address
	facts     map[string]string
	first     time.Time // picture
	last      time.Time
	pictures  int
	unchanged int // answers with the last picture again
	bytes     int
	damaged   int
	info      jpeg.Info       // of the last picture
	sizes     int             // changes of the size
	printed   map[string]bool // lines that may come again
	quirks    []string        // of the head, as the second opinion has seen it
	second    bool            // the second opinion is asked for
}

// run watches the source.
func (p *report) run(ctx context.Context, src stream.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := time.AfterFunc(firstTime, cancel)
	defer limit.Stop()
	p.began = time.Now()
	return src.Run(ctx, func(picture stream.Picture) {
		maps.Copy(p.facts, picture.Facts)
		if ctx.Err() == nil { // what was under way at the end is not damaged
			p.damaged += picture.Damaged
		}
		if picture.JPEG == nil {
			if picture.Damaged == 0 && picture.Facts == nil {
				p.unchanged++
			}
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

// trace prints the steps of an HTTP camera.
func (p *report) trace(e httpcam.Event) {
	switch {
	case p.second && e.Kind == httpcam.Quirk:
		p.quirks = append(p.quirks, e.Detail)
	case p.second:
		return
	}
	switch e.Kind {
	case httpcam.Connected:
		if p.reached != e.Detail {
			p.line("reached", "%s after %s", e.Detail, since(p.began))
		}
		p.reached = e.Detail
	case httpcam.Resolved:
		p.once("name", "resolved "+e.Detail)
	case httpcam.Answered:
		p.once("answer", e.Detail)
	case httpcam.Redirected:
		p.once("redirects", "to "+e.Detail)
	case httpcam.Login:
		p.once("login", e.Detail)
	}
}

// once prints a line that may come again, and then does not.
func (p *report) once(name, text string) {
	if !p.printed[name+text] {
		p.line(name, "%s", text)
	}
	p.printed[name+text] = true
}

// line prints a line of the report.
func (p *report) line(name, format string, args ...any) {
	fmt.Fprintf(p.out, "  %-13s %s\n", name, redact.Printable(fmt.Sprintf(format, args...)))
}

// finish prints what was seen, and why it ended.
func (p *report) finish(err error) {
	for _, name := range slices.Sorted(maps.Keys(p.facts)) {
		if name != "login" { // which trace has printed
			p.line(name, "%s", p.facts[name])
		}
	}
	if p.pictures > 0 {
		p.printPictures()
	}
	if p.damaged > 0 {
		p.line("damaged", "%d pictures were dropped: they came cut, broken or too large", p.damaged)
	}
	switch canceled := errors.Is(err, context.Canceled); {
	case canceled && p.pictures == 0:
		p.line("failed", "no picture came within %s", since(p.began))
	case canceled:
	case p.pictures == 0:
		p.line("failed", "%v", err)
	default:
		p.line("ended", "%v", err)
	}
}

// printPictures prints what is known of the pictures.
func (p *report) printPictures() {
	p.line("first picture", "after %s", p.first.Sub(p.began).Round(100*time.Microsecond))
	size := fmt.Sprintf("%d×%d", p.info.Width, p.info.Height)
	if p.sizes > 0 {
		size += fmt.Sprintf(" at last, changed %d times", p.sizes)
	}
	p.line("pictures", "%d, %s, %s each", p.pictures, size, bytesText(float64(p.bytes)/float64(p.pictures)))
	switch took := p.last.Sub(p.first); {
	case p.pictures == 1:
	case took < leastTime:
		p.line("rate", "not known: all came at once")
	default:
		rate := float64(p.pictures-1) / took.Seconds()
		p.line("rate", "%.3g pictures a second, %s a second", rate, bytesText(rate*float64(p.bytes)/float64(p.pictures)))
	}
	switch quiet := time.Since(p.last).Round(time.Millisecond); {
	case p.unchanged > 0 && p.pictures == 1:
		p.line("unchanged", "answered every time, always with the same picture")
	case quiet > 2*time.Second && p.unchanged > 0:
		p.line("unchanged", "always the same picture for the last %s", quiet)
	case quiet > 2*time.Second:
		p.line("silent", "nothing came for the last %s", quiet)
	}
	if p.info.NoTables {
		p.line("tables", "the pictures lack their Huffman tables, as those of many webcams do; mjpegazer inserts them")
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

// quoted is a word for the shell. It is what was typed, with its secrets: it must work where it is pasted.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
