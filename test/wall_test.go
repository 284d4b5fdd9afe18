package test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"mjpegazer/test/browser"
)

// TestWallRecipe opens the README's page, which somebody else serves.
func TestWallRecipe(t *testing.T) {
	t.Parallel()
	recipe, err := os.ReadFile("recipes/wall.html")
	if err != nil {
		t.Fatal(err)
	}
	var program *program
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(strings.Replace(string(recipe), "http://127.0.0.1:5000", program.url, 1)))
	}))
	t.Cleanup(server.Close)
	program = start(t, command(t, anyPort, "-cors", server.URL, "door=pattern:#width=320&height=180", "garden=pattern:#width=160&height=120"))
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			page := browser.Open(t, kind)
			page.Go(server.URL)
			page.Want(`[...document.querySelectorAll('canvas')].map((c) => c.title + ' ' + c.width).join()`, "door 320,garden 160")
			const look = `document.querySelector('canvas').toDataURL()`
			before := page.Eval(look)
			for end := time.Now().Add(5 * time.Second); page.Eval(look) == before; {
				if time.Now().After(end) {
					t.Error("the picture does not move")
					break
				}
			}
		})
	}
}
