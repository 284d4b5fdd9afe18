package router

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// A site is what the page and /status show of all cameras.
type site struct {
	cameras []Camera
	options Options
	started time.Time
}

func newSite(cameras []Camera, options Options) *site {
	started := options.Started
	if started.IsZero() {
		started = time.Now()
	}
	return &site{cameras, options, started}
}

// notKnown is said where there may be a great many cameras.
const notKnown = "not found; /status lists the cameras that are known here"

// notFound says which cameras there are: most unknown paths have a misspelt name.
func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if s.options.List != nil {
		refuseUnknown(w, notKnown)
		return
	}
	text := "not found; there are no cameras"
	var names []string
	for _, c := range s.visible(r) {
		names = append(names, fmt.Sprintf("%s (/%s/live)", c.Name, c.Name))
	}
	if len(names) > 0 {
		text = "not found; the cameras are: " + strings.Join(names, ", ")
	}
	refuseUnknown(w, text)
}

// refuseUnknown says that there is no such thing, to this client alone: caches may store such an answer unless told not to.
func refuseUnknown(w http.ResponseWriter, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusNotFound)
}

// A siteStatus is the JSON object of /status.
type siteStatus struct {
	Version string  `json:"version"`
	Uptime  float64 `json:"uptime_seconds"`
	// Goroutines is how much the program does at once. It sinks again when viewers have left.
	Goroutines int `json:"goroutines"`
	// Configuration is nil where none can be read again.
	Configuration *configurationStatus `json:"configuration,omitempty"`
	Cameras       []cameraStatus       `json:"cameras"`
}

// configurationStatus is what became of the latest reload.
type configurationStatus struct {
	Read       time.Time `json:"read"`
	Successful bool      `json:"successful"`
	Mistakes   []string  `json:"mistakes"` // why it was not, a line each; then the configuration before holds
}

// A cameraStatus is one camera in a siteStatus.
type cameraStatus struct {
	Name           string            `json:"name"`
	Title          string            `json:"title"`
	Address        string            `json:"address,omitempty"`
	VariantOf      string            `json:"variant_of,omitempty"`
	State          stream.State      `json:"state"`
	Stale          bool              `json:"stale"` // it is live, but has been silent for longer than usual
	Healthy        bool              `json:"healthy"`
	Error          string            `json:"last_error"` // "" where there was none; the camera may be well again
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
	LastPicture    *time.Time        `json:"last_picture"`            // null before the first
	Facts          map[string]string `json:"facts"`
}

// report tells a client of cameras.
func (s *site) report(r *http.Request, cameras []Camera) siteStatus {
	visible := s.visible(r)
	status := siteStatus{
		Version:    s.options.version(),
		Uptime:     math.Round(time.Since(s.started).Seconds()),
		Goroutines: runtime.NumGoroutine(),
		Cameras:    make([]cameraStatus, len(cameras)),
	}
	if s.options.Reloaded != nil {
		at, _, mistakes := s.options.Reloaded()
		if all := len(visible) == len(s.cameras) && access.Sees(r, ""); len(mistakes) > 0 && !all { // they may name cameras
			mistakes = []string{"the log says what is wrong"}
		}
		status.Configuration = &configurationStatus{at, len(mistakes) == 0, append([]string{}, mistakes...)}
	}
	for i, c := range cameras {
		status.Cameras[i] = c.status(s.options)
		if c.VariantOf != "" && !slices.ContainsFunc(visible, func(other Camera) bool { return other.Name == c.VariantOf }) {
			// The viewer may not see that camera, nor learn its name.
			status.Cameras[i].VariantOf, status.Cameras[i].Address = "", ""
		}
	}
	return status
}

func (c Camera) status(options Options) cameraStatus {
	stats := c.Stream.Stats()
	status := cameraStatus{
		Name: c.Name, Title: cmp.Or(c.Title, c.Name), Address: c.Address, VariantOf: c.VariantOf, State: stats.State, Stale: stats.Stale, Healthy: stats.Failures < options.healthThreshold(),
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
	cameras, ok := s.chosen(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	body, err := json.MarshalIndent(s.report(r, cameras), "", "  ")
	if err != nil {
		if s.options.Log != nil {
			s.options.Log.Error("status cannot be written", "error", err)
		}
		http.Error(w, "the status cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	textHeaders(w.Header(), "application/json")
	w.Write(append(body, '\n'))
}
