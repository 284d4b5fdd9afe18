package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// The documents of the OCI image specification 1.1, as far as they are used here.
type (
	platform struct {
		Arch    string `json:"architecture"`
		OS      string `json:"os"`
		Variant string `json:"variant,omitempty"`
	}
	descriptor struct {
		Type        string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Platform    *platform         `json:"platform,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	manifest struct { // of one platform
		Schema int          `json:"schemaVersion"`
		Type   string       `json:"mediaType"`
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	index struct { // of several
		Schema    int          `json:"schemaVersion"`
		Type      string       `json:"mediaType"`
		Manifests []descriptor `json:"manifests"`
	}
	imageConfig struct {
		platform
		Created time.Time `json:"created"`
		Config  struct {
			User         string
			ExposedPorts map[string]struct{}
			Env          []string
			Entrypoint   []string
			Labels       map[string]string
		} `json:"config"`
		RootFS struct {
			Type  string   `json:"type"`
			Diffs []string `json:"diff_ids"`
		} `json:"rootfs"`
		History []history `json:"history"`
	}
	history struct {
		Created time.Time `json:"created"`
		By      string    `json:"created_by"`
	}
	// loadable is what docker load before version 25 reads instead.
	loadable struct {
		Config           string
		RepoTags, Layers []string
	}
)

const (
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

// An imageWriter writes an OCI image layout into a tar.
type imageWriter struct {
	*release
	archive *tar.Writer
	written map[string]bool // the digests of the blobs
}

// image makes the image for all platforms that containers run on.
func (r *release) image() error {
	return writeFile(filepath.Join(r.out, "mjpegazer_"+r.version+"_image.tar"), func(w io.Writer) error {
		i := &imageWriter{r, tar.NewWriter(w), map[string]bool{}}
		if err := i.write(); err != nil {
			return err
		}
		return i.archive.Close()
	})
}

func (i *imageWriter) write() error {
	if err := i.entry(i.archive, "oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	platforms := index{2, indexType, nil}
	var legacy []loadable
	for _, t := range targets {
		if t.platform.Arch == "" {
			continue
		}
		d, l, err := i.platform(t)
		if err != nil {
			return err
		}
		platforms.Manifests, legacy = append(platforms.Manifests, d), append(legacy, l)
	}
	d, err := i.document(indexType, platforms)
	if err != nil {
		return err
	}
	// The first name is skopeo's and Podman's, the second containerd's and Docker's.
	d.Annotations = map[string]string{
		"org.opencontainers.image.ref.name": i.version,
		"io.containerd.image.name":          "docker.io/library/mjpegazer:" + i.version,
	}
	if err := i.json("index.json", index{2, indexType, []descriptor{d}}); err != nil {
		return err
	}
	return i.json("manifest.json", legacy)
}

// platform writes a platform's layer, configuration and manifest. It returns the manifest's descriptor.
func (i *imageWriter) platform(t target) (d descriptor, l loadable, err error) {
	p := t.platform
	p.OS = "linux"
	plain, err := i.layer(t)
	if err != nil {
		return d, l, err
	}
	var packed bytes.Buffer
	if err := compress(&packed, plain); err != nil {
		return d, l, err
	}
	layer, err := i.blob(layerType, packed.Bytes())
	if err != nil {
		return d, l, err
	}
	config, err := i.document(configType, i.config(p, digest(plain)))
	if err != nil {
		return d, l, err
	}
	d, err = i.document(manifestType, manifest{2, manifestType, config, []descriptor{layer}})
	d.Platform = &p
	name := "mjpegazer:" + i.version + "-" + p.Arch + p.Variant
	return d, loadable{blobPath(config.Digest), []string{name}, []string{blobPath(layer.Digest)}}, err
}

// config is how a container starts. Its loopback address cannot be reached from outside, so the default is to listen on all
// addresses: FLASK_RUN_HOST, unlike MJPEGAZER_LISTEN, gives way to a configuration file.
func (i *imageWriter) config(p platform, diff string) (c imageConfig) {
	c.platform, c.Created = p, i.time
	c.Config.User = "65532:65532" // no user of the host
	c.Config.ExposedPorts = map[string]struct{}{"5000/tcp": {}}
	c.Config.Env = []string{"PATH=/usr/bin", "FLASK_RUN_HOST=0.0.0.0"}
	c.Config.Entrypoint = []string{"/usr/bin/mjpegazer"}
	c.Config.Labels = map[string]string{
		"org.opencontainers.image.title":       "mjpegazer",
		"org.opencontainers.image.description": "Reads cameras once and shows them to any number of viewers",
		"org.opencontainers.image.version":     i.version,
		"org.opencontainers.image.revision":    i.commit,
	}
	c.RootFS.Type, c.RootFS.Diffs = "layers", []string{diff}
	c.History = []history{{i.time, "mjpegazer " + i.version}}
	return c
}

// document writes a blob of JSON.
func (i *imageWriter) document(mediaType string, v any) (descriptor, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, err
	}
	return i.blob(mediaType, text)
}

// blob writes what others name by its hash, once.
func (i *imageWriter) blob(mediaType string, content []byte) (descriptor, error) {
	d := descriptor{Type: mediaType, Digest: digest(content), Size: len(content)}
	if i.written[d.Digest] {
		return d, nil
	}
	i.written[d.Digest] = true
	return d, i.entry(i.archive, blobPath(d.Digest), 0o644, content)
}

// json writes a file of JSON.
func (i *imageWriter) json(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return i.entry(i.archive, name, 0o644, text)
}

func digest(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func blobPath(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
