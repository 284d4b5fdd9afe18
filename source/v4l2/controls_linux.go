package v4l2

import (
	"strconv"
	"syscall"
	"unsafe"
)

// Flags of struct v4l2_queryctrl.
const (
	controlDisabled  = 0x1
	controlReadOnly  = 0x4
	controlInactive  = 0x10
	controlWriteOnly = 0x40
	controlNext      = 0x80000000 // V4L2_CTRL_FLAG_NEXT_CTRL, in the ID: the one after it
)

// Controls lists the camera's controls with their values, in the driver's order. Those whose value does not fit into 32
// bits, which webcams do not have, are left out.
func (d *Device) Controls() ([]Control, error) {
	var controls []Control
	var last uint32
	err := d.enumerate("VIDIOC_QUERYCTRL", func(uint32) error {
		q := controlInfo{id: last | controlNext}
		if err := d.ioctl(queryCtrl, unsafe.Pointer(&q)); err != nil {
			return err
		}
		last = q.id
		typ := controlTypes[q.typ]
		if typ == "" || q.flags&controlDisabled != 0 {
			return nil // a heading, or of a type that webcams do not have
		}
		c := Control{
			ID: q.id, Label: text(q.name[:]), Type: typ,
			Min: int(q.min), Max: int(q.max), Step: int(q.step), Default: int(q.preset),
			ReadOnly: q.flags&controlReadOnly != 0, Inactive: q.flags&controlInactive != 0,
		}
		c.Name = controlName(c.Label)
		if typ != Button && q.flags&controlWriteOnly == 0 {
			c.Value, _ = d.Control(c.ID) // some cameras fail for a control they list
		}
		if typ == Menu || typ == IntegerMenu {
			c.Menu = d.menu(c)
		}
		controls = append(controls, c)
		return nil
	})
	return controls, err
}

// menu lists the items of a control; a menu may have holes.
func (d *Device) menu(c Control) []MenuItem {
	var items []MenuItem
	for value := max(c.Min, 0); value <= c.Max && len(items) < mostEntries; value++ {
		q := menuItem{id: c.ID, index: uint32(value)}
		if d.ioctl(queryMenu, unsafe.Pointer(&q)) != nil {
			continue
		}
		item := MenuItem{Value: value, Name: text(q.name[:])}
		if c.Type == IntegerMenu {
			var number int64 // which is not aligned there
			copy((*[8]byte)(unsafe.Pointer(&number))[:], q.name[:])
			item.Name = strconv.FormatInt(number, 10)
		}
		items = append(items, item)
	}
	return items
}

// Control reads the value of a control (VIDIOC_G_CTRL).
func (d *Device) Control(id uint32) (int, error) {
	c := control{id: id}
	if err := d.ioctl(getCtrl, unsafe.Pointer(&c)); err != nil {
		return 0, d.failed("VIDIOC_G_CTRL", err)
	}
	return int(c.value), nil
}

// SetControl sets a control (VIDIOC_S_CTRL). The camera may round the value, or refuse it with EINVAL, ERANGE, or, where
// another control has to be turned off first, EACCES.
func (d *Device) SetControl(id uint32, value int) error {
	c := control{id: id, value: int32(value)}
	err := d.ioctl(setCtrl, unsafe.Pointer(&c))
	if err == syscall.EBUSY {
		err = d.ioctl(setCtrl, unsafe.Pointer(&c)) // an earlier change has not ended
	}
	if err != nil {
		return d.failed("VIDIOC_S_CTRL", err)
	}
	return nil
}
