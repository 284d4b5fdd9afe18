package config

import (
	"fmt"
	"slices"
	"strings"

	"mjpegazer/router/server/internal/document"
	"mjpegazer/source"
)

// checkVariants finds the variants of cameras that do not exist, and of themselves. It calls wrong for each, and knows of other
// cameras that exist beside those that could be read.
func (c *Config) checkVariants(others []string, wrong func(camera Camera, err error)) {
	of := map[string]string{}
	for _, camera := range c.Cameras {
		of[camera.Name] = camera.VariantOf
	}
	known := slices.DeleteFunc(slices.Concat(names(c.Cameras), others), func(name string) bool { return name == AnyName })
	for _, camera := range c.Cameras {
		switch chain := chainOf(camera.Name, of); {
		case camera.VariantOf == "":
		case !slices.Contains(known, camera.VariantOf):
			err := fmt.Errorf("there is no camera of the name %q; the cameras are: %s", camera.VariantOf, strings.Join(names(c.Cameras), ", "))
			if likely := source.Nearest(camera.VariantOf, known); likely != "" && likely != camera.Name {
				err = fmt.Errorf("there is no camera of the name %q: did you mean %s?", camera.VariantOf, likely)
			}
			wrong(camera, err)
		case chain[len(chain)-1] == camera.Name:
			wrong(camera, fmt.Errorf("it would be a variant of itself: %s", strings.Join(chain, " → ")))
		}
	}
}

// chainOf follows a camera's originals, to the last or around to itself.
func chainOf(name string, of map[string]string) []string {
	chain := []string{name}
	for next := of[name]; next != "" && !slices.Contains(chain[1:], next); next = of[next] {
		if chain = append(chain, next); next == name {
			break
		}
	}
	return chain
}

// checkArgumentVariants is checkVariants where there is no configuration file. It returns the first mistake.
func (c *Config) checkArgumentVariants() (first error) {
	c.checkVariants(nil, func(camera Camera, err error) {
		if first == nil {
			first = fmt.Errorf("%s: %w", camera.place, err)
		}
	})
	return first
}

// variants notes what is wrong with the variants of the file, and returns the first mistake of those of the command line.
func (f *file) variants(c *Config) (first error) {
	places := map[string]document.Value{}
	var inFile []string
	for _, field := range f.fields {
		if field.Name == "cameras" {
			for _, camera := range field.Value.Fields() {
				places[camera.Name] = camera.Key
				inFile = append(inFile, camera.Name)
			}
		}
	}
	c.checkVariants(inFile, func(camera Camera, err error) {
		switch {
		case camera.place == "":
			places[camera.Name].Mistake("%v", err)
		case first == nil:
			first = fmt.Errorf("%s: %w", camera.place, err)
		}
	})
	return first
}
