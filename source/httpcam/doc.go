// Package httpcam reads cameras that speak HTTP: those that send MJPEG, in multipart or any other wrapping, and those that
// send single pictures, which it requests again and again.
//
//	camera := &httpcam.Camera{URL: "http://user:password@192.168.1.20/video"}
//	s := stream.New(camera, stream.Options{})
//
// Cameras keep badly to the standards, so little is taken for granted: not a status line, not a boundary, not a length, not
// the end of the headers. What counts is the JPEGs among the bytes. A camera gets one connection and one request at a time,
// for many serve one client only. Digest and Basic logins, cookies, redirects and chunked bodies are understood; user,
// password and headers go to the address in URL alone, wherever the camera redirects.
//
// An error says in a user's words what is wrong and what to do. It holds no secret, even where the camera repeats one.
// [Camera.Trace] reports each step.
//
// Limits: HTTP/1.x without a proxy; a head of up to 64 KB and 200 lines, ten requests for an answer with its redirects.
package httpcam
