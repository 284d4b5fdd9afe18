package config

import (
	"maps"
	"slices"
	"strings"

	"mjpegazer/router/server/internal/document"
)

// everybody stands for all who are let in, where a camera's viewers are named.
const everybody = "*"

// A viewer is a name among a camera's viewers, at its place.
type viewer struct {
	name  string
	place document.Value
}

// viewers reads who alone may see a camera.
func (r *cameraReader) viewers(value document.Value) {
	r.camera.Viewers = []string{}
	for _, item := range value.Items() {
		text, ok := item.Expanded(r.file.lookup)
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				r.camera.Viewers = append(r.camera.Viewers, name)
				r.file.viewers = append(r.file.viewers, viewer{name, item})
			}
		}
	}
	if len(r.camera.Viewers) == 0 {
		r.file.viewers = append(r.file.viewers, viewer{everybody, value}) // nobody but who has the token for all
	}
}

// tokens reads the named tokens: a map of names and files.
func (f *file) tokens(c *Config, value document.Value) {
	c.Access.Tokens = map[string]string{}
	for _, field := range value.Fields() {
		path, ok := field.Value.Expanded(f.lookup)
		switch path = f.below(path); {
		case !ok:
		case field.Name == everybody || strings.ContainsAny(field.Name, " ,\t\r\n") || field.Name == "":
			field.Key.Mistake("tokens: a name has no blanks and no commas")
		case slices.Contains(slices.Collect(maps.Values(c.Access.Tokens)), path):
			field.Value.Mistake("tokens: another token has this file: each needs its own")
		default:
			c.Access.Tokens[field.Name] = path
			c.places["tokens."+field.Name] = field.Value
		}
	}
}

// checkViewers notes what is wrong with viewers and tokens that can be known without reading files.
func (f *file) checkViewers(c *Config) {
	c.viewers = f.viewers
	a := &c.Access
	for name, path := range a.Tokens {
		if path == a.TokenFile {
			c.places["tokens."+name].Mistake("tokens: this is the file of the token for all cameras: each needs its own")
		}
	}
	for _, v := range c.viewers {
		switch {
		case !a.requireLogin():
			v.place.Mistake("viewers: nobody has to log in: add users, token or tokens")
		case a.UsersFile == "" && v.name != everybody && a.Tokens[v.name] == "":
			v.place.Mistake("viewers: no token has this name, and there are no users%s", a.likelyToken(v.name))
		}
	}
}

func (a *accessSettings) requireLogin() bool {
	return a.UsersFile != "" || a.TokenFile != "" || len(a.Tokens) > 0
}

func (a *accessSettings) likelyToken(name string) string {
	if likely := document.Nearest(name, slices.Collect(maps.Keys(a.Tokens))); likely != "" {
		return ": did you mean " + likely + "?"
	}
	return ""
}

// UnknownViewers are those that are neither tokens nor users. They are no mistake of the file while the program runs, for users
// come and go: they only see nothing.
func (c *Config) UnknownViewers(isUser func(name string) bool) (unknown Mistakes) {
	for _, v := range c.viewers {
		if v.name != everybody && c.Access.Tokens[v.name] == "" && !isUser(v.name) {
			unknown = append(unknown, v.place.At("viewers: neither a user nor a token has this name"+c.Access.likelyToken(v.name)))
		}
	}
	return unknown
}

// Viewers are the users and tokens that alone may see a camera, by the camera's name; those that are for all who are let in are
// left out. A variant that says nothing of its own is for those who may see its camera.
func (c *Config) Viewers() map[string][]string {
	all := map[string][]string{}
	for _, camera := range c.Cameras {
		if allowed := c.viewersOf(camera); allowed != nil && !slices.Contains(allowed, everybody) {
			all[camera.Name] = allowed
		}
	}
	return all
}

func (c *Config) viewersOf(camera Camera) []string {
	for range c.Cameras { // there is no circle, but where there is a mistake
		i := slices.Index(names(c.Cameras), camera.VariantOf)
		if camera.Viewers != nil || i < 0 {
			break
		}
		camera = c.Cameras[i]
	}
	return camera.Viewers
}
