package access_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mjpegazer/router/access"
)

// A Control can be put around any handler.
func ExampleControl_Handler() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "token")
	if err := os.WriteFile(file, []byte("73b1c5e2a9d04f68\n"), 0o600); err != nil {
		panic(err)
	}

	token, err := access.OpenToken(file, nil)
	if err != nil {
		panic(err)
	}
	control := &access.Control{Token: token}
	door := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "open") })

	mux := http.NewServeMux()
	mux.Handle("/door", control.Handler(door))

	for _, address := range []string{"/door", "/door?token=73b1c5e2a9d04f68"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
		fmt.Println(w.Code)
	}
	// Output:
	// 401
	// 200
}

// A link shows one camera of several to anybody who has it.
func ExampleLinks() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "link-key")
	if err := os.WriteFile(file, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
		panic(err)
	}

	links, err := access.OpenLinks(file, nil)
	if err != nil {
		panic(err)
	}
	control := &access.Control{Links: links}
	cameras := control.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "a picture") }))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		camera := strings.TrimPrefix(r.URL.Path, "/")
		cameras.ServeHTTP(w, access.WithTarget(r, access.Target{Camera: camera, Kinds: []access.Kind{access.Snapshot}}))
	})

	link := links.Sign("door", access.Snapshot, time.Now().Add(time.Hour))
	for _, camera := range []string{"/door", "/garden"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, camera+"?"+link, nil))
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 403
}

// Some see more than others.
func ExampleSees() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "screen")
	if err := os.WriteFile(file, []byte("73b1c5e2a9d04f68"), 0o600); err != nil {
		panic(err)
	}

	screen, err := access.OpenToken(file, nil)
	if err != nil {
		panic(err)
	}
	control := &access.Control{
		Tokens:    map[string]*access.Token{"screen": screen},
		Viewers:   map[string][]string{"door": {"screen"}, "vault": {}},
		Anonymous: []string{"street"},
	}
	list := control.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("anonymous:", access.Anonymous(r))
		for _, camera := range []string{"door", "garden", "street", "vault"} {
			if access.Sees(r, camera) {
				fmt.Println(camera)
			}
		}
	}))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list.ServeHTTP(w, access.WithTarget(r, access.Target{Sees: true}))
	})

	for _, address := range []string{"/list", "/list?token=73b1c5e2a9d04f68"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, address, nil))
	}
	// Output:
	// anonymous: true
	// street
	// anonymous: false
	// door
	// garden
	// street
}
