package router

import (
	"net/http"
	"runtime"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
	"mjpegazer/router/internal/prometheus"
	"mjpegazer/stream"
)

// Metrics serves /metrics alone, as [New] does unless [Options.NoMetrics] is set: numbers about the cameras and the program, in the
// text format of Prometheus. Whoever may see /status may see them, of the cameras that he may see. [Options.Limits] must be those
// of the handlers that viewers use.
func Metrics(cameras []Camera, options Options) http.Handler {
	options.Limits = options.limits()
	r := chi.NewRouter()
	r.Use(identify(options), guard(nil, options))
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not found; there is only /metrics here", http.StatusNotFound)
	})
	r.Handle("/metrics", reading(newSite(cameras, options).metrics))
	return r
}

func (s *site) metrics(w http.ResponseWriter, r *http.Request) {
	var t prometheus.Text
	t.Family("mjpegazer_build_info", prometheus.Gauge, "Version of the program.")
	t.Sample(1, "version", s.options.version(), "goversion", runtime.Version())
	s.writeConfiguration(&t)
	s.writeCameras(&t, s.visible(r))
	s.options.Limits.write(&t, s.options.Access)
	t.Process(s.started)
	t.Go()
	textHeaders(w.Header(), prometheus.ContentType)
	w.Write(t.Bytes()) // an error means that the client has left
}

