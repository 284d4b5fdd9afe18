package config

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mjpegazer/router/internal/watch"
	"mjpegazer/router/server/internal/document"
	"mjpegazer/source"
)

// Mistakes are what is wrong with a configuration file, each of one line, FILE:LINE:COLUMN: TEXT.
type Mistakes []document.Mistake

// Error is all of them, a line each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.Error()
	}
	return strings.Join(lines, "\n")
}

// A file is a configuration file that is being read.
type file struct {
	directory string // where relative names begin
	document  *document.Document
	fields    []document.Field
	viewers   []viewer // that cameras have
	lookup    document.Lookup
	read      func(path string) ([]byte, error)
}

// openFile reads a file. What is wrong with it as a whole is an error.
func openFile(path, directory string, env Variables, files *watch.Set) (*file, error) {
	content, err := files.Read(path)
	if err != nil {
		return nil, Mistakes{{File: path, Text: "cannot be read: " + cause(err)}}
	}
	f := &file{directory: directory, document: document.Parse(path, content), read: files.Read}
	f.lookup = func(name string) (string, bool, error) { return env.secret(name, files.Read) }
	if f.document.Empty() {
		return nil, Mistakes{{File: path, Text: "the file is empty"}}
	}
	if !f.document.Readable() {
		return nil, Mistakes(f.document.Mistakes())
	}
	f.fields = f.document.Root().Fields()
	return f, nil
}

// cause is why a file cannot be read, without its name, which may be a secret that has got into the wrong line.
func cause(err error) string {
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	return err.Error()
}

// secret returns what ${NAME} stands for: the content of a file in $CREDENTIALS_DIRECTORY, as systemd's LoadCredential=
// makes it, else a variable of the environment.
func (v Variables) secret(name string, read func(string) ([]byte, error)) (value string, ok bool, err error) {
	if directory := v["CREDENTIALS_DIRECTORY"]; directory != "" {
		content, err := read(filepath.Join(directory, name))
		if err == nil {
			return string(content), true, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", false, errors.New("the credential cannot be read: " + cause(err))
		}
	}
	value, ok = v[name]
	return value, ok, nil
}

// apply sets the flags that the file names, where they are right.
func (f *file) apply(c *Config) {
	for _, field := range f.fields {
		known := keys[field.Name]
		option := c.flags.Lookup(field.Name)
		switch {
		case field.Name == "cameras":
		case field.Name == "tokens":
			f.tokens(c, field.Value)
		case known == key{} || option == nil:
			f.unknown(field, slices.Concat(slices.Collect(maps.Keys(keys)), []string{"cameras"}))
		default:
			f.set(c, option, field.Value, known.file)
		}
	}
	c.flags.VisitAll(func(option *flag.Flag) {
		if l, ok := option.Value.(*list); ok {
			l.overridable = true
		}
	})
}

// set sets a flag as the file says. A list of the file is one of the flag's; of any other flag it is a mistake.
func (f *file) set(c *Config, option *flag.Flag, value document.Value, isFile bool) {
	values := []document.Value{value}
	l, isList := option.Value.(*list)
	if isList {
		values = value.Items()
		l.Values, l.Given, l.overridable = nil, true, false
	}
	for _, v := range values {
		expanded := v.Expanded
		if option.Name == "publish" { // an address, which may have a password
			expanded = v.Source
		}
		text, ok := expanded(f.lookup)
		if !ok {
			continue
		}
		switch {
		case isFile:
			text = f.below(text)
		case isBool(option):
			text = boolean(text)
		case option.Name == "listen", option.Name == "metrics-listen":
			if path, ok := strings.CutPrefix(text, "unix:"); ok && path != "" {
				text = "unix:" + f.below(path)
			}
		}
		scratch := newConfig(nil, nil, "")
		if err := scratch.set(scratch.flags.Lookup(option.Name), text); err != nil {
			v.Mistake("%s: %v", option.Name, err)
			continue
		}
		c.set(option, text)
	}
	c.places[option.Name] = value
}

// boolean lets people write what YAML takes for true and false.
func boolean(text string) string {
	switch strings.ToLower(text) {
	case "yes", "on":
		return "true"
	case "no", "off":
		return "false"
	}
	return text
}

// below is a path of the file's.
func (f *file) below(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.directory, path)
}

// unknown notes a key that nobody knows. It may be anything, so it is not repeated.
func (f *file) unknown(field document.Field, known []string) {
	name := strings.ToLower(strings.ReplaceAll(field.Name, "_", "-"))
	likely := source.Nearest(name, known)
	if other := otherNames[name]; likely == "" && other != "" && slices.Contains(known, other) {
		likely = other
	}
	if likely == "" {
		field.Key.Mistake("unknown key (mjpegazer example shows all)")
		return
	}
	field.Key.Mistake("unknown key: did you mean %s?", likely)
}

// mistakes are those that were found; nil: none.
func (f *file) mistakes() error {
	if all := f.document.Mistakes(); len(all) > 0 {
		return Mistakes(all)
	}
	return nil
}
