package config

import (
	"io"
	"strings"
	"testing"
)

// TestExternalURL takes addresses to which a path can be added, and repeats no secret of others.
func TestExternalURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://cameras.example": "http://cameras.example/", "https://cameras.example:8443/cams/": "https://cameras.example:8443/cams/", "": "",
		"cameras.example": "!", "javascript://canary": "!", "//canary/": "!", "http://ann:canary@h/": "!", "http://h/?canary": "!", "http://h/#canary": "!",
	} {
		c, err := Parse([]string{"-external-url", text}, nil, io.Discard)
		switch {
		case want == "!" && (err == nil || strings.Contains(err.Error(), "canary")):
			t.Errorf("%s: %v", text, err)
		case want != "!" && (err != nil || c.Access.ExternalURL != want):
			t.Errorf("%s: %q, %v", text, c.Access.ExternalURL, err)
		}
	}
}
