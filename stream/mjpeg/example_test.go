package mjpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"

	"mjpegazer/stream/mjpeg"
)

// Any bytes with JPEGs in them will do.
func ExampleReader() {
	var data bytes.Buffer
	for range 2 {
		data.WriteString("rubbish")
		stdjpeg.Encode(&data, image.NewGray(image.Rect(0, 0, 16, 16)), nil)
	}
	reader := mjpeg.NewReader(&data, 0)
	for {
		part, err := reader.Next()
		if err != nil {
			fmt.Println(err)
			break
		}
		_, err = stdjpeg.Decode(bytes.NewReader(part.JPEG))
		fmt.Println("a picture,", err)
	}
	// Output:
	// a picture, <nil>
	// a picture, <nil>
	// EOF
}
