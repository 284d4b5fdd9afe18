package access_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"mjpegazer/router/access"
)

// What browsers say of who asks, and whether a camera on this machine may be turned on by it.
func TestPagesOfOtherSites(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := access.OpenToken(token, nil)
	if err != nil {
		t.Fatal(err)
	}
	image := map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
	with := func(more ...string) map[string]string {
		all := maps.Clone(image)
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for name, test := range map[string]struct {
		control *access.Control
		host    string // "": the listener's
		header  map[string]string
		want    int
	}{
		"an image":                       {nil, "", image, 403},
		"an image, by name":              {nil, "localhost", image, 403},
		"an image of a page":             {nil, "", with("Referer", "https://evil.example/"), 403},
		"a frame":                        {nil, "", with("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		"a fetch":                        {nil, "", with("Sec-Fetch-Mode", "cors", "Origin", "https://evil.example"), 403},
		"a link":                         {nil, "", with("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Referer", "https://wiki.example/"), 200},
		"its own page":                   {nil, "", with("Sec-Fetch-Site", "same-origin"), 200},
		"another port of this machine":   {nil, "", with("Sec-Fetch-Site", "same-site"), 200},
		"a page of localhost":            {nil, "", with("Referer", "http://localhost:8080/"), 200},
		"a page of this machine, fetch":  {nil, "", with("Origin", "http://127.0.0.1:8123"), 200},
		"a name that looks like it":      {nil, "", with("Referer", "http://localhost.evil.example/"), 403},
		"a program":                      {nil, "", nil, 200},
		"typed into the address bar":     {nil, "", with("Sec-Fetch-Site", "none"), 200},
		"published by a proxy":           {&access.Control{Hosts: []string{"cameras.example"}}, "cameras.example", image, 200},
		"public":                         {&access.Control{Public: true}, "", image, 200},
		"a site that is allowed":         {&access.Control{Origins: []string{"https://dash.example"}}, "", with("Referer", "https://dash.example/"), 200},
		"another site than the allowed":  {&access.Control{Origins: []string{"https://dash.example"}}, "", with("Referer", "https://evil.example/"), 403},
		"all sites":                      {&access.Control{Origins: []string{"*"}}, "", image, 200},
		"with a login, which is missing": {&access.Control{Token: opened}, "", image, 401},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(test.control.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "seen") })))
			server.Config.BaseContext = access.BaseContext
			server.Start()
			defer server.Close()
			r, err := http.NewRequest(http.MethodGet, server.URL+"/live", nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.host != "" {
				r.Host = test.host
			}
			for key, value := range test.header {
				r.Header.Set(key, value)
			}
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != test.want {
				t.Errorf("%s, want %d", resp.Status, test.want)
			}
		})
	}
}
