package test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// archives are those of a release, with what the program in each is built for.
var archives = []struct {
	name  string
	build []string
	qemu  []string // what plays a processor that is no better than the least of its kind; none for PCs
}{
	{"linux_amd64.tar.gz", []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1"}, nil},
	{"linux_386.tar.gz", []string{"GOOS=linux", "GOARCH=386"}, nil},
	{"linux_armv6.tar.gz", []string{"GOOS=linux", "GOARCH=arm", "GOARM=6"}, []string{"qemu-arm-static", "-cpu", "arm1176"}},
	{"linux_armv7.tar.gz", []string{"GOOS=linux", "GOARCH=arm", "GOARM=7"}, []string{"qemu-arm-static", "-cpu", "cortex-a7"}},
	{"linux_arm64.tar.gz", []string{"GOOS=linux", "GOARCH=arm64"}, []string{"qemu-aarch64-static", "-cpu", "cortex-a53"}},
	{"linux_mipsle.tar.gz", []string{"GOOS=linux", "GOARCH=mipsle", "GOMIPS=softfloat"}, []string{"qemu-mipsel-static", "-cpu", "24Kc"}},
	{"linux_riscv64.tar.gz", []string{"GOOS=linux", "GOARCH=riscv64"}, []string{"qemu-riscv64-static"}},
	{"darwin_amd64.tar.gz", []string{"GOOS=darwin", "GOARCH=amd64"}, nil},
	{"darwin_arm64.tar.gz", []string{"GOOS=darwin", "GOARCH=arm64"}, nil},
	{"windows_amd64.zip", []string{"GOOS=windows", "GOARCH=amd64"}, nil},
	{"linux_amd64-nats.tar.gz", []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "-tags=nats"}, nil},
	{"linux_armv6-nats.tar.gz", []string{"GOOS=linux", "GOARCH=arm", "GOARM=6", "-tags=nats"}, []string{"qemu-arm-static", "-cpu", "arm1176"}},
	{"linux_armv7-nats.tar.gz", []string{"GOOS=linux", "GOARCH=arm", "GOARM=7", "-tags=nats"}, []string{"qemu-arm-static", "-cpu", "cortex-a7"}},
	{"linux_arm64-nats.tar.gz", []string{"GOOS=linux", "GOARCH=arm64", "-tags=nats"}, []string{"qemu-aarch64-static", "-cpu", "cortex-a53"}},
}

// TestReleaseArchives looks into each: the program is the right one, runs without any library, and knows its version.
func TestReleaseArchives(t *testing.T) {
	dir := released(t)
	for _, a := range archives {
		t.Run(a.name, func(t *testing.T) {
			files := unpacked(t, filepath.Join(dir, "mjpegazer_1.2.3_"+a.name))
			program := programOf(t, files)
			info, err := buildinfo.Read(bytes.NewReader(program))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range append(a.build, "CGO_ENABLED=0", "-trimpath=true") {
				name, value, _ := strings.Cut(want, "=")
				if !slices.Contains(info.Settings, debug.BuildSetting{Key: name, Value: value}) {
					t.Errorf("it is not built with %s: %v", want, info.Settings)
				}
			}
			if binary, err := elf.NewFile(bytes.NewReader(program)); err == nil && slices.ContainsFunc(binary.Progs, needsLoader) {
				t.Error("it is not static")
			}
			for _, name := range []string{"README.md", "LICENSES.txt", "mjpegazer.yaml"} {
				if len(files[name].content) == 0 {
					t.Errorf("there is no %s", name)
				}
			}
			if strings.HasPrefix(a.name, "linux") && (a.qemu != nil || runtime.GOARCH == "amd64") {
				runVersion(t, program, a.qemu)
			}
		})
	}
}

func needsLoader(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }

// runVersion runs a program that only says its version.
func runVersion(t *testing.T, program []byte, qemu []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mjpegazer")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	command := append(slices.Clone(qemu), file, "-version")
	if len(qemu) > 0 {
		command[0] = need(t, qemu[0], "qemu-user-static")
	}
	if err := exec.CommandContext(t.Context(), command[0], command[1:]...).Run(); errors.Is(err, syscall.ENOEXEC) {
		t.Skip("this kernel runs no programs of 32 bits (CONFIG_IA32_EMULATION)")
	}
	code, out, errs := run(t, exec.CommandContext(t.Context(), command[0], command[1:]...))
	if want := "mjpegazer " + releaseVersion + " commit "; code != 0 || !strings.HasPrefix(out, want) {
		t.Errorf("-version says %q, %q with code %d, not %q", out, errs, code, want)
	}
}

