package source

import (
	"net/url"
	"path/filepath"

	"mjpegazer/source/internal/redact"
	"mjpegazer/source/pipe"
)

// Display returns what may be shown of a SOURCE string: scheme, host and path; of a command, its name. User names, passwords,
// queries, fragments and arguments may be secret.
func Display(text string) string {
	address, _ := cutOptions(text)
	switch scheme := schemeOf(address); scheme {
	case "http", "https":
		u, err := url.Parse(address)
		if err != nil {
			return scheme + "://…"
		}
		return redact.URL(u)
	case "exec":
		args, err := pipe.SplitCommand(address[len("exec:"):])
		if err != nil {
			return "exec:…"
		}
		return "exec:" + filepath.Base(args[0])
	case "":
		return "…"
	}
	return address
}
