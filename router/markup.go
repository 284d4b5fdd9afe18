package router

import (
	"cmp"
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

const loginMarkup markup = "<a href=\"${base}login\">log in</a>\n"

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

// A pageView is what a page shows, and how.
type pageView struct {
	status  siteStatus
	base    string // the way from the page to the site's root: "" or "../"
	query   string // what every link needs, with its question mark
	single  bool   // it is the page of one camera
	names   string // of the cameras that were asked for; "": all
	columns int    // 0: as many as rows, where there is room
	bare    bool   // pictures alone
	login   bool   // who logs in may see more

	external string // the address that several servers have in common; "": none
	pass     string // what its query needs so that the client is let in there
}

// markup returns the page.
func (v pageView) markup() markup {
	cameras := slices.DeleteFunc(v.status.Cameras, func(c cameraStatus) bool { return c.VariantOf != "" && !v.single })
	columns := cmp.Or(v.columns, max(int(math.Ceil(math.Sqrt(float64(len(cameras))))), 1))
	values := map[string]any{
		"title": "mjpegazer", "base": v.base, "query": v.query, "names": v.names, "home": markup("mjpegazer"), "bare": markup(""),
		"login": markup(""), "columns": columns, "rows": (len(cameras) + columns - 1) / columns,
		"external": v.external, "pass": v.pass,
	}
	if len(cameras) == 1 {
		values["title"] = cameras[0].Title + " · mjpegazer"
	}
	values["status"] = v.base + "status" + v.query
	switch linked := strings.Contains(v.query, "signature="); {
	case linked: // which opens what is of this camera alone
		values["status"] = v.base + "status?camera=" + v.names + "&" + v.query[1:]
	case v.single && !v.bare: // where the heading cannot be seen
		values["home"] = markup(`<a href="${base}${query}">mjpegazer</a>`).fill(values)
	}
	if v.login {
		values["login"] = loginMarkup.fill(values)
	}
	if v.bare {
		values["bare"] = markup(` class="bare"`)
	}
	for name, a := range assetTable {
		values[name] = v.base + "assets/" + name + "?" + a.version
	}
	var all strings.Builder
	places := pageStreams
	for _, c := range cameras {
		live := places > 0 && c.State != stream.Down && c.State != stream.Ended
		if live {
			places--
		}
		all.WriteString(string(v.camera(c, live)))
	}
	values["cameras"] = markup(all.String())
	return indexMarkup.fill(values)
}

func (v pageView) camera(c cameraStatus, live bool) markup {
	picture := "snapshot"
	if live {
		picture = "live"
	}
	var facts strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Facts)) {
		facts.WriteString(string(factMarkup.fill(map[string]any{"name": name, "value": c.Facts[name]})))
	}
	return cameraMarkup.fill(map[string]any{
		"base": v.base, "query": v.query, "name": c.Name, "title": c.Title, "state": c.State, "picture": picture, "viewers": c.Viewers,
		"reason": c.Error, "reason-hidden": hiddenUnless(c.State == stream.Down),
		"retry": c.RetrySeconds, "retry-hidden": hiddenUnless(c.RetrySeconds > 0),
		"width": c.Width, "height": c.Height, "fps": c.FPS,
		"address": c.Address, "address-hidden": hiddenUnless(c.Address != ""),
		"facts": markup(facts.String()),
	})
}
