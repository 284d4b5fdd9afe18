package document

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// quote is what helps against most of YAML's surprises.
const quote = `put the value in quotes`

// A complaint is what the parser says, and what people should read instead: its own words may repeat the file's.
type complaint struct {
	message string // a part of it
	context string // a part of it
	begin   bool   // the mistake is where the context began
	text    string
}

var complaints = []complaint{
	{message: "unknown anchor", text: "a value that begins with * is an alias of YAML, and this one is defined nowhere: " + quote},
	{message: "mapping values are not allowed", text: `a colon and a space cannot be here: ` + quote + `, or mend the indentation`},
	{message: "block sequence entries are not allowed", text: "a list cannot begin here: " + quote + ` if it is "-", else begin a new line`},
	{message: "did not find expected comment or line break", text: "a value that begins with | or > goes on in the next line: " + quote},
	{message: "unknown escape character", text: `after a backslash in "…" only some characters may follow: use '…' instead`},
	{message: "max depth", text: "nested too deep"},
	{message: "end of stream", context: "quoted scalar", begin: true, text: "this quote is never closed"},
	{context: "flow mapping", begin: true, text: "this { is never closed; if it belongs to a value, " + quote},
	{context: "flow sequence", begin: true, text: "this [ is never closed; if it belongs to a value, " + quote},
	{context: "simple key", begin: true, text: "a key must be followed by a colon and a space"},
	{message: "expected key", text: "this does not fit the lines above it: mend the indentation, or " + quote},
}

// notYAML notes what the parser complained about.
func (d *Document) notYAML(err error, content []byte) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		d.note(0, 0, "this is not YAML")
		return
	}
	if line, column, bad := notUTF8(content); bad {
		d.note(line, column, "this is not UTF-8 text")
		return
	}
	line, column := e.Mark.Line, e.Mark.Column
	if strings.Contains(e.Message, "cannot start any token") {
		d.note(line, column, badStart(content, line, column))
		return
	}
	for _, c := range complaints {
		if strings.Contains(e.Message, c.message) && strings.Contains(e.ContextMsg, c.context) {
			if c.begin {
				line, column = e.ContextMark.Line, e.ContextMark.Column
			}
			d.note(line, column, c.text)
			return
		}
	}
	d.note(line, column, "this is not YAML: "+quote+", or mend the indentation")
}

// badStart says what is wrong with a character that begins nothing.
func badStart(content []byte, line, column int) string {
	lines := bytes.SplitN(content, []byte("\n"), line+1)
	if line >= 1 && line <= len(lines) {
		if text := lines[line-1]; column >= 1 && column <= len(text) && bytes.ContainsRune(text[:column], '\t') {
			return "indent with spaces: YAML takes no tabs"
		}
	}
	return "a value cannot begin with this character: " + quote
}

// notUTF8 finds the first byte that is not.
func notUTF8(content []byte) (line, column int, bad bool) {
	if utf8.Valid(content) {
		return 0, 0, false
	}
	for n, text := range bytes.Split(content, []byte("\n")) {
		if utf8.Valid(text) {
			continue
		}
		for column = 1; ; column++ {
			r, size := utf8.DecodeRune(text)
			if r == utf8.RuneError && size <= 1 {
				return n + 1, column, true
			}
			text = text[size:]
		}
	}
	return 0, 0, false
}
