package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// boot starts systemd in the overlay, in processes and cgroups of its own, lets it run a script, and returns what the script
// prints. With the script systemd ends.
func (o *overlay) boot(t *testing.T, script string) string {
	t.Helper()
	o.write(t, "root/script", script)
	o.write(t, "etc/systemd/system/script.service", `[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh -e /root/script
StandardOutput=file:/root/output
StandardError=file:/root/output
ExecStopPost=/bin/systemctl --force --force exit
`)
	o.write(t, "etc/systemd/system/script.target", "[Unit]\nRequires=basic.target\nWants=script.service\n")
	o.write(t, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n")
	const start = `cd "$1" && mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root && cd root && ip link set lo up &&
		mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup &&
		mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp && mount -t tmpfs tmpfs dev && mkdir dev/pts dev/shm && mount -t tmpfs tmpfs dev/shm &&
		for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done &&
		rm -rf etc/fstab etc/systemd/system/*.wants && mount --make-rshared . && exec chroot . /lib/systemd/systemd --unit=script.target --log-target=console`
	cmd := exec.CommandContext(t.Context(), o.unshare, "--mount", "--net", "--pid", "--cgroup", "--ipc", "--uts", "--fork", "--kill-child",
		"--propagation", "private", "sh", "-c", start, "sh", o.dir)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "container=unshare"}
	stuck := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	said, err := cmd.CombinedOutput()
	output, failed := os.ReadFile(filepath.Join(o.dir, "upper", "root", "output"))
	if failed != nil {
		miss(t, "needs to run systemd in namespaces: "+strings.TrimSpace(string(said)))
	}
	t.Logf("systemd ended with %v and said:\n%s", err, said)
	return string(output)
}

