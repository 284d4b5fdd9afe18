package test

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// ask sends a request and reads the whole answer.
func ask(t *testing.T, method, address string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	return response, string(body)
}

// TestMethods asks every route in every way.
func TestMethods(t *testing.T) {
	t.Parallel()
	p := start(t, command(t, anyPort, "pattern:", "garden=pattern:"))
	kinds := map[string]string{
		"/": "text/html", "/status": "application/json", "/wall": "application/octet-stream",
		"/live": "multipart/x-mixed-replace; boundary=frame", "/garden/live": "multipart/x-mixed-replace; boundary=frame",
		"/snapshot": "image/jpeg", "/garden/snapshot.jpg": "image/jpeg", "/camera/snapshot": "image/jpeg",
		"/health": "text/plain", "/garden/health": "text/plain",
	}
	for path, kind := range kinds {
		response, body := ask(t, http.MethodHead, p.url+path)
		if response.StatusCode != http.StatusOK || body != "" || !strings.HasPrefix(response.Header.Get("Content-Type"), kind) {
			t.Errorf("HEAD %s: %s, %s, %d bytes", path, response.Status, response.Header.Get("Content-Type"), len(body))
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			response, _ := ask(t, method, p.url+path)
			if allow := response.Header.Get("Allow"); response.StatusCode != http.StatusMethodNotAllowed || allow != "GET, HEAD" {
				t.Errorf("%s %s: %s, Allow: %s", method, path, response.Status, allow)
			}
		}
	}
	for _, path := range []string{"/nobody/live", "/nobody/snapshot", "/nobody/health"} {
		response, body := ask(t, http.MethodGet, p.url+path)
		if response.StatusCode != http.StatusNotFound || !strings.Contains(body, "camera (/camera/live), garden (/garden/live)") {
			t.Errorf("GET %s: %s, %q, which does not name camera and garden", path, response.Status, body)
		}
	}
	for _, query := range []string{"?fps=fast", "?fps=-1", "?fps=0", "?fps=NaN"} {
		if response, _ := ask(t, http.MethodGet, p.url+"/live"+query); response.StatusCode != http.StatusBadRequest {
			t.Errorf("GET /live%s: %s", query, response.Status)
		}
	}
}

// TestSnapshot gets one whole picture of a camera that nobody watched before.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(20_000)
	camera := newCamera(t, 50*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	for _, path := range []string{"/snapshot", "/snapshot.jpg", "/camera/snapshot", "/camera/snapshot.jpg"} {
		response, body := ask(t, http.MethodGet, p.url+path)
		header := response.Header
		if _, err := pictures.Check([]byte(body)); response.StatusCode != http.StatusOK || err != nil {
			t.Errorf("GET %s: %s, %v", path, response.Status, err)
		}
		if header.Get("Content-Type") != "image/jpeg" || header.Get("Content-Length") != "20000" ||
			header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s: %v", path, header)
		}
		seconds, err := strconv.ParseFloat(header.Get("X-Timestamp"), 64)
		modified, err2 := http.ParseTime(header.Get("Last-Modified"))
		if age := time.Since(modified); err != nil || err2 != nil || int64(seconds) != modified.Unix() || age > time.Minute {
			t.Errorf("GET %s: X-Timestamp %q, Last-Modified %q", path, header.Get("X-Timestamp"), header.Get("Last-Modified"))
		}
	}
}

