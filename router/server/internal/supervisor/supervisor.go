// Package supervisor tells the service manager how the program is, by the protocol of sd_notify(3). Without a service manager
// that listens, nothing happens.
package supervisor

import (
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that the program serves, or serves as its new configuration says.
func Ready(status string) { send(daemon.SdNotifyReady, "STATUS="+line(status)) }

// Reloading says that the configuration is read again, until [Ready].
func Reloading() {
	send(daemon.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", monotonic().Microseconds()))
}

// Stopping says that the program is about to end.
func Stopping() { send(daemon.SdNotifyStopping) }

// Status says in a line what the program does.
func Status(status string) { send("STATUS=" + line(status)) }

// Alive says that nothing is stuck. Whoever has a [Watchdog] must say it.
func Alive() { send(daemon.SdNotifyWatchdog) }

// Watchdog is how often the service manager must hear [Alive], or it starts the program again; 0 is never.
func Watchdog() time.Duration {
	pause, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return pause
}

// line is a text without line ends, which would be other messages.
func line(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

func send(lines ...string) {
	daemon.SdNotify(false, strings.Join(lines, "\n")) // an error is the service manager's
}
