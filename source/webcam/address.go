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

	"mjpegazer/source/v4l2"
	"mjpegazer/stream"
)

// How long to wait for a camera that is not plugged in, and for one that another program reads.
const (
	absent = 500 * time.Millisecond
	busy   = 2 * time.Second
)

// locate finds the camera's node. A camera that was addressed by its number and has been seen is looked for by what it is:
// after a replug the number may be another's, or nobody's.
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
	if len(cameras) == 0 {
		return fmt.Errorf("no camera %s: none is plugged in", address)
	}
	there := make([]string, len(cameras))
	for i, c := range cameras {
		there[i] = fmt.Sprintf("%s (%s)", c.Path, c.Name)
	}
	return fmt.Errorf("no camera %s; there are: %s", address, strings.Join(there, ", "))
}

// explain says in a user's words why a camera cannot be read and what to do, and when to try again.
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
		return stream.RetryAfter(fmt.Errorf("the camera %s is in use by %s: one program can read it at a time", path,
			cmp.Or(by, "another program")), busy)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("USB has no room for what the camera %s would send: "+
			"choose mjpeg, a smaller size or a lower rate, or plug it in elsewhere", path)
	case errors.Is(err, v4l2.ErrNotCamera):
		return fmt.Errorf("%s is not a camera: `mjpegazer webcams` lists those there are", path)
	}
	return err
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}

func noPermission(path string) string {
	group := cmp.Or(v4l2.Group(path), "video")
	return fmt.Sprintf("no permission to open the camera %s: add the user to the group %s (sudo usermod -aG %s USER) and log in anew",
		path, group, group)
}
