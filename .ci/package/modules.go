package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A module is one that is in a program.
type module struct{ path, version string }

// modules are those of all targets' programs, the standard library among them, in the order of their names.
func (r *release) modules() ([]module, error) {
	found := map[module]bool{{"std", strings.TrimPrefix(runtime.Version(), "go")}: true}
	for _, t := range targets {
		info, err := buildinfo.ReadFile(r.binary(t))
		if err != nil {
			return nil, err
		}
		for _, m := range info.Deps {
			found[module{m.Path, m.Version}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b module) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.version, b.version))
	}), nil
}

// dir is where a module's source is.
func (m module) dir() (string, error) {
	if m.path == "std" {
		out, err := command("", nil, "go", "env", "GOROOT")
		return strings.TrimSpace(string(out)), err
	}
	out, err := command("", nil, "go", "mod", "download", "-json", m.path+"@"+m.version)
	if err != nil {
		return "", err
	}
	var download struct{ Dir string }
	err = json.Unmarshal(out, &download)
	return download.Dir, err
}

// notice matches the names of files that must go with every copy.
var notice = regexp.MustCompile(`^(LICEN[CS]E|COPYING|NOTICE)([.-].*)?$`)

// licenses writes the licenses of everything in the program, as most of them demand, into LICENSES.txt.
func (r *release) licenses(modules []module) error {
	var text strings.Builder
	text.WriteString("mjpegazer contains the following software.\n")
	for _, m := range modules {
		dir, err := m.dir()
		if err != nil {
			return err
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(f os.DirEntry) bool { return f.IsDir() || !notice.MatchString(f.Name()) })
		if len(files) == 0 {
			return fmt.Errorf("%s %s has no license that could go with the program", m.path, m.version)
		}
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				return err
			}
			name := m.path
			if name == "std" {
				name = "the Go standard library"
			}
			fmt.Fprintf(&text, "\n%s\n%s %s\n\n%s\n", strings.Repeat("=", 72), name, m.version, strings.TrimSpace(string(content)))
		}
	}
	return os.WriteFile(filepath.Join(r.work, "LICENSES.txt"), []byte(text.String()), 0o644)
}

// The parts of CycloneDX 1.5 that are used here.
type (
	bom struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		URL     string `json:"purl"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// component is how the bill calls a module.
func (m module) component(kind string) component {
	url := fmt.Sprintf("pkg:golang/%s@%s", m.path, strings.ReplaceAll(m.version, "+", "%2B"))
	return component{Type: kind, Ref: url, Name: m.path, Version: m.version, URL: url}
}

// bom writes the bill of materials: the modules that are in the programs, as these themselves say.
func (r *release) bom(modules []module) error {
	program := module{"mjpegazer", r.version}.component("application")
	bill := bom{Format: "CycloneDX", Spec: "1.5", Version: 1, Metadata: metadata{r.time.Format(time.RFC3339), program}}
	uses := []string{}
	for _, m := range modules {
		c := m.component("library")
		bill.Components = append(bill.Components, c)
		uses = append(uses, c.Ref)
	}
	bill.Dependencies = []dependency{{program.Ref, uses}}
	hash := sha256.Sum256(fmt.Append(nil, program.Ref, r.commit, uses))
	hash[6], hash[8] = hash[6]&0x0f|0x80, hash[8]&0x3f|0x80 // a UUID of version 8, RFC 9562 5.8
	bill.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", hash[:4], hash[4:6], hash[6:8], hash[8:10], hash[10:16])
	text, err := json.MarshalIndent(bill, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "mjpegazer_"+r.version+".cdx.json"), append(text, '\n'), 0o644)
}
