// Package source makes cameras of SOURCE strings, such as http://user:password@camera/video#stall=1m or webcam://0. Each
// kind of camera has a package of its own below this one, whose fields can be set without a string as well.
package source
