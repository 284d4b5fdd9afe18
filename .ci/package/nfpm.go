package main

import (
	"io/fs"
	"os"
	"path/filepath"
)

// nfpm makes the packages. The version is one that is known to make the same bytes twice.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"

// installNfpm builds it for this machine.
func (r *release) installNfpm() error {
	_, err := command("", []string{"GOBIN=" + r.work}, "go", "install", nfpm)
	return err
}

// collect copies what goes into packages as it is. nfpm dates some of it by the time of its last change, which must not be
// that of this checkout.
func (r *release) collect() error {
	if err := os.CopyFS(r.work, os.DirFS(filepath.Join(".ci", "package"))); err != nil {
		return err
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.work, "README.md"), readme, 0o644); err != nil {
		return err
	}
	return filepath.WalkDir(r.work, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, r.time, r.time)
	})
}

// pack makes a target's package: a deb, rpm or apk.
func (r *release) pack(t target, format string) error {
	env := []string{"VERSION=" + r.version, "ARCH=" + t.arch, "BINARY=" + r.binary(t)}
	_, err := command(r.work, env, filepath.Join(r.work, "nfpm"), "package", "--packager", format, "--target", r.out)
	return err
}
