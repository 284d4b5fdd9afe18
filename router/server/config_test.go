package server_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mustRefuse starts the program as it cannot be started, and compares the one line that it writes.
func mustRefuse(t *testing.T, environ, args []string, status int, want string) {
	t.Helper()
	got, stdout, stderr := run(t, environ, args...)
	if got != status || stdout != "" || stderr != "mjpegazer: "+want+"\n" {
		t.Errorf("%q %q:\nexit %d, stdout %q, stderr\n     %swant %d, %s", environ, args, got, stdout, stderr, status, want)
	}
}

func TestFlagMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"unknown flag -lingr: did you mean -linger? (-h lists all flags)":                            {"-lingr", "5s"},
		"unknown flag -max-veiwers: did you mean -max-viewers? (-h lists all flags)":                 {"--max-veiwers=5"},
		"unknown flag -port: did you mean -listen? (-h lists all flags)":                             {"-port", "80"},
		"unknown flag -xyzzy (-h lists all flags)":                                                   {"-xyzzy"},
		"unknown flag -t: put the whole source in quotes: 'exec:… -t …'":                             {"exec:rpicam-vid", "-t", "0"},
		"unknown flag -i: put the whole source in quotes: 'exec:… -i …'":                             {"door=exec:ffmpeg", "-i", "rtsp://camera"},
		"unknown flag; put a source that begins with - after -- (-h lists all flags)":                {"-http://user:password@camera/"},
		"-linger 5: give a duration such as 10s or 1m":                                               {"-linger", "5"},
		"-linger: give a duration such as 10s or 1m":                                                 {"-linger"},
		"-listen: a value is missing (address)":                                                      {"-listen"},
		`-linger "": give a duration such as 10s or 1m`:                                              {"-linger="},
		"-linger -1s: it must not be negative; 0 closes a camera with its last viewer":               {"-linger=-1s"},
		"-heartbeat -1s: it must not be negative; 0 turns heartbeats off":                            {"-heartbeat=-1s"},
		"-stall 0: it must be more than 0: give a duration such as 10s or 1m":                        {"-stall=0"},
		"-max-pixels many: give a number of pixels such as 8M or 8000000":                            {"-max-pixels=many"},
		"-max-frame huge: give a size such as 500KB or 32MiB, 1GiB at most":                          {"-max-frame=huge"},
		"-max-frame 0: it must be more than 0: give a size such as 500KB or 32MiB, 1GiB at most":     {"-max-frame=0"},
		"-max-rate 5: no picture is smaller than 1KiB; 0 is no limit":                                {"-max-rate=5"},
		"-max-viewers many: give a whole number":                                                     {"-max-viewers=many"},
		"-max-viewers -1: it must not be negative; 0 is no limit":                                    {"-max-viewers=-1"},
		"-max-viewers-per-camera -1: it must not be negative; 0 is no limit":                         {"-max-viewers-per-camera=-1"},
		"-health-threshold 0: it must be more than 0: give 1 or more":                                {"-health-threshold=0"},
		"-log-level loud: use debug, info, warn or error":                                            {"-log-level", "loud"},
		"-log-format xml: use text or json":                                                          {"-log-format=xml"},
		"-keep perhaps: give true or false":                                                          {"-keep=perhaps"},
		"-listen …: give HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000":                      {"-listen", "http://ann:canary@cam"},
		"-stall …: give a duration such as 10s or 1m":                                                {"-stall=a&canary"},
		"-listen nowhere: give HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000":                {"-listen", "nowhere"},
		"-listen unix:: give HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000":                  {"-listen", "unix:"},
		`-listen "": give HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000`:                     {"-listen="},
		"-tls-cert and -tls-key belong together: give both":                                          {"-tls-key=file"},
		`camera 1 ("live"): the name is a route of this program: choose another, as in other=SOURCE`: {"live=pattern:"},
		`camera 2 ("door"): camera 1 has this name already: choose another, as in other=SOURCE`:      {"door=pattern:", "door=pattern:"},
	} {
		mustRefuse(t, []string{"MJPEGAZER_LISTEN=127.0.0.1:0"}, args, 2, want)
	}
	mustRefuse(t, nil, []string{"-users=ann:canary", anyPort}, 1, "-users: give the name of a file of users: stat: no such file or directory")
}

// TestCameraMistakes name the camera, where there are several to choose from.
func TestCameraMistakes(t *testing.T) {
	for _, test := range []struct {
		environ, args []string
		want          string // how the error begins
	}{
		{nil, []string{"gopher://camera"}, `camera 1 ("camera"): `},
		{nil, []string{"pattern:", "pattern:#width=wide"}, `camera 2 ("camera2"): `},
		{nil, []string{"door=pattern:", "garden=http://"}, `camera 2 ("garden"): `},
		{nil, []string{"door="}, `camera 1 ("door"): `},
		{[]string{"VIDEO_URL=gopher://camera"}, nil, "VIDEO_URL: "},
		{[]string{"VIDEO_URL=pattern:#width=wide"}, nil, "VIDEO_URL: "},
	} {
		status, stdout, stderr := run(t, test.environ, append(test.args, anyPort)...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "mjpegazer: "+test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q %q: exit %d, stdout %q, stderr %q, which does not begin with %q", test.environ, test.args, status, stdout, stderr, test.want)
		}
	}
}

