package test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
)

// installed are files of the package, with their modes and owners.
const installed = `755 root:root /usr/bin/mjpegazer
644 root:root /usr/share/man/man1/mjpegazer.1.gz
644 root:root /usr/share/bash-completion/completions/mjpegazer
644 root:root /usr/lib/systemd/system/mjpegazer.service
750 root:mjpegazer /etc/mjpegazer
700 root:root /etc/mjpegazer/credentials
640 root:mjpegazer /etc/mjpegazer/mjpegazer.yaml`

// installedListing is a script that prints the same of the files that are there.
var installedListing = "stat -c '%a %U:%G %n'" + regexp.MustCompile(`(?m)^\S+ \S+|\n`).ReplaceAllString(installed, "")

const (
	// Nothing here must survive a power failure, nor do manual pages need an index.
	dpkg    = "dpkg --force-unsafe-io --no-triggers "
	service = "/etc/systemd/system/multi-user.target.wants/mjpegazer.service"
	yaml    = "/etc/mjpegazer/mjpegazer.yaml"
)

// TestDebianPackage installs, upgrades, removes and purges it.
func TestDebianPackage(t *testing.T) {
	dir := released(t)
	o := newOverlay(t)
	need(t, "dpkg-deb", "dpkg")
	need(t, "systemd-sysusers", "systemd")
	o.put(t, packageFor(t, dir, "mjpegazer_1.2.3_%s.deb", map[string]string{"amd64": "amd64", "arm64": "arm64", "arm": "armhf", "386": "i386"}))
	o.do(t, "mv mjpegazer*.deb first.deb; dpkg-deb -R first.deb next; sed -i 's/1.2.3/1.2.4/' next/DEBIAN/control; "+
		"echo '# new default' >> next"+yaml+"; dpkg-deb -Zgzip -z1 -b next next.deb; rm -r next")

	o.do(t, dpkg+"-i first.deb")
	o.expect(t, installedListing, installed)
	o.expect(t, "dpkg -V mjpegazer", "")
	o.expect(t, "dpkg-query -W -f '${Status}' mjpegazer", "install ok installed")
	o.expect(t, "mjpegazer -version | cut -d' ' -f-2", "mjpegazer 1.2.3")
	o.expect(t, "id -nG mjpegazer; getent passwd mjpegazer | cut -d: -f5-", "mjpegazer video\nCamera proxy:/:/usr/sbin/nologin")
	o.expect(t, "readlink "+service, "/lib/systemd/system/mjpegazer.service")

	t.Run("an unchanged configuration is replaced", func(t *testing.T) {
		o.do(t, dpkg+"-i next.deb")
		o.expect(t, "tail -n1 "+yaml, "# new default")
		o.expect(t, installedListing, installed)
		o.do(t, dpkg+"-i first.deb")
	})
	t.Run("what the administrator has changed stays", func(t *testing.T) {
		o.do(t, "echo '# mine' >> "+yaml+"; chmod 600 "+yaml+"; rm "+service)
		o.do(t, dpkg+"--force-confdef --force-confold -i next.deb")
		o.expect(t, "tail -n1 "+yaml+"; stat -c '%a %U:%G' "+yaml, "# mine\n600 root:mjpegazer")
		o.expect(t, "test -e "+service+" || echo disabled", "disabled")
		o.do(t, "systemctl enable mjpegazer")
	})
	t.Run("after removal the configuration stays", func(t *testing.T) {
		o.do(t, dpkg+"-r mjpegazer")
		o.expect(t, "tail -n1 "+yaml+"; test -e /usr/bin/mjpegazer || echo gone", "# mine\ngone")
		o.do(t, dpkg+"-i next.deb")
		o.expect(t, "tail -n1 "+yaml+"; readlink "+service, "# mine\n/lib/systemd/system/mjpegazer.service")
	})
	t.Run("after purging nothing stays", func(t *testing.T) {
		o.do(t, "echo secret > /etc/mjpegazer/credentials/door; "+dpkg+"-P mjpegazer")
		o.expect(t, "find /etc /lib /usr /var -name '*mjpegazer*' ! -path '*/.cache/*'", "")
	})
}

// packageFor is the release's package for this machine, by the names that a format has for processors.
func packageFor(t *testing.T, dir, pattern string, names map[string]string) string {
	t.Helper()
	name, ok := names[runtime.GOARCH]
	if !ok {
		t.Skipf("there is no package for %s", runtime.GOARCH)
	}
	return filepath.Join(dir, fmt.Sprintf(pattern, name))
}

// TestRPM installs, upgrades and removes it.
func TestRPM(t *testing.T) {
	dir := released(t)
	o := newOverlay(t)
	need(t, "rpm", "rpm")
	o.put(t, packageFor(t, dir, "mjpegazer-1.2.3-1.%s.rpm", map[string]string{"amd64": "x86_64", "arm64": "aarch64", "arm": "armv6hl", "386": "i386"}))
	o.do(t, "rpm -K --nosignature mjpegazer*.rpm")
	o.do(t, "rpm -i --nodeps mjpegazer*.rpm")
	o.expect(t, installedListing, installed)
	o.expect(t, "rpm -V --nodeps mjpegazer", "")
	o.expect(t, "id -nG mjpegazer", "mjpegazer video")
	o.do(t, "echo '# mine' >> "+yaml+"; rpm -U --nodeps --replacepkgs mjpegazer*.rpm")
	o.expect(t, "tail -n1 "+yaml, "# mine")
	o.do(t, "rpm -e mjpegazer")
	o.expect(t, "tail -n1 "+yaml+".rpmsave; test -e /usr/bin/mjpegazer || echo gone", "# mine\ngone")
}
