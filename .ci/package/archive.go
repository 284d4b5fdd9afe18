package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
)

// A file is one that goes into an archive.
type file struct {
	name string // in the archive, with slashes
	from string // on this disk
	mode int64
}

// archive makes a target's archive: a zip for Windows, a tar.gz for all else.
func (r *release) archive(t target) error {
	top := "mjpegazer_" + r.version + "_" + t.name
	files := []file{
		{filepath.Base(r.binary(t)), r.binary(t), 0o755},
		{"README.md", filepath.Join(r.work, "README.md"), 0o644},
		{"LICENSES.txt", filepath.Join(r.work, "LICENSES.txt"), 0o644},
		{"mjpegazer.yaml", filepath.Join(r.work, "mjpegazer.yaml"), 0o644},
	}
	if !t.windows() {
		files = append(files,
			file{"mjpegazer.1", filepath.Join(r.work, "mjpegazer.1"), 0o644},
			file{"mjpegazer.bash", filepath.Join(r.work, "files", "mjpegazer.bash"), 0o644},
		)
	}
	if t.linux() {
		files = append(files,
			file{"mjpegazer.service", filepath.Join(r.work, "files", "mjpegazer.service"), 0o644},
			file{"mjpegazer.sysusers", filepath.Join(r.work, "files", "mjpegazer.sysusers"), 0o644},
		)
	}
	for i := range files {
		files[i].name = top + "/" + files[i].name
	}
	if t.windows() {
		return writeFile(filepath.Join(r.out, top+".zip"), func(w io.Writer) error { return r.zip(w, files) })
	}
	return writeFile(filepath.Join(r.out, top+".tar.gz"), func(w io.Writer) error { return r.targz(w, files) })
}

// targz writes files, in their order, as a compressed tar.
func (r *release) targz(w io.Writer, files []file) error {
	var plain bytes.Buffer
	archive := tar.NewWriter(&plain)
	for _, f := range files {
		content, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		if err := r.entry(archive, f.name, f.mode, content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compress(w, plain.Bytes())
}

// compress writes what gunzip makes content of again. Nothing else is in there, such as a name or a time.
func compress(w io.Writer, content []byte) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := packed.Write(content); err != nil {
		return err
	}
	return packed.Close()
}

// entry adds a file to a tar, or a directory if the name ends with a slash. All belong to root.
func (r *release) entry(archive *tar.Writer, name string, mode int64, content []byte) error {
	head := &tar.Header{Name: name, Mode: mode, Size: int64(len(content)), ModTime: r.time, Uname: "root", Gname: "root"}
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// zip writes files, in their order, as a zip.
func (r *release) zip(w io.Writer, files []file) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time})
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeFile makes a file of what write writes.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
