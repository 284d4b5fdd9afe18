// Package source makes cameras of SOURCE strings, as the command line of mjpegazer takes them:
//
//	spec, err := source.Parse("http://user:password@192.168.1.20/video#stall=1m", source.Defaults{})
//	…
//	s := stream.New(spec.Source, stream.Options{Stall: spec.Stall, MaxFrame: spec.MaxFrame, Keep: spec.Keep})
//
// Each kind of camera is a package of its own, with fields for what the options say:
//
//	http://… https://…            httpcam.Camera
//	webcam://0 0 /dev/video0      webcam.Camera
//	exec:COMMAND ARGS             pipe.Command
//	file:PATH                     pipe.File
//	- (standard input)            pipe.Input
//	pattern:                      pattern.Camera
//	mediadevices:LABEL            webcam.MediaDevice
//	nats://HOST,HOST/NAME         nats.Camera
//	camera:NAME                   variant.Source, of the camera of that name (see Spec.View)
//
// Options that change the pictures of any other kind make a variant.Source of it.
//
// A string may hold secrets: [Display] returns what may be shown of it. No error repeats one.
//
// A [Template] is the string of many cameras, such as all of another mjpegazer: http://origin:5000/*/live.
//
// Limits: in exec:, a # begins options only outside of quotes and with no blank after it; in file:,
// the last # does; everywhere else, the first.
package source
