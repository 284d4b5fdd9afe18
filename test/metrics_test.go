package test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sampleOf is a sample among metrics; "": there is none.
func sampleOf(metrics, name string) string {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// awaitSample waits until a sample has a value, at an address that may not be open yet, and returns all metrics.
func awaitSample(t *testing.T, address, name, want string) string {
	t.Helper()
	return awaitMetrics(t, address, name+" never was "+want, func(metrics string) bool { return sampleOf(metrics, name) == want })
}

// awaitCounts waits until each of the samples is there and not 0, and returns all metrics.
func awaitCounts(t *testing.T, address string, names ...string) string {
	t.Helper()
	return awaitMetrics(t, address, "some are missing or 0", func(metrics string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			value := sampleOf(metrics, name)
			return value == "" || value == "0"
		})
	})
}

// awaitMetrics waits until metrics are as they should be, and returns them.
func awaitMetrics(t *testing.T, address, complaint string, right func(metrics string) bool) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var metrics []byte
		response, err := http.Get(address)
		if err == nil {
			metrics, _ = io.ReadAll(response.Body)
			response.Body.Close()
		}
		if right(string(metrics)) {
			return string(metrics)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v\n%s", complaint, err, metrics)
		}
	}
}

// TestMetrics has Prometheus's own tool read what there is of a camera that works, some that do not, and a variant.
func TestMetrics(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	p := start(t, command(t, anyPort, "-keep", "door="+door.URL, "small=camera:door#width=16", "gone=http://127.0.0.1:1/", "none=exec:/no/such/program"))
	response, err := http.Get(p.url + "/small/live")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	go io.Copy(io.Discard, response.Body)
	awaitSample(t, p.url+"/metrics", `mjpegazer_camera_up{camera="small"}`, "1")
	awaitSample(t, p.url+"/metrics", `mjpegazer_viewers{camera="small",kind="live"}`, "1")
	awaitSample(t, p.url+"/metrics", `mjpegazer_viewers{camera="door",kind="other"}`, "1")
	metrics := awaitCounts(t, p.url+"/metrics",
		`mjpegazer_camera_failures_total{camera="gone",reason="dial"}`, `mjpegazer_camera_failures_total{camera="none",reason="device"}`,
		`mjpegazer_encode_seconds_total{camera="small"}`, `mjpegazer_camera_received_bytes_total{camera="door"}`, "process_start_time_seconds",
		"go_goroutines", "go_threads", "go_memstats_heap_alloc_bytes",
	)
	if runtime.GOOS == "linux" {
		for _, name := range []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds", "process_max_fds"} {
			if n, err := strconv.ParseFloat(sampleOf(metrics, name), 64); err != nil || n < 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if resident, _ := strconv.ParseFloat(sampleOf(metrics, "process_resident_memory_bytes"), 64); resident < 1<<20 || resident > 1<<30 {
			t.Errorf("%v bytes of memory", resident)
		}
	}
	promtool(t, metrics)
}

// promtool checks metrics.
func promtool(t *testing.T, metrics string) {
	t.Helper()
	check := exec.CommandContext(t.Context(), need(t, "promtool", "prometheus"), "check", "metrics")
	check.Stdin = strings.NewReader(metrics)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// TestMetricsListen serves metrics at an address of their own, which a reload moves.
func TestMetricsListen(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	first, second := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	path := filepath.Join(directory, "mjpegazer.yaml")
	write := func(metrics string) {
		if err := os.WriteFile(path, []byte("metrics-listen: "+metrics+"\ncameras: {door: 'pattern:'}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	p := start(t, command(t, anyPort, "-config", path))
	p.await(t, `(msg="serving metrics" address=`+first+` path=/metrics)`)
	if response, _ := ask(t, http.MethodGet, p.url+"/metrics"); response.StatusCode != http.StatusNotFound {
		t.Errorf("/metrics of the other address: %s", response.Status)
	}
	if response, _ := ask(t, http.MethodGet, "http://"+first+"/door/live"); response.StatusCode != http.StatusNotFound {
		t.Errorf("a camera at the address of metrics: %s", response.Status)
	}
	awaitSample(t, "http://"+first+"/metrics", "mjpegazer_config_last_reload_successful", "1")

	write("nowhere")
	awaitSample(t, "http://"+first+"/metrics", "mjpegazer_config_last_reload_successful", "0")
	write(second)
	metrics := awaitSample(t, "http://"+second+"/metrics", "mjpegazer_config_last_reload_successful", "1")
	p.await(t, `(configuration: metrics at `+second+` opens)`)
	if _, err := net.Dial("tcp", first); err == nil {
		t.Error("the old address is still open")
	}
	if at := sampleOf(metrics, "mjpegazer_config_last_reload_success_timestamp_seconds"); at == "" {
		t.Error("when it was reloaded is not said")
	}

	write("[]")
	awaitSample(t, p.url+"/metrics", "mjpegazer_config_last_reload_successful", "1")
	for args, want := range map[string]string{
		"-metrics-listen=127.0.0.1:5000 -listen=127.0.0.1:5000": "127.0.0.1:5000 is an address of -listen",
		"-metrics-listen=nowhere":                               "give HOST:PORT",
	} {
		if code, _, stderr := run(t, command(t, strings.Fields(args)...)); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", args, code, stderr)
		}
	}
}

// TestPrometheus runs the README's configuration.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	program := need(t, "prometheus", "prometheus")
	recipe, err := os.ReadFile("recipes/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	token := writeFile(t, "token", secretToken, 0o600)
	p := start(t, command(t, anyPort, "-config", writeFile(t, "mjpegazer.yaml", "keep: true\ntoken: "+token+"\ncameras: {door: 'pattern:'}\n", 0o600)))
	text := regexp.MustCompile(`(?m)^    # (  |authorization)`).ReplaceAllString(string(recipe), "    $1")
	text = strings.NewReplacer("127.0.0.1:5000", strings.TrimPrefix(p.url, "http://"), "mjpegazer-token", token, "15s", "1s").Replace(text)
	config := writeFile(t, "prometheus.yml", text, 0o600)
	address := "127.0.0.1:" + freePort(t)
	server := exec.CommandContext(t.Context(), program, "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)
	launch(t, server)

	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile("(?m)^\\| `([^`]*mjpegazer_[^`]*)` \\|").FindAllStringSubmatch(string(readme), -1)
	if len(queries) < 3 {
		t.Errorf("the README has %d queries", len(queries))
	}
	for _, query := range queries {
		awaitQuery(t, address, strings.ReplaceAll(query[1], "[5m]", "[1m]"))
	}
}

// awaitQuery waits until Prometheus has an answer to a query, whatever the query compares it with.
func awaitQuery(t *testing.T, address, query string) {
	t.Helper()
	query, _, _ = strings.Cut(query, " == ")
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		var answer struct {
			Status, Error string
			Data          struct{ Result []any }
		}
		response, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(query))
		if err == nil {
			err = json.NewDecoder(response.Body).Decode(&answer)
			response.Body.Close()
		}
		if len(answer.Data.Result) > 0 {
			return
		}
		if answer.Status == "error" || time.Now().After(deadline) {
			t.Fatalf("%s: %+v, %v", query, answer, err)
		}
	}
}
