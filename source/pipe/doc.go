// Package pipe reads pictures that come as plain bytes: from files, folders, named pipes, standard input and the output of
// commands, and from decoders that a program has already.
//
//	camera := &pipe.Command{Args: []string{"ffmpeg", "-i", "rtsp://camera/stream", "-f", "mjpeg", "-"}}
//	s := stream.New(camera, stream.Options{})
//
// The bytes may be JPEGs one after another, or multipart, with anything between them. A [File] is played at a rate of its
// own, everything else as it comes. Errors say in a user's words what is wrong. They repeat no path and no argument, which
// may be secret.
//
// Limits: no shell runs a [Command], and on systems other than Unix only the command itself is ended, not what it has
// started. An [Input] can be read once.
package pipe
