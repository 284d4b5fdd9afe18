package router_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"mjpegazer/router"
	"mjpegazer/source/pattern"
	"mjpegazer/stream"
)

// A camera in a server of one's own, at any route.
func ExampleLive() {
	camera := stream.New(&pattern.Camera{Width: 320, Height: 240}, stream.Options{Linger: stream.DefaultLinger})
	defer camera.Close()

	mux := http.NewServeMux()
	mux.Handle("/garden/live", router.Live(camera, router.Options{}))
	mux.Handle("/garden/snapshot", router.Snapshot(camera, router.Options{}))
	mux.Handle("/garden/health", router.Health(camera, router.Options{}))

	server := httptest.NewServer(mux) // or http.ListenAndServe("127.0.0.1:8080", mux)
	defer server.Close()
	for _, route := range []string{"/garden/snapshot", "/garden/health"} {
		response, err := http.Get(server.URL + route)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Println(response.Status, response.Header.Get("Content-Type"))
	}
	// Output:
	// 200 OK image/jpeg
	// 200 OK text/plain; charset=utf-8
}

// The whole surface of the program, below a path of one's own server.
func ExampleNew() {
	door := stream.New(&pattern.Camera{Width: 320, Height: 240}, stream.Options{})
	defer door.Close()
	all := router.New([]router.Camera{{Name: "door", Stream: door}}, router.Options{})

	mux := http.NewServeMux()
	mux.Handle("/cameras/", http.StripPrefix("/cameras", all))

	server := httptest.NewServer(mux) // or http.ListenAndServe("127.0.0.1:8080", mux)
	defer server.Close()
	for _, route := range []string{"/cameras/", "/cameras/door/snapshot", "/cameras/window/live"} {
		response, err := http.Get(server.URL + route)
		if err != nil {
			log.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(response.Status)
		if response.StatusCode == http.StatusNotFound {
			fmt.Print(string(text))
		}
	}
	// Output:
	// 200 OK
	// 200 OK
	// 404 Not Found
	// not found; the cameras are: door (/door/live)
}

// Pictures without HTTP: what a program does that wants to look at them itself.
func Example_frames() {
	camera := stream.New(&pattern.Camera{Width: 320, Height: 240, FPS: 50}, stream.Options{})
	defer camera.Close()

	pictures := 0
	for frame := range camera.Frames(context.Background()) {
		fmt.Println(frame.Width, frame.Height, len(frame.JPEG()) > 1000)
		if pictures++; pictures == 2 {
			break
		}
	}
	// Output:
	// 320 240 true
	// 320 240 true
}

// Many cameras on one connection: what reads /wall.
func Example_wall() {
	var cameras []router.Camera
	for _, name := range []string{"door", "garden"} {
		camera := stream.New(&pattern.Camera{Width: 320, Height: 240}, stream.Options{})
		defer camera.Close()
		cameras = append(cameras, router.Camera{Name: name, Stream: camera})
	}
	server := httptest.NewServer(router.New(cameras, router.Options{}))
	defer server.CloseClientConnections() // before server.Close would wait

	answer, err := http.Get(server.URL + "/wall?camera=garden&fps=5")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	var head struct {
		Type, Flags uint8
		Tile        uint16
		Length      uint32
		Time        uint64 // microseconds since 1970
	}
	for head.Type = 2; head.Type != 0; { // until the first picture
		if err := binary.Read(answer.Body, binary.BigEndian, &head); err != nil {
			log.Fatal(err)
		}
		body := make([]byte, head.Length)
		if _, err := io.ReadFull(answer.Body, body); err != nil {
			log.Fatal(err)
		}
		switch head.Type {
		case 0:
			fmt.Printf("a picture of tile %d, %t\n", head.Tile, len(body) > 1000)
		case 2:
			fmt.Printf("the tiles are %s\n", bytes.TrimSpace(body))
		}
	}
	// Output:
	// the tiles are {"cameras":["garden"]}
	// a picture of tile 0, true
}
