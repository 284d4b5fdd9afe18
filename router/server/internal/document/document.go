// Package document reads a configuration file: YAML, walked value by value, so that every mistake is told at once and at
// its place. What a mistake says never repeats what the file says, which may be a password.
package document

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v4"
)

// MaxSize is the largest file that makes sense, in bytes.
const MaxSize = 1 << 20

// maxValues is how many values a file may hold, counting those that an alias repeats each time.
const maxValues = 20_000

// A Mistake is what is wrong at one place of a file.
type Mistake struct {
	File         string
	Line, Column int // from 1; 0: of the file as a whole
	Text         string
}

// Error is FILE:LINE:COLUMN: TEXT, as editors take it.
func (m Mistake) Error() string {
	if m.Line == 0 {
		return fmt.Sprintf("%s: %s", m.File, m.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// A Document is a file that was parsed, with the mistakes that were found in it so far.
type Document struct {
	file     string
	root     *yaml.Node // nil where the file is empty, or no YAML
	mistakes []Mistake
	values   int // that were visited
}

// Parse parses a file's content. What is not YAML is its one mistake.
func Parse(file string, content []byte) *Document {
	d := &Document{file: file}
	if len(content) > MaxSize {
		d.note(0, 0, fmt.Sprintf("more than %d bytes: this is no configuration", MaxSize))
		return d
	}
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		panic("document: " + err.Error()) // of the options, of which there are none
	}
	var first, second yaml.Node
	if err := loader.Load(&first); errors.Is(err, io.EOF) {
		return d
	} else if err != nil {
		d.notYAML(err, content)
		return d
	}
	if err := loader.Load(&second); err == nil {
		d.note(second.Line, second.Column, "a second document begins here: only one is read")
	} else if !errors.Is(err, io.EOF) {
		d.notYAML(err, content)
	}
	if len(first.Content) == 1 {
		d.root = first.Content[0]
	}
	return d
}

// Empty reports whether the file says nothing, as an editor leaves it for a moment.
func (d *Document) Empty() bool { return d.root == nil && len(d.mistakes) == 0 }

// Root is the whole document. It must not be called of one that is empty or not YAML.
func (d *Document) Root() Value { return Value{d, d.root} }

// Readable reports whether there is a [Document.Root].
func (d *Document) Readable() bool { return d.root != nil }

// Mistakes are those that were found, in the order of the file.
func (d *Document) Mistakes() []Mistake {
	slices.SortStableFunc(d.mistakes, func(a, b Mistake) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	d.mistakes = slices.Compact(d.mistakes) // an alias leads to the same place more than once
	return d.mistakes
}

func (d *Document) note(line, column int, text string) {
	d.mistakes = append(d.mistakes, Mistake{d.file, line, column, text})
}

// visit counts values, and reports whether there may be more of them.
func (d *Document) visit(at *yaml.Node, n int) bool {
	if d.values > maxValues {
		return false
	}
	if d.values += n; d.values > maxValues {
		d.note(at.Line, at.Column, fmt.Sprintf("more than %d values, counting those that aliases repeat", maxValues))
		return false
	}
	return true
}
