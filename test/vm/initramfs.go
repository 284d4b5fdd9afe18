package vm

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Initramfs is the file system that a kernel starts with.
type Initramfs struct {
	Init  string            // static program
	Files map[string]string // others: where they are in there, and here
	// Modules are loaded by [Initramfs]'s init in this order, those that they need first: a line of the file /modules is a
	// path and parameters.
	Modules []string // "name parameter=value …"
}

// Write writes it to a file, as the kernel wants it (cpio, "newc").
func (i Initramfs) Write(name string, k Kernel) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	a := archive{w: bufio.NewWriterSize(f, 1<<20)}
	err = errors.Join(i.fill(&a, k), a.w.Flush(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (i Initramfs) fill(a *archive, k Kernel) error {
	for _, d := range []string{"dev", "proc", "sys", "tmp", "m"} {
		a.add(entry{name: d, mode: directory | 0o755})
	}
	// What the kernel, and Go's runtime, look for before there is a /dev.
	a.add(entry{name: "dev/console", mode: character | 0o600, major: 5, minor: 1})
	a.add(entry{name: "dev/null", mode: character | 0o666, major: 1, minor: 3})
	a.addFile("init", i.Init)
	for in, here := range i.Files {
		a.addFile(strings.TrimPrefix(in, "/"), here)
	}
	set := moduleSet{kernel: k, archive: a}
	if b, err := os.ReadFile(filepath.Join(k.Modules, "modules.builtin")); err == nil {
		for line := range strings.Lines(string(b)) {
			set.have = append(set.have, moduleName(filepath.Base(strings.TrimSpace(line))))
		}
	}
	for _, m := range i.Modules {
		name, parameters, _ := strings.Cut(m, " ")
		if err := set.add(name, parameters); err != nil {
			return err
		}
	}
	a.add(entry{name: "modules", mode: regular | 0o644, data: set.list.Bytes()})
	a.add(entry{name: "TRAILER!!!"})
	return a.err
}

// moduleSet collects modules and what they depend on.
type moduleSet struct {
	kernel  Kernel
	archive *archive
	have    []string // in the archive, or in the kernel
	list    bytes.Buffer
}

func (s *moduleSet) add(name, parameters string) error {
	if slices.Contains(s.have, moduleName(name)) {
		return nil
	}
	s.have = append(s.have, moduleName(name))
	module, err := s.read(name)
	if err != nil {
		return err
	}
	needs, err := dependencies(module)
	if err != nil {
		return fmt.Errorf("module %s: %w", name, err)
	}
	for _, n := range needs {
		if err := s.add(n, ""); err != nil {
			return err
		}
	}
	path := "m/" + moduleName(name) + ".ko"
	s.archive.add(entry{name: path, mode: regular | 0o644, data: module})
	fmt.Fprintf(&s.list, "/%s %s\n", path, parameters)
	return nil
}

// read finds a module's file, whichever way its name is written, and uncompresses it.
func (s *moduleSet) read(name string) ([]byte, error) {
	files, err := os.ReadDir(s.kernel.Modules)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(s.kernel.Modules, f.Name())
		switch {
		case moduleName(f.Name()) != moduleName(name):
		case strings.HasSuffix(path, ".xz"):
			return exec.Command("xz", "-dc", path).Output()
		default:
			return os.ReadFile(path)
		}
	}
	return nil, fmt.Errorf("the kernel has no module %s", name)
}

func moduleName(file string) string {
	name, _, _ := strings.Cut(file, ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// dependencies are what the module itself says (modinfo's depends).
func dependencies(module []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return nil, err
	}
	info := f.Section(".modinfo")
	if info == nil {
		return nil, errors.New("no .modinfo")
	}
	b, err := info.Data()
	if err != nil {
		return nil, err
	}
	for field := range bytes.SplitSeq(b, []byte{0}) {
		if list, ok := bytes.CutPrefix(field, []byte("depends=")); ok && len(list) > 0 {
			return strings.Split(string(list), ","), nil
		}
	}
	return nil, nil
}

// archive writes cpio (Documentation/driver-api/early-userspace/buffer-format.rst).
type archive struct {
	w     *bufio.Writer
	inode int
	err   error // the first
}

// Kinds of entries.
const (
	directory = 0o040000
	character = 0o020000
	regular   = 0o100000
)

type entry struct {
	name         string
	mode         int
	data         []byte
	major, minor int // of a device
}

func (a *archive) add(e entry) {
	a.inode++
	fields := []int{a.inode, e.mode, 0, 0, 1, 0, len(e.data), 0, 0, e.major, e.minor, len(e.name) + 1, 0}
	head := "070701"
	for _, f := range fields {
		head += fmt.Sprintf("%08X", f)
	}
	a.write([]byte(head + e.name + "\x00"))
	a.write(e.data)
}

// write fills up to a multiple of four bytes.
func (a *archive) write(b []byte) {
	a.w.Write(b) // Flush tells of errors
	a.w.Write(make([]byte, -len(b)&3))
}

func (a *archive) addFile(name, here string) {
	f, err := os.Open(here)
	if err != nil {
		a.err = errors.Join(a.err, err)
		return
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		a.err = errors.Join(a.err, err)
		return
	}
	a.add(entry{name: name, mode: regular | 0o755, data: b})
}
