package pipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Times for a command to end. Together they are less than the program takes to stop.
const (
	exitTime = time.Second             // by itself, when its output has ended
	termTime = 1500 * time.Millisecond // after SIGTERM
	pipeTime = 100 * time.Millisecond  // for its last words on stderr
)

// Command is a program that writes JPEGs or multipart to its standard output. It is started without a shell, and ended with
// its whole process group: SIGTERM, then SIGKILL. On Linux, what it has started in sessions of its own ends as well, unless that
// has cleared its environment; and the command itself ends when this program dies, whatever it dies of.
type Command struct {
	Args     []string // the program and its arguments
	MaxFrame int      // in bytes; 0 means [mjpeg.DefaultMaxFrame]
}

// Run runs the command until it ends or ctx is done. The last lines of its stderr are part of the error, without any word
// of its arguments: they may be secret.
func (c *Command) Run(ctx context.Context, emit func(stream.Picture)) error {
	if len(c.Args) == 0 {
		return errors.New("there is no command to run")
	}
	var said lastLines
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Stderr = &said
	cmd.WaitDelay = pipeTime
	family := newFamily(cmd)
	defer family.kill()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return c.notStarted(err)
	}
	read := make(chan struct{})
	exited, err := start(cmd, read)
	if err != nil {
		return c.notStarted(err)
	}
	unwatch := context.AfterFunc(ctx, func() { stdout.Close() })
	pictures, err := emitAll(mjpeg.NewReader(stdout, c.MaxFrame), emit)
	unwatch()
	close(read)
	status := end(ctx, cmd, exited)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.ended(pictures, err, status, said.String())
}

// notStarted is why the command could not be started.
func (c *Command) notStarted(err error) error {
	name := filepath.Base(c.Args[0])
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return errors.New("the command " + name + " was not found: is it installed?")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the command " + name + " must not be run: is it executable?")
	}
	return errors.New("the command " + name + " cannot be started: " + redact.Cause(err).Error())
}

// ended is why the pictures of a command that was not told to end did.
func (c *Command) ended(pictures int, err, status error, said string) error {
	text := "the command ended"
	switch {
	case status != nil:
		text += " (" + status.Error() + ")"
	case err != io.EOF:
		text += " its output"
	}
	if pictures == 0 {
		text += " without a picture"
	}
	if said = c.secrets().Hide(said); said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

// secrets finds all words of the arguments that are no flags.
func (c *Command) secrets() redact.Secrets {
	var words []string
	separator := func(r rune) bool { return strings.ContainsRune(" \t\r\n:/?&=@;,'\"<>|()$#", r) }
	for _, arg := range c.Args[1:] {
		for word := range strings.FieldsFuncSeq(arg, separator) {
			if word[0] == '-' {
				continue
			}
			words = append(words, word)
			if plain, err := url.PathUnescape(word); err == nil {
				words = append(words, plain)
			}
		}
	}
	return redact.New(words)
}

// start starts the command; its status follows, not before all of its output was read. One thread starts it and stays until it has
// ended: Linux takes the death of the thread for that of the program, and would end the command.
func start(cmd *exec.Cmd, read <-chan struct{}) (exited <-chan error, err error) {
	started, status := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		<-read
		err = cmd.Wait()
		if errors.Is(err, exec.ErrWaitDelay) { // something that it started still holds its stderr
			err = nil
		}
		status <- err
	}()
	return status, <-started
}

// end ends the command and its group, and returns its status.
func end(ctx context.Context, cmd *exec.Cmd, exited <-chan error) error {
	defer killGroup(cmd)
	select {
	case err := <-exited:
		return err
	case <-ctx.Done():
	case <-time.After(exitTime):
	}
	terminateGroup(cmd)
	select {
	case err := <-exited:
		return err
	case <-time.After(termTime):
	}
	killGroup(cmd)
	return <-exited
}

// emitAll emits all pictures of a reader and returns how many there were, and the error that ended them.
func emitAll(reader *mjpeg.Reader, emit func(stream.Picture)) (n int, err error) {
	for ; ; n++ {
		part, err := reader.Next()
		if err != nil {
			if part.Damaged > 0 {
				emit(stream.Picture{Damaged: part.Damaged})
			}
			return n, err
		}
		emit(stream.Picture{JPEG: part.JPEG, Damaged: part.Damaged})
	}
}

// lastLines keeps the end of what is written to it.
type lastLines struct {
	buf []byte
}

const (
	maxSaid      = 4 << 10 // bytes kept
	maxSaidLines = 3
	maxSaidShown = 500 // bytes
)

func (l *lastLines) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p[max(0, len(p)-maxSaid):]...)
	if over := len(l.buf) - maxSaid; over > 0 {
		l.buf = append(l.buf[:0], l.buf[over:]...)
	}
	return len(p), nil
}

// String returns the last lines as one.
func (l *lastLines) String() string {
	var lines []string
	for line := range bytes.FieldsFuncSeq(l.buf, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if text := strings.TrimSpace(redact.Printable(string(line))); text != "" {
			lines = append(lines, text)
		}
	}
	text := strings.Join(lines[max(0, len(lines)-maxSaidLines):], "; ")
	return text[max(0, len(text)-maxSaidShown):]
}

// SplitCommand splits a command at blanks, for [Command.Args]. Quotes keep blanks together; a backslash takes the next character as it is,
// though not in single quotes.
func SplitCommand(text string) (args []string, err error) {
	var word strings.Builder
	inWord, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if inWord {
				args = append(args, word.String())
				word.Reset()
			}
			inWord = false
			continue
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
		inWord = true
	}
	if quote != 0 {
		return nil, errors.New("a quote in the command is not closed")
	}
	if inWord {
		args = append(args, word.String())
	}
	if len(args) == 0 {
		return nil, errors.New("exec: is followed by no command")
	}
	return args, nil
}
