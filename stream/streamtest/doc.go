// Package streamtest has what tests of cameras and viewers need: a fake camera, and pictures that say which one they are. It
// is to package stream what net/http/httptest is to net/http.
//
// A [Camera] is a [stream.Source], so a test can share it without any network:
//
//	camera := &streamtest.Camera{Interval: 40 * time.Millisecond}
//	s := stream.New(camera, stream.Options{})
//	defer s.Close()
//
// A [Server] sends the same pictures as cameras on a network do, as MJPEG over HTTP on a loopback address. It can be stopped
// and started again:
//
//	server := streamtest.NewServer(camera)
//	defer server.Stop()
//	…
//	server.Stop()  // the camera loses its power in the middle of a picture
//	server.Start() // and comes back at the same address
//
// The camera counts who read it, and when. [Pictures] make pictures of any size in bytes or pixels that carry a number and
// a time, so that the other end can tell how old a picture is, and whether it is bit for bit what the camera sent. All of it
// works under [testing/synctest], but for the Server, as sockets do not.
package streamtest
