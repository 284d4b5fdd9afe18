package router

import (
	"cmp"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// Options are the handlers'; the zero value serves everybody.
type Options struct {
	// Access is who may look at what [New] serves; nil: everybody.
	Access *access.Control
	// Log tells at debug level of each viewer who comes and goes. Nil: nobody.
	Log *slog.Logger
	// HealthThreshold is how many consecutive failures make a camera unhealthy; 0: [DefaultHealthThreshold].
	HealthThreshold int
	// Version is what /status and the Server header say; "": "devel".
	Version string
	// Instance tells this program from any other of its kind, so that one that was told to read itself can refuse; "": none.
	Instance string
	// Heartbeat is how long a stream may be silent: then the last picture is sent again, or, while the camera is down, a
	// header line, so that no proxy takes the connection for dead. 0: no heartbeat; see [DefaultHeartbeat].
	Heartbeat time.Duration
	// Limits are what all handlers that share it may spend on viewers; nil: limits of the handler's own.
	Limits *Limits
}

// What the program mjpegazer has unless it is told otherwise.
const (
	DefaultHealthThreshold = 3
	DefaultHeartbeat       = 5 * time.Second
)

func (o Options) healthThreshold() int { return cmp.Or(o.HealthThreshold, DefaultHealthThreshold) }
func (o Options) version() string      { return cmp.Or(o.Version, "devel") }
func (o Options) limits() *Limits {
	if o.Limits == nil {
		return &Limits{}
	}
	return o.Limits
}

// Camera is a Stream with what viewers call it.
type Camera struct {
	Name    string // as in /NAME/live; see [CheckName]
	Title   string // what people read; "": the name
	Stream  *stream.Stream
	Address string // of the camera, as viewers may see it: without secrets; may be empty
}

// reserved are the first elements of paths that are, or may become, routes of their own.
var reserved = []string{"live", "snapshot", "snapshot.jpg", "health", "status", "stream", "webcam", "metrics", "api", "assets", "wall"}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CheckName returns what is wrong with a camera's name. The error does not repeat the name.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New("a name has letters, digits, '.', '_' and '-', and begins with a letter or digit")
	}
	if slices.Contains(reserved, name) {
		return errors.New("the name is a route of this program: choose another, as in other=SOURCE")
	}
	return nil
}
