package router_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A house is how the handler is set up.
type house struct {
	loopback bool // it listens on loopback alone
	change   func(*access.Control, *router.Options)
}

var houses = []house{
	{change: func(*access.Control, *router.Options) {}},
	{change: func(c *access.Control, _ *router.Options) { c.Anonymous = []string{"blur"} }},
	{loopback: true, change: func(c *access.Control, _ *router.Options) {
		c.Users, c.Token, c.Tokens, c.Links, c.Viewers = nil, nil, nil, nil, nil
	}},
	{change: func(c *access.Control, o *router.Options) {
		c.Origins, c.Hosts = []string{"https://dash.example"}, []string{"dash.example"}
		c.Proxies, _ = access.ParseProxies([]string{"127.0.0.0/8", "unix"})
		o.Reloaded = func() (at, successful time.Time, mistakes []string) {
			return time.Now(), time.Time{}, []string{"camera vault (" + markOf("vault") + ") is wrong"}
		}
	}},
}

const anonymousHouse, openHouse, foreignHouse = 1, 2, 3

// A room is a camera of all houses.
type room struct {
	name  string
	sees  []string // people
	known bool     // health, which is for everybody, tells that there is one of the name
}

var fuzzRooms = []room{
	{name: "lobby", sees: []string{"ann", "ben", "screen", "master", "to lobby"}, known: true},
	{name: "yard", sees: []string{"ann", "screen", "master"}},
	{name: "vault", sees: []string{"master", "to vault"}},
	{name: "blur", sees: []string{"ann", "master"}},
	{name: "gone", sees: []string{"ben", "master"}},
	{name: "extra", sees: []string{"ann", "ben", "screen", "master"}, known: true},
}

// markOf is text that only who sees a camera may be told: it is in the camera's title, address, reasons and pictures.
func markOf(camera string) string { return "mark-" + reversed(camera) + "-mark" }

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

// A person is who asks.
type person struct {
	is            string // as room has it; "": nobody who is let in
	header, query string
	link          access.Kind // to the camera in is
	life          time.Duration
}

// A keyring is what is the same in all houses, and need not be opened again for each request.
type keyring struct {
	control func() *access.Control
	people  []person
	links   *access.Links
	secrets []string // that nobody is to be told
	own     []string // secrets which those who show one in the address get back
}

const (
	annsPassword = "Kupferdrache"
	bensPassword = "Lattenzaun7"
	masterToken  = "mastertokenfff1"
	screenToken  = "screentokeneee2"
	fuzzLinkKey  = "linkkeylinkkeylinkkeylinkkey4711"
	cameraLogin  = "Sesselfuchs"
	cameraKey    = "Querpfeife"
)

func newKeyring(f *testing.F) *keyring {
	users := openUsers(f, htpasswd(f, "ann", annsPassword, bcrypt.MinCost), htpasswd(f, "ben", bensPassword, bcrypt.MinCost))
	open := func(text string) *access.Token {
		token, err := access.OpenToken(writeFile(f, text), nil)
		if err != nil {
			f.Fatal(err)
		}
		return token
	}
	master, screen := open(masterToken), open(screenToken)
	links, err := access.OpenLinks(writeFile(f, fuzzLinkKey), nil)
	if err != nil {
		f.Fatal(err)
	}
	k := &keyring{links: links, control: func() *access.Control {
		return &access.Control{
			Users: users, Token: master, Tokens: map[string]*access.Token{"screen": screen}, Links: links,
			Viewers: map[string][]string{"yard": {"ann", "screen"}, "vault": {}, "blur": {"ann"}, "gone": {"ben"}},
		}
	}}
	login := func(name, password string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password)) + "\r\n"
	}
	k.own = []string{masterToken, screenToken, k.cookie(f, masterToken).Value, k.cookie(f, screenToken).Value}
	k.people = []person{
		{}, {header: login("ann", "Kupferdrach")}, {is: "ann", header: login("ann", annsPassword)}, {is: "ben", header: login("ben", bensPassword)},
		{is: "screen", header: "Authorization: Bearer " + screenToken + "\r\n"}, {is: "screen", query: "token=" + screenToken}, {is: "screen", header: "Cookie: " + k.cookie(f, screenToken).String() + "\r\n"},
		{is: "master", query: "token=" + masterToken}, {query: "token=wrong"},
		{is: "to lobby", link: access.Page, life: time.Hour}, {is: "to vault", link: access.Live, life: time.Hour}, {is: "to vault", link: access.Page, life: -time.Hour},
		{header: "Sec-Fetch-Site: cross-site\r\nOrigin: https://other.example\r\n"},
	}
	k.secrets = []string{annsPassword, bensPassword, fuzzLinkKey, "$2y$", "$2a$", cameraLogin, cameraKey}
	for _, p := range k.people[2:4] {
		k.secrets = append(k.secrets, strings.Fields(p.header)[2])
	}
	return k
}

// cookie is what a browser gets for a token.
func (k *keyring) cookie(f *testing.F, token string) *http.Cookie {
	w := httptest.NewRecorder()
	k.control().Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/?token="+token, nil))
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		f.Fatalf("%v", w.Header())
	}
	return &http.Cookie{Name: cookies[0].Name, Value: cookies[0].Value}
}

// hidden are the cameras that may not be told of where a question is asked.
func (k *keyring) hidden(q question) []room {
	if q.house == openHouse {
		if p := k.people[q.who]; strings.HasPrefix(p.header, "Sec-Fetch-Site") && !q.says("navigate") && !q.says("://") && !q.says("Host") && !q.says("authority") && !q.says("HTTP/1.0") {
			return fuzzRooms
		}
		return nil
	}
	return slices.DeleteFunc(slices.Clone(fuzzRooms), func(c room) bool {
		return slices.Contains(c.sees, k.people[q.who].is) && k.people[q.who].is != "" || q.house == anonymousHouse && c.name == "blur"
	})
}

// fuzzCameras are the cameras of fuzzRooms.
func fuzzCameras(log *slog.Logger) (cameras []router.Camera, end func()) {
	for _, c := range fuzzRooms {
		mark := markOf(c.name)
		var source stream.Source = &streamtest.Camera{Interval: 2 * time.Second, JPEG: func(int, time.Time) []byte { return marked(mark) }}
		if c.name == "gone" {
			source = &httpcam.Camera{
				URL: "http://bob:" + cameraLogin + "@" + mark + ".example/video?pwd=" + cameraKey, Log: log,
				DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New(mark + " refused") },
			}
		}
		camera := router.Camera{Name: c.name, Title: "The " + mark, Address: "http://" + mark + "/", Stream: stream.New(source, stream.Options{Stall: time.Second, Log: log})}
		if c.name == "gone" {
			still, _ := stream.Picture{JPEG: marked(mark)}.Offline()
			camera.Offline = func(_ stream.Stats, browser bool) *stream.Frame { return map[bool]*stream.Frame{true: still}[browser] }
		}
		if c.name == "blur" {
			camera.VariantOf, camera.Address = "vault", "camera:vault "+markOf("vault")
		}
		cameras = append(cameras, camera)
	}
	return cameras, func() {
		for _, c := range cameras {
			c.Stream.Close()
		}
	}
}

var fuzzPicture = streamtest.Picture(1)

// marked is a picture with a text in it.
func marked(text string) []byte {
	comment := append([]byte{0xFF, 0xD8, 0xFF, 0xFE, 0, byte(2 + len(text))}, text...)
	return append(comment, fuzzPicture[2:]...)
}
