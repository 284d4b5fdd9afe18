package router

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"runtime"
	"strings"
	"time"

	"mjpegazer/stream"
)

// site is what the page and /status tell of all cameras.
type site struct {
	cameras []Camera
	options Options
	started time.Time
}

func newSite(cameras []Camera, options Options) *site {
	return &site{cameras, options, time.Now()}
}

// visible are the cameras that the viewer of a request may see. Whatever names cameras to viewers asks here.
func (s *site) visible(*http.Request) []Camera { return s.cameras }

// unknown answers a request for what there is not: who mistyped a camera's name learns which there are.
func (s *site) unknown(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, c := range s.visible(r) {
		names = append(names, c.Name)
	}
	http.Error(w, "there is nothing at this address; the cameras here are: "+strings.Join(names, ", "), http.StatusNotFound)
}

// Status is the JSON of /status.
type Status struct {
	Version string  `json:"version"`
	Uptime  float64 `json:"uptime_seconds"`
	// Goroutines is how much the program has to do at once: it sinks back when viewers have gone.
	Goroutines int            `json:"goroutines"`
	Cameras    []CameraStatus `json:"cameras"`
}

// CameraStatus is one camera in [Status].
type CameraStatus struct {
	Name           string            `json:"name"`
	Title          string            `json:"title"`
	Address        string            `json:"address,omitempty"`
	State          stream.State      `json:"state"`
	Healthy        bool              `json:"healthy"`
	Error          string            `json:"last_error"` // "" where there was none; it may be over
	Failures       int               `json:"consecutive_failures"`
	RetrySeconds   float64           `json:"retry_seconds"` // until the next try, while it is down
	Width          int               `json:"width"`
	Height         int               `json:"height"`
	Frames         uint64            `json:"frames"`
	FPS            float64           `json:"fps"`
	BytesPerSecond float64           `json:"bytes_per_second"`
	Viewers        int               `json:"viewers"`
	Skipped        uint64            `json:"skipped"`
	Thinned        uint64            `json:"thinned"`
	Damaged        uint64            `json:"damaged"`
	DamageReason   string            `json:"damage_reason,omitempty"` // why the latest picture was dropped, where the server did it
	LastPicture    *time.Time        `json:"last_picture"`            // null while there was none
	Facts          map[string]string `json:"facts"`
}

func (s *site) report(r *http.Request) Status {
	cameras := s.visible(r)
	status := Status{
		Version:    s.options.version(),
		Uptime:     math.Round(time.Since(s.started).Seconds()),
		Goroutines: runtime.NumGoroutine(),
		Cameras:    make([]CameraStatus, len(cameras)),
	}
	for i, c := range cameras {
		status.Cameras[i] = c.status(s.options)
	}
	return status
}

func (c Camera) status(options Options) CameraStatus {
	stats := c.Stream.Stats()
	status := CameraStatus{
		Name: c.Name, Title: cmp.Or(c.Title, c.Name), Address: c.Address, State: stats.State, Healthy: stats.Failures < options.healthThreshold(),
		Error: stats.Error, Failures: stats.Failures, RetrySeconds: math.Ceil(stats.Retry.Seconds()),
		Width: stats.Width, Height: stats.Height, Frames: stats.Frames,
		FPS: math.Round(stats.FPS*10) / 10, BytesPerSecond: math.Round(stats.BytesPerSecond),
		Viewers: stats.Viewers, Skipped: stats.Skipped, Thinned: stats.Thinned, Damaged: stats.Damaged, DamageReason: stats.DamageReason, Facts: stats.Facts,
	}
	if !stats.LastPicture.IsZero() {
		status.LastPicture = &stats.LastPicture
	}
	if status.Facts == nil {
		status.Facts = map[string]string{}
	}
	return status
}

func (s *site) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	body, err := json.MarshalIndent(s.report(r), "", "  ")
	if err != nil {
		if s.options.Log != nil {
			s.options.Log.Error("status cannot be written", "error", err)
		}
		http.Error(w, "the status cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(body, '\n'))
}
