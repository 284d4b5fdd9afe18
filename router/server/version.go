package server

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// They are set by a release build: -ldflags '-X mjpegazer/router/server.version=1.2.3' and so on.
var version, commit string

// programVersion is the version that the build was given, else what Go knows of it.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.Trim(info.Main.Version, "()")
	}
	return "devel"
}

// build is what else is known of how the program was made: commit and Go version.
func build() string {
	if commit != "" {
		return "commit " + commit + " " + runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return runtime.Version()
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "commit " + s.Value + " " + info.GoVersion
		}
	}
	return "commit unknown " + info.GoVersion
}
