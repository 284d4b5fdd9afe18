package test

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
	"mjpegazer/test/browser"
)

var watchTime = flag.Duration("watch", 5*time.Minute, "how long BenchmarkPageMemory watches a page; by hand: go test ./test -run '^$' -bench PageMemory -watch 1h -timeout 3h")

// scene is a picture as cameras take it, of 640×360 pixels and about 25 KB.
func scene() streamtest.Pictures {
	noise := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for y := range 360 {
		for x := range 640 {
			grain := noise.IntN(18)
			if (x/40+y/40)%5 == 0 {
				grain += 60
			}
			m.Set(x, y, color.RGBA{uint8(x/4 + grain), uint8(y/3 + grain), uint8(120 + grain), 255})
		}
	}
	return streamtest.OfImage(m)
}

// scenes starts a program with so many cameras that take them.
func scenes(tb testing.TB, cameras, fps int, flags ...string) (*program, []camera) {
	tb.Helper()
	var all []camera
	pictures := scene()
	for i := range cameras {
		all = append(all, newCamera(tb, time.Second/time.Duration(fps), pictures.JPEG))
		flags = append(flags, fmt.Sprintf("camera%d=%s", i+1, all[i].URL))
	}
	return start(tb, command(tb, append([]string{anyPort}, flags...)...)), all
}

const jsNotLive = `[...document.querySelectorAll('.camera')].filter((c) => c.dataset.state !== 'live').length`

// drawn is how many pictures each tile of the page has drawn.
func drawn(tb testing.TB, p *browser.Page) (counts []int) {
	tb.Helper()
	text := p.Eval(`JSON.stringify([...document.querySelectorAll('.camera')].map((c) => Number(c.dataset.drawn || 0)))`)
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		tb.Fatalf("%v: %s", err, text)
	}
	return counts
}

// sharesDrawn is, of each tile, how much of what its camera takes meanwhile is drawn.
func sharesDrawn(tb testing.TB, p *browser.Page, cameras []camera, window time.Duration) (shares []float64) {
	tb.Helper()
	before := drawn(tb, p)
	var sent []int
	for _, c := range cameras {
		sent = append(sent, c.Sent())
	}
	time.Sleep(window)
	after := drawn(tb, p)
	for i, c := range cameras {
		shares = append(shares, float64(after[i]-before[i])/float64(c.Sent()-sent[i]))
	}
	return shares
}

// connectionsTo counts the connections to a program that are open.
func connectionsTo(tb testing.TB, address string) (n int) {
	tb.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		tb.Fatal(err)
	}
	port, _ := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
	for line := range strings.Lines(string(table)) {
		const established = "01"
		fields := strings.Fields(line)
		if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) && fields[3] == established {
			n++
		}
	}
	return n
}

// TestPageOfTwelve has browsers show twelve cameras: each is live, and watched once, by the wall.
func TestPageOfTwelve(t *testing.T) {
	notRacing(t)
	t.Parallel()
	const tiles, fps, window = 12, 2, 3 * time.Second
	program, cameras := scenes(t, tiles, fps)
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			p := browser.Open(t, kind)
			p.Resize(browser.Viewport{Width: 1280, Height: 800})
			p.Go(program.url + "/")
			p.Want(`document.querySelectorAll('.camera').length + ' ' + `+jsNotLive, "12 0")
			const slack = 5 // what a busy machine may make of it; 95 % are promised
			if shares := sharesDrawn(t, p, cameras, window); slices.Min(shares) < 0.95/slack {
				t.Errorf("of the cameras' pictures these shares were drawn: %.2f", shares)
			}
			awaitMetrics(t, program.url+"/metrics", "not each camera is watched once, by the wall", func(metrics string) bool {
				for n := range tiles {
					viewers := func(kind string) string {
						return sampleOf(metrics, fmt.Sprintf(`mjpegazer_viewers{camera="camera%d",kind=%q}`, n+1, kind))
					}
					if viewers("wall") != "1" || viewers("live") != "0" {
						return false
					}
				}
				return true
			})
		})
	}
}

