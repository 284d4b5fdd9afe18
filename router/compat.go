package router

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// actionPattern is what mjpg-streamer takes for ?action= and this program too: without a number, the first camera.
var actionPattern = regexp.MustCompile(`^(stream|snapshot)(?:_([0-9]{1,9}))?$`)

// action serves the addresses of mjpg-streamer, which ustreamer and camera-streamer took over and OctoPi put below /webcam/:
// ?action=stream, ?action=snapshot, and with a number behind, as in stream_1, the camera of that number counted from 0.
func action(feeds []feed) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.Query().Get("action")
		match := actionPattern.FindStringSubmatch(text)
		if match == nil {
			http.Error(w, fmt.Sprintf("action=%.40s: it must be stream, snapshot, or one of them with a camera's number as in stream_1, "+
				"where 0 is the first", text), http.StatusBadRequest)
			return
		}
		n, _ := strconv.Atoi(match[2]) // without a number the first
		if n >= len(feeds) {
			http.Error(w, fmt.Sprintf("action=%s: there is no such camera; %d cameras are counted from 0", text, len(feeds)),
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
