package test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// An ociDescriptor names a blob (OCI image specification, "Content Descriptors").
type ociDescriptor struct {
	MediaType, Digest string
	Size              int
	Platform          struct{ Architecture, OS, Variant string }
	Annotations       map[string]string
}

// An ociConfig says how a container begins.
type ociConfig struct {
	Architecture, OS, Variant string
	Config                    struct {
		User         string
		ExposedPorts map[string]struct{}
		Env          []string
		Entrypoint   []string
		Labels       map[string]string
	}
	RootFS struct {
		Type  string
		Diffs []string `json:"diff_ids"`
	}
}

// An ociImage is one platform's.
type ociImage struct {
	config ociConfig
	files  map[string]packed // of its layers
}

// readImage reads an image archive as the specification says, and returns the images by platform.
func readImage(t *testing.T, file string) map[string]ociImage {
	t.Helper()
	files := untar(t, bytes.NewReader(contents(t, file)))
	if layout := string(files["oci-layout"].content); layout != `{"imageLayoutVersion":"1.0.0"}` {
		t.Fatalf("oci-layout is %q", layout)
	}
	var top, platforms struct{ Manifests []ociDescriptor }
	decode(t, files["index.json"].content, &top)
	if len(top.Manifests) != 1 || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != releaseVersion {
		t.Fatalf("the index has %v", top.Manifests)
	}
	decode(t, blob(t, files, top.Manifests[0], "application/vnd.oci.image.index.v1+json"), &platforms)
	images := map[string]ociImage{}
	for _, d := range platforms.Manifests {
		var manifest struct {
			SchemaVersion int
			Config        ociDescriptor
			Layers        []ociDescriptor
		}
		decode(t, blob(t, files, d, "application/vnd.oci.image.manifest.v1+json"), &manifest)
		i := ociImage{files: map[string]packed{}}
		decode(t, blob(t, files, manifest.Config, "application/vnd.oci.image.config.v1+json"), &i.config)
		if c := i.config; c.OS != d.Platform.OS || c.Architecture != d.Platform.Architecture || c.Variant != d.Platform.Variant {
			t.Errorf("%v is named %v", c, d.Platform)
		}
		if manifest.SchemaVersion != 2 || len(manifest.Layers) != len(i.config.RootFS.Diffs) {
			t.Fatalf("schema %d, %d layers of %v", manifest.SchemaVersion, len(manifest.Layers), i.config.RootFS)
		}
		for n, l := range manifest.Layers {
			i.addLayer(t, blob(t, files, l, "application/vnd.oci.image.layer.v1.tar+gzip"), i.config.RootFS.Diffs[n])
		}
		images[strings.TrimSuffix(d.Platform.OS+"/"+d.Platform.Architecture+"/"+d.Platform.Variant, "/")] = i
	}
	return images
}

func decode(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// blob is what a descriptor names, if it is what the descriptor says.
func blob(t *testing.T, files map[string]packed, d ociDescriptor, mediaType string) []byte {
	t.Helper()
	content := files["blobs/"+strings.Replace(d.Digest, ":", "/", 1)].content
	if d.MediaType != mediaType || d.Size != len(content) || d.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256(content)) {
		t.Fatalf("%v, of %d bytes, is no %s", d, len(content), mediaType)
	}
	return content
}

// addLayer adds a layer's files, whose tar has the hash.
func (i ociImage) addLayer(t *testing.T, packedLayer []byte, diff string) {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packedLayer))
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	if _, err := layer.ReadFrom(plain); err != nil {
		t.Fatal(err)
	}
	if hash := fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes())); hash != diff {
		t.Errorf("the layer has the hash %s, not %s", hash, diff)
	}
	for name, f := range untar(t, &layer) {
		i.files[name] = f
	}
}

