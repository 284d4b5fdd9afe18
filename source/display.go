package source

import (
	"mjpegazer/source/httpcam"
	"mjpegazer/source/internal/redact"
	"mjpegazer/source/pipe"
)

// Display returns what may be shown of a SOURCE string: scheme, host and path; of a command, its name. User names, passwords,
// queries, fragments and arguments may be secret.
func Display(text string) string {
	address, _ := cutOptions(text)
	switch scheme := schemeOf(address); scheme {
	case "http", "https":
		u, err := httpcam.ParseURL(address)
		if err != nil {
			return scheme + "://…"
		}
		return redact.URL(u)
	case "exec":
		args, err := pipe.SplitCommand(address[len("exec:"):])
		if err != nil {
			return "exec:…"
		}
		return "exec:" + redact.Program(args)
	case "nats", "tls", "wss":
		return displayNATS(address)
	case "pattern":
		return "pattern:"
	case "":
		return "…"
	}
	return redact.Secrets{}.Hide(address)
}
