package test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/sys/unix"

	"mjpegazer/stream/streamtest"
)

// scenery is 1080p as a camera sends it: 4:2:0, edges, gradients and noise, 380 KB.
func scenery() streamtest.Pictures {
	random := rand.New(rand.NewPCG(1, 1))
	img := image.NewYCbCr(image.Rect(0, 0, 1920, 1080), image.YCbCrSubsampleRatio420)
	for y := range 1080 {
		for x := range 1920 {
			img.Y[img.YOffset(x, y)] = uint8(x*150/1920 + (x/60+y/40)%5*15 + random.IntN(20))
			i := img.COffset(x, y)
			img.Cb[i], img.Cr[i] = uint8(100+x*50/1920), uint8(110+y*40/1080)
		}
	}
	return streamtest.OfImage(img)
}

// watchMade reads pictures that were made here, which have no stamp: their time is that of the original, in the part's header.
func (v *viewer) watchMade() (arrivals []arrival) {
	if v.expect("--frame\r\n") != nil {
		return nil
	}
	for n := 1; ; n++ {
		length, timestamp, err := v.skimHead()
		if err != nil {
			return arrivals
		}
		seconds, _ := strconv.ParseFloat(string(timestamp), 64)
		if _, err := v.reader.Discard(length + len("\r\n--frame\r\n")); err != nil {
			return arrivals
		}
		arrivals = append(arrivals, arrival{n, time.UnixMicro(int64(seconds * 1e6)), time.Now()})
	}
}

// BenchmarkVariants is what the viewers of a camera, and the memory of the program, notice of variants that others watch.
func BenchmarkVariants(b *testing.B) {
	const interval, warmUp, window = 50 * time.Millisecond, time.Second, 4 * time.Second
	pictures := scenery()
	size := len(pictures.JPEG(0, time.Now()))
	for _, variants := range []int{0, 1, 8} {
		b.Run(fmt.Sprint(variants), func(b *testing.B) {
			camera := newCamera(b, interval, pictures.JPEG)
			args := []string{anyPort, "door=" + camera.URL}
			for i := range variants {
				args = append(args, fmt.Sprintf("small%d=camera:door#width=%d&quality=75", i, 960-8*i))
			}
			values := map[string][]float64{}
			add := func(unit string, value float64) { values[unit] = append(values[unit], value) }
			for b.Loop() {
				p := start(b, command(b, args...))
				originals, others := &audience{}, &audience{}
				for range 3 {
					originals.admit(b, p.url+"/door/live", size, (*viewer).watch)
				}
				measure := func() (from, to time.Time) {
					time.Sleep(warmUp)
					from = time.Now()
					time.Sleep(window)
					return from, time.Now()
				}
				beginning, end := measure()
				alone := resident(b, p.pid)
				for i := range variants {
					others.admit(b, fmt.Sprintf("%s/small%d/live", p.url, i), size, (*viewer).watchMade)
				}
				from, to := measure()
				add("MB-RSS", (resident(b, p.pid)-alone)/1024)
				others.leave()
				originals.leave()
				before, after := originals.judge(b, beginning, end), originals.judge(b, from, to)
				add("ms-p50-before", before.p50)
				add("ms-p50", after.p50)
				add("ms-p50-grown", after.p50-before.p50)
				add("%missed-before", before.missed)
				add("%missed", after.missed)
				if variants > 0 {
					least, most := others.rates(from, to)
					add("fps-least", least)
					add("fps-most", most)
					add("variant-ms-p50", others.judge(b, from, to).p50)
				}
				p.stop(b)
			}
			b.ReportMetric(0, "ns/op")
			for unit, all := range values {
				b.ReportMetric(median(all), unit)
			}
		})
	}
}

// rates are the fewest and the most pictures a second that a viewer had.
func (a *audience) rates(from, to time.Time) (least, most float64) {
	var all []float64
	for _, arrivals := range a.arrivals {
		all = append(all, float64(len(between(*arrivals, from, to)))/to.Sub(from).Seconds())
	}
	return slices.Min(all), slices.Max(all)
}

