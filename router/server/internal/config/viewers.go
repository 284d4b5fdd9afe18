package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mjpegazer/router"
	"mjpegazer/router/server/internal/document"
	"mjpegazer/source"
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
		case !a.RequireLogin():
			v.place.Mistake("viewers: nobody has to log in: add users, token or tokens")
		case a.UsersFile == "" && v.name != everybody && a.Tokens[v.name] == "":
			v.place.Mistake("viewers: no token has this name, and there are no users%s", a.likelyToken(v.name))
		}
	}
}

// RequireLogin reports whether anything that is given makes viewers log in.
func (a *accessSettings) RequireLogin() bool {
	return a.UsersFile != "" || a.TokenFile != "" || len(a.Tokens) > 0 || a.LinkKeyFile != ""
}

func (a *accessSettings) likelyToken(name string) string {
	if likely := source.Nearest(name, slices.Collect(maps.Keys(a.Tokens))); likely != "" {
		return ": did you mean " + likely + "?"
	}
	return ""
}

// checkAnonymous notes the cameras of the file's -anonymous that cannot be one, and returns the first of the command line's.
func (c *Config) checkAnonymous() (first error) {
	place, inFile := c.places["anonymous"]
	c.eachNotAnonymous(func(i int, err error) {
		switch {
		case !inFile:
			first = cmp.Or(first, fmt.Errorf("-anonymous %s: %w", c.Access.Anonymous.Values[i], err))
		case len(place.Items()) == len(c.Access.Anonymous.Values):
			place.Items()[i].Mistake("anonymous: %v", err)
		default: // with commas
			place.Mistake("anonymous: %v", err)
		}
	})
	return first
}

// eachNotAnonymous calls wrong for each camera of -anonymous that cannot be one.
func (c *Config) eachNotAnonymous(wrong func(i int, err error)) {
	for i, name := range c.Access.Anonymous.Values {
		switch n := slices.Index(names(c.Cameras), name); {
		case !c.Access.RequireLogin():
			wrong(i, errors.New("nobody has to log in anyway: add users, token, tokens or link-key"))
			return
		case n < 0 && c.hasAny() && router.CheckName(name) == nil: // it is one of another server
		case n < 0 && source.Nearest(name, names(c.Cameras)) != "":
			wrong(i, fmt.Errorf("there is no camera of this name: did you mean %s?", source.Nearest(name, names(c.Cameras))))
		case n < 0:
			wrong(i, fmt.Errorf("there is no camera of this name; the cameras are: %s", strings.Join(names(c.Cameras), ", ")))
		case name == AnyName:
			wrong(i, errors.New("name the cameras one by one"))
		case c.Cameras[n].Viewers != nil:
			wrong(i, fmt.Errorf("camera %s has viewers, who alone may see it: remove one of the two", name))
		}
	}
}

// Anonymous are the cameras that need no login. A variant that says nothing of its own is one if its camera is.
func (c *Config) Anonymous() (anonymous []string) {
	for _, camera := range c.Cameras {
		if slices.ContainsFunc(c.heritage(camera), func(of Camera) bool { return slices.Contains(c.Access.Anonymous.Values, of.Name) }) {
			anonymous = append(anonymous, camera.Name)
		}
	}
	for _, name := range c.Access.Anonymous.Values {
		if !slices.Contains(names(c.Cameras), name) {
			anonymous = append(anonymous, name)
		}
	}
	return anonymous
}

// heritage is the cameras whose rights a camera has: itself, and those that it is a variant of, up to the first with viewers of
// its own.
func (c *Config) heritage(camera Camera) (all []Camera) {
	of := map[string]string{}
	for _, camera := range c.Cameras {
		of[camera.Name] = camera.VariantOf
	}
	for _, name := range chainOf(camera.Name, of) {
		i := slices.Index(names(c.Cameras), name)
		if i < 0 {
			break
		}
		if all = append(all, c.Cameras[i]); c.Cameras[i].Viewers != nil {
			break
		}
	}
	return all
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
		for _, of := range c.heritage(camera) {
			if of.Viewers != nil && !slices.Contains(of.Viewers, everybody) {
				all[camera.Name] = of.Viewers
			}
		}
	}
	if _, restricted := all[AnyName]; restricted { // its viewers are not those of the others
		for _, camera := range c.Cameras {
			if _, own := all[camera.Name]; !own {
				all[camera.Name] = []string{everybody}
			}
		}
	}
	return all
}
