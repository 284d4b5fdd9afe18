package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// texts makes what the program itself knows best: its manual page and its configuration file.
func (r *release) texts() error {
	program := filepath.Join(r.work, "native", "mjpegazer")
	if err := r.compile(program, nil); err != nil {
		return err
	}
	if err := r.configuration(program); err != nil {
		return err
	}
	return r.manual(program)
}

// serviceNote precedes the configuration where systemd runs the program.
const serviceNote = `# The configuration of the mjpegazer service. After a change, as root:
#
#   mjpegazer check && systemctl reload mjpegazer
#
# A secret in the file /etc/mjpegazer/credentials/NAME is ${mjpegazer_NAME} here, once the service has been restarted.

`

// configuration makes the file that is in archives and the one of the service.
func (r *release) configuration(program string) error {
	example, err := command("", nil, program, "example")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.work, "mjpegazer.yaml"), example, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.work, "service.yaml"), append([]byte(serviceNote), example...), 0o644)
}

// manual makes the manual page from a template. @USAGE@ and the like stand for parts of the program's own help, so that no
// flag is ever missing.
func (r *release) manual(program string) error {
	help, err := command("", nil, program, "-h")
	if err != nil {
		return err
	}
	template, err := os.ReadFile(filepath.Join(r.work, "files", "mjpegazer.1"))
	if err != nil {
		return err
	}
	parts, err := readHelp(string(help))
	if err != nil {
		return err
	}
	text := strings.NewReplacer(
		"@DATE@", r.time.Format("2006-01-02"),
		"@VERSION@", r.version,
		"@USAGE@\n", roffUsage(parts.usage),
		"@SOURCES@\n", roffTable(parts.sources),
		"@FLAGS@\n", roffFlags(parts.flags),
		"@ENVIRONMENT@\n", roffTable(parts.environment),
	).Replace(string(template))
	if err := os.WriteFile(filepath.Join(r.work, "mjpegazer.1"), []byte(text), 0o644); err != nil {
		return err
	}
	return writeFile(filepath.Join(r.work, "mjpegazer.1.gz"), func(w io.Writer) error { return compress(w, []byte(text)) })
}

// helpText is what -h prints, in its parts.
type helpText struct{ usage, sources, flags, environment string }

var layout = regexp.MustCompile(`(?s)\nusage: (.+?\n)\n(.+?\n)\nflags:\n(.+?\n)\n(.+)$`)

func readHelp(help string) (helpText, error) {
	m := layout.FindStringSubmatch(help)
	if m == nil {
		return helpText{}, errors.New("-h has another form than the manual page expects: manual.go has to follow it")
	}
	return helpText{m[1], m[2], m[3], m[4]}, nil
}

// roffUsage formats the ways to call the program, without what each does.
func roffUsage(usage string) string {
	var text strings.Builder
	for line := range strings.Lines(usage) {
		way, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		name, rest, _ := strings.Cut(way, " ")
		fmt.Fprintf(&text, ".B %s\n%s\n.br\n", roff(name), roff(rest))
	}
	return text.String()
}

// roffTable formats prose; its indented lines become entries of a list.
func roffTable(prose string) string {
	var text strings.Builder
	entry := false
	for line := range strings.Lines(prose) {
		line = strings.TrimRight(line, "\n")
		if row, ok := strings.CutPrefix(line, "  "); ok {
			term, meaning, _ := strings.Cut(row, "  ")
			fmt.Fprintf(&text, ".TP\n.B %s\n%s\n", roff(term), roff(strings.TrimSpace(meaning)))
			entry = true
			continue
		}
		if entry || line == "" {
			text.WriteString(".PP\n")
		}
		if entry = false; line != "" {
			text.WriteString(roff(line) + "\n")
		}
	}
	return text.String()
}

// aFlag matches what package flag prints of one: its name, its value, and its meaning on the same line or the next.
var aFlag = regexp.MustCompile(`(?m)^  (-\S+)(?: (\S+))?(?:\t|\n    \t)(.*)$`)

func roffFlags(flags string) string {
	var text strings.Builder
	for _, m := range aFlag.FindAllStringSubmatch(flags, -1) {
		value := ""
		if m[2] != "" {
			value = ` " ` + roff(m[2]) + `"`
		}
		fmt.Fprintf(&text, ".TP\n.BI %s%s\n%s\n", roff(m[1]), value, roff(m[3]))
	}
	return text.String()
}

// roff escapes text so that troff shows it as it is.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", `\[u2026]`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
