package source_test

import (
	"fmt"

	"mjpegazer/source"
)

func ExampleParse() {
	camera, err := source.Parse("https://cam:secret@192.168.1.20/video?key=x#stall=1m&insecure", source.Defaults{})
	fmt.Println(camera.Display, camera.Stall, err)
	_, err = source.Parse("https://cam:secret@192.168.1.20/video#stal=1m", source.Defaults{})
	fmt.Println(err)
	// Output:
	// https://192.168.1.20/video 1m0s <nil>
	// unknown option (the 1st after #). Known here: auth, ca, header, insecure, ipv4, max-frame, pin, poll, skip, stall; did you mean stall?
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
