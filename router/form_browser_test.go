package router_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/test/browser"
)

// TestTokenFormInBrowsers logs in by the form that a browser without a token is shown: neither an address nor a Referer ever has
// the token.
func TestTokenFormInBrowsers(t *testing.T) {
	t.Parallel()
	const secret = "a1b2c3d4e5f60718"
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := browser.Open(t, kind)
			token, err := access.OpenToken(writeFile(t, secret), nil)
			if err != nil {
				t.Fatal(err)
			}
			h := router.New(sixCameras(t), router.Options{Access: &access.Control{Token: token, Anonymous: []string{"a"}}})
			var mu sync.Mutex
			var seen []string
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				seen = append(seen, r.RequestURI, r.Referer())
				mu.Unlock()
				h.ServeHTTP(w, r)
			}))
			const jsForm = `document.activeElement.name + ' ' + document.querySelector('h1').innerText + ' ' + getComputedStyle(document.querySelector('main')).display`
			p.Go(server.URL + "/b/?bare")
			p.Want(jsForm, "token Log in grid")
			p.Eval(`(document.querySelector('input').value = 'wrong', document.querySelector('button').click())`)
			p.Want(`document.querySelector('[role=alert]')?.innerText`, "This token is not right, or no longer.")
			p.Want(jsForm, "token Log in grid")
			p.Eval(`(document.querySelector('input').value = '` + secret + `', document.querySelector('button').click())`)
			p.Want(jsStates, "live")
			p.Want(`location.pathname + location.search`, "/b/?bare")

			p.Go(server.URL + "/login") // the cookie is for the whole site
			p.Want(`location.pathname + document.querySelectorAll('.camera').length`, "/6")
			mu.Lock()
			defer mu.Unlock()
			if all := strings.Join(seen, " "); strings.Contains(all, secret) || strings.Contains(all, "token=") {
				t.Errorf("the token is in an address: %s", all)
			}
		})
	}
}
