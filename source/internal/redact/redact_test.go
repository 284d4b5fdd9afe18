package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mjpegazer/source/internal/redact"
)

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://u:canary@cam:80/axis-cgi/mjpg/video.cgi?canary#canary": "http://cam:80/axis-cgi/mjpg/video.cgi",
		"https://cam/h264Preview_01_main/1280x720/channels/101":        "https://cam/h264Preview_01_main/1280x720/channels/101",
		"http://cam/a%20b":                                  "http://cam/a%20b",
		"http://cam/Zk9tQ7wLp3/v":                           "http://cam/…",
		"http://cam/0f8fad5b-d9cb-469f-a165-70867728950e/v": "http://cam/…",
		"http://cam/token/canary/v":                         "http://cam/…",
		"http://cam/API_Key/canary":                         "http://cam/…",
		"http://cam/user=admin&password=canary&channel=1":   "http://cam/…",
		"http://cam/u:canary@host/v":                        "http://cam/…",
		"http://cam/9060417/v":                              "http://cam/…",
		"http://cam/QxZvPrtW":                               "http://cam/…",
		"http:/bob:canary@h/":                               "http://…",
		"http://cam":                                        "http://cam",
	} {
		if got := redact.URL(parse(t, text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestProgram(t *testing.T) {
	for want, args := range map[string][]string{
		"ffmpeg": {"/usr/bin/ffmpeg", "-i", "canary"}, "…": {"http://u:canary@host/"}, "x": {"x\u202e", "canary"},
	} {
		if got := redact.Program(args); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
	if got := redact.Program(nil); got != "…" {
		t.Error(got)
	}
}

func TestPrintable(t *testing.T) {
	got := redact.Printable("a\x1b[31m\r\nb\tc\u202ed\u2066e\u200bf\u009bg\xffh\u00a0é\U0001F4F7\x00")
	if want := "a[31m  b cdefgh é\U0001F4F7"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStartAndEnd(t *testing.T) {
	for n := range 10 {
		start, end := redact.Start("aéb…", n), redact.End("aéb…", n)
		if len(start) > n || len(end) > n || !strings.HasPrefix("aéb…", start) || !strings.HasSuffix("aéb…", end) || strings.ContainsRune(start+end, '\uFFFD') {
			t.Errorf("%d: %q %q", n, start, end)
		}
	}
}

// What others say is shown without the secrets of a request, however they are written.
func TestSecretsOfARequest(t *testing.T) {
	u := parse(t, "http://user-canary1:pass-canary2%2F@cam/token/canary3/v?usr=a&pwd=x1&src=rtsp://n:canary4%40@cam/s?key=canary5&Zk9tQ7wLp3")
	header := http.Header{"x-what": {"canary6"}, "Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("v:canary7"))}, "Accept": {"image/harmless"}}
	s := redact.Of(u, header, `{"name":"camera.harmless","password": "canary8"}`)
	for _, secret := range []string{
		"user-canary1", "pass-canary2/", "pass-canary2", "canary3", "x1", "canary4@", "canary5", "Zk9tQ7wLp3", "canary6", "canary7", "canary8",
	} {
		for form, text := range map[string]string{
			"plain":       secret,
			"upper":       strings.ToUpper(secret),
			"path":        url.PathEscape(secret),
			"percent":     percent(secret),
			"twice":       strings.ReplaceAll(percent(secret), "%", "%25"),
			"base64":      base64.StdEncoding.EncodeToString([]byte("x:" + secret + ":y")),
			"base64 URL":  base64.RawURLEncoding.EncodeToString([]byte("xx:" + secret + ":?>")),
			"base64 tail": base64.StdEncoding.EncodeToString([]byte("xyz:abc:" + secret))[3:],
			"hex":         hex.EncodeToString([]byte(secret + ".")),
		} {
			got := s.Hide("camera [" + text + "] says")
			if strings.Contains(got, text) || !strings.HasPrefix(got, "camera [") || !strings.HasSuffix(got, "] says") {
				t.Errorf("%s, %s: %s", secret, form, got)
			}
		}
	}
	for _, part := range []string{"user-can", "canary1", "s-canary2", "t\x00oken canary3", "Zk9tQ7w"} {
		if got := s.Hide("<" + part); strings.Contains(got, part) || strings.Contains(got, "canary") {
			t.Errorf("%s: %s", part, got)
		}
	}
	const harmless = "the camera harmless sends image/harmless at cam/v, x12 2x1"
	if got := s.Hide(harmless); got != harmless {
		t.Error(got)
	}
	if got := (redact.Secrets{}).Hide(harmless); got != harmless {
		t.Error(got)
	}
}

func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

// Words of a query that are no secrets by their names are left in what a camera says.
func TestHarmlessQueries(t *testing.T) {
	for _, text := range []string{
		"http://cam/?action=stream", "http://cam/cam?type=MJPEG", "http://cam/v?type=multipart&camera=video&resolution=640x480", "http://cam/?stream?1",
	} {
		const said = "multipart/x-mixed-replace; boundary=stream; an MJPEG camera of 640x480"
		if got := redact.Of(parse(t, text), nil, "").Hide(said); got != said {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// What looks like a secret is hidden even if it is not known.
func TestForms(t *testing.T) {
	for text, want := range map[string]string{
		"open rtsp://bob:canary@cam:554/s: failed":           "open rtsp://…@cam:554/s: failed",
		"open rtsp://bob:c@n/ary@cam/s?x=canary: failed":     "open rtsp://…@cam/s?… failed",
		"http:/bob:canary@h/":                                "http:/…@h/",
		"get https://cam/Zk9tQ7wLp3/x":                       "get https://cam/…",
		"bob:canary@cam refuses":                             "…@cam refuses",
		"Authorization: Basic Ym9iOmNhbmFyeQ==":              "Authorization: …",
		"Basic Ym9iOmNhbmFyeQ== is wrong":                    "Basic … is wrong",
		"bearer eyJhbGciOiJIUzI1NiJ9.e30.x":                  "bearer …",
		`{"password":"canary","x":1}`:                        `{"password":"…","x":1}`,
		"<userPassword>canary</userPassword>":                "<userPassword>…</userPassword>",
		"x-api-key: canary; y":                               "x-api-key: …; y",
		"pwd=canary&x=1":                                     "pwd=…&x=1",
		"run --password canary -i":                           "run --password … -i",
		"Cookie: a=canary; b=canary":                         "Cookie: …",
		"basic authentication failed, token expired at cam":  "basic authentication failed, token expired at cam",
		"HTTP error 401 Unauthorized (authorization failed)": "HTTP error 401 Unauthorized (authorization failed)",
		"http://cam:80/video.mjpg: Connection refused":       "http://cam:80/video.mjpg: Connection refused",
	} {
		if got := (redact.Secrets{}).Hide(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestSecretsOfACommand(t *testing.T) {
	s := redact.OfCommand([]string{"/opt/ffmpeg", "-rtsp_transport", "tcp", "-canary1", "--key=canary2", "-pab", "x y", "-i", "rtsp://u:canary3@cam/ch?canary4=1", "-f", "mjpeg", "-"},
		[]string{"HOME=/home/harmless", "PWD=/home/harmless", "USER=harmless", "XDG_SESSION_TYPE=harmless", "CAM_PASSWORD=canary5 q", "apiKey=canary6", "VIDEO_URL=http://bob:canary7@cam/v", "EMPTY", "=x"})
	for text, want := range map[string]string{
		"canary1 CANARY2 pab b": "… … … b",
		"login with canary5 q, or CANARY6, canary7 from /home/harmless": "login with …, or …, … from /home/harmless",
		"unknown option -pab":                           "unknown option -…",
		"rtsp://cam/ch: tcp failed, no mjpeg (canary3)": "rtsp://cam/ch: tcp failed, no mjpeg (…)",
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzHide(f *testing.F) {
	f.Add("canary", "the camera says %63anary, Y2FuYXJ5", uint8(0))
	f.Add("a b/c", "\xff\xfe http://x:y@z", uint8(3))
	f.Fuzz(func(t *testing.T, secret, text string, at uint8) {
		if len(runsOf(secret)) < 4 || len(secret) > 100 {
			t.Skip("not a password")
		}
		i := min(int(at), len(text))
		for _, form := range []string{secret, percent(secret), base64.StdEncoding.EncodeToString([]byte("x" + secret))} {
			got := redact.New([]string{secret}).Hide(text[:i] + " " + form + " " + text[i:])
			if strings.Contains(strings.ToLower(got), strings.ToLower(form)) {
				t.Errorf("%q in %q", form, got)
			}
			if got != redact.Printable(got) {
				t.Errorf("not printable: %q", got)
			}
		}
	})
}

// runsOf returns a text if it has nothing but ASCII that is printable and no blank, or nothing.
func runsOf(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}
