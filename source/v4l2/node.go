package v4l2

import (
	"cmp"
	"errors"
	"io/fs"
)

// A Node is a camera's file in /dev: which camera it is, and what the camera can do.
type Node struct {
	Path   string `json:"path"`   // /dev/video0
	Name   string `json:"name"`   // as the camera calls itself
	Driver string `json:"driver"` // uvcvideo
	Bus    string `json:"bus"`    // where it is plugged in: usb-0000:00:14.0-1
	// ID is the name that udev gives the camera in /dev/v4l/by-id, the same in every socket: made from its maker, model and
	// serial number. Empty where it is not on USB.
	ID string `json:"id,omitempty"`

	// Filled in by [Node.Describe].
	Formats  []Format  `json:"formats,omitempty"`
	Controls []Control `json:"controls,omitempty"`

	// Trouble is why the camera could not be opened or described, such as a missing permission, and what to do.
	Trouble string `json:"trouble,omitempty"`
}

// Same reports whether two nodes are of the same camera, by what it is and where it is plugged in, or by its ID.
func (n Node) Same(other Node) bool {
	if n.Name != other.Name || n.Driver != other.Driver {
		return false
	}
	return n.Bus == other.Bus || n.ID != "" && n.ID == other.ID
}

// Describe opens the camera and fills in Formats and Controls, or Trouble. A node that has Trouble is left as it is.
func (n *Node) Describe() {
	if n.Trouble != "" {
		return
	}
	d, err := Open(n.Path)
	if err == nil {
		defer d.Close()
		err = n.describe(d)
	}
	if err != nil {
		n.Trouble = trouble(n.Path, err)
	}
}

func (n *Node) describe(d *Device) (err error) {
	if n.Formats, err = d.Formats(); err != nil {
		return err
	}
	for i := range n.Formats {
		if n.Formats[i].Sizes, err = d.Sizes(n.Formats[i].FourCC); err != nil {
			return err
		}
	}
	n.Controls, err = d.Controls()
	return err
}

// trouble says why a camera cannot be opened, and what to do.
func trouble(path string, err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "no permission to open it: add the user to the group " + cmp.Or(Group(path), "video")
	}
	return cause(err).Error()
}

// cause is an error without the path that it names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
