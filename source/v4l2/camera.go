package v4l2

// Camera says which camera a node is, and what it can do.
type Camera struct {
	Path   string `json:"path"`   // /dev/video0
	Name   string `json:"name"`   // as the camera calls itself
	Driver string `json:"driver"` // uvcvideo
	Bus    string `json:"bus"`    // where it is plugged in: usb-0000:00:14.0-1
	// ID is the name that udev gives it in /dev/v4l/by-id, the same in every socket: made from its maker, model and
	// serial number. Empty where it is not on USB.
	ID string `json:"id,omitempty"`

	Formats  []Format  `json:"formats,omitempty"`
	Controls []Control `json:"controls,omitempty"`

	// Trouble is why the camera could not be asked: the permission is missing, say.
	Trouble string `json:"trouble,omitempty"`
}

// Same reports whether two are the same camera, by what it is and where it is plugged in, or by its ID.
func (c Camera) Same(other Camera) bool {
	if c.Name != other.Name || c.Driver != other.Driver {
		return false
	}
	return c.Bus == other.Bus || c.ID != "" && c.ID == other.ID
}
