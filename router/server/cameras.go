package server

import (
	"fmt"
	"log/slog"

	"mjpegazer/router"
	"mjpegazer/source"
	"mjpegazer/stream"
)

// camera is a SOURCE, which was checked, with its name.
type camera struct{ name, source string }

// parseCameras reads the arguments that are no flags, each NAME=SOURCE or SOURCE. Without any, there is VIDEO_URL, and
// without that the test card.
func (c *config) parseCameras(arguments []string, env variables) ([]camera, error) {
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
	return []camera{parsed}, nil
}

func (c *config) parseArgumentCameras(arguments []string) (cameras []camera, err error) {
	positions := map[string]int{}
	for i, text := range arguments {
		parsed, err := c.parseCamera(text, i)
		if first, taken := positions[parsed.name]; taken && err == nil {
			err = fmt.Errorf("camera %d has this name already: choose another, as in other=SOURCE", first+1)
		}
		if err != nil {
			return nil, fmt.Errorf("camera %d (%q): %w", i+1, parsed.name, err)
		}
		positions[parsed.name] = i
		cameras = append(cameras, parsed)
	}
	return cameras, nil
}

// parseCamera reads the camera at a position of the command line. The result has its name also beside an error.
func (c *config) parseCamera(text string, position int) (camera, error) {
	name, text, named := source.SplitName(text)
	if !named {
		name = "camera"
		if position > 0 {
			name = fmt.Sprintf("camera%d", position+1)
		}
	}
	parsed := camera{name, text}
	if err := router.CheckName(name); err != nil {
		return parsed, err
	}
	spec, err := source.Parse(text, c.defaults())
	if err == nil {
		err = spec.Check()
	}
	return parsed, err
}

func (c *config) defaults() source.Defaults {
	return source.Defaults{Stall: c.stall, MaxFrame: int(c.maxFrame), Instance: c.instance}
}

func openCameras(c *config, log *slog.Logger) ([]router.Camera, error) {
	cameras := make([]router.Camera, len(c.cameras))
	for i, cam := range c.cameras {
		defaults := c.defaults()
		defaults.Log = log.With("camera", cam.name)
		spec, err := source.Parse(cam.source, defaults)
		if err != nil {
			return nil, err
		}
		options := stream.Options{
			Linger: c.linger, Keep: c.keep || spec.Keep, Stall: spec.Stall, MaxFrame: spec.MaxFrame, MaxPixels: int(c.maxPixels), Log: defaults.Log,
		}
		cameras[i] = router.Camera{Name: cam.name, Stream: stream.New(spec.Source, options), Address: spec.Display}
	}
	return cameras, nil
}
