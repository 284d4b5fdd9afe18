package pipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Times for a command to end. Together they are less than the program takes to stop.
const (
	exitTime = time.Second             // by itself, after the end of its output
	termTime = 1500 * time.Millisecond // after SIGTERM
	pipeTime = 100 * time.Millisecond  // to read the rest of its stderr
)

// A Command is a program that writes JPEGs or multipart to its standard output. It is started without a shell, and ended
// together with its process group: SIGTERM, and SIGKILL after 1.5 s. On Linux, processes that it has started in other
// sessions end as well, unless they have cleared their environment; and the command is killed when this program dies.
type Command struct {
	Args      []string // the program and its arguments
	Directory string   // where it runs, and where its own path begins if that is relative; "": the working directory
	MaxFrame  int      // how large a picture may be, in bytes; 0: [mjpeg.DefaultMaxFrame]
}

// Run runs the command until it ends or ctx is done. The error holds the last lines of its stderr, without the words of its
// arguments, which may be secret, the passwords in its environment, and what looks like a secret.
func (c *Command) Run(ctx context.Context, emit func(stream.Picture)) error {
	return stream.FailedDevice.Of(c.run(ctx, emit))
}

func (c *Command) run(ctx context.Context, emit func(stream.Picture)) error {
	if len(c.Args) == 0 {
		return errors.New("the command is missing")
	}
	var said lastLines
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Directory
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
	return c.ended(pictures, err, status, said.String(redact.OfCommand(c.Args, cmd.Environ())))
}

// notStarted is the error of a command that could not be started.
func (c *Command) notStarted(err error) error {
	name := redact.Program(c.Args)
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return errors.New("the command " + name + " was not found: is it installed?")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the command " + name + " cannot be run: is it executable?")
	}
	return errors.New("the command " + name + " cannot be started: " + redact.Cause(err).Error())
}

// ended is the error of a command whose output ended by itself.
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
	if said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

// start starts the command. Its status follows after read is closed and it has exited. One thread starts it and stays until
// then: Linux would kill the command when that thread ends, as if it were the program.
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
		if errors.Is(err, exec.ErrWaitDelay) { // a process that it has started still holds its stderr
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

// emitAll emits the pictures of a reader. It returns their number, and the error that ended them.
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
	cut bool // buf begins within a line
}

const (
	maxKept  = 4 << 10 // bytes
	maxLines = 3
	maxShown = 500 // bytes
)

func (l *lastLines) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - maxKept; over > 0 {
		l.cut = !bytes.ContainsAny(l.buf[over-1:over], lineEnds)
		l.buf = append(l.buf[:0], l.buf[over:]...)
	}
	return len(p), nil
}

const lineEnds = "\r\n"

// String returns the last lines as one, without secrets. A line whose beginning is lost is left out: what is left of a secret
// in it might not be known as one.
func (l *lastLines) String(secrets redact.Secrets) string {
	text := l.buf
	if l.cut {
		end := bytes.IndexAny(text, lineEnds)
		if end < 0 {
			return ""
		}
		text = text[end:]
	}
	var lines []string
	for line := range bytes.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(lineEnds, r) }) {
		if text := strings.TrimSpace(secrets.Hide(string(line))); text != "" {
			lines = append(lines, text)
		}
	}
	return redact.End(strings.Join(lines[max(0, len(lines)-maxLines):], "; "), maxShown)
}

// SplitCommand splits a command at blanks into [Command.Args]. Single and double quotes hold blanks together. A backslash
// makes the next character an ordinary one, except in single quotes. It fails where a quote is not closed or the command is
// missing.
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
		return nil, errors.New("the command is missing: exec:COMMAND ARGS")
	}
	return args, nil
}
