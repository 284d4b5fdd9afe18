package config

import (
	"fmt"
	"slices"
	"time"

	"mjpegazer/router"
	"mjpegazer/source"
)

// Camera is a SOURCE, which was checked, with its name.
type Camera struct {
	Name      string
	Source    string
	Title     string // for people; "": the name
	Directory string // where relative paths in Source begin; "": the working directory
	Stall     time.Duration
	MaxFrame  int      // in bytes
	VariantOf string   // the name of the camera that it is a variant of; "": it is none
	Viewers   []string // who alone may see it, or "*"; nil: as VariantOf, else everybody who is let in
	place     string   // where it was named, for errors; "": in the configuration file
}

// readCameras reads the arguments that are no flags, each NAME=SOURCE or SOURCE. Without any, where there is to be one, there
// is VIDEO_URL, and without that the test card.
func (c *Config) readCameras(arguments []string, orDefault bool) (err error) {
	if len(arguments) > 0 || !orDefault {
		c.Cameras, err = c.parseArgumentCameras(arguments)
		return err
	}
	text := c.env.text("VIDEO_URL")
	if text == "" {
		text = "pattern:"
	}
	parsed, err := c.parseCamera(text, 0)
	parsed.place = "VIDEO_URL"
	if err != nil {
		return fmt.Errorf("VIDEO_URL: %w", err)
	}
	c.Cameras = []Camera{parsed}
	return nil
}

func (c *Config) parseArgumentCameras(arguments []string) (cameras []Camera, err error) {
	positions := map[string]int{}
	for i, text := range arguments {
		parsed, err := c.parseCamera(text, i)
		if first, taken := positions[parsed.Name]; taken && err == nil {
			err = fmt.Errorf("camera %d has this name already: choose another, as in other=SOURCE", first+1)
		}
		parsed.place = fmt.Sprintf("camera %d (%q)", i+1, parsed.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", parsed.place, err)
		}
		positions[parsed.Name] = i
		cameras = append(cameras, parsed)
	}
	return cameras, nil
}

// parseCamera reads the camera at a position of the command line. The result has its name also beside an error.
func (c *Config) parseCamera(text string, position int) (Camera, error) {
	name, text, named := source.SplitName(text)
	if !named {
		name = "camera"
		if position > 0 {
			name = fmt.Sprintf("camera%d", position+1)
		}
	}
	parsed := Camera{Name: name, Source: text}
	if err := checkName(name); err != nil {
		return parsed, err
	}
	spec, err := c.parseSource(parsed)
	parsed.Stall, parsed.MaxFrame, parsed.VariantOf = spec.Stall, spec.MaxFrame, spec.Camera
	return parsed, err
}

// AnyName is the name of what stands for all cameras of other names: its SOURCE is a [source.Template].
const AnyName = "*"

// Any is what stands for all cameras of other names, if there is such a camera.
func (c *Config) Any() (Camera, bool) {
	i := slices.Index(names(c.Cameras), AnyName)
	if i < 0 {
		return Camera{}, false
	}
	return c.Cameras[i], true
}

func (c *Config) hasAny() bool {
	_, ok := c.Any()
	return ok
}

// checkName returns what is wrong with a name in the configuration.
func checkName(name string) error {
	if name == AnyName {
		return nil
	}
	return router.CheckName(name)
}

// parseSource reads a camera's SOURCE string. That of [AnyName] becomes one of its cameras.
func (c *Config) parseSource(camera Camera) (source.Spec, error) {
	if camera.Name != AnyName {
		return source.Parse(camera.Source, c.Defaults(camera))
	}
	template, err := source.ParseTemplate(camera.Source, c.Defaults(camera))
	if err != nil {
		return source.Spec{}, err
	}
	return template.Camera("name", nil)
}

// Defaults are those of a camera's SOURCE string.
func (c *Config) Defaults(camera Camera) source.Defaults {
	return source.Defaults{
		Stall: c.Stall, MaxFrame: int(c.MaxFrame), MaxPixels: int(c.MaxPixels), Directory: camera.Directory, Instance: c.Instance,
		Mirror: isYes(c.env["MIRROR_IMAGE"]),
	}
}

// HasCamera reports whether there is a camera of this name.
func (c *Config) HasCamera(name string) bool { return slices.Contains(names(c.Cameras), name) }

// CheckCameras tells what is wrong with the cameras of the command line beyond their strings, see [source.Spec.Check]: whoever
// starts the program is still there to read it.
func (c *Config) CheckCameras() error {
	for _, camera := range c.Cameras {
		if camera.place == "" {
			continue
		}
		spec, err := c.parseSource(camera)
		if err == nil {
			err = spec.Check()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", camera.place, err)
		}
	}
	return nil
}
