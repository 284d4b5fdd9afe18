module mjpegazer

go 1.26

require github.com/go-chi/chi/v5 v5.5.0

require github.com/icholy/digest v1.2.0

require (
	github.com/pion/mediadevices v0.9.4
	golang.org/x/image v0.42.0
	golang.org/x/sys v0.47.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.18.5 // indirect
	github.com/nats-io/nkeys v0.4.15 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	golang.org/x/text v0.40.0 // indirect
)

require (
	github.com/coreos/go-systemd/v22 v22.7.0
	github.com/mattn/go-mjpeg v0.0.3
	github.com/nats-io/nats.go v1.53.0
	go.yaml.in/yaml/v4 v4.0.0
	golang.org/x/crypto v0.54.0
	golang.org/x/net v0.57.0
)
