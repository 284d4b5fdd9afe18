package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The packages' unit has LoadCredential=mjpegazer:/etc/mjpegazer/credentials, which systemd makes a credential of for each file
// in there: door becomes mjpegazer_door.
const (
	credentialFolder = "/etc/mjpegazer/credentials"
	credentialPrefix = "mjpegazer_"
)

// withServiceCredentials adds to an environment what systemd would give the service, so that its configuration can be checked
// outside of it. Only root can read the folder.
func withServiceCredentials(environ []string, folder string) []string {
	if slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "CREDENTIALS_DIRECTORY=") }) {
		return environ
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return environ
	}
	added := []string{}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue // systemd loads no other, not even symbolic links
		}
		if content, err := os.ReadFile(filepath.Join(folder, f.Name())); err == nil {
			added = append(added, credentialPrefix+f.Name()+"="+strings.TrimSuffix(string(content), "\n"))
		}
	}
	return append(added, environ...)
}
