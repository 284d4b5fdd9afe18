// Package httpcam reads cameras that speak HTTP: those that send MJPEG, in multipart or any other wrapping, and those that
// send single pictures, which it requests again and again.
//
//	camera := &httpcam.Camera{URL: "http://user:password@192.168.1.20/video"}
//	s := stream.New(camera, stream.Options{})
//
// Cameras keep badly to the standards, so little is taken for granted: not a status line, not a boundary, not a length, not
// the end of the headers. What counts is the JPEGs among the bytes. A camera gets one connection and one request at a time,
// for many serve one client only. Digest and Basic logins, cookies, redirects and chunked bodies are understood; user,
// password, headers and body go to the address in URL, or that of [Camera.Also] which is read, alone, wherever the camera
// redirects. Cookies go back to the host and port that set them, and outlive a run: 50 of up to 4 KB. Names that end in .local are
// resolved by multicast DNS as well.
//
// Certificates that are checked keep to the rules of Go's TLS. For those that are not, by [Camera.Insecure] or [Camera.Pin], a
// program may lift some rules with GODEBUG settings in its main package, as mjpegazer does: x509negativeserial=1, tlssha1=1,
// rsa1024min=0, tlsmaxrsasize=16384. Of these tlssha1 and tlsmaxrsasize also hold where certificates are checked.
//
// An error says in a user's words what is wrong and what to do. It holds no secret, even where the camera repeats one.
// [Camera.Trace] reports each step.
//
// Limits: HTTP/1.x without a proxy; a head of up to 64 KB and 200 lines, ten requests for an answer with its redirects.
package httpcam
