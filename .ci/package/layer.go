package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// roots are the certificates that browsers trust, without which a camera's https:// address could not be checked.
var roots = module{"golang.org/x/crypto/x509roots/fallback", "v0.0.0-20261030153154-30a33513ff6d"}

// layer is the image's only one, uncompressed: the program, and what it expects of a system.
func (i *imageWriter) layer(t target) ([]byte, error) {
	program, err := os.ReadFile(i.binary(t))
	if err != nil {
		return nil, err
	}
	certificates, err := trusted()
	if err != nil {
		return nil, err
	}
	licenses, err := os.ReadFile(filepath.Join(i.work, "LICENSES.txt"))
	if err != nil {
		return nil, err
	}
	files, err := zones()
	if err != nil {
		return nil, err
	}
	files["usr/bin/mjpegazer"] = program
	files["etc/ssl/certs/ca-certificates.crt"] = certificates
	files["usr/share/doc/mjpegazer/LICENSES.txt"] = licenses
	return i.tree(files)
}

// tree makes a tar of files and the directories that they are in.
func (i *imageWriter) tree(files map[string][]byte) ([]byte, error) {
	var names []string
	for name := range files {
		names = append(names, name)
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			names = append(names, dir+"/")
		}
	}
	slices.Sort(names)
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, name := range slices.Compact(names) {
		mode := int64(0o644)
		if strings.HasSuffix(name, "/") || strings.HasPrefix(name, "usr/bin/") {
			mode = 0o755
		}
		if err := i.entry(archive, name, mode, files[name]); err != nil {
			return nil, err
		}
	}
	return layer.Bytes(), archive.Close()
}

// trusted is the file of the roots.
func trusted() ([]byte, error) {
	dir, err := roots.dir()
	if err != nil {
		return nil, err
	}
	der, err := os.ReadFile(filepath.Join(dir, "bundle", "bundle.der"))
	if err != nil {
		return nil, err
	}
	certificates, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", roots.path, err)
	}
	var text bytes.Buffer
	for _, c := range certificates {
		fmt.Fprintf(&text, "# %s\n", c.Subject)
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// zones are the time zones that Go comes with, for TZ=Europe/Berlin.
func zones() (map[string][]byte, error) {
	dir, err := module{path: "std"}.dir()
	if err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(filepath.Join(dir, "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	files := map[string][]byte{}
	for _, entry := range archive.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		f, err := entry.Open()
		if err != nil {
			return nil, err
		}
		if files["usr/share/zoneinfo/"+entry.Name], err = io.ReadAll(f); err != nil {
			return nil, err
		}
	}
	return files, nil
}
