package webcam

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/source/v4l2"
	"mjpegazer/stream"
)

// When to try again: a camera that is not plugged in, and one that another program reads.
const (
	absent = 500 * time.Millisecond
	busy   = 2 * time.Second
)

// locate returns the path of the camera's node. A camera addressed by its number is recognised once it was open: after it
// was plugged in again, the number may be another camera's, or free.
func (c *Camera) locate() (string, error) {
	address := cmp.Or(c.Address, "0")
	name, byName := strings.CutPrefix(address, "name/")
	id, byID := strings.CutPrefix(address, "by-id/")
	path := address
	if number, err := strconv.Atoi(address); err == nil {
		path = fmt.Sprintf("/dev/video%d", number)
	}
	_, err := os.Stat(path)
	there := err == nil && !byName && !byID
	if there && c.node.Path == "" {
		return path, nil
	}
	cameras, err := v4l2.Nodes()
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(cameras, func(other v4l2.Node) bool {
		switch {
		case byName:
			return strings.Contains(strings.ToLower(other.Name), strings.ToLower(name))
		case byID:
			return other.ID == id || other.ID == id+"-video-index0"
		}
		return c.node.Path != "" && other.Same(c.node)
	})
	switch {
	case at >= 0:
		return cameras[at].Path, nil
	case there:
		return path, nil
	}
	return "", noCamera(path, cameras)
}

func noCamera(address string, cameras []v4l2.Node) error {
	address = redact.Secrets{}.Hide(address) // people write addresses of other cameras there
	if len(cameras) == 0 {
		return fmt.Errorf("no camera %s: none is plugged in", address)
	}
	there := make([]string, len(cameras))
	for i, c := range cameras {
		there[i] = fmt.Sprintf("%s (%s)", c.Path, c.Name)
	}
	return fmt.Errorf("no camera %s; the cameras are: %s", address, strings.Join(there, ", "))
}

// explain says in the user's words why the camera cannot be read, what to do, and when to try again.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO), errors.Is(err, fs.ErrNotExist):
		return stream.RetryAfter(fmt.Errorf("the camera %s was unplugged", path), absent)
	case errors.Is(err, syscall.EIO) && gone(path):
		return stream.RetryAfter(fmt.Errorf("the camera %s was unplugged", path), absent)
	case errors.Is(err, fs.ErrPermission):
		return stream.RetryAfter(errors.New(noPermission(path)), absent)
	case errors.Is(err, syscall.EBUSY):
		by := strings.Join(v4l2.Holders(path), ", ")
		return stream.RetryAfter(fmt.Errorf("the camera %s is in use by %s: only one program can read it at a time", path,
			cmp.Or(by, "another program")), busy)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("not enough USB bandwidth for the camera %s: "+
			"choose format=mjpeg, a smaller size or a lower rate, or plug it into another port", path)
	case errors.Is(err, v4l2.ErrNotCamera):
		return fmt.Errorf("%s is not a camera: `mjpegazer webcams` lists the cameras", path)
	}
	return err
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}

func noPermission(path string) string {
	group := cmp.Or(v4l2.Group(path), "video")
	return fmt.Sprintf("no permission to open the camera %s: add the user to the group %s (sudo usermod -aG %s USER) and log in again",
		path, group, group)
}
