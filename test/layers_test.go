package test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the name that this project's packages begin with.
const module = "mjpegazer"

// arrows are the packages of this module that each may import; what its tests import is its own affair.
var arrows = map[string][]string{
	"":                                  {"router/server", "source/probe", "source/webcam"},
	"router":                            {"router/access", "router/internal/conn", "router/internal/prometheus", "stream", "stream/contain", "stream/mjpeg"},
	"router/access":                     {"router/internal/watch", "stream/contain"},
	"router/internal/conn":              {},
	"router/internal/prometheus":        {},
	"router/internal/watch":             {"stream/contain"},
	"router/server":                     {"router", "router/access", "router/internal/conn", "router/internal/watch", "router/server/internal/config", "router/server/internal/offline", "router/server/internal/supervisor", "source", "source/nats", "source/variant", "stream", "stream/contain"},
	"router/server/internal/config":     {"router", "router/access", "router/internal/watch", "router/server/internal/document", "source", "source/nats", "stream"},
	"router/server/internal/supervisor": {},
	"router/server/internal/document":   {},
	"router/server/internal/offline":    {"router/internal/watch", "source/variant", "stream"},
	"source":                            {"source/httpcam", "source/internal/redact", "source/nats", "source/pattern", "source/pipe", "source/variant", "source/webcam", "stream"},
	"source/httpcam":                    {"source/internal/idn", "source/internal/mdns", "source/internal/redact", "stream", "stream/contain", "stream/mjpeg"},
	"source/internal/mdns":              {"source/internal/idn", "stream/contain"},
	"source/internal/paint":             {},
	"source/internal/idn":               {},
	"source/internal/redact":            {"source/internal/idn"},
	"source/nats":                       {"source/internal/redact", "stream", "stream/contain", "stream/mjpeg"},
	"source/pattern":                    {"source/internal/paint", "stream", "stream/jpeg"},
	"source/pipe":                       {"source/internal/redact", "stream", "stream/contain", "stream/mjpeg"},
	"source/probe":                      {"source", "source/httpcam", "source/internal/redact", "stream", "stream/jpeg"},
	"source/v4l2":                       {},
	"source/variant":                    {"source/internal/paint", "stream", "stream/contain", "stream/jpeg"},
	"source/webcam":                     {"source/internal/redact", "source/v4l2", "stream", "stream/contain", "stream/jpeg"},
	"stream":                            {"stream/contain", "stream/jpeg", "stream/mjpeg"},
	"stream/contain":                    {},
	"stream/jpeg":                       {},
	"stream/mjpeg":                      {"stream/jpeg"},
	"stream/streamtest":                 {"stream"},
	"test":                              {},
}

// A listing is what go list says of a package.
type listing struct {
	ImportPath string
	Imports    []string
}

// listPackages is what go list says of the packages of this module, for an operating system, with all that a build tag adds.
func listPackages(t *testing.T, system string) []listing {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "nats", "-json=ImportPath,Imports", module+"/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listing
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listing
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// TestLayers keeps the arrows: main → router/server → source → stream ← router, and what is below each.
func TestLayers(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin"} {
		for _, p := range listPackages(t, system) {
			name := within(p.ImportPath)
			allowed, known := arrows[name]
			if below(name, "test") && name != "test" {
				continue // a tool of the tests
			}
			if !known {
				t.Errorf("package %s has no place among the arrows", p.ImportPath)
			}
			for _, path := range p.Imports {
				if ours(path) && !slices.Contains(allowed, within(path)) {
					t.Errorf("%s imports %s", p.ImportPath, path)
				}
				checkImport(t, name, path)
			}
		}
	}
}

// checkImport keeps the rules that no new arrow may break.
func checkImport(t *testing.T, name, path string) {
	foreign := strings.Contains(strings.SplitN(path, "/", 2)[0], ".")
	inRouter := below(name, "router") && !below(name, "router/server")
	switch {
	case inRouter && below(path, module+"/source"):
		t.Errorf("%s imports %s: router knows no cameras, only router/server does", name, path)
	case below(name, "source") && below(path, module+"/router"):
		t.Errorf("%s imports %s: source knows no viewers", name, path)
	case below(name, "stream") && ours(path) && !below(path, module+"/stream"):
		t.Errorf("%s imports %s: everything else stands on stream", name, path)
	case below(name, "stream") && below(path, "net/http"):
		t.Errorf("%s imports %s: stream knows no HTTP", name, path)
	case below(path, "github.com/go-chi/chi") && !inRouter:
		t.Errorf("%q imports %s: only router knows chi", name, path)
	case below(path, "github.com/nats-io") && name != "source/nats":
		t.Errorf("%q imports %s: only source/nats knows NATS", name, path)
	case path == "github.com/pion/mediadevices":
		t.Errorf("%q imports %s, which drags in WebRTC", name, path)
	case (foreign || ours(path)) && (name == "source/v4l2" || name == "stream/jpeg"):
		t.Errorf("%s imports %s: it needs the standard library alone", name, path)
	case path == "C":
		t.Errorf("%q needs cgo", name)
	}
}

// below reports whether a path is another, or stands in its tree.
func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// ours reports whether a package is of this module.
func ours(path string) bool { return below(path, module) }

// within is a package's path in this module.
func within(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// TestNoWebRTC keeps the weight of mediadevices' root package out, whoever imports it.
func TestNoWebRTC(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}}", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if path == "github.com/pion/mediadevices" || strings.HasPrefix(path, "github.com/pion/webrtc") {
			t.Errorf("the program depends on %s", path)
		}
	}
}
