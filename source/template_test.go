package source_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mjpegazer/router"
	"mjpegazer/source"
	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestTemplate(t *testing.T) {
	template, err := source.ParseTemplate("http://u:p*w@h:5000/a/*/live?c=1*#also=http://i/b/*/live&turn=90", source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := template.Camera("door.1", nil)
	if err != nil || spec.Display != "http://h:5000/a/door.1/live" {
		t.Errorf("%v, %+v", err, spec)
	}
	plain, _ := source.ParseTemplate("http://u:p*w@h:5000/a/*/live?c=1*#also=http://i/b*.mjpg", source.Defaults{})
	if spec, err = plain.Camera("x", nil); err != nil || spec.Source.(*httpcam.Camera).URL != "http://u:p*w@h:5000/a/x/live?c=1*" ||
		spec.Source.(*httpcam.Camera).Also[0] != "http://i/bx.mjpg" {
		t.Errorf("%v, %+v", err, spec.Source)
	}
	for _, text := range []string{"webcam://0", "pattern:", "http://h", "http://h?*", "http://h/x", "http://*/x", "http://u:canary*@h/x", "http://h/*#also=http://i/", "http://h/*#canary"} {
		if _, err := source.ParseTemplate(text, source.Defaults{}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The list of another program is what its /status says, whatever its titles hold.
func TestTemplateList(t *testing.T) {
	title := "Süd \"1\" <b>\n      \"name\": \"x\",\\"
	s := stream.New(&streamtest.Camera{}, stream.Options{})
	defer s.Close()
	var auth string
	handler := router.New([]router.Camera{{Name: "door", Stream: s, Title: title}, {Name: "small", Stream: s, VariantOf: "door"}}, router.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		http.StripPrefix("/below", handler).ServeHTTP(w, r)
	}))
	defer server.Close()
	dead := httptest.NewServer(nil)
	dead.Close()
	template, err := source.ParseTemplate(dead.URL+"/*/live#header=Authorization:abc&also="+server.URL+"/below/*/live", source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := template.List(t.Context())
	if err != nil || len(list) != 2 || list[0] != (source.Listing{Name: "door", Title: title}) || list[1] != (source.Listing{Name: "small", Title: "small", VariantOf: "door"}) || auth != "abc" {
		t.Errorf("%v, %q, %s", err, list, auth)
	}
	other, _ := source.ParseTemplate(server.URL+"/*.mjpg", source.Defaults{})
	if list, err := other.List(t.Context()); list != nil || err != nil {
		t.Errorf("%v, %v", err, list)
	}
}

// FuzzTemplateList: any title, of any camera, is read as it was.
func FuzzTemplateList(f *testing.F) {
	f.Add("Süd \"1\" <b>\u2028\n      \"name\": \"x\",\\")
	f.Add("\x7f\x00\b\f/\U0001F600")
	s := stream.New(&streamtest.Camera{}, stream.Options{})
	f.Cleanup(func() { s.Close() })
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	f.Cleanup(server.Close)
	template, err := source.ParseTemplate(server.URL+"/*/live", source.Defaults{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, title string) {
		if title = strings.ToValidUTF8(title, "?"); title == "" {
			title = "a"
		}
		handler = router.New([]router.Camera{{Name: "a", Stream: s, Title: title}, {Name: "b", Stream: s}}, router.Options{})
		list, err := template.List(t.Context())
		if err != nil || len(list) != 2 || list[0].Title != title || list[1].Name != "b" {
			t.Errorf("%v, %+v of %q", err, list, title)
		}
	})
}
