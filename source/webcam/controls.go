package webcam

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"mjpegazer/source/v4l2"
)

// controlAliases are the controls, by ID, that Linux 5.13 renamed, under both names: recipes still use the old ones.
var controlAliases = map[string]uint32{
	"exposure_auto":                  0x009a0901,
	"auto_exposure":                  0x009a0901,
	"exposure_absolute":              0x009a0902,
	"exposure_time_absolute":         0x009a0902,
	"exposure_auto_priority":         0x009a0903,
	"exposure_dynamic_framerate":     0x009a0903,
	"focus_auto":                     0x009a090c,
	"focus_automatic_continuous":     0x009a090c,
	"white_balance_temperature_auto": 0x0098090c,
	"white_balance_automatic":        0x0098090c,
}

// A setting is a control and its new value.
type setting struct {
	control v4l2.Control
	value   int
}

// setControls sets what is wanted, automatic controls first: they decide which others can be set.
func setControls(d *v4l2.Device, wanted map[string]string) error {
	if len(wanted) == 0 {
		return nil
	}
	all, err := d.Controls()
	if err != nil {
		return err
	}
	settings, err := matchControls(all, wanted)
	if err != nil {
		return err
	}
	slices.SortStableFunc(settings, func(a, b setting) int { return cmp.Compare(controlOrder(a.control), controlOrder(b.control)) })
	for _, s := range settings {
		if err := d.SetControl(s.control.ID, s.value); err != nil {
			return refusal(s, err)
		}
	}
	return nil
}

// refusal is the error of a camera that refused a setting in its range.
func refusal(s setting, err error) error {
	switch {
	case errors.Is(err, syscall.ENODEV):
		return err
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s cannot be set while the camera sets it automatically: turn that off as well, as auto_exposure=1 does for the exposure",
			s.control.Name)
	}
	// Not %w: the reason is about the control, and must not be mistaken for one about the camera.
	return fmt.Errorf("the camera refuses %s=%d: %v", s.control.Name, s.value, err)
}

func controlOrder(c v4l2.Control) int {
	if c.Type == v4l2.Boolean || c.Type == v4l2.Menu {
		return 0
	}
	return 1
}

// matchControls returns the settings for the controls that are wanted, or one error with all that is wrong with them.
func matchControls(all []v4l2.Control, wanted map[string]string) ([]setting, error) {
	var settings []setting
	var problems []string
	var unknown bool
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i := slices.IndexFunc(all, func(c v4l2.Control) bool { return c.Name == strings.ToLower(name) })
		if id := controlAliases[strings.ToLower(name)]; i < 0 && id != 0 {
			i = slices.IndexFunc(all, func(c v4l2.Control) bool { return c.ID == id })
		}
		if i < 0 {
			problems = append(problems, fmt.Sprintf("the camera has no control %q", name))
			unknown = true
			continue
		}
		value, err := controlValue(all[i], wanted[name])
		if err == nil {
			err = all[i].Check(value)
		}
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		settings = append(settings, setting{all[i], value})
	}
	if unknown {
		problems = append(problems, "its controls are "+controlNames(all))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return settings, nil
}

// controlValue reads a number, the name of a menu item, or on and off.
func controlValue(c v4l2.Control, text string) (int, error) {
	if v, err := strconv.ParseInt(text, 0, 64); err == nil && int64(int(v)) == v {
		return int(v), nil
	}
	for _, item := range c.Menu {
		if strings.EqualFold(item.Name, text) {
			return item.Value, nil
		}
	}
	if c.Type == v4l2.Boolean {
		switch strings.ToLower(text) {
		case "true", "on", "yes":
			return 1, nil
		case "false", "off", "no":
			return 0, nil
		}
	}
	return 0, fmt.Errorf("%s=%q is not one of its values: %s", c.Name, text, c.Range())
}

func controlNames(all []v4l2.Control) string {
	var names []string
	for _, c := range all {
		if !c.ReadOnly {
			names = append(names, fmt.Sprintf("%s: %s", c.Name, c.Range()))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "; ")
}
