package server

import (
	"log/slog"

	"mjpegazer/router"
	"mjpegazer/router/server/internal/config"
	"mjpegazer/source"
	"mjpegazer/stream"
)

func openCameras(c *config.Config, log *slog.Logger) ([]router.Camera, error) {
	cameras := make([]router.Camera, len(c.Cameras))
	for i, cam := range c.Cameras {
		defaults := c.Defaults(cam)
		defaults.Log = log.With("camera", cam.Name)
		spec, err := source.Parse(cam.Source, defaults)
		if err != nil {
			return nil, err
		}
		options := stream.Options{
			Linger: c.Linger, Keep: c.Keep || spec.Keep, Stall: spec.Stall, MaxFrame: spec.MaxFrame, MaxPixels: int(c.MaxPixels), Log: defaults.Log,
		}
		cameras[i] = router.Camera{Name: cam.Name, Title: cam.Title, Stream: stream.New(spec.Source, options), Address: spec.Display}
	}
	return cameras, nil
}
