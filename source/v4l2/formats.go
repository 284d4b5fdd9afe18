//go:build linux

package v4l2

import (
	"slices"
	"syscall"
	"unsafe"
)

// mostEntries bounds every list that a driver gives entry by entry: some never end it.
const mostEntries = 512

// enumerate calls ask with 0, 1, 2 … until the driver has no more (EINVAL).
func (d *Device) enumerate(call string, ask func(index uint32) error) error {
	for i := range uint32(mostEntries) {
		switch err := ask(i); err {
		case nil:
		case syscall.EINVAL, syscall.ENOTTY:
			return nil
		default:
			return d.failed(call, err)
		}
	}
	return nil
}

// Formats lists what the camera can send, in the driver's order and without sizes.
func (d *Device) Formats() ([]Format, error) {
	var formats []Format
	err := d.enumerate("VIDIOC_ENUM_FMT", func(index uint32) error {
		f := fmtDesc{index: index, typ: typeCapture}
		if err := d.ioctl(enumFmt, unsafe.Pointer(&f)); err != nil {
			return err
		}
		formats = append(formats, Format{FourCC: FourCC(f.pixelFormat), Description: text(f.description[:])})
		return nil
	})
	return formats, err
}

// Sizes lists the sizes that a format comes in, in the driver's order. It is empty where the driver does not say.
func (d *Device) Sizes(format FourCC) ([]Size, error) {
	var sizes []Size
	err := d.enumerate("VIDIOC_ENUM_FRAMESIZES", func(index uint32) error {
		f := frameSize{index: index, pixelFormat: uint32(format)}
		if err := d.ioctl(enumFrameSizes, unsafe.Pointer(&f)); err != nil {
			return err
		}
		size := Size{Width: int(f.minWidth), Height: int(f.maxWidth)}
		if f.typ != discrete {
			size = Size{
				Width: int(f.minWidth), MaxWidth: int(f.maxWidth), StepWidth: int(f.stepWidth),
				Height: int(f.minHeight), MaxHeight: int(f.maxHeight), StepHeight: int(f.stepHeight),
			}
		}
		sizes = append(sizes, size)
		if f.typ != discrete {
			return syscall.EINVAL // a range is the only entry
		}
		return nil
	})
	for i := range sizes {
		if err == nil {
			err = d.rates(format, &sizes[i])
		}
	}
	return sizes, err
}

func (d *Device) rates(format FourCC, size *Size) error {
	width, height := size.Nearest(0, 0)
	return d.enumerate("VIDIOC_ENUM_FRAMEINTERVALS", func(index uint32) error {
		f := frameInterval{index: index, pixelFormat: uint32(format), width: uint32(width), height: uint32(height)}
		if err := d.ioctl(enumIntervals, unsafe.Pointer(&f)); err != nil {
			return err
		}
		if f.typ != discrete {
			size.Rates, size.RateRange = []float64{f.max.fps(), f.min.fps()}, true
			return syscall.EINVAL
		}
		if fps := f.min.fps(); !slices.Contains(size.Rates, fps) {
			size.Rates = append(size.Rates, fps)
		}
		return nil
	})
}
