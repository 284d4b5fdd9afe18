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
	// unknown option (the 1st after #). Known here: auth, ca, header, insecure, ipv4, max-frame, pin, poll, stall; did you mean stall?
}

func ExampleDisplay() {
	fmt.Println(source.Display("http://cam:secret@192.168.1.20/video?key=x"))
	fmt.Println(source.Display("exec:ffmpeg -i rtsp://cam:secret@192.168.1.20/ -f mjpeg -"))
	// Output:
	// http://192.168.1.20/video
	// exec:ffmpeg
}
