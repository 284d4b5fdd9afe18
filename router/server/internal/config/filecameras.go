package config

import (
	"slices"
	"strings"
	"unicode"

	"mjpegazer/router/server/internal/document"
)

// cameraKeys are those of a camera that is a map.
var cameraKeys = []string{"source", "options", "title", "password-file", "viewers"}

// cameras reads the file's cameras, which come after those that are there already.
func (f *file) cameras(c *Config) {
	taken := map[string]bool{}
	for _, camera := range c.Cameras {
		taken[camera.Name] = true
	}
	for _, field := range f.fields {
		if field.Name != "cameras" {
			continue
		}
		for _, camera := range field.Value.Fields() {
			if err := checkName(camera.Name); err != nil {
				camera.Key.Mistake("%v", err)
				continue
			}
			if taken[camera.Name] {
				camera.Key.Mistake("a camera of the command line has this name: choose another")
				continue
			}
			if parsed, ok := f.camera(c, camera); ok {
				c.Cameras = append(c.Cameras, parsed)
			}
		}
	}
}

// camera reads one camera: a SOURCE, or a map.
func (f *file) camera(c *Config, field document.Field) (Camera, bool) {
	r := cameraReader{file: f, config: c, camera: Camera{Name: field.Name, Directory: f.below(".")}}
	if !field.Value.IsMap() {
		if r.source(field.Value) {
			r.check(field.Value)
		}
		return r.camera, r.ok
	}
	fields := map[string]document.Value{}
	for _, part := range field.Value.Fields() {
		if !slices.Contains(cameraKeys, part.Name) {
			f.unknown(part, cameraKeys)
			continue
		}
		fields[part.Name] = part.Value
	}
	if title, ok := fields["title"]; ok {
		r.title(title)
	}
	if viewers, ok := fields["viewers"]; ok {
		r.viewers(viewers)
	}
	value, ok := fields["source"]
	if !ok {
		field.Key.Mistake("source is missing: the camera's address or command")
		return r.camera, false
	}
	if !r.source(value) {
		return r.camera, false
	}
	if password, ok := fields["password-file"]; ok && !r.password(password) {
		return r.camera, false
	}
	if options, ok := fields["options"]; ok {
		r.options(options)
	}
	r.check(value)
	return r.camera, r.ok
}

// A cameraReader makes a camera of the file's values.
type cameraReader struct {
	file    *file
	config  *Config
	camera  Camera
	given   []document.Option
	places  []document.Value // of the options
	address string           // the SOURCE without the options that were given beside it
	ok      bool
}

func (r *cameraReader) source(value document.Value) bool {
	text, ok := value.Source(r.file.lookup)
	r.address = text
	return ok
}

const maxTitle = 200 // bytes

// IsTitle reports whether a text is fit to be a camera's title: one short line.
func IsTitle(text string) bool {
	return len(text) <= maxTitle && !strings.ContainsFunc(text, unicode.IsControl)
}

func (r *cameraReader) title(value document.Value) {
	text, ok := value.Expanded(r.file.lookup)
	if !ok {
		return
	}
	if text = strings.TrimSpace(text); !IsTitle(text) {
		value.Mistake("a title is one line of at most %d bytes", maxTitle)
		return
	}
	r.camera.Title = text
}

// password puts the content of a file beside the user in the address.
func (r *cameraReader) password(value document.Value) bool {
	path, ok := value.Expanded(r.file.lookup)
	if !ok {
		return false
	}
	content, err := r.file.read(r.file.below(path))
	if err != nil {
		value.Mistake("password-file: the file cannot be read: %s", cause(err))
		return false
	}
	password := document.CutNewline(string(content))
	if password == "" {
		value.Mistake("password-file: the file is empty")
		return false
	}
	r.address, err = document.WithPassword(r.address, password)
	if err != nil {
		value.Mistake("password-file: %v", err)
	}
	return err == nil
}

// options reads what follows the # of a SOURCE elsewhere. An option that may be repeated has a list.
func (r *cameraReader) options(value document.Value) {
	for _, option := range value.Fields() {
		for _, item := range option.Value.Items() {
			expanded := item.Expanded
			if option.Name == "also" { // an address
				expanded = item.Source
			}
			text, ok := expanded(r.file.lookup)
			if !ok {
				continue
			}
			r.given = append(r.given, document.Option{Name: option.Name, Value: text})
			r.places = append(r.places, item)
		}
	}
}

// check notes what is wrong with the camera: at its options where it is they, else at its source.
func (r *cameraReader) check(value document.Value) {
	r.camera.Source = document.WithOptions(r.address, r.given...)
	spec, err := r.config.parseSource(r.camera)
	r.camera.Stall, r.camera.MaxFrame, r.camera.VariantOf = spec.Stall, spec.MaxFrame, spec.Camera
	if err == nil {
		r.ok = true
		return
	}
	if len(r.given) == 0 || r.parse() != nil {
		value.Mistake("%v", err)
		return
	}
	found := false
	for i, option := range r.given {
		if err := r.parse(option); err != nil {
			r.places[i].Mistake("%v", err)
			found = true
		}
	}
	if !found {
		value.Mistake("%v", err)
	}
}

func (r *cameraReader) parse(options ...document.Option) error {
	camera := r.camera
	camera.Source = document.WithOptions(r.address, options...)
	_, err := r.config.parseSource(camera)
	return err
}