// A packed is a file of an archive.
type packed struct {
	mode         int64
	owner, group string
	content      []byte
}

// programOf is the program among an archive's files.
func programOf(t *testing.T, files map[string]packed) []byte {
	t.Helper()
	for _, name := range []string{"mjpegazer", "mjpegazer.exe"} {
		if f, ok := files[name]; ok {
			if f.mode != 0o755 && name == "mjpegazer" {
				t.Errorf("the program has mode %o", f.mode)
			}
			return f.content
		}
	}
	t.Fatalf("no program among %v", slices.Sorted(maps.Keys(files)))
	return nil
}

// unpacked are an archive's files by their names. All are in one folder that has the archive's name.
func unpacked(t *testing.T, file string) map[string]packed {
	t.Helper()
	content := contents(t, file)
	name, isTar := strings.CutSuffix(filepath.Base(file), ".tar.gz")
	all := map[string]packed{}
	if isTar {
		plain, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		all = untar(t, plain)
	} else {
		name = strings.TrimSuffix(name, ".zip")
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range archive.File {
			f, err := entry.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(f)
			if err != nil || !entry.Modified.Equal(timeOfRelease()) {
				t.Fatal(entry.Name, entry.Modified, err)
			}
			all[entry.Name] = packed{content: text}
		}
	}
	inside := map[string]packed{}
	for long, f := range all {
		if path.Dir(long) != name {
			t.Errorf("%s is not in the folder %s", long, name)
		}
		inside[path.Base(long)] = f
	}
	return inside
}

// untar reads a tar, all of whose files bear the release's time.
func untar(t *testing.T, r io.Reader) map[string]packed {
	t.Helper()
	files := map[string]packed{}
	for archive := tar.NewReader(r); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if !head.ModTime.Equal(timeOfRelease()) && head.Name != ".PKGINFO" { // nfpm gives it no time
			t.Errorf("%s is of %v", head.Name, head.ModTime)
		}
		files[head.Name] = packed{head.Mode, head.Uname, head.Gname, content}
	}
}

// TestReleaseBill compares the bill of materials with what the programs say of themselves.
func TestReleaseBill(t *testing.T) {
	dir := released(t)
	var bill struct {
		BomFormat, SpecVersion string
		Metadata               struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version, Purl string }
	}
	decoder := json.NewDecoder(bytes.NewReader(contents(t, filepath.Join(dir, "mjpegazer_1.2.3.cdx.json"))))
	if err := decoder.Decode(&bill); err != nil {
		t.Fatal(err)
	}
	if bill.BomFormat != "CycloneDX" || bill.SpecVersion != "1.5" {
		t.Errorf("it is %s %s", bill.BomFormat, bill.SpecVersion)
	}
	if c := bill.Metadata.Component; c.Name != "mjpegazer" || c.Version != releaseVersion {
		t.Errorf("the bill is of %v", c)
	}
	billed, used := map[string]bool{}, map[string]bool{}
	for _, c := range bill.Components {
		billed[c.Name+"@"+c.Version] = true
		if c.Purl != "pkg:golang/"+c.Name+"@"+c.Version {
			t.Errorf("%s %s has the address %s", c.Name, c.Version, c.Purl)
		}
	}
	for _, a := range archives {
		info, err := buildinfo.Read(bytes.NewReader(programOf(t, unpacked(t, filepath.Join(dir, "mjpegazer_1.2.3_"+a.name)))))
		if err != nil {
			t.Fatal(err)
		}
		used["std@"+strings.TrimPrefix(info.GoVersion, "go")] = true
		for _, m := range info.Deps {
			used[m.Path+"@"+m.Version] = true
		}
	}
	if !maps.Equal(billed, used) {
		t.Errorf("the bill has\n%v\nthe programs\n%v", slices.Sorted(maps.Keys(billed)), slices.Sorted(maps.Keys(used)))
	}
	licenses := string(unpacked(t, filepath.Join(dir, "mjpegazer_1.2.3_linux_amd64.tar.gz"))["LICENSES.txt"].content)
	for _, c := range bill.Components {
		if c.Name != "std" && !strings.Contains(licenses, "\n"+c.Name+" "+c.Version+"\n") {
			t.Errorf("there is no license of %s", c.Name)
		}
	}
}
