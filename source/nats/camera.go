package nats

import (
	"errors"
	"log/slog"
	"strings"

	"mjpegazer/stream"
)

// ErrMissing says that the program cannot speak NATS, and how to get one that can.
var ErrMissing = errors.New("this program was built without NATS: take the archive of the release whose name ends in -nats, or build it with -tags nats")

// Servers are the NATS servers of one cluster, and how to log in. It may hold secrets.
type Servers struct {
	// Address is SCHEME://HOST[:PORT][,HOST[:PORT]…] with the scheme nats, tls or wss, and USER:PASSWORD@ or TOKEN@ in front of the
	// first host.
	Address string
	Creds   string // the name of a file with a user's JWT and seed, as nsc makes it; "": none
	NKey    string // the name of a file with the seed of a user's nkey; "": none
	CA      string // the name of a PEM file of the certificates that may sign the servers'; "": those of the system
	Root    string // what subjects begin with; "": mjpegazer
}

// A Camera is one that another machine publishes. It implements [stream.Source].
type Camera struct {
	Servers     Servers
	Name        string       // of the camera, at the edge
	Instance    string       // of this program: pictures that have come by it are refused; "": none are
	Connections *Connections // nil: the camera has a connection of its own
	Log         *slog.Logger // gets a line when the connection is lost, or back; nil: none
}

// A Listing is a camera that an edge has, as the edge says.
type Listing struct {
	Name      string `json:"name"`
	Title     string `json:"title,omitempty"`      // for people; empty: the name
	VariantOf string `json:"variant_of,omitempty"` // the name of the camera whose pictures it shows, changed
}

// A Published camera is one of a [Publisher]. The fields but Stream are those of a [Listing].
type Published struct {
	Name, Title, VariantOf string
	Stream                 *stream.Stream
}

// A Publisher shows this machine's cameras to others. It must not be copied once it publishes.
type Publisher struct {
	Servers     Servers
	Rank        int    // 0: of the edges with a camera of one name, this one publishes; 1 and above: it stands by for those below
	Instance    string // of this program, which tells it from all others; "": it makes one up
	Connections *Connections
	Log         *slog.Logger // nil: none

	edge
}

// Connections are those of a program, one for each list of servers, however many cameras come by it. The zero value is ready.
type Connections struct{ pool }

// Display returns what may be shown of an address: the scheme, the hosts and the path.
func Display(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}
