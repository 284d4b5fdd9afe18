package config_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"mjpegazer/router/server/internal/config"
	"mjpegazer/source/nats"
)

// TestExample is right as it is printed, and with each of its comments taken as a line.
func TestExample(t *testing.T) {
	c := mustParse(t, config.Example, nil)
	if got := cameras(c); got != "test=pattern:" || c.Listen.String() != "127.0.0.1:5000" {
		t.Errorf("%s on %s", got, &c.Listen)
	}
	block := config.Example
	for _, key := range []string{"door", "garden", "yard", "gate"} {
		block = strings.Replace(block, "  # "+key+":", "  "+key+":", 1)
	}
	block = regexp.MustCompile(`(?m)^  #   `).ReplaceAllString(block, "    ")
	block = strings.ReplaceAll(block, "password-file: yard-password", "password-file: mjpegazer.yaml")
	block = strings.Replace(block, "# users:", "users:", 1)
	c = mustParse(t, block, []string{"DOOR_PASSWORD=p"})
	if len(c.Cameras) != 5 || c.Cameras[2].Title != "Garden, south side" || len(c.Viewers()["yard"]) != 2 {
		t.Errorf("%v", c.Cameras)
	}
	lines := regexp.MustCompile(`(?m)^# ([a-z0-9-]+: .*)$`).FindAllStringSubmatch(config.Example, -1)
	var keys []string
	for _, line := range lines {
		key, _, _ := strings.Cut(line[1], ":")
		keys = append(keys, key)
		text := line[1] + "\n"
		if partner := map[string]string{"tls-cert": "tls-key", "tls-key": "tls-cert"}[key]; partner != "" {
			text += partner + ": x\n"
		}
		if key == "anonymous" {
			text += "users: x\ncameras: { test: 'pattern:' }\n"
		}
		if key == "publish" && !nats.Built {
			continue
		}
		mustParse(t, text, nil)
	}
	for _, key := range config.Keys() {
		if !slices.Contains(keys, key) && key != "listen" && key != "cameras" {
			t.Errorf("it does not show %s", key)
		}
	}
}
