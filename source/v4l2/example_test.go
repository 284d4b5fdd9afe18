package v4l2_test

import (
	"fmt"

	"mjpegazer/source/v4l2"
)

// What the webcams of this machine are called, and what they send.
func ExampleNodes() {
	nodes, err := v4l2.Nodes()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range nodes {
		n.Describe()
		fmt.Println(n.Path, n.Name, n.Formats, n.Trouble)
	}
}

func ExampleOpen() {
	d, err := v4l2.Open("/dev/video0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	mode, err := d.Configure(v4l2.Mode{Width: 1280, Height: 720})
	if err == nil {
		err = d.Start(4)
	}
	if err == nil {
		var frame v4l2.Frame
		frame, err = d.Read(nil)
		fmt.Println(mode.FourCC, mode.Width, mode.Height, len(frame.Data))
	}
	fmt.Println(err)
}
