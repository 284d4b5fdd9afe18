package config

const usage = `mjpegazer reads each camera once and shows it to any number of viewers.

usage: mjpegazer [flags] [[NAME=]SOURCE ...]    serve cameras
       mjpegazer check [-config FILE]           tell what is wrong with a configuration file
       mjpegazer example                        print a configuration file, with comments
       mjpegazer link -camera NAME ADDRESS      print an address that shows one camera to anybody, for some time
       mjpegazer probe SOURCE                   report what a camera sends, or why it does not
       mjpegazer webcams [-json]                list the webcams of this machine

SOURCE is one of
  http://… https://…   a camera that sends MJPEG or single pictures; write user:password@ before the host to log in
  webcam://0           a webcam by its number, also 0 or /dev/video0; or by webcam://by-id/… or webcam://name/…
  exec:COMMAND ARGS    what a command writes to its standard output
  file:PATH            an MJPEG file, a folder of JPEGs or a named pipe
  -                    standard input
  pattern:             a moving test card, shown if there is no SOURCE and VIDEO_URL is not set
  nats://HOST,…/NAME   a camera that another machine publishes; see -publish
  camera:NAME          another camera of these, changed, as in camera:door#width=640&fps=5
Options follow a #, as in pattern:#width=640&height=480&fps=10; every source takes stall=, max-frame=, offline=, turn=90, mirror and flip.
*=http://HOST:5000/*/live stands for all cameras of another mjpegazer, opened when they are first asked for.
A camera is served at /NAME/live. Without a NAME the first is called camera, the second camera2, and so on.

flags:
`

const usageEnd = `
Each flag has an environment variable, such as MJPEGAZER_MAX_FRAME for -max-frame; the flag wins.
VIDEO_URL (a source), FLASK_RUN_HOST, FLASK_RUN_PORT, MIRROR_IMAGE and DEBUG (true, yes, y or 1) and LOG_FILE work as in the Python program.
`
