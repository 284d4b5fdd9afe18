// Package mjpeg reads and writes MJPEG streams. Every byte of the format that cameras send is understood here, and every
// byte that viewers get is written here.
//
// A [Reader] finds the pictures in what a camera sends, whatever is between them:
//
//	r := mjpeg.NewReader(response.Body, 0)
//	for {
//		part, err := r.Next()
//		if err != nil {
//			break
//		}
//		… part.JPEG …
//	}
//
// [Pack] lays out a picture as a part of a stream for any number of viewers. A stream has the media type [ContentType], and
// consists of [Start] and the [Packed.Part] of each picture. For browsers that show a picture only when they know where the
// next one begins, it consists of [OpenStart] and each [Packed.OpenPart]. [Packed.Chunk] is a part in a chunk of HTTP/1.1.
//
// The multipart format is that of RFC 2046, section 5.1. Three headers of a part are this program's own: X-Timestamp, the
// time of capture in seconds since 1970; X-Repeat: 1, the picture before once more; X-Offline: 1, what is shown while there is no
// picture, which is passed over; and X-Wait, which means nothing.
package mjpeg
