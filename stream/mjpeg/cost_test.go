package mjpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	gomjpeg "github.com/mattn/go-mjpeg"

	"mjpegazer/stream/mjpeg"
)

// scene makes a JPEG of about 50 KB that has the look of a photograph to an entropy coder.
func scene() []byte {
	img := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		x, y := float64(i%640), float64(i/640)
		img.Y[i] = byte(128 + 60*math.Sin(x/37)*math.Cos(y/23) + 30*math.Sin(x*y/997) + 2*rnd.NormFloat64())
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(100+i%320/8), byte(150-i/320/8)
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, img, &stdjpeg.Options{Quality: 85}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// BenchmarkRead compares the cost of finding pictures of 50 KB with that of a bare loop that reads the same bytes over
// loopback, as from a camera, and with go-mjpeg's Decoder: in turn, so that all three meet the same machine. What it
// reports are medians.
func BenchmarkRead(b *testing.B) {
	jpeg := scene()
	one := fmt.Appendf(nil, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(jpeg), jpeg)
	buf := make([]byte, len(one))
	bare := overLoopback(b, one)
	parts := mjpeg.NewReader(overLoopback(b, one), 0)
	decoder := gomjpeg.NewDecoder(overLoopback(b, one), "frame")
	readers := []func() error{
		func() error { _, err := io.ReadFull(bare, buf); return err },
		func() error { _, err := parts.Next(); return err },
		func() error { _, err := decoder.DecodeRaw(); return err },
	}
	const run = 20 // pictures in a row
	times := make([][]time.Duration, len(readers))
	for b.Loop() {
		for i, next := range readers {
			start := time.Now()
			for range run {
				if err := next(); err != nil {
					b.Fatal(err)
				}
			}
			times[i] = append(times[i], time.Since(start)/run)
		}
	}
	var median [3]float64
	for i := range times {
		slices.Sort(times[i])
		median[i] = float64(times[i][len(times[i])/2])
	}
	b.ReportMetric(0, "ns/op") // of all three together: of no use
	b.ReportMetric(median[0]/1000, "bare-µs")
	b.ReportMetric(median[1]/median[0], "reader/bare")
	b.ReportMetric(median[2]/median[0], "go-mjpeg/bare")
}

// overLoopback returns a TCP connection over which data comes again and again.
func overLoopback(b *testing.B, data []byte) net.Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for err == nil {
			_, err = conn.Write(data)
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(); <-done })
	return conn
}
