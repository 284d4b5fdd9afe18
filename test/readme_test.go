package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// plain is text without indentation, which differs between a page and a function.
func plain(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// TestReadmeSnippetsAreExamples keeps the README's Go code to what runs as an Example.
func TestReadmeSnippetsAreExamples(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	files, _ := filepath.Glob("../*/example*_test.go")
	deeper, _ := filepath.Glob("../*/*/example*_test.go")
	for _, file := range append(files, deeper...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples.WriteString(plain(string(text)))
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(string(readme), -1)
	for _, snippet := range snippets {
		if !strings.Contains(examples.String(), plain(snippet[1])) {
			t.Errorf("no Example holds this of the README:\n%s", snippet[1])
		}
	}
	if len(snippets) == 0 {
		t.Error("the README shows no Go")
	}
}

// TestReadmeShowsRecipes keeps its configurations of other programs to those that the tests use.
func TestReadmeShowsRecipes(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	recipes, _ := filepath.Glob("recipes/*")
	for _, file := range recipes {
		recipe, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(string(recipe), "    $1")
		if !strings.Contains(string(readme), "\n"+shown) {
			t.Errorf("the README does not show %s as it is", file)
		}
	}
	if len(recipes) == 0 {
		t.Error("there are no recipes")
	}
}

// TestReadmeKnowsEveryFlag compares it, and the defaults that it names, with what the program says of itself.
func TestReadmeKnowsEveryFlag(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(-[a-z0-9-]+)` \\| (.*?) ?\\|").FindAllStringSubmatch(string(readme), -1) {
		defaults[row[1]] = strings.Trim(row[2], "`")
	}
	_, help, _ := run(t, command(t, "-h"))
	flags := regexp.MustCompile(`(?m)^  (-[a-z0-9-]+).*\n(.*)$`).FindAllStringSubmatch(help, -1)
	for _, flag := range flags {
		shown, ok := defaults[flag[1]]
		if !ok {
			t.Errorf("the README's table has no row for %s", flag[1])
		}
		want := ""
		if match := regexp.MustCompile(`\(default "?([^")]+)"?\)$`).FindStringSubmatch(flag[2]); match != nil {
			want = match[1]
		} else if shown == "0" || flag[1] == "-log-level" {
			want = shown // the help leaves out what is nothing, and the level that is slog's zero
		}
		if shown != want {
			t.Errorf("%s: the README says that its default is %q, the help says %q", flag[1], shown, want)
		}
	}
	if len(flags) < 10 || len(flags) != len(defaults) {
		t.Errorf("%d flags in the help, %d in the README:\n%s", len(flags), len(defaults), help)
	}
}
