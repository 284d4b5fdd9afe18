package config

import (
	"fmt"

	"mjpegazer/router"
	"mjpegazer/source"
)

// Camera is a SOURCE, which was checked, with its name.
type Camera struct{ Name, Source string }

// parseCameras reads the arguments that are no flags, each NAME=SOURCE or SOURCE. Without any, there is VIDEO_URL, and
// without that the test card.
func (c *Config) parseCameras(arguments []string, env Variables) ([]Camera, error) {
	if len(arguments) > 0 {
		return c.parseArgumentCameras(arguments)
	}
	text := env["VIDEO_URL"]
	if text == "" {
		text = "pattern:"
	}
	parsed, err := c.parseCamera(text, 0)
	if err != nil {
		return nil, fmt.Errorf("VIDEO_URL: %w", err)
	}
	return []Camera{parsed}, nil
}

func (c *Config) parseArgumentCameras(arguments []string) (cameras []Camera, err error) {
	positions := map[string]int{}
	for i, text := range arguments {
		parsed, err := c.parseCamera(text, i)
		if first, taken := positions[parsed.Name]; taken && err == nil {
			err = fmt.Errorf("camera %d has this name already: choose another, as in other=SOURCE", first+1)
		}
		if err != nil {
			return nil, fmt.Errorf("camera %d (%q): %w", i+1, parsed.Name, err)
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
	parsed := Camera{name, text}
	if err := router.CheckName(name); err != nil {
		return parsed, err
	}
	spec, err := source.Parse(text, c.Defaults())
	if err == nil {
		err = spec.Check()
	}
	return parsed, err
}

// Defaults are those of the cameras' SOURCE strings.
func (c *Config) Defaults() source.Defaults {
	return source.Defaults{Stall: c.Stall, MaxFrame: int(c.MaxFrame), Instance: c.Instance}
}