// BenchmarkVariantViewers holds what 100 viewers of a variant cost against as many of a camera that sends such pictures, and one
// encoding of each picture.
func BenchmarkVariantViewers(b *testing.B) {
	const interval, viewers = 100 * time.Millisecond, 100
	large := newCamera(b, interval, scenery().JPEG)
	p := start(b, command(b, anyPort, "door="+large.URL, "small=camera:door#width=960&quality=75"))
	made := view(b, p.url+"/small/live")
	if err := made.expect("--frame\r\n"); err != nil {
		b.Fatal(err)
	}
	picture, err := made.next()
	if err != nil {
		b.Fatal(err)
	}
	size := len(picture.jpeg)
	made.close()
	small := newCamera(b, interval, streamtest.OfSize(size).JPEG)
	plain := start(b, command(b, anyPort, "small="+small.URL))

	values := map[string][]float64{}
	add := func(unit string, value float64) { values[unit] = append(values[unit], value) }
	for b.Loop() {
		variant1, variant := crowdCost(b, p, 1, size), crowdCost(b, p, viewers, size)
		camera1, camera := crowdCost(b, plain, 1, size), crowdCost(b, plain, viewers, size)
		add("variant/camera", variant.cpu/(camera.cpu+variant1.cpu-camera1.cpu))
		add("variant-ms/picture", variant.cpu)
		add("camera-ms/picture", camera.cpu)
		add("encoding-ms/picture", variant1.cpu-camera1.cpu)
		add("variant-ms-p50", variant.p50)
		add("camera-ms-p50", camera.p50)
		add("variant-ms-p99", variant.p99)
		add("camera-ms-p99", camera.p99)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(size)/1000, "kB")
	for unit, all := range values {
		b.ReportMetric(median(all), unit)
	}
}

// crowdCost is what a program spends on a picture for all viewers, in ms, and the age of the pictures.
func crowdCost(b *testing.B, p *program, viewers, size int) cost {
	const warmUp, window = time.Second, 3 * time.Second
	a := &audience{}
	defer a.leave()
	for range viewers {
		a.admit(b, p.url+"/small/live", size, (*viewer).watchMade)
	}
	time.Sleep(warmUp)
	from, before := time.Now(), cpuTime(b, p.pid)
	time.Sleep(window)
	to, after := time.Now(), cpuTime(b, p.pid)
	a.leave()
	c := a.judge(b, from, to)
	c.cpu = float64((after - before).Microseconds()) / 1000 / c.cpu * float64(viewers)
	return c
}

// BenchmarkSmallerPictures compares what the program spends on a picture of 1080p that it shows at half of its size, socket to
// socket, with what ffmpeg spends on the same, and with the standard library and x/image/draw, which have no sockets here.
func BenchmarkSmallerPictures(b *testing.B) {
	ffmpeg := need(b, "ffmpeg", "ffmpeg")
	const interval, warmUp, window = 50 * time.Millisecond, time.Second, 4 * time.Second
	pictures := scenery()
	camera := newCamera(b, interval, pictures.JPEG)
	p := start(b, command(b, anyPort, "door="+camera.URL, "small=camera:door#width=960&quality=75"))
	used := func(pid int) float64 { // on a picture, in ms
		time.Sleep(warmUp)
		before, sent := cpuTime(b, pid), camera.Sent()
		time.Sleep(window)
		return float64((cpuTime(b, pid) - before).Microseconds()) / 1000 / float64(camera.Sent()-sent)
	}
	var ours, theirs, standards, beside, times []float64
	for b.Loop() {
		v := view(b, p.url+"/small/live")
		go io.Copy(io.Discard, v.reader)
		mine := used(p.pid)
		v.close()
		time.Sleep(time.Second)
		cmd := exec.CommandContext(b.Context(), ffmpeg, "-v", "error", "-threads", "1", "-f", "mpjpeg", "-i", p.url+"/door/live",
			"-threads", "1", "-filter_threads", "1", "-vf", "scale=960:-1", "-q:v", "4", "-f", "mpjpeg", "-")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		its := used(cmd.Process.Pid)
		cmd.Process.Kill()
		cmd.Wait()
		standard := smallerByLibraries(b, pictures.JPEG(1, time.Now()))
		ours, theirs, standards = append(ours, mine), append(theirs, its), append(standards, standard)
		beside, times = append(beside, mine/its), append(times, standard/mine)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours), "ms")
	b.ReportMetric(median(theirs), "ms-ffmpeg")
	b.ReportMetric(median(standards), "ms-libraries")
	b.ReportMetric(median(beside), "x-ffmpeg")
	b.ReportMetric(median(times), "x-faster-than-libraries")
}

// smallerByLibraries is the processor time for a picture, in ms.
func smallerByLibraries(b *testing.B, picture []byte) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all []float64
	for range 20 {
		before := threadTime(b)
		img, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			b.Fatal(err)
		}
		half := image.NewRGBA(image.Rect(0, 0, 960, 540))
		draw.ApproxBiLinear.Scale(half, half.Rect, img, img.Bounds(), draw.Src, nil)
		jpeg.Encode(io.Discard, half, &jpeg.Options{Quality: 75})
		all = append(all, float64((threadTime(b)-before).Microseconds())/1000)
	}
	return median(all)
}

// threadTime is what this thread has used of the processors.
func threadTime(b *testing.B) time.Duration {
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Nano())
}
