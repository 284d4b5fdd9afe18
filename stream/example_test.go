package stream_test

import (
	"context"
	"fmt"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Anything that makes pictures is a camera, and a loop over frames is a viewer.
func Example() {
	camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		for n := range 3 {
			emit(stream.Picture{JPEG: streamtest.Picture(n)})
			time.Sleep(50 * time.Millisecond)
		}
		return stream.ErrEnded
	})
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	for frame := range s.Frames(context.Background()) {
		fmt.Println(frame.Seq, frame.Width, frame.Height)
	}
	fmt.Println(s.Stats().State)
	// Output:
	// 1 32 24
	// 2 32 24
	// 3 32 24
	// ended
}

// A viewer that has little time asks for little.
func ExampleStream_View() {
	camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		for ctx.Err() == nil {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			time.Sleep(10 * time.Millisecond)
		}
		return ctx.Err()
	})
	s := stream.New(camera, stream.Options{Linger: time.Minute})
	defer s.Close()
	v := s.View(stream.ViewerOptions{MaxFPS: 5})
	defer v.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for range 2 {
		frame, err := v.Next(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(frame.JPEG()) == len(streamtest.Picture(1)))
	}
	// Output:
	// true
	// true
}

// A viewer that only passes pictures on need not be woken for each.
func ExampleViewerOptions() {
	camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		for n := range 3 {
			emit(stream.Picture{JPEG: streamtest.Picture(n)})
			time.Sleep(50 * time.Millisecond)
		}
		return stream.ErrEnded
	})
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	pictures := make(chan []byte, 10)
	v := s.View(stream.ViewerOptions{Deliver: func(f *stream.Frame) bool {
		select {
		case pictures <- f.JPEG():
			return true
		default:
			return false // there is no room: Next returns it
		}
	}})
	defer v.Close()
	frame, err := v.Next(context.Background())
	fmt.Println(frame, err, len(pictures))
	// Output: <nil> the source has ended 3
}

// A camera that refuses the log-in is asked again only when its account is not locked by that.
func ExampleRetryAfter() {
	err := stream.RetryAfter(fmt.Errorf("the camera refused the user name or the password"), 30*time.Second)
	fmt.Println(err)
	// Output: the camera refused the user name or the password
}

// A camera that refuses the login says so in two ways: in words for people, and in one word for those who count.
func ExampleFailure_Of() {
	camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		return stream.FailedLogin.Of(fmt.Errorf("the camera refused the user name or the password"))
	})
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	v := s.View(stream.ViewerOptions{})
	defer v.Close()
	for s.Stats().Failures == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(s.Stats().Failure, s.Stats().Failed[stream.FailedLogin] > 0)
	// Output: login true
}