func TestVariableMistakes(t *testing.T) {
	for want, variable := range map[string]string{
		"MJPEGAZER_LINGER: give a duration such as 10s or 1m":                                                                           "MJPEGAZER_LINGER=5",
		"MJPEGAZER_LINGER: it must not be negative; 0 closes a camera with its last viewer":                                             "MJPEGAZER_LINGER=-1s",
		"MJPEGAZER_LOG_LEVEL: use debug, info, warn or error":                                                                           "MJPEGAZER_LOG_LEVEL=loud",
		"MJPEGAZER_KEEP: give true or false":                                                                                            "MJPEGAZER_KEEP=perhaps",
		"MJPEGAZER_MAX_RATE: give a size such as 500KB or 32MiB, 1GiB at most":                                                          "MJPEGAZER_MAX_RATE=a lot",
		"FLASK_RUN_HOST, FLASK_RUN_PORT: nothing can listen on 127.0.0.1:web server; give a host and a port such as 127.0.0.1 and 5000": "FLASK_RUN_PORT=web server",
	} {
		mustRefuse(t, []string{variable}, []string{"pattern:"}, 2, want)
	}
	start(t, []string{"FLASK_RUN_PORT=none"}, "pattern:") // -listen makes it unimportant
}

// TestVariablesInQuotes reads variables as files hold them: with quotes, blanks, the CR of Windows.
func TestVariablesInQuotes(t *testing.T) {
	for _, source := range []string{`"pattern:#width=64"`, "'pattern:#width=64'", " pattern:#width=64\r", "\uFEFF \"pattern:#width=64 \"\r\n", "“pattern:#width=64”"} {
		p := start(t, []string{"VIDEO_URL=" + source, "MJPEGAZER_LINGER='3s'\r", `FLASK_RUN_PORT="1"`, "MJPEGAZER_KEEP=\"\""})
		snapshot(t, p)
	}
}

// TestUnknownVariables warns of variables that look like ours, with the one that is likely meant.
func TestUnknownVariables(t *testing.T) {
	p := start(t, []string{
		"MJPEGAZER_MAX_VIEWER=5", "MJPEGAZER_XYZZY=5", "MJPEGAZER_PORT=80", "MJPEGAZER_LINGER=1s", "OTHER=5",
		"MJPEGAZER_SERVICE_HOST=10.0.0.1", "MJPEGAZER_PORT_5000_TCP=tcp://10.0.0.1:5000",
	}, "pattern:")
	var warnings []string
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, "unknown environment variable") {
			warnings = append(warnings, regexp.MustCompile(`variable.*=(MJ.*)\n`).FindStringSubmatch(line)[0])
		}
	}
	want := "variable\" variable=MJPEGAZER_MAX_VIEWER likely=MJPEGAZER_MAX_VIEWERS\n" +
		"variable\" variable=MJPEGAZER_PORT likely=MJPEGAZER_LISTEN\n" +
		"variable\" variable=MJPEGAZER_XYZZY\n"
	if got := strings.Join(warnings, ""); got != want {
		t.Errorf("warnings:\n%swant:\n%s", got, want)
	}
}

// TestListenMistakes are those that only show when the program listens.
func TestListenMistakes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	for want, listen := range map[string]string{
		"cannot listen on " + address + ": the address is in use by another program: stop that one, or choose another port": address,
		"cannot listen on 192.0.2.1:5000: this machine has no address 192.0.2.1":                                            "192.0.2.1:5000",
		"cannot listen on nosuchhost.invalid:5000: cannot resolve nosuchhost.invalid: give an address of this machine":      "nosuchhost.invalid:5000",
		"cannot listen on unix:" + file + ": there is a file that is not a socket: remove it, or choose another path":       "unix:" + file,
		"cannot listen on unix:/nosuchdir/socket: there is no directory /nosuchdir":                                         "unix:/nosuchdir/socket",
	} {
		mustRefuse(t, nil, []string{"-listen", listen, "pattern:"}, 1, want)
	}
}

// TestHelpIsComplete documents each flag, and that flags beat the environment.
func TestHelpIsComplete(t *testing.T) {
	for _, ask := range []string{"-h", "--help"} {
		status, stdout, stderr := run(t, nil, "pattern:", ask)
		if status != 0 || stderr != "" || !strings.Contains(stdout, "usage: mjpegazer [flags]") || !strings.Contains(stdout, "-max-viewers-per-camera number") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", ask, status, stdout, stderr)
		}
	}
}
