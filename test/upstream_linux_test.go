package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A cameraState is one of /status.
type cameraState struct {
	Name, Title, State, Address string
	Viewers                     int
}

// cameraStates are what /status says, by the cameras' names, and their order.
func cameraStates(t *testing.T, p *program) (all map[string]cameraState, names string) {
	t.Helper()
	_, body := ask(t, http.MethodGet, p.url+"/status")
	var status struct{ Cameras []cameraState }
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	all = map[string]cameraState{}
	for _, c := range status.Cameras {
		all[c.Name] = c
		names += " " + c.Name
	}
	return all, strings.TrimSpace(names)
}

// TestUpstream has all cameras of another program by one line: they are known by name, opened once, and closed.
func TestUpstream(t *testing.T) {
	t.Parallel()
	door, garden := newSmallCamera(t), newSmallCamera(t)
	origin := start(t, command(t, anyPort, "-linger=100ms", "door="+door.URL, "garden="+garden.URL))
	node := start(t, command(t, anyPort, "-linger=100ms", "-log-level=debug", "own=pattern:#width=64&height=48", "*="+origin.url+"/*/live#idle=1s"))
	eventually(t, 10*time.Second, "its list on the page", func() bool {
		_, names := cameraStates(t, node)
		_, page := ask(t, http.MethodGet, node.url+"/")
		return names == "own door garden" && strings.Contains(page, "garden/live")
	})
	if len(door.Starts()) != 0 {
		t.Error("a camera was opened that nobody watches")
	}
	var all []*watcher
	for _, path := range []string{"/door/live", "/door/live.mjpg", "/door/live?fps=20"} {
		all = append(all, watch(t, node.url+path, smallPictures))
	}
	goOn(t, all, 20*time.Second)
	if r, body := ask(t, http.MethodGet, node.url+"/door/snapshot"); r.StatusCode != http.StatusOK || len(body) != 4_000 {
		t.Errorf("%s, %d bytes", r.Status, len(body))
	}
	r, err := http.Get(node.url + "/wall?camera=door&camera=garden")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, r.Body, 50_000); err != nil {
		t.Error(err)
	}
	r.Body.Close()
	states, _ := cameraStates(t, origin)
	if states["door"].Viewers != 1 || len(door.Starts()) != 1 {
		t.Errorf("%+v, opened %d times", states["door"], len(door.Starts()))
	}
	if states, _ := cameraStates(t, node); states["door"].Address != origin.url+"/door/live" || states["door"].State != "live" {
		t.Errorf("%+v", states["door"])
	}
	for _, w := range all {
		w.close()
	}
	eventually(t, 10*time.Second, "nobody watches", func() bool {
		states, _ := cameraStates(t, origin)
		now, _ := door.Running()
		return states["door"].Viewers == 0 && now == 0
	})
}

// TestUpstreamAbsent asks for names that are not there, as scanners and old links do, and for what no name can be.
func TestUpstreamAbsent(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	origin := start(t, command(t, anyPort, "door="+door.URL))
	node := start(t, command(t, anyPort, "*="+origin.url+"/*/live"))
	for _, path := range []string{"/nothing/live", "/nothing/snapshot", "/nothing/live", "/..%2fdoor/live", "/%2e%2e/live", "/status/live", "/door%3f/live", "/" + strings.Repeat("x", 5000) + "%20/live", "/wall?camera=status"} {
		begun := time.Now()
		r, body := ask(t, http.MethodGet, node.url+path)
		if r.StatusCode != http.StatusNotFound || time.Since(begun) > 5*time.Second {
			t.Errorf("%s: %s after %v: %s", path, r.Status, time.Since(begun), body)
		}
	}
	if said := node.said.String(); strings.Contains(said, "nothing") {
		t.Error(said)
	}
	watch(t, node.url+"/door/live", smallPictures).goesOn(t, 10*time.Second)
}

