package source

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"mjpegazer/source/httpcam"
	"mjpegazer/source/nats"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// A Template is the SOURCE string of many cameras, with a * where the name of each stands, such as those of another mjpegazer:
// http://origin:5000/*/live.
type Template struct {
	text     string
	defaults Defaults
}

// A Listing is a camera that another mjpegazer has.
type Listing = nats.Listing

// ParseTemplate reads the SOURCE string of a Template, whose addresses are of HTTP or NATS and have a * behind the host. It opens
// nothing.
func ParseTemplate(text string, d Defaults) (Template, error) {
	t := Template{text, d}
	_, err := t.Camera("name", nil)
	return t, err
}

// Camera returns the camera of a name, which must be one that an address may hold as it is. Its Source calls absent, if that is
// not nil, where the server says that it has no such camera: 404. It returns whether that has ended the Stream of the Source.
func (t Template) Camera(name string, absent func() bool) (Spec, error) {
	s, err := t.parse(func(path string) (string, bool) {
		return strings.ReplaceAll(path, "*", name), strings.Contains(path, "*")
	})
	if err != nil || absent == nil {
		return s, err
	}
	from := &s.Source
	if v, ok := s.Source.(*variant.Source); ok {
		from = &v.From
	}
	inner := *from
	*from = stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		err := inner.Run(ctx, emit)
		if errors.Is(err, httpcam.ErrNotFound) && absent() {
			<-ctx.Done() // so that it is no failure, nor worth a line in the log
			return ctx.Err()
		}
		return err
	})
	return s, nil
}

// liveOf is the end of the address of a camera's stream on another mjpegazer.
const liveOf = "/*/live"

const maxList = 4 << 20 // bytes

// List asks the servers, one after the other, which cameras they have, and by NATS all edges at once. It is nil and no error where
// they are no mjpegazers, by their addresses.
func (t Template) List(ctx context.Context) ([]Listing, error) {
	if s, _ := t.Camera("name", nil); s.NATS {
		return original(s.Source).(*nats.Camera).List(ctx)
	}
	s, err := t.parse(func(path string) (string, bool) {
		before, ok := strings.CutSuffix(path, liveOf)
		return before + "/status", ok
	})
	if err != nil {
		return nil, nil
	}
	camera, ok := original(s.Source).(*httpcam.Camera)
	if !ok {
		return nil, nil
	}
	for _, address := range append([]string{camera.URL}, camera.Also...) {
		camera.URL = address
		var list []Listing
		if list, err = readList(ctx, camera); err == nil {
			return list, nil
		}
	}
	return nil, err
}

func readList(ctx context.Context, camera *httpcam.Camera) ([]Listing, error) {
	resp, err := camera.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return parseList(io.LimitReader(resp.Body, maxList))
}

// parseList reads the cameras of a /status as this program writes it: each field of a camera is a line that begins with six blanks. A
// JSON decoder would be a two-hundredth of the program.
func parseList(status io.Reader) (list []Listing, err error) {
	lines := bufio.NewScanner(status)
	for lines.Scan() && lines.Text() != "}" { // what may follow is not waited for
		field, ok := strings.CutPrefix(lines.Text(), `      "`)
		name, value, found := strings.Cut(field, `": `)
		if !ok || !found {
			continue
		}
		text, _ := strconv.Unquote(strings.TrimSuffix(value, ","))
		switch n := len(list) - 1; {
		case name == "name":
			list = append(list, Listing{Name: text})
		case n >= 0 && name == "title":
			list[n].Title = text
		case n >= 0 && name == "variant_of":
			list[n].VariantOf = text
		}
	}
	return list, lines.Err()
}

// original returns the camera of a source that may be a variant.
func original(from stream.Source) stream.Source {
	if v, ok := from.(*variant.Source); ok {
		return v.From
	}
	return from
}

var errTemplate = errors.New("the cameras * are those of a server: give its address with a * in place of the name, as in *=http://HOST:5000/*/live")

// parse is [Parse] with other paths in the addresses.
func (t Template) parse(path func(string) (string, bool)) (Spec, error) {
	d := t.defaults
	d.rewrite = func(address string) (string, error) {
		scheme, rest, _ := strings.Cut(address, "://")
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return "", errTemplate
		}
		end := strings.IndexAny(rest+"#", "?#")
		changed, ok := path(rest[slash:max(slash, end)])
		if !ok {
			return "", errTemplate
		}
		return scheme + "://" + rest[:slash] + changed + rest[max(slash, end):], nil
	}
	address, _ := cutOptions(t.text)
	if !slices.Contains([]string{"http", "https", "nats", "tls", "wss"}, schemeOf(address)) {
		return Spec{}, errTemplate
	}
	return Parse(t.text, d)
}