// write makes a file in the overlay.
func (o *overlay) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(o.dir, "upper", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// get is a function for scripts. It prints the status code and the type of what is at an address, once there is an answer.
const get = `get() {
	curl --silent --noproxy '*' --retry 10 --retry-all-errors --retry-delay 1 --output /tmp/answer --write-out '%{http_code} %{content_type}\n' "$@"
}
`

// packagedService is what somebody does who is new to the package, and after each step what must be seen.
var packagedService = []struct{ step, script, want string }{
	{"install it", dpkg + `-i /mjpegazer_*.deb >/dev/null 2>&1
systemctl is-enabled mjpegazer
systemctl is-active mjpegazer
get http://127.0.0.1:5000/snapshot
pid=$(systemctl show --value -p MainPID mjpegazer)
stat -c %U /proc/$pid
grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/$pid/status
`, `enabled
active
200 image/jpeg
mjpegazer
CapEff:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
`},
	{"add a camera, a secret, a command and a socket", `printf pattern: > /etc/mjpegazer/credentials/source
sed -i 's#^cameras:#&\n  secret: ${mjpegazer_source}\n  command: "exec:ffmpeg -loglevel error -re -f lavfi -i testsrc -f mjpeg -"#
	s#^listen:.*#listen: [ "127.0.0.1:5000", "unix:/run/mjpegazer/socket" ]#' /etc/mjpegazer/mjpegazer.yaml
mjpegazer check
systemctl restart mjpegazer
get http://127.0.0.1:5000/secret/snapshot
get http://127.0.0.1:5000/command/snapshot
get --unix-socket /run/mjpegazer/socket http://localhost/test/snapshot
stat -c '%a %U' /run/mjpegazer/socket
`, `/etc/mjpegazer/mjpegazer.yaml: nothing is wrong; the cameras are secret, command, test
200 image/jpeg
200 image/jpeg
200 image/jpeg
660 mjpegazer
`},
	{"add another camera and reload it, with a mistake first", `old=$(systemctl show --value -p MainPID mjpegazer)
sed -i 's#^cameras:#&\n  more: pattern:\#withd=64#' /etc/mjpegazer/mjpegazer.yaml
systemctl reload mjpegazer
sleep 1
systemctl show --value -p StatusText mjpegazer | sed 's/:[0-9]*:[0-9]*:/:LINE:/; s/ Known here:[^;]*;//'
sed -i 's#withd#width#' /etc/mjpegazer/mjpegazer.yaml
systemctl reload mjpegazer
get http://127.0.0.1:5000/more/snapshot
systemctl show --value -p StatusText mjpegazer | sed 's/,.*//'
get http://127.0.0.1:5000/metrics
grep -o -E '^mjpegazer_(build_info.version="[^"]*"|config_last_reload_successful.*|camera_width_pixels.camera="more".*)' /tmp/answer
grep -c '^process_' /tmp/answer
[ $old = $(systemctl show --value -p MainPID mjpegazer) ] || echo restarted
`, `configuration not reloaded: /etc/mjpegazer/mjpegazer.yaml:LINE: unknown option (the 1st after #). did you mean width?
200 image/jpeg
4 cameras
200 text/plain; version=0.0.4; charset=utf-8
mjpegazer_build_info{version="1.2.3"
mjpegazer_config_last_reload_successful 1
mjpegazer_camera_width_pixels{camera="more"} 64
6
`},
	{"upgrade it", `old=$(systemctl show --value -p MainPID mjpegazer)
` + dpkg + `-i /mjpegazer_*.deb >/dev/null 2>&1
get http://127.0.0.1:5000/secret/snapshot
[ $old = $(systemctl show --value -p MainPID mjpegazer) ] || echo restarted
`, "200 image/jpeg\nrestarted\n"},
	{"remove it", `systemctl stop mjpegazer
systemctl show --value -p Result mjpegazer
` + dpkg + `-P mjpegazer >/dev/null 2>&1
systemctl is-active mjpegazer || true
`, "success\ninactive\n"},
}

// TestPackagedService runs the package under systemd.
func TestPackagedService(t *testing.T) {
	dir := released(t)
	o := newOverlay(t)
	need(t, "curl", "curl")
	need(t, "ffmpeg", "ffmpeg")
	o.put(t, packageFor(t, dir, "mjpegazer_1.2.3_%s.deb", map[string]string{"amd64": "amd64", "arm64": "arm64", "arm": "armhf", "386": "i386"}))
	script := get
	for _, s := range packagedService {
		script += "echo == " + s.step + "\n" + s.script
	}
	steps := strings.Split(o.boot(t, script), "== ")
	for i, s := range packagedService {
		if want := s.step + "\n" + s.want; i+1 >= len(steps) || steps[i+1] != want {
			t.Errorf("%q\nnot\n%q", steps[min(i+1, len(steps)-1):], want)
			break
		}
	}
}

// TestArchiveService installs the service from an archive, by the commands that the README has.
func TestArchiveService(t *testing.T) {
	dir := released(t)
	o := newOverlay(t)
	need(t, "curl", "curl")
	readme := string(contents(t, filepath.Join("..", "README.md")))
	_, commands, found := strings.Cut(readme, "The archives for Linux hold the same files for systems without packages:\n\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	if !found || strings.Count(commands, "sudo ") < 5 {
		t.Fatalf("the README does not say how to install an archive: %s", commands)
	}
	o.put(t, packageFor(t, dir, "mjpegazer_1.2.3_linux_%s.tar.gz", map[string]string{"amd64": "amd64", "arm64": "arm64", "arm": "armv6", "386": "386"}))
	output := o.boot(t, get+"cd /tmp; tar xzf /mjpegazer_*.tar.gz; cd mjpegazer_*\n("+strings.ReplaceAll(commands, "sudo ", "")+
		") 2>/dev/null\nget http://127.0.0.1:5000/snapshot\nsystemctl is-enabled mjpegazer; stat -c '%a %U:%G' "+yaml)
	if want := "200 image/jpeg\nenabled\n640 root:mjpegazer\n"; output != want {
		t.Errorf("%q, not %q", output, want)
	}
}