// TestDown asks for a camera that is not there.
func TestDown(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, time.Second, streamtest.OfSize(4_000).JPEG)
	camera.Stop()
	p := start(t, command(t, anyPort, "-stall=1s", "-health-threshold=2", camera.URL))
	if response, body := ask(t, http.MethodGet, p.url+"/health"); response.StatusCode != http.StatusOK || body != "True" {
		t.Errorf("the health of a camera that nobody asked for: %s, %q", response.Status, body)
	}
	for _, path := range []string{"/live", "/snapshot"} {
		response, body := ask(t, http.MethodGet, p.url+path)
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "refuses") {
			t.Errorf("GET %s: %s, %q, which does not say that the camera refuses the connection", path, response.Status, body)
		}
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 30 {
			t.Errorf("GET %s: Retry-After: %q", path, response.Header.Get("Retry-After"))
		}
	}
	if response, body := ask(t, http.MethodGet, p.url+"/health"); response.StatusCode != http.StatusServiceUnavailable || body != "False" {
		t.Errorf("the health of a camera that is not there: %s, %q", response.Status, body)
	}
	camera.Start()
	if response, _ := ask(t, http.MethodGet, p.url+"/snapshot"); response.StatusCode != http.StatusOK {
		t.Errorf("a snapshot after the camera came: %s", response.Status)
	}
	if _, body := ask(t, http.MethodGet, p.url+"/health"); body != "True" {
		t.Errorf("the health after the camera came: %q", body)
	}
}

// TestStatus reads what /status says of a camera that is watched and of one that is not.
func TestStatus(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	p := start(t, command(t, anyPort, "door="+camera.URL, "pattern:"))
	watchAll(t, []*viewer{view(t, p.url+"/live")}, streamtest.OfSize(4_000), 25)
	_, body := ask(t, http.MethodGet, p.url+"/status")
	var status struct {
		Version string
		Cameras []struct {
			Name, State      string
			Width, Height    int
			Frames, Viewers  int
			FPS              float64
			BytesPerSecond   float64    `json:"bytes_per_second"`
			Failures         *int       `json:"consecutive_failures"`
			LastPicture      *time.Time `json:"last_picture"`
			LastError        *string    `json:"last_error"`
			Skipped, Damaged *int
			Facts            map[string]string
		}
	}
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if len(status.Cameras) != 2 || status.Version == "" {
		t.Fatalf("/status says %s", body)
	}
	door, idle := status.Cameras[0], status.Cameras[1]
	if door.Name != "door" || door.State != "live" || door.Width != 320 || door.Height < 8 || door.Viewers != 1 ||
		door.Frames < 20 || door.FPS <= 0 || door.BytesPerSecond <= 0 || door.LastPicture == nil || door.Failures == nil ||
		door.LastError == nil || door.Skipped == nil || door.Damaged == nil {
		t.Errorf("/status of a camera that is watched: %+v", door)
	}
	if idle.Name != "camera2" || idle.State != "idle" || idle.Frames != 0 {
		t.Errorf("/status of a camera that is not: %+v", idle)
	}
}

// TestBelowPath mounts the program below a path of another server, as people do behind a proxy, and follows every link of
// the page.
func TestBelowPath(t *testing.T) {
	t.Parallel()
	p := start(t, command(t, anyPort, "pattern:", "garden=pattern:"))
	origin, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(origin) }, FlushInterval: -1}
	front := http.NewServeMux()
	front.Handle("/cams/", http.StripPrefix("/cams", proxy))
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	base, _ := url.Parse(server.URL + "/cams/")
	_, page := ask(t, http.MethodGet, base.String())
	links := regexp.MustCompile(`(?:src|href|action)="([^"#]+)"`).FindAllStringSubmatch(page, -1)
	pictures := 0
	for _, link := range links {
		address, err := base.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
		if err != nil || !strings.HasPrefix(address.String(), base.String()) {
			t.Errorf("the page links to %s, outside of where it stands", link[1])
			continue
		}
		if address.Path == base.Path {
			continue
		}
		pictures += followLink(t, address.String())
	}
	if pictures < 2 {
		t.Errorf("%d of the page's %d links are pictures of its two cameras", pictures, len(links))
	}
}

// followLink returns 1 where a link leads to a picture.
func followLink(t *testing.T, address string) int {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", address, response.Status)
	}
	switch kind := response.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "multipart/"):
		return 1
	case kind == "image/jpeg":
		body, _ := io.ReadAll(response.Body)
		if _, err := jpeg.Decode(bytes.NewReader(body)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		return 1
	}
	return 0
}
