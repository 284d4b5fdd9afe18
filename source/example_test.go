package source_test

import (
	"context"
	"fmt"

	"mjpegazer/source"
	"mjpegazer/source/pattern"
	"mjpegazer/stream"
)

func ExampleParse() {
	camera, err := source.Parse("https://cam:secret@192.168.1.20/video?key=x#stall=1m&insecure", source.Defaults{})
	fmt.Println(camera.Display, camera.Stall, err)
	_, err = source.Parse("https://cam:secret@192.168.1.20/video#stal=1m", source.Defaults{})
	fmt.Println(err)
	// Output:
	// https://192.168.1.20/video 1m0s <nil>
	// unknown option (the 1st after #). Known here: also, auth, body, ca, flip, gzip, header, how, idle, insecure, ipv4, max-frame, method, mirror, offline, pin, poll, redirects, skip, stall, turn; did you mean stall?
}

// A variant is a camera of its own. It views the Stream of another, which has to be found by its name.
func ExampleSpec_View() {
	hall := stream.New(pattern.Camera{}, stream.Options{})
	defer hall.Close()
	camera, err := source.Parse("camera:hall#turn=90&width=180&text=%H:%M&text-at=bottom", source.Defaults{})
	fmt.Println(camera.Display, camera.Camera, err)
	camera.View(hall)
	small := stream.New(camera.Source, stream.Options{NoStall: true})
	defer small.Close()
	for frame := range small.Frames(context.Background()) {
		fmt.Println(frame.Width, frame.Height)
		break
	}
	// Output:
	// camera:hall hall <nil>
	// 180 320
}

func ExampleSplitName() {
	fmt.Println(source.SplitName("door=http://192.168.1.20/video?a=b"))
	fmt.Println(source.SplitName("http://192.168.1.20/video?a=b"))
	// Output:
	// door http://192.168.1.20/video?a=b true
	//  http://192.168.1.20/video?a=b false
}

func ExampleParseSize() {
	fmt.Println(source.ParseSize("32MiB"))
	fmt.Println(source.ParseSize("many"))
	// Output:
	// 33554432 <nil>
	// 0 a size is a number of bytes from 1 to 1GiB, such as 500KB, 32MiB or 1000000
}

func ExampleDisplay() {
	fmt.Println(source.Display("http://cam:secret@192.168.1.20/video?key=x"))
	fmt.Println(source.Display("exec:ffmpeg -i rtsp://cam:secret@192.168.1.20/ -f mjpeg -"))
	// Output:
	// http://192.168.1.20/video
	// exec:ffmpeg
}

func ExampleNearest() {
	fmt.Println(source.Nearest("qualtiy", []string{"width", "height", "quality"}))
	// Output: quality
}
