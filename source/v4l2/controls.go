package v4l2

import (
	"fmt"
	"strings"
	"unicode"
)

// The types of controls (enum v4l2_ctrl_type), for [Control.Type]. A Button does something when it is set, and has no value.
const (
	Integer     = "integer"
	Boolean     = "boolean"
	Menu        = "menu"
	Button      = "button"
	Bitmask     = "bitmask"
	IntegerMenu = "integer menu"
)

// controlTypes are the kernel's numbers of the types that webcams have.
var controlTypes = map[uint32]string{1: Integer, 2: Boolean, 3: Menu, 4: Button, 8: Bitmask, 9: IntegerMenu}

// A Control is something that can be set on a camera (VIDIOC_QUERYCTRL).
type Control struct {
	ID    uint32 `json:"id"`
	Name  string `json:"name"`  // as v4l2-ctl writes it: exposure_time_absolute
	Label string `json:"label"` // as the driver writes it: Exposure Time, Absolute
	Type  string `json:"type"`  // Integer, Boolean, Menu, Button, Bitmask or IntegerMenu

	// In units of the control's own, which the kernel defines for some: exposure_time_absolute counts 100 µs,
	// white_balance_temperature kelvins, power_line_frequency the items of its menu. Most, such as brightness, have none. Of a
	// Menu, Min and Max are the first and the last item; of a Bitmask, Max holds all bits.
	Min     int `json:"min"`
	Max     int `json:"max"`
	Step    int `json:"step"`
	Default int `json:"default"`
	Value   int `json:"value"`

	Menu []MenuItem `json:"menu,omitempty"`

	ReadOnly bool `json:"read_only,omitempty"`
	// Inactive is true where another control, an automatic one, has to be turned off before this one has an effect.
	Inactive bool `json:"inactive,omitempty"`
}

// A MenuItem is a value of a Menu or an IntegerMenu.
type MenuItem struct {
	Value int    `json:"value"`
	Name  string `json:"name"`
}

// Check returns why a value cannot be set, or nil.
func (c Control) Check(value int) error {
	switch {
	case c.ReadOnly:
		return fmt.Errorf("%s can only be read", c.Name)
	case c.Type == Button:
		return nil
	case c.Type == Bitmask:
		if uint32(value)&^uint32(c.Max) != 0 {
			return fmt.Errorf("%s=%#x has bits that are not in %#x", c.Name, value, uint32(c.Max))
		}
		return nil
	case value < c.Min || value > c.Max:
		return fmt.Errorf("%s=%d is out of range: %s", c.Name, value, c.Range())
	}
	for _, item := range c.Menu {
		if item.Value == value {
			return nil
		}
	}
	if len(c.Menu) > 0 {
		return fmt.Errorf("%s=%d is not in its menu: %s", c.Name, value, c.Range())
	}
	return nil
}

// Range says in words which values can be set.
func (c Control) Range() string {
	switch c.Type {
	case Menu, IntegerMenu:
		items := make([]string, len(c.Menu))
		for i, item := range c.Menu {
			items[i] = fmt.Sprintf("%d %s", item.Value, item.Name)
		}
		return fmt.Sprintf("%s (default %d)", strings.Join(items, ", "), c.Default)
	case Boolean:
		return fmt.Sprintf("0 or 1 (default %d)", c.Default)
	case Button:
		return "1 presses it"
	case Bitmask:
		return fmt.Sprintf("bits of %#x (default %#x)", uint32(c.Max), uint32(c.Default))
	}
	step := ""
	if c.Step > 1 {
		step = fmt.Sprintf(" in steps of %d", c.Step)
	}
	return fmt.Sprintf("%d to %d%s (default %d)", c.Min, c.Max, step, c.Default)
}

// controlName writes a driver's label as v4l2-ctl does: letters and digits in lower case, and one _ for what is
// between them.
func controlName(label string) string {
	words := strings.FieldsFunc(strings.ToLower(label), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "_")
}