// TestUpstreamFlood asks for 300 names that are not there, up to 10 times a second each: the other server is asked at most once a
// second for each, and memory does not grow.
func TestUpstreamFlood(t *testing.T) {
	t.Parallel()
	names, rounds := 300, 30
	if racing { // an answer takes ten times as long
		rounds = 6
	}
	var mu sync.Mutex
	asked := map[string][]time.Time{}
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path] = append(asked[r.URL.Path], time.Now())
		http.NotFound(w, r)
	}))
	defer origin.Close()
	node := start(t, command(t, anyPort, "*="+origin.URL+"/*/live"))
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	flood := func(rounds int) (answers map[int]int) {
		answers = map[int]int{}
		var all sync.WaitGroup
		var counting sync.Mutex
		for part := range 10 {
			all.Go(func() {
				for range rounds {
					round := time.Now()
					for n := part; n < names; n += 10 {
						r, err := client.Get(fmt.Sprintf("%s/n%d/live", node.url, n))
						if err != nil {
							t.Error(err)
							return
						}
						r.Body.Close()
						counting.Lock()
						answers[r.StatusCode]++
						counting.Unlock()
					}
					time.Sleep(time.Until(round.Add(100 * time.Millisecond)))
				}
			})
		}
		all.Wait()
		return answers
	}
	flood(rounds / 2)
	before := resident(t, node.pid)
	answers := flood(rounds)
	after := resident(t, node.pid)
	if len(answers) != 1 || answers[http.StatusNotFound] != rounds*names {
		t.Errorf("answers: %v", answers)
	}
	for path, times := range asked {
		for i := 1; i < len(times) && path != "/status"; i++ {
			if pause := times[i].Sub(times[i-1]); pause < 900*time.Millisecond { // measured at the other end
				t.Errorf("%s was asked for after %v again", path, pause)
				break
			}
		}
	}
	t.Logf("%v answers, resident %.1f MB, then %.1f MB", answers, before/1024, after/1024)
	if !racing && after > before+16<<10 {
		t.Error("memory grows")
	}
	eventually(t, 20*time.Second, "all of it is forgotten", func() bool {
		_, body := ask(t, http.MethodGet, node.url+"/status")
		var status struct{ Goroutines int }
		json.Unmarshal([]byte(body), &status)
		return status.Goroutines < 100
	})
	if said := node.said.String(); strings.Count(said, "\n") > 20 {
		t.Errorf("the log has %d lines", strings.Count(said, "\n"))
	}
}

// TestUpstreamLimit: one camera more than -max-cameras is refused while all are watched, and takes the place of one that is not.
func TestUpstreamLimit(t *testing.T) {
	t.Parallel()
	door, garden, yard := newSmallCamera(t), newSmallCamera(t), newSmallCamera(t)
	cameras := http.NewServeMux()
	for name, c := range map[string]camera{"door": door, "garden": garden, "yard": yard} {
		cameras.Handle("/"+name+".mjpg", http.RedirectHandler(c.URL, http.StatusFound))
	}
	origin := httptest.NewServer(cameras)
	defer origin.Close()
	node := start(t, command(t, anyPort, "-max-cameras=2", "-linger=1m", "*="+origin.URL+"/*.mjpg"))
	first, second := watch(t, node.url+"/door/live", smallPictures), watch(t, node.url+"/garden/live", smallPictures)
	r, body := ask(t, http.MethodGet, node.url+"/yard/snapshot")
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(body, "-max-cameras") {
		t.Errorf("%s: %s", r.Status, body)
	}
	first.close()
	eventually(t, 10*time.Second, "its place is free", func() bool {
		r, _ := ask(t, http.MethodGet, node.url+"/yard/snapshot")
		return r.StatusCode == http.StatusOK
	})
	second.goesOn(t, 10*time.Second)
	if _, names := cameraStates(t, node); names != "garden yard" {
		t.Error(names)
	}
}

