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

// Nodes lists the cameras that are there by name, bus and ID, without what they can do; that takes no more than a moment
// and no camera is touched that is not asked for its name. Nodes that are not cameras are left out; those that may not be
// opened are there with their Trouble.
func Nodes() ([]Camera, error) {
	var cameras []Camera
	for _, path := range nodes() {
		d, err := Open(path)
		switch {
		case err == nil:
			cameras = append(cameras, d.Camera)
			d.Close()
		case errors.Is(err, ErrNotCamera), errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		case attribute(path, "index") == "0": // the first node of a camera is the one with pictures
			cameras = append(cameras, Camera{Path: path, Name: attribute(path, "name"), ID: id(path), Trouble: trouble(path, err)})
		}
	}
	return cameras, nil
}

// trouble says why a camera cannot be opened, and what to do.
func trouble(path string, err error) string {
	if errors.Is(err, os.ErrPermission) {
		return "no permission to open it: add the user to the group " + cmp.Or(Group(path), "video")
	}
	return cause(err).Error()
}

// List is [Nodes] with what each camera can do.
func List() ([]Camera, error) {
	cameras, err := Nodes()
	for i := range cameras {
		c := &cameras[i]
		if c.Trouble != "" {
			continue
		}
		if err := c.describe(); err != nil {
			c.Trouble = trouble(c.Path, err)
		}
	}
	return cameras, err
}

// describe asks the camera for its formats and controls.
func (c *Camera) describe() error {
	d, err := Open(c.Path)
	if err != nil {
		return err
	}
	defer d.Close()
	c.Formats, err = d.Formats()
	for i := range c.Formats {
		if err == nil {
			c.Formats[i].Sizes, err = d.Sizes(c.Formats[i].FourCC)
		}
	}
	if err != nil {
		return err
	}
	c.Controls, err = d.Controls()
	return err
}

// nodes lists /dev/video0, 1, 2 … by number: those that the kernel has, and, where sysfs is not there, those in /dev.
func nodes() []string {
	entries, _ := filepath.Glob(sysfs + "/video*")
	if len(entries) == 0 {
		entries, _ = filepath.Glob("/dev/video*")
	}
	var paths []string
	for _, e := range entries {
		if _, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(e), "video")); err == nil {
			paths = append(paths, "/dev/"+filepath.Base(e))
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return number(a) - number(b) })
	return paths
}

func number(path string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "video"))
	return n
}

// attribute reads what sysfs says about a node.
func attribute(path, name string) string {
	b, _ := os.ReadFile(filepath.Join(sysfs, filepath.Base(path), name))
	return strings.TrimSpace(string(b))
}

// id is the camera's name in /dev/v4l/by-id. Where udev made none, as in a container or on OpenWrt, it is put together
// as udev does (60-persistent-v4l.rules).
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

// udevName writes a USB string as udev does: white space as one _, other characters that names do not have as well.
func udevName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("#+-.:=@_", r) || r > 0x7f {
			return r
		}
		return '_'
	}, strings.Join(strings.Fields(s), "_"))
}

// cause is an error without the path that stands beside it.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
