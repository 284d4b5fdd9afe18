package router_test

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// The addresses that OctoPrint, Mainsail, Fluidd and crowsnest have in their settings.
func TestDropInAddresses(t *testing.T) {
	one := open(t, still(1), stream.Options{})
	two := open(t, still(2), stream.Options{})
	server := serve(t, router.New([]router.Camera{{Name: "one", Stream: one}, {Name: "two", Stream: two}}, router.Options{}))
	live := "multipart/x-mixed-replace; boundary=frame"
	for _, test := range []struct {
		path, contentType string
		n                 int
	}{
		{"/?action=stream", live, 1}, {"/?action=stream_0", live, 1}, {"/?action=stream_1", live, 2},
		{"/?action=stream&1700000000", live, 1}, {"/stream", live, 1}, {"/stream?fps=5", live, 1}, {"/stream?fps=5?1700000000", live, 1},
		{"/?action=stream?dummy=param.mjpg", live, 1}, {"/?action=stream_1?1&x=2", live, 2}, {"/?action=stream%3Fdummy", live, 1},
		{"/webcam/?action=stream?1", live, 1}, {"/?action=snapshot?1", "image/jpeg", 1}, {"/live.mjpg", live, 1}, {"/stream.mjpg", live, 1},
		{"/live.mjpeg?fps=5", live, 1}, {"/two/live.mjpg", live, 2}, {"/two/stream.mjpeg", live, 2},
		{"/webcam/?action=stream", live, 1}, {"/webcam/?action=stream_1", live, 2}, {"/webcam?action=stream", live, 1},
		{"/?action=snapshot", "image/jpeg", 1}, {"/?action=snapshot_1", "image/jpeg", 2}, {"/snapshot", "image/jpeg", 1},
		{"/webcam/?action=snapshot&t=1", "image/jpeg", 1}, {"/?action=snapshot_1", "image/jpeg", 2},
	} {
		r := get(t, "GET", server.URL+test.path)
		var got []byte
		if test.contentType == live {
			_, got, _ = readPart(bufio.NewReader(r.Body))
		} else {
			got, _ = io.ReadAll(r.Body)
		}
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != test.contentType || !bytes.Equal(got, streamtest.Picture(test.n)) {
			t.Errorf("%s: %s, %s, %d bytes", test.path, r.Status, r.Header.Get("Content-Type"), len(got))
		}
		if r := get(t, "HEAD", server.URL+test.path); r.StatusCode != 200 || r.Header.Get("Content-Type") != test.contentType {
			t.Errorf("HEAD %s: %s, %s", test.path, r.Status, r.Header.Get("Content-Type"))
		}
		if r := get(t, "POST", server.URL+test.path); r.StatusCode != 405 {
			t.Errorf("POST %s: %s", test.path, r.Status)
		}
	}
	for _, test := range []struct {
		path, says string
		code       int
	}{
		{"/?action=dance", "stream_1", 400}, {"/?action=", "stream_1", 400}, {"/?action=stream_x", "stream_1", 400},
		{"/?action=stream_99999999999", "stream_1", 400}, {"/?action=streamx", "stream_1", 400},
		{"/?action=stream_2", "the last of 2", 404}, {"/webcam/?action=snapshot_7", "the last of 2", 404},
		{"/webcam/", "stream_1", 400}, {"/stream?fps=x", "fps", 400},
	} {
		r := get(t, "GET", server.URL+test.path)
		if body, _ := io.ReadAll(r.Body); r.StatusCode != test.code || !strings.Contains(string(body), test.says) {
			t.Errorf("%s: %s %s", test.path, r.Status, body)
		}
	}
}
