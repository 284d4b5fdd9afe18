package router

import (
	"encoding/json"
	"math"
	"time"

	"mjpegazer/stream"
)

// A tile is one camera on a wall.
type tile struct {
	camera Camera
	viewer *stream.Viewer // nil: there is no room for one
	full   error          // why there is none
	over   error          // why there will be no more pictures

	told tileState // as the viewer was told last, but for the age
	at   time.Time // and when
}

// stateRate is how often a viewer is told of what changes all the time, such as the rate of pictures.
const stateRate = 2 * time.Second

// stateFull is the state of a tile whose camera has as many viewers as it may have.
const stateFull stream.State = "full"

// tileState is what a viewer of a wall is told of a tile.
type tileState struct {
	State   stream.State `json:"state"`         // as in /status, or full
	Reason  string       `json:"reason"`        // why there are no pictures, else ""
	FPS     float64      `json:"fps"`           // of the camera
	Still   bool         `json:"still"`         // the camera answers, and has nothing new
	Stale   bool         `json:"stale"`         // it is live, but has been silent for longer than usual
	Viewers int          `json:"viewers"`       // of the camera
	Width   int          `json:"width"`         // of its latest picture, in pixels
	Height  int          `json:"height"`        // of its latest picture, in pixels
	Retry   float64      `json:"retry_seconds"` // until the next try, while it is down
	Age     *float64     `json:"age"`           // of the latest picture, in seconds; null while there was none
}

// goesOn reports whether there may be more pictures.
func (t *tile) goesOn() bool { return t.over == nil }

// poll returns the tile's next picture, often none.
func (t *tile) poll() *stream.Frame {
	if t.viewer == nil || t.over != nil {
		return nil
	}
	frame, err := t.viewer.Poll()
	t.over = err
	return frame
}

// report returns the tile's state as JSON; nil where the viewer knows it.
func (t *tile) report(now time.Time) ([]byte, error) {
	stats := t.camera.Stream.Stats()
	state := tileState{
		State: stats.State, FPS: math.Round(stats.FPS*10) / 10, Still: stats.Unchanged, Stale: stats.Stale, Viewers: stats.Viewers,
		Width: stats.Width, Height: stats.Height, Retry: math.Ceil(stats.Retry.Seconds()),
	}
	switch {
	case t.full != nil:
		state.State, state.Reason = stateFull, t.full.Error()
	case t.over == stream.ErrClosed:
		state.State, state.Reason = stream.Ended, "the camera is not served any more"
	case t.over != nil: // whatever it shows to others by now
		state.State = stream.Ended
	case stats.State == stream.Down:
		state.Reason = stats.Error
	}
	same := state.State == t.told.State && state.Reason == t.told.Reason && state.Still == t.told.Still && state.Stale == t.told.Stale
	if !t.at.IsZero() && (state == t.told || same && now.Sub(t.at) < stateRate) {
		return nil, nil
	}
	t.told, t.at = state, now
	if !stats.LastPicture.IsZero() {
		age := math.Round(now.Sub(stats.LastPicture).Seconds()*1000) / 1000
		state.Age = &age
	}
	return json.Marshal(state)
}