func (s *site) writeConfiguration(t *prometheus.Text) {
	if s.options.Reloaded == nil {
		return
	}
	_, successful, mistakes := s.options.Reloaded()
	t.Value("mjpegazer_config_last_reload_successful", prometheus.Gauge, "1 if the configuration file holds as it is, 0 if there are mistakes in it.",
		one(len(mistakes) == 0))
	t.Value("mjpegazer_config_last_reload_success_timestamp_seconds", prometheus.Gauge, "When the configuration was last read without a mistake, in seconds since 1970.",
		prometheus.Seconds(successful))
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// cameraFamilies are the families with a sample for each camera. Where there is no value it is NaN.
var cameraFamilies = []struct {
	name  string
	kind  prometheus.Kind
	help  string
	value func(s *stream.Stats) float64
}{
	{"camera_up", prometheus.Gauge, "1 while pictures come from the camera; 0 while it is down, or nobody watches.",
		func(s *stream.Stats) float64 { return one(s.State == stream.Live) }},
	{"camera_consecutive_failures", prometheus.Gauge, "Failures since the latest picture; 0 while nobody watches.",
		func(s *stream.Stats) float64 { return float64(s.Failures) }},
	{"camera_frames_total", prometheus.Counter, "Pictures of the camera that viewers could have.",
		func(s *stream.Stats) float64 { return float64(s.Frames) }},
	{"camera_received_bytes_total", prometheus.Counter, "Bytes of the pictures that the camera has sent.",
		func(s *stream.Stats) float64 { return float64(s.Received) }},
	{"camera_damaged_frames_total", prometheus.Counter, "Pictures that were dropped: broken, cut or too large.",
		func(s *stream.Stats) float64 { return float64(s.Damaged) }},
	{"camera_reconnects_total", prometheus.Counter, "How often pictures came again after a failure.",
		func(s *stream.Stats) float64 { return float64(s.Recovered) }},
	{"camera_last_frame_timestamp_seconds", prometheus.Gauge, "When the latest picture was taken, in seconds since 1970.",
		func(s *stream.Stats) float64 { return prometheus.Seconds(s.LastPicture) }},
	{"camera_width_pixels", prometheus.Gauge, "Width of the latest picture; 0 before the first.",
		func(s *stream.Stats) float64 { return float64(s.Width) }},
	{"camera_height_pixels", prometheus.Gauge, "Height of the latest picture; 0 before the first.",
		func(s *stream.Stats) float64 { return float64(s.Height) }},
	{"encode_seconds_total", prometheus.Counter, "Time spent on making pictures here: those of variants, and of cameras that do not send JPEG.",
		func(s *stream.Stats) float64 { return s.Encoding.Seconds() }},
	{"sent_frames_total", prometheus.Counter, "Pictures that were sent to viewers.",
		func(s *stream.Stats) float64 { return float64(s.Sent) }},
	{"sent_bytes_total", prometheus.Counter, "Bytes of the pictures that were sent to viewers.",
		func(s *stream.Stats) float64 { return float64(s.SentBytes) }},
	{"skipped_frames_total", prometheus.Counter, "Pictures that viewers did not get because they were slow.",
		func(s *stream.Stats) float64 { return float64(s.Skipped) }},
	{"thinned_frames_total", prometheus.Counter, "Pictures that viewers did not get because of fps= or -max-rate.",
		func(s *stream.Stats) float64 { return float64(s.Thinned) }},
}

func (s *site) writeCameras(t *prometheus.Text, cameras []Camera) {
	if len(cameras) == 0 {
		return
	}
	all := make([]stream.Stats, len(cameras))
	for i, c := range cameras {
		all[i] = c.Stream.Stats()
	}
	for _, f := range cameraFamilies {
		t.Family("mjpegazer_"+f.name, f.kind, f.help)
		for i, c := range cameras {
			t.Sample(f.value(&all[i]), "camera", c.Name)
		}
	}
	t.Family("mjpegazer_camera_failures_total", prometheus.Counter, "Failures of the camera, by what it failed at.")
	for i, c := range cameras {
		for _, failure := range failures {
			t.Sample(float64(all[i].Failed[failure]), "camera", c.Name, "reason", string(failure))
		}
	}
	t.Family("mjpegazer_viewers", prometheus.Gauge, "Viewers now, by what they watch; other: this program itself, as for variants.")
	for i, c := range cameras {
		watching := s.options.Limits.watching(c.Stream)
		for what, kind := range watches {
			t.Sample(float64(watching[what]), "camera", c.Name, "kind", kind)
		}
		t.Sample(float64(max(0, all[i].Viewers-watching.all())), "camera", c.Name, "kind", "other")
	}
}

// failures are what cameras can fail at.
var failures = []stream.Failure{
	stream.FailedDial, stream.FailedLogin, stream.FailedStatus, stream.FailedStall, stream.FailedContent, stream.FailedDevice,
}

// watches are what viewers watch.
var watches = [...]string{watchesLive: "live", watchesSnapshot: "snapshot", watchesWall: "wall"}

// A reason is why viewers were turned away or evicted.
type reason struct {
	label string
	err   error
}

var (
	rejections = []reason{{"max-viewers", errFull}, {"max-viewers-per-camera", errFullCamera}, {"no-picture", errNoPicture}}
	evictions  = []reason{{"stuck", errStuck}, {"late", errLate}, {"memory", errInFlight}, {"circle", errCircle}, {"failed", errUnforeseen}, {"revoked", access.ErrRevoked}}
)

// watching are a camera's viewers.
func (l *Limits) watching(s *stream.Stream) viewers {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.viewers[s]
}

// write adds what is counted of all viewers.
func (l *Limits) write(t *prometheus.Text, control *access.Control) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Family("mjpegazer_viewers_rejected_total", prometheus.Counter, "Viewers that were turned away, and other requests with a wrong login.")
	for _, r := range rejections {
		t.Sample(float64(l.turned[r.err]), "reason", r.label)
	}
	t.Sample(float64(control.Refusals()), "reason", "login")
	t.Family("mjpegazer_viewers_evicted_total", prometheus.Counter, "Viewers whose stream was ended.")
	for _, r := range evictions {
		t.Sample(float64(l.turned[r.err]), "reason", r.label)
	}
	t.Histogram("mjpegazer_frame_delay_seconds", "From the arrival of a whole picture to its being handed to the kernel, for each viewer.", &l.delays)
}
