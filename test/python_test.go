package test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// python is Debian's, which has Debian's libraries.
const python = "/usr/bin/python3"

// pythonic is how programs in Python read a stream: each calls got with the bytes that it is given, as they come.
var pythonic = map[string]struct{ pkg, program string }{
	"requests": {"requests", `
import requests
for piece in requests.get(url, stream=True, timeout=20).iter_content(None):
    got(piece)`},
	"requests by 1,024 bytes": {"requests", `
import requests
for piece in requests.get(url, stream=True, timeout=20).iter_content(1024):
    got(piece)`},
	"httpx": {"httpx", `
import httpx
with httpx.stream("GET", url, timeout=20) as answer:
    for piece in answer.iter_bytes():
        got(piece)`},
	"tornado": {"tornado", `
from tornado.ioloop import IOLoop
from tornado.httpclient import AsyncHTTPClient
IOLoop.current().run_sync(lambda: AsyncHTTPClient().fetch(url, streaming_callback=got, request_timeout=20))`},
	"aiohttp": {"aiohttp", `
import aiohttp, asyncio
async def watch():
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        parts = aiohttp.MultipartReader.from_response(answer)
        while (part := await parts.next()) is not None:
            got(await part.read())
asyncio.run(asyncio.wait_for(watch(), 20))`},
	"aiohttp, as Home Assistant does": {"aiohttp", `
import aiohttp, asyncio
async def watch():
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        while piece := await answer.content.read(102400):
            got(piece)
asyncio.run(asyncio.wait_for(watch(), 20))`},
	"urllib": {"urllib", `
import urllib.request
answer = urllib.request.urlopen(url, timeout=20)
while piece := answer.read1():
    got(piece)`},
}

// TestPython has programs in Python see a picture after which there is none, and no other byte.
func TestPython(t *testing.T) {
	t.Parallel()
	const size = 30_000
	server := streamtest.NewServer(&streamtest.Camera{Limit: 1, JPEG: streamtest.OfSize(size).JPEG})
	t.Cleanup(server.Stop)
	p := start(t, command(t, anyPort, "-heartbeat=0", "-stall=10m", server.URL))
	for name, reader := range pythonic {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if exec.Command(python, "-c", "import "+reader.pkg).Run() != nil {
				miss(t, "no "+reader.pkg+" for Python here: apt-get install python3-"+reader.pkg)
			}
			begun := time.Now()
			out := external(t, python, "-c", fmt.Sprintf(`
import os
url, seen = %q, bytearray()
def got(piece):
    seen.extend(piece)
    begin, end = seen.find(b"\xff\xd8"), seen.find(b"\xff\xd9")
    if begin >= 0 and end > begin and end + 2 - begin == %d:
        print("a picture", flush=True)
        os._exit(0)
`, p.url+"/live", size)+reader.program)
			if !strings.Contains(out, "a picture") {
				t.Errorf("it says %s", out)
			}
			t.Logf("after %v", time.Since(begun).Round(time.Millisecond))
		})
	}
}
