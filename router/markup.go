package router

import (
	"fmt"
	"html"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"mjpegazer/stream"
)

// markup is HTML. The standard library's templates would make the program a quarter larger than all its own code: their
// use of reflection keeps every method of every type in it.
type markup string

var (
	indexMarkup  = readMarkup("index.html")
	cameraMarkup = readMarkup("camera.html")
)

const loginMarkup markup = "<a href=\"login\">log in</a>\n"

const factMarkup markup = "<div><dt>${name}</dt> <dd>${value}</dd></div>"

func readMarkup(name string) markup {
	text, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it was there when this was built
	}
	return markup(text)
}

// fill replaces each ${name} by its value, escaped unless it is markup itself.
func (m markup) fill(values map[string]any) markup {
	return markup(os.Expand(string(m), func(name string) string {
		if part, ok := values[name].(markup); ok {
			return string(part)
		}
		return html.EscapeString(fmt.Sprint(values[name]))
	}))
}

// hiddenUnless returns the attribute of an element that is not to be seen.
func hiddenUnless(shown bool) markup {
	if shown {
		return ""
	}
	return " hidden"
}

// markup returns the page, with as many columns as rows where there is room.
func (s siteStatus) markup(query string, anonymous bool) markup {
	s.Cameras = slices.DeleteFunc(s.Cameras, func(c cameraStatus) bool { return c.VariantOf != "" })
	columns := max(int(math.Ceil(math.Sqrt(float64(len(s.Cameras))))), 1)
	if query != "" {
		query = "?" + query
	}
	values := map[string]any{
		"query": query, "title": "mjpegazer", "streams": pageStreams, "columns": columns, "rows": (len(s.Cameras) + columns - 1) / columns,
		"login": markup(""),
	}
	if anonymous {
		values["login"] = loginMarkup
	}
	if len(s.Cameras) == 1 {
		values["title"] = s.Cameras[0].Title + " · mjpegazer"
	}
	for name, a := range assetTable {
		values[name] = "assets/" + name + "?" + a.version
	}
	var cameras strings.Builder
	for i, c := range s.Cameras {
		cameras.WriteString(string(c.markup(i < pageStreams, query)))
	}
	values["cameras"] = markup(cameras.String())
	return indexMarkup.fill(values)
}

func (c cameraStatus) markup(live bool, query string) markup {
	picture := "snapshot"
	if live {
		picture = "live"
	}
	var facts strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		facts.WriteString(string(factMarkup.fill(map[string]any{"name": name, "value": c.Facts[name]})))
	}
	return cameraMarkup.fill(map[string]any{
		"name": c.Name, "query": query, "title": c.Title, "state": c.State, "picture": picture, "viewers": c.Viewers,
		"reason": c.Error, "reason-hidden": hiddenUnless(c.State == stream.Down),
		"retry": c.RetrySeconds, "retry-hidden": hiddenUnless(c.RetrySeconds > 0),
		"width": c.Width, "height": c.Height, "fps": c.FPS,
		"address": c.Address, "address-hidden": hiddenUnless(c.Address != ""),
		"facts": markup(facts.String()),
	})
}
