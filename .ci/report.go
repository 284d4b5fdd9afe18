// Report reads what go test -json writes and shows what a person wants to see of it: the whole output of whatever failed,
// the closing line of every package, and at the end which tests were skipped and why.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// An event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

func main() {
	said := map[string][]string{} // what each test that has not ended printed, by package and test
	var skipped []string
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		key := e.Package + "\x00" + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.Test != "" {
				said[key] = append(said[key], e.Output)
			} else if shown(e.Output) {
				fmt.Print(e.Output)
			}
		case "pass":
			delete(said, key)
		case "fail":
			for _, test := range slices.Sorted(maps.Keys(said)) {
				if test == key || e.Test == "" && strings.HasPrefix(test, key) { // the latter never ended
					fmt.Print(strings.Join(said[test], ""))
					delete(said, test)
				}
			}
		case "skip":
			if e.Test != "" {
				skipped = append(skipped, e.Test+": "+reason(said[key]))
				delete(said, key)
			}
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	slices.Sort(skipped)
	for _, s := range slices.Compact(skipped) {
		fmt.Println("skipped:", s)
	}
}

// shown reports whether a line that belongs to no test is shown at once: all but the ones that fill pages.
func shown(line string) bool { return line != "PASS\n" && !strings.HasPrefix(line, "FAIL\n") }

// reason is what a skipped test said last.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			_, place, _ := strings.Cut(line, ".go:")
			if _, text, found := strings.Cut(place, ": "); found {
				return text
			}
			return line
		}
	}
	return "no reason given"
}
