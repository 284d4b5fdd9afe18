package access_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

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
