package test

import (
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// look asks for a snapshot as browsers do.
func look(t *testing.T, address string) (status int, offline bool, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "image/avif,image/webp,*/*")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("X-Offline") == "1", body
}

// TestOffline has a camera go down under the eyes of a browser and of a program, changes what is shown by a reload, and lets it come
// back.
func TestOffline(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	s := serve(t, "cameras:\n  door: "+door.URL+"\n")
	address := s.url + "/door/live"
	browser, program := view(t, address, "Accept: image/avif,image/webp,*/*"), view(t, address)
	if err := program.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := program.next(); err != nil {
		t.Fatal(err)
	}
	door.Stop()
	const end = "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
	browser.within(20 * time.Second)
	var seen []byte
	for card := false; !card; {
		piece := make([]byte, 32<<10)
		n, err := browser.reader.Read(piece)
		if err != nil {
			t.Fatalf("no card: %v", err)
		}
		seen = append(seen, piece[:n]...)
		for part, rest, whole := bytes.Cut(seen, []byte(end)); whole; part, rest, whole = bytes.Cut(seen, []byte(end)) {
			part = bytes.TrimPrefix(part, []byte(strings.TrimPrefix(end, "\r\n"))) // of the first
			seen = rest
			if _, err := smallPictures.Check(part); err == nil {
				continue
			}
			config, err := jpeg.DecodeConfig(bytes.NewReader(part))
			if card = true; err != nil || config.Width != 320 {
				t.Errorf("the card: %+v, %v", config, err)
			}
		}
	}

	code, offline, picture := look(t, s.url+"/door/snapshot")
	if _, err := jpeg.Decode(bytes.NewReader(picture)); err != nil || code != http.StatusServiceUnavailable || !offline {
		t.Errorf("a browser's snapshot: %d, %t, %v", code, offline, err)
	}
	if response, text := ask(t, http.MethodGet, s.url+"/door/snapshot"); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "no picture from") {
		t.Errorf("a program's snapshot: %s, %s", response.Status, text)
	}
	for _, mode := range []struct {
		option string
		code   int
		shown  bool
	}{{"card", 200, true}, {"last", 200, true}, {"error", 503, false}, {"auto", 503, true}} {
		s.write("cameras:\n  door: { source: \"" + door.URL + "\", options: { offline: " + mode.option + " } }\n")
		s.hangUp()
		if code, offline, _ := look(t, s.url+"/door/snapshot"); code != mode.code || offline != mode.shown {
			t.Errorf("offline=%s: %d, %t", mode.option, code, offline)
		}
	}
	door.Start()
	program.within(20 * time.Second)
	for {
		part, err := program.next()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(part.header, "X-Offline: 1\r\n") {
			_, err := smallPictures.Check(part.jpeg)
			if err != nil {
				t.Error(err)
			}
			break
		}
	}
	if n := len(door.Starts()); n != 2 {
		t.Errorf("the camera was opened %d times, not twice", n)
	}
}
