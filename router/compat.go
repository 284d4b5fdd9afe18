package router

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// actionPattern matches the values of ?action= that mjpg-streamer knows.
var actionPattern = regexp.MustCompile(`^(stream|snapshot)(?:_([0-9]{1,9}))?$`)

// action serves the addresses of mjpg-streamer, which ustreamer and camera-streamer also have, and OctoPi below /webcam/:
// ?action=stream and ?action=snapshot of the first camera and, as in stream_1, of the camera with that number, where the
// first has 0.
func action(feeds []feed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, _, _ := strings.Cut(query(r).Get("action"), "?") // %3F
		match := actionPattern.FindStringSubmatch(text)
		if match == nil {
			http.Error(w, fmt.Sprintf("action=%.40s: use stream or snapshot, for another camera than the first with its number, as in stream_1 for the "+
				"second", text), http.StatusBadRequest)
			return
		}
		feeds := visibleFeeds(feeds, r)
		n, _ := strconv.Atoi(match[2]) // without a number it is 0
		if n >= len(feeds) {
			refuseUnknown(w, fmt.Sprintf("action=%s: there is no such camera; the last of %d has the number %d", text, len(feeds), len(feeds)-1))
			return
		}
		if match[1] == "stream" {
			feeds[n].live.ServeHTTP(w, r)
			return
		}
		feeds[n].snapshot.ServeHTTP(w, r)
	}
}

// orAction serves requests that name an action, and leaves the rest to another handler.
func orAction(feeds []feed, rest http.HandlerFunc) http.HandlerFunc {
	act := action(feeds)
	return func(w http.ResponseWriter, r *http.Request) {
		if query(r).Has("action") {
			act(w, r)
			return
		}
		rest(w, r)
	}
}

// query returns the parameters of a request. What follows a second ? is not one of them: people add ?dummy=1 to addresses
// of mjpg-streamer, which have a ? already, so that nothing is taken from a cache.
func query(r *http.Request) url.Values {
	text, _, _ := strings.Cut(r.URL.RawQuery, "?")
	values, _ := url.ParseQuery(text)
	return values
}
