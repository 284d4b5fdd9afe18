package streamtest_test

import (
	"context"
	"fmt"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// What a program does with pictures is tested without a camera.
func Example() {
	pictures := streamtest.OfSize(20_000)
	camera := &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: pictures.JPEG, Limit: 3, Err: stream.ErrEnded}
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	for frame := range s.Frames(context.Background()) {
		n, err := pictures.Check(frame.JPEG())
		fmt.Println(n, err, len(frame.JPEG()))
	}
	fmt.Println(len(camera.Starts()), "run")
	// Output:
	// 1 <nil> 20000
	// 2 <nil> 20000
	// 3 <nil> 20000
	// 1 run
}
