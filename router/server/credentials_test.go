package server

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestServiceCredentials are those that systemd 252 would make of the folder.
func TestServiceCredentials(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"door": "a b\n", "empty": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	want := []string{"mjpegazer_door=a b", "mjpegazer_empty=", "A=1"}
	if got := withServiceCredentials([]string{"A=1"}, folder); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	for _, test := range []struct {
		environ []string
		folder  string
	}{{[]string{"CREDENTIALS_DIRECTORY=/run"}, folder}, {[]string{"A=1"}, filepath.Join(folder, "none")}} {
		if got := withServiceCredentials(test.environ, test.folder); !slices.Equal(got, test.environ) {
			t.Errorf("%q became %q", test.environ, got)
		}
	}
}
