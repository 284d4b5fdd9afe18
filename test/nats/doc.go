// Package nats tests cameras that come by NATS, against real servers in this process. It is a module of its own so that the program's
// does not depend on the server. Run it with
//
//	go -C test/nats test -tags nats ./...
package nats
