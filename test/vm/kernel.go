package vm

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Kernel is a stock kernel, unpacked.
type Kernel struct {
	Arch    string // Go's name
	Image   string // file that qemu boots
	Modules string // directory of its modules
}

// wanted are the modules that video can need; the rest of 400 MB stays in the package.
var wanted = regexp.MustCompile(`/kernel/(drivers/(media|usb|i2c|base|of|virtio)|lib)/.*\.ko(\.xz)?$`)

// Fetch returns Debian's kernel for an architecture, if there is a qemu for it. It is downloaded once, as an ordinary user, into
// the user's cache, and not installed.
func Fetch(arch string) (Kernel, error) {
	m, ok := machines[arch]
	if !ok {
		return Kernel{}, fmt.Errorf("no kernel is known for %q", arch)
	}
	if _, err := exec.LookPath(m.qemu[0]); err != nil {
		return Kernel{}, &Missing{m.qemu[0], "apt-get install " + m.install}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Kernel{}, err
	}
	dir := filepath.Join(cache, "mjpegazer", "kernel-"+m.debian)
	k := Kernel{Arch: arch, Image: filepath.Join(dir, "vmlinuz"), Modules: filepath.Join(dir, "modules")}
	if _, err := os.Stat(k.Image); err == nil {
		return k, nil
	}
	for _, program := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return k, &Missing{program, "the kernel comes from a Debian package, so this test runs on Debian"}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return k, err
	}
	scratch, err := os.MkdirTemp(dir, "download")
	if err != nil {
		return k, err
	}
	defer os.RemoveAll(scratch)
	pkg, err := download(m, scratch)
	if err != nil {
		return k, &Missing{"the kernel package " + m.image, "it could not be downloaded, is the network there? " + err.Error()}
	}
	return k, k.unpack(pkg, scratch)
}

// download fetches the package with an apt that has its state in dir: neither the machine's package lists nor its
// architectures are touched.
func download(m machine, dir string) (string, error) {
	for _, d := range []string{"lists/partial", "archives/partial", "parts"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "status"), nil, 0o644); err != nil {
		return "", err
	}
	if err := copySources(m.suite, filepath.Join(dir, "parts")); err != nil {
		return "", err
	}
	var options []string
	for _, o := range []string{
		"APT::Architecture=" + m.debian, "APT::Architectures::=" + m.debian, "APT::Sandbox::User=root", "Acquire::Languages=none",
		"Acquire::Retries=3",
		"Dir::State=" + dir, "Dir::State::status=" + dir + "/status", "Dir::Cache=" + dir,
		"Dir::Etc::sourcelist=/dev/null", "Dir::Etc::sourceparts=" + dir + "/parts",
	} {
		options = append(options, "-o", o)
	}
	run := func(program string, args ...string) ([]byte, error) {
		c := exec.Command(program, append(options[:len(options):len(options)], args...)...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return nil, fmt.Errorf("%s %s: %w: %s", program, args[0], err, lines[len(lines)-1])
		}
		return out, nil
	}
	_, updating := run("apt-get", "update", "-qq") // one suite of several may fail while a mirror changes
	depends, err := run("apt-cache", "depends", m.image)
	if err != nil {
		return "", cmp.Or(updating, err)
	}
	image := regexp.MustCompile(`Depends: (linux-image-\S+)`).FindSubmatch(depends)
	if image == nil {
		return "", fmt.Errorf("%s depends on no image", m.image)
	}
	if _, err := run("apt-get", "download", "-qq", string(image[1])); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("apt-get left %d packages", len(found))
	}
	return found[0], nil
}

// copySources copies where this machine's packages come from, with another release in place of its own.
func copySources(suite, dir string) error {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return err
	}
	codename := regexp.MustCompile(`(?m)^VERSION_CODENAME="?(\w+)`).FindSubmatch(release)
	files, _ := filepath.Glob("/etc/apt/sources.list.d/*")
	for _, name := range append(files, "/etc/apt/sources.list") {
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if suite != "" && codename != nil {
			b = bytes.ReplaceAll(b, codename[1], []byte(suite))
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// unpack takes what is wanted out of the package. The image comes last: it says that all is there.
func (k Kernel) unpack(pkg, scratch string) error {
	c := exec.Command("dpkg-deb", "--fsys-tarfile", pkg)
	files, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	image := filepath.Join(scratch, "vmlinuz")
	r := tar.NewReader(files)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return errors.Join(err, c.Wait())
		}
		name := path.Base(h.Name)
		target := ""
		switch {
		case h.Typeflag != tar.TypeReg:
		case strings.HasPrefix(h.Name, "./boot/vmlinu"):
			target = image
		case wanted.MatchString(h.Name), name == "modules.builtin":
			target = filepath.Join(k.Modules, name)
		}
		if target != "" {
			if err := writeFile(target, r); err != nil {
				return errors.Join(err, c.Wait())
			}
		}
	}
	if err := c.Wait(); err != nil {
		return err
	}
	return os.Rename(image, k.Image)
}

func writeFile(name string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
