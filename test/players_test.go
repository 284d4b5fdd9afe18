package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// players are the README's commands that show a stream, each with what makes it end after some pictures, and with nothing to show
// them on.
var players = []struct {
	program, pkg string
	shown, more  []string
	env          []string
	says         string // while it shows the stream, if it does not end
}{
	{"ffplay", "ffmpeg", []string{"-fflags", "nobuffer", "-flags", "low_delay", "-framedrop", "URL"},
		[]string{"-v", "error", "-stats"}, []string{"SDL_VIDEODRIVER=dummy", "SDL_AUDIODRIVER=dummy"}, `[1-9]\.[0-9]+ M-V:`},
	{"mpv", "mpv", []string{"--profile=low-latency", "URL"}, []string{"--no-config", "--vo=null", "--frames=10"}, nil, ""},
	{"mplayer", "", []string{"-demuxer", "lavf", "URL"}, []string{"-really-quiet", "-nosound", "-vo", "null", "-frames", "10"}, nil, ""},
	{"gst-launch-1.0", "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good", strings.Fields("souphttpsrc location=URL is-live=true ! " +
		"multipartdemux ! jpegdec ! videoconvert ! autovideosink"), nil, nil, ""},
}

// TestPlayers shows the stream in other programs, by the README's commands.
func TestPlayers(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	address, _ := watched(t)
	for _, p := range players {
		t.Run(p.program, func(t *testing.T) {
			path := needOr(t, p.program, p.pkg)
			shown := strings.ReplaceAll(strings.Join(append([]string{p.program}, p.shown...), " "), "URL", "http://127.0.0.1:5000/live")
			if !strings.Contains(string(readme), "\n    "+shown+"\n") {
				t.Errorf("the README does not show %s", shown)
			}
			args := slices.Concat(p.more, p.shown)
			for i, arg := range args {
				args[i] = strings.ReplaceAll(strings.ReplaceAll(arg, "URL", address), "autovideosink", "fakesink")
			}
			if p.program == "gst-launch-1.0" {
				args = append(args, "num-buffers=10")
			}
			cmd := exec.CommandContext(t.Context(), path, args...)
			cmd.Env = append(p.env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
			if p.says != "" {
				launch(t, cmd).await(t, p.says)
				return
			}
			finish(t, cmd)
		})
	}
}

// needOr is need for a program of a package that the tests want, and for any other one that may be missing.
func needOr(t *testing.T, name, pkg string) string {
	t.Helper()
	if pkg != "" {
		return need(t, name, pkg)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here", name)
	}
	return path
}

// recording runs a program that goes on for ever until it has written something to a directory.
func recording(t *testing.T, dir, pattern string, cmd *exec.Cmd, enough func(file []byte) bool) {
	t.Helper()
	p := launch(t, cmd)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range files {
			if file, err := os.ReadFile(name); err == nil && enough(file) {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing came of it:\n%s", p.said)
		}
	}
}

// TestVLC records what VLC shows. As root it refuses to run.
func TestVLC(t *testing.T) {
	t.Parallel()
	vlc := needOr(t, "cvlc", "")
	address, _ := watched(t)
	dir, err := os.MkdirTemp("", "vlc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	args := []string{vlc, "-q", "--no-audio", "--network-caching=100", "--http-reconnect", address,
		"--sout=#std{access=file,mux=mpjpeg,dst=" + filepath.Join(dir, "recording") + "}"}
	if os.Getuid() == 0 {
		args = append([]string{"setpriv", "--reuid=65534", "--clear-groups"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	recording(t, dir, "recording", cmd, func(file []byte) bool { return bytes.Count(file, []byte("\xff\xd8")) > 10 })
}

// TestFilm records two seconds of ten pictures each, as the README says. At the rate that ffmpeg takes for granted, 25 a second, they
// would be five.
func TestFilm(t *testing.T) {
	t.Parallel()
	ffmpeg, ffprobe := need(t, "ffmpeg", "ffmpeg"), need(t, "ffprobe", "ffmpeg")
	camera := newCamera(t, 100*time.Millisecond, streamtest.OfSize(10_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	film := filepath.Join(t.TempDir(), "film.mkv")
	external(t, ffmpeg, "-v", "error", "-use_wallclock_as_timestamps", "1", "-f", "mpjpeg", "-i", p.url+"/live", "-t", "2", "-c", "copy", film)
	count := external(t, ffprobe, "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", film)
	if n, err := strconv.Atoi(strings.TrimRight(count, ",\n")); err != nil || n < 2 || n > 30 {
		t.Errorf("%q pictures in 2 s of film at 10 a second", count)
	}
}

// TestMotion lets motion find that something moves.
func TestMotion(t *testing.T) {
	t.Parallel()
	motion := need(t, "motion", "motion")
	dir := t.TempDir()
	p := start(t, command(t, anyPort, "pattern:#width=320&height=240&fps=10"))
	conf := fmt.Sprintf("netcam_url %s/live\n", p.url) + "daemon off\nsetup_mode off\nwidth 320\nheight 240\nframerate 10\nemulate_motion on\n" +
		"picture_output on\nmovie_output off\nwebcontrol_port 0\nstream_port 0\ntarget_dir " + dir + "\n"
	cmd := exec.CommandContext(t.Context(), motion, "-n", "-c", writeFile(t, "motion.conf", conf, 0o600))
	recording(t, dir, "*.jpg", cmd, func(file []byte) bool {
		return bytes.HasPrefix(file, []byte("\xff\xd8")) && bytes.HasSuffix(file, []byte("\xff\xd9"))
	})
}
