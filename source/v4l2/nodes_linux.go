package v4l2

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const sysfs = "/sys/class/video4linux"

// Nodes lists the cameras of this machine by name, bus and ID. It opens each for a moment and does not turn it on. Nodes
// that are not cameras are left out; those that this user may not open have a Trouble. It fails with
// [errors.ErrUnsupported] on systems other than Linux, and never on Linux.
func Nodes() ([]Node, error) {
	var all []Node
	for _, path := range paths() {
		d, err := Open(path)
		switch {
		case err == nil:
			all = append(all, d.Node)
			d.Close()
		case errors.Is(err, ErrNotCamera), errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		case attribute(path, "index") == "0": // the first node of a camera is the one with pictures
			all = append(all, Node{Path: path, Name: attribute(path, "name"), ID: id(path), Trouble: trouble(path, err)})
		}
	}
	return all, nil
}

// paths lists /dev/video0, 1, 2 … by number: those that the kernel lists in sysfs or, without sysfs, those in /dev.
func paths() []string {
	entries, _ := filepath.Glob(sysfs + "/video*")
	if len(entries) == 0 {
		entries, _ = filepath.Glob("/dev/video*")
	}
	var all []string
	for _, e := range entries {
		if _, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(e), "video")); err == nil {
			all = append(all, "/dev/"+filepath.Base(e))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return number(a) - number(b) })
	return all
}

func number(path string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "video"))
	return n
}

// attribute reads what sysfs says about a node.
func attribute(path, name string) string {
	b, _ := os.ReadFile(filepath.Join(sysfs, filepath.Base(path), name))
	return printable(strings.TrimSpace(string(b)))
}

// id is the camera's name in /dev/v4l/by-id. Where udev made none, as in a container or on OpenWrt, it is put together
// as by udev (60-persistent-v4l.rules).
func id(path string) string {
	links, _ := filepath.Glob("/dev/v4l/by-id/*")
	for _, link := range links {
		if target, err := filepath.EvalSymlinks(link); err == nil && target == path {
			return filepath.Base(link)
		}
	}
	device, err := filepath.EvalSymlinks(filepath.Join(sysfs, filepath.Base(path), "device"))
	if err != nil {
		return ""
	}
	get := func(name string) string {
		// The node's device is an interface of the USB device, which stands above it.
		b, _ := os.ReadFile(filepath.Join(filepath.Dir(device), name))
		return udevName(string(b))
	}
	maker, model := cmp.Or(get("manufacturer"), get("idVendor")), cmp.Or(get("product"), get("idProduct"))
	if maker == "" || model == "" {
		return ""
	}
	name := "usb-" + maker + "_" + model
	if serial := get("serial"); serial != "" {
		name += "_" + serial
	}
	return name + "-video-index" + attribute(path, "index")
}

// udevName writes a USB string as udev does: white space as one _, and any character that names must not hold as well.
func udevName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("#+-.:=@_", r) || r > 0x7f {
			return r
		}
		return '_'
	}, strings.Join(strings.Fields(s), "_"))
}