// BenchmarkPage compares what a browser spends on the page with what it spends on the same with <img> over HTTP/2, in turn.
func BenchmarkPage(b *testing.B) {
	for _, kind := range browser.Kinds {
		for _, size := range []struct{ cameras, fps int }{{12, 10}, {30, 5}} {
			b.Run(fmt.Sprintf("%s/%dx%dfps", kind, size.cameras, size.fps), func(b *testing.B) {
				file := certificate(b, b.TempDir())
				program, cameras := scenes(b, size.cameras, size.fps, "-tls-cert", file, "-tls-key", file, "-http2")
				images := serveImages(b, program)
				running := browser.Start(b, kind, map[browser.Kind]string{
					browser.Chromium: "--ignore-certificate-errors", browser.Firefox: "gfx.webrender.software=true", // as where there is no screen
				}[kind])
				var page, img, ratios, shares []float64
				connections := 0
				for b.Loop() {
					for range 3 {
						p := open(b, running, program.url+"/")
						p.Want(jsNotLive, "0")
						page = append(page, costOfPage(b, running, func(window time.Duration) {
							shares = append(shares, sharesDrawn(b, p, cameras, window)...)
						}))
						connections = max(connections, connectionsTo(b, program.url))
						shut(p)
						p = open(b, running, images.URL+"/")
						time.Sleep(2 * time.Second) // and ask nothing of Firefox, which hardly answers there
						img = append(img, costOfPage(b, running, time.Sleep))
						shut(p)
						ratios = append(ratios, page[len(page)-1]/img[len(img)-1])
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(page), "page-%core")
				b.ReportMetric(median(img), "img-%core")
				b.ReportMetric(median(ratios), "page/img")
				b.ReportMetric(100*slices.Min(shares), "%drawn-worst")
				b.ReportMetric(100*median(shares), "%drawn")
				b.ReportMetric(float64(connections), "connections")
			})
		}
	}
}

// open opens a page in a window in which thirty cameras are seen.
func open(b *testing.B, running *browser.Browser, address string) *browser.Page {
	p := running.Open(b)
	p.Resize(browser.Viewport{Width: 1920, Height: 1300})
	p.Go(address)
	return p
}

// shut closes a page once its streams have ended: Firefox would go on with those of images.
func shut(p *browser.Page) {
	p.Go("about:blank")
	time.Sleep(2 * time.Second)
	p.Close()
}

// serveImages serves the program's page without its script, with a stream in every <img>.
func serveImages(b *testing.B, p *program) *httptest.Server {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the test's own certificate
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response, err := client.Get(p.url + "/")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		page, _ := io.ReadAll(response.Body)
		response.Body.Close()
		text := strings.Replace(string(page), "<head>", `<head><base href="`+p.url+`/">`, 1)
		text = regexp.MustCompile(`<script .*?</script>`).ReplaceAllString(text, "")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, regexp.MustCompile(`(<img src="[^"]*/)snapshot"`).ReplaceAllString(text, `${1}live"`))
	}))
	b.Cleanup(server.Close)
	return server
}

// costOfPage is what a browser uses meanwhile, in % of a core.
func costOfPage(b *testing.B, running *browser.Browser, watch func(time.Duration)) float64 {
	const warmUp, window = 2 * time.Second, 10 * time.Second
	time.Sleep(warmUp)
	all := processes(running.Process())
	begun, before := time.Now(), all.cpuTime(b)
	watch(window)
	return 100 * float64(all.cpuTime(b)-before) / float64(time.Since(begun))
}

// BenchmarkPageMemory watches how much memory browsers take that show twelve cameras for long.
func BenchmarkPageMemory(b *testing.B) {
	for _, kind := range browser.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			program, cameras := scenes(b, 12, 10)
			running := browser.Start(b, kind)
			p := open(b, running, program.url+"/")
			p.Want(jsNotLive, "0")
			all := processes(running.Process())
			var megabytes []float64
			var shares []float64
			for b.Loop() {
				for end := time.Now().Add(*watchTime); time.Now().Before(end); {
					shares = append(shares, sharesDrawn(b, p, cameras, 5*time.Second)...)
					megabytes = append(megabytes, float64(all.memory(b))/1e6)
				}
			}
			fifth := len(megabytes) / 5
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(slices.Clone(megabytes[fifth:2*fifth+1])), "MB-early")
			b.ReportMetric(median(slices.Clone(megabytes[len(megabytes)-fifth-1:])), "MB-late")
			b.ReportMetric(slices.Max(megabytes), "MB-most")
			b.ReportMetric(100*median(shares), "%drawn")
		})
	}
}
