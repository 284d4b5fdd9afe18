package router

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// actionPattern matches the values of ?action= that mjpg-streamer knows.
var actionPattern = regexp.MustCompile(`^(stream|snapshot)(?:_([0-9]{1,9}))?$`)

// action serves the addresses of mjpg-streamer, which ustreamer and camera-streamer also have, and OctoPi below /webcam/:
// ?action=stream and ?action=snapshot of the first camera and, as in stream_1, of the camera with that number, where the
// first has 0.
func action(feeds []feed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.Query().Get("action")
		match := actionPattern.FindStringSubmatch(text)
		if match == nil {
			http.Error(w, fmt.Sprintf("action=%.40s: use stream or snapshot, for another camera than the first with its number, as in stream_1 for the "+
				"second", text), http.StatusBadRequest)
			return
		}
		feeds := visibleFeeds(feeds, r)
		n, _ := strconv.Atoi(match[2]) // without a number it is 0
		if n >= len(feeds) {
			http.Error(w, fmt.Sprintf("action=%s: there is no such camera; the last of %d has the number %d", text, len(feeds), len(feeds)-1),
				http.StatusNotFound)
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
		if r.URL.Query().Has("action") {
			act(w, r)
			return
		}
		rest(w, r)
	}
}
