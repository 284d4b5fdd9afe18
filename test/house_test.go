package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entries are what stands at the top, beside dotfiles and what .gitignore names.
var entries = []string{"LICENSE", "README.md", "go.mod", "go.sum", "main.go", "router", "source", "stream", "test"}

// TestTop keeps the top of the repository to what belongs there. What .gitignore names is built.
func TestTop(t *testing.T) {
	top, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := os.ReadFile("../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	built := strings.Fields(string(ignored))
	for _, entry := range top {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(built, "/"+name) && !slices.Contains(entries, name) {
			t.Errorf("%s does not belong at the top: only dotfiles and %s do", name, strings.Join(entries, ", "))
		}
	}
	main, err := os.ReadFile("../main.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(main), "\n"); lines > 120 {
		t.Errorf("main.go has %d lines, of 120", lines)
	}
}

// surfaces are how many names a package may export, where that is not 15.
var surfaces = map[string]int{"source": 8, "router": 12, "router/server": 1}

// TestRooms keeps every package small enough to be looked over: 20 files beside tests, and few exported names.
func TestRooms(t *testing.T) {
	for path, files := range rooms(t) {
		if len(files) > 20 {
			t.Errorf("%s has %d files, of 20: %v", path, len(files), files)
		}
		most, ok := surfaces[path]
		if !ok {
			most = 15
		}
		if names := exported(t, path); len(names) > most {
			t.Errorf("%s exports %d names, of %d:\n%s", path, len(names), most, strings.Join(names, "\n"))
		}
	}
}

// rooms are the files of all packages but the tests', by the package's path.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	rooms := map[string][]string{}
	for _, wing := range []string{"router", "source", "stream"} {
		err := filepath.WalkDir(filepath.Join("..", wing), func(file string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				return err
			}
			dir, _ := filepath.Rel("..", filepath.Dir(file))
			path := filepath.ToSlash(dir)
			rooms[path] = append(rooms[path], filepath.Base(file))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return rooms
}

// exported are the lines by which go doc lists what a package exports: constructors and values stand indented below their
// type, as part of it.
func exported(t *testing.T, path string) (lines []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "doc", "-short", module+"/"+path).Output()
	if err != nil {
		t.Fatalf("go doc %s: %v", path, err)
	}
	for line := range strings.Lines(string(out)) {
		if line[0] != ' ' && line[0] != '\n' {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