// TestUpstreamReload reads the cameras from another server, and gives one a line of its own: viewers stay.
func TestUpstreamReload(t *testing.T) {
	t.Parallel()
	door, other := newSmallCamera(t), newSmallCamera(t)
	first := start(t, command(t, anyPort, "door="+door.URL))
	second := start(t, command(t, anyPort, "door="+other.URL))
	s := serve(t, "cameras:\n  \"*\": "+first.url+"/*/live\n")
	w := watch(t, s.url+"/door/live", smallPictures)
	w.goesOn(t, 10*time.Second)
	s.change("cameras:\n  \"*\": {source: '" + second.url + "/*/live', options: {also: '" + first.url + "/*/live', idle: 1s}}\n")
	eventually(t, 10*time.Second, "the second is read", func() bool { now, _ := other.Running(); return now == 1 })
	w.goesOn(t, 10*time.Second)
	s.change("max-cameras: 5\ncameras:\n  door: " + first.url + "/door/live\n  \"*\": " + second.url + "/*/live\n")
	w.goesOn(t, 10*time.Second)
	eventually(t, 20*time.Second, "the second is not read", func() bool { now, _ := other.Running(); return now == 0 })
	s.refused("cameras:\n  \"*\": webcam://0\n", "with a * in place of the name")
	s.refused("cameras:\n  \"*\": http://h/x\n", "with a * in place of the name")
	s.refused("cameras:\n  \"*\": {source: http://h/*/live, options: {also: http://h/door/live}}\n", "with a * in place of the name")
	s.refused("cameras:\n  \"*\": http://h/*/live\n  small: camera:*\n", "there is no camera of the name")
	s.change("cameras:\n  \"*\": " + second.url + "/*/live\n  door: " + first.url + "/door/live\n")
	w.goesOn(t, 10*time.Second)
	s.change("cameras:\n  door: " + first.url + "/door/live\n")
	if r, _ := ask(t, http.MethodGet, s.url+"/garden/live"); r.StatusCode != http.StatusNotFound {
		t.Error(r.Status)
	}
	w.goesOn(t, 10*time.Second)
}

// TestUpstreamRights: who may see cameras of another server is said by their names, or for all of the rest at once.
func TestUpstreamRights(t *testing.T) {
	t.Parallel()
	door, garden := newSmallCamera(t), newSmallCamera(t)
	token := writeFile(t, "upstream", secretToken, 0o600)
	origin := start(t, command(t, anyPort, "-token", token, "door="+door.URL, "garden="+garden.URL))
	ann, bob := writeFile(t, "ann", strings.Repeat("a", 32), 0o600), writeFile(t, "bob", strings.Repeat("b", 32), 0o600)
	s := serve(t, fmt.Sprintf(`
tokens: {ann: %s, bob: %s}
cameras:
  open: pattern:#width=64&height=48
  door: {source: '%[3]s/door/live', options: {header: 'Authorization: Bearer %[4]s'}, viewers: ann}
  "*": {source: '%[3]s/*/live', options: {header: 'Authorization: Bearer %[4]s'}, viewers: bob}
`, ann, bob, origin.url, secretToken))
	for _, test := range []struct {
		path, token string
		want        int
	}{
		{"/door/snapshot", "a", 200}, {"/door/snapshot", "b", 404}, {"/garden/snapshot", "a", 404}, {"/garden/snapshot", "b", 200},
		{"/open/snapshot", "a", 200}, {"/open/snapshot", "b", 200}, {"/nothing/snapshot", "a", 404}, {"/nothing/snapshot", "b", 404},
		{"/wall?camera=garden", "a", 404}, {"/garden/snapshot", "x", 401},
	} {
		if code, _ := status(t, s.url+test.path, "Authorization", "Bearer "+strings.Repeat(test.token, 32)); code != test.want {
			t.Errorf("%s as %s: %d, want %d", test.path, test.token, code, test.want)
		}
	}
	for token, want := range map[string]string{"a": "open door", "b": "open garden"} {
		eventually(t, 10*time.Second, "the list of "+token, func() bool {
			_, body := ask(t, http.MethodGet, s.url+"/status?token="+strings.Repeat(token, 32))
			var status struct{ Cameras []cameraState }
			json.Unmarshal([]byte(body), &status)
			names := ""
			for _, c := range status.Cameras {
				names += " " + c.Name
			}
			return strings.TrimSpace(names) == want
		})
	}
	if said := s.said.String(); strings.Contains(said, secretToken) {
		t.Error("a secret in the log")
	}
}