// TestImage reads the image, and compares it with what containers need.
func TestImage(t *testing.T) {
	images := readImage(t, filepath.Join(released(t), "mjpegazer_1.2.3_image.tar"))
	for platform, build := range map[string][]string{
		"linux/amd64": {"GOARCH=amd64"}, "linux/arm64": {"GOARCH=arm64"},
		"linux/arm/v6": {"GOARCH=arm", "GOARM=6"}, "linux/arm/v7": {"GOARCH=arm", "GOARM=7"},
	} {
		i, ok := images[platform]
		if !ok {
			t.Errorf("there is none for %s", platform)
			continue
		}
		c := i.config.Config
		if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/usr/bin/mjpegazer"}) || len(c.ExposedPorts) != 1 ||
			c.Labels["org.opencontainers.image.version"] != releaseVersion {
			t.Errorf("%s: %+v", platform, c)
		}
		info, err := buildinfo.Read(bytes.NewReader(i.files["usr/bin/mjpegazer"].content))
		if err != nil {
			t.Fatal(err)
		}
		settings := fmt.Sprint(info.Settings)
		for _, setting := range build {
			if name, value, _ := strings.Cut(setting, "="); !strings.Contains(settings, "{"+name+" "+value+"}") {
				t.Errorf("the program for %s is built with %s", platform, settings)
			}
		}
		if n := bytes.Count(i.files["etc/ssl/certs/ca-certificates.crt"].content, []byte("BEGIN CERTIFICATE")); n < 50 {
			t.Errorf("%s trusts %d authorities", platform, n)
		}
		for name, f := range i.files {
			if f.owner != "root" || f.group != "root" || f.mode&0o022 != 0 {
				t.Errorf("%s: %s has mode %o and is %s's", platform, name, f.mode, f.owner)
			}
		}
	}
	if len(images) != 4 {
		t.Errorf("there are %d images", len(images))
	}
}

// TestImageRuns begins a container as the image says: as its user, in a root directory that is read-only, in a network of its own.
func TestImageRuns(t *testing.T) {
	images := readImage(t, filepath.Join(released(t), "mjpegazer_1.2.3_image.tar"))
	i, ok := images["linux/"+runtime.GOARCH]
	if !ok {
		t.Skipf("there is no image for %s", runtime.GOARCH)
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, f := range i.files {
		path := filepath.Join(root, name)
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.content, os.FileMode(f.mode)); err != nil {
			t.Fatal(err)
		}
	}
	p := launch(t, i.container(t, root, "-log-format=json", "pattern:#width=320&height=240&fps=10"))
	p.await(t, `"(http://127\.0\.0\.1:5000/)`)
	p.await(t, `(anyone .*\[::\]:5000)`) // it listens to all addresses, and says what that means
	user := strings.Fields(p.proc(t, "status", "Uid:"))
	if !slices.Equal(user, []string{"65532", "65532", "65532", "65532"}) {
		t.Errorf("it runs as %v", user)
	}
	if capabilities := p.proc(t, "status", "CapEff:"); capabilities != "0000000000000000" {
		t.Errorf("it may do %s", capabilities)
	}
	if code, _ := p.stop(t); code != 0 {
		t.Errorf("it ended with code %d", code)
	}
	zoned := i.container(t, root, "-log-format=json", "-log-level=debug")
	zoned.Env = append(zoned.Env, "TZ=Asia/Kathmandu")
	launch(t, zoned).await(t, `("time":"[^"]*\+05:45")`)
}

// container is a command in the image's root, as its configuration says.
func (i ociImage) container(t *testing.T, root string, args ...string) *exec.Cmd {
	t.Helper()
	unshare := asRoot(t)
	user := i.config.Config.User
	// The mount must be read-only from the first moment; what it is mounted from may be in a file system that is not.
	script := `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ip link set lo up && shift &&
		exec chroot --userspec="$USER" "$@"`
	cmd := exec.CommandContext(t.Context(), unshare, slices.Concat(
		[]string{"--mount", "--net", "--propagation", "private", "sh", "-c", script, "sh", root, root}, i.config.Config.Entrypoint, args)...)
	cmd.Env = append(slices.Clone(i.config.Config.Env), "USER="+user, "PATH="+os.Getenv("PATH"))
	return cmd
}

// proc is a line of what the kernel says of the program.
func (p *program) proc(t *testing.T, file, line string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.pid, file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), line)
	rest, _, _ = strings.Cut(rest, "\n")
	return strings.TrimSpace(rest)
}

// asRoot finds the program that gives a test a view of this machine that is its own. Only root may.
func asRoot(t *testing.T) (unshare string) {
	t.Helper()
	unshare = need(t, "unshare", "util-linux")
	if out, err := exec.CommandContext(t.Context(), unshare, "--mount", "--net", "true").CombinedOutput(); err != nil || os.Getuid() != 0 {
		miss(t, "needs root, to mount file systems: "+strings.TrimSpace(string(out)))
	}
	return unshare
}
