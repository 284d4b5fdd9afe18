package source_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mjpegazer/source"
	"mjpegazer/source/nats"
)

// A program without NATS says how to get one with it; one with NATS reads its addresses. Neither shows a secret.
func TestNATS(t *testing.T) {
	for text, want := range map[string]string{
		"nats://u:canary1@a,b:4222/door":                        "",
		"tls://canary1@a/door#ca=ca.pem&creds=canary2&root=a.b": "",
		"wss://a/door#nkey=canary2&turn=90&stall=3s":            "",
		"nats://u:canary1@a,b":                                  "the name of the camera must follow",
		"nats://u:canary1@a/door/canary2":                       "the name of the camera must follow",
		"nats://u:canary1@a,u:canary2@b/door":                   "write user and password once",
		"nats://a/door#canary=1":                                "unknown option",
		"nats://a/door#root=canary*":                            "option root must be",
		"nats://u:canary1@a:canary2/door":                       "the address must be nats://HOST",
	} {
		s, err := source.Parse(text, source.Defaults{})
		switch {
		case !nats.Built && !errors.Is(err, nats.ErrMissing):
			t.Errorf("%s: %v", text, err)
		case nats.Built && want == "" && (err != nil || !s.NATS):
			t.Errorf("%s: %v", text, err)
		case nats.Built && want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", text, err)
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%s: %v", text, err)
		}
		if shown := source.Display(text); strings.Contains(shown, "canary") && text != "nats://u:canary1@a/door/canary2" && text != "nats://u:canary1@a:canary2/door" {
			t.Errorf("%s is shown as %s", text, shown)
		}
	}
	if shown := source.Display("nats://u:canary1@a,b:4222/door#root=x"); shown != "nats://a,b:4222/door" {
		t.Error(shown)
	}
}

// All cameras of other machines.
func TestNATSTemplate(t *testing.T) {
	template, err := source.ParseTemplate("nats://u:canary@a,b/*#root=x", source.Defaults{})
	if !nats.Built {
		if !errors.Is(err, nats.ErrMissing) {
			t.Error(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	spec, err := template.Camera("door.1", func() bool { return true })
	if err != nil || spec.Display != "nats://a,b/door.1" || !spec.NATS {
		t.Errorf("%+v, %v", spec, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if list, err := template.List(ctx); list != nil || err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := source.ParseTemplate("nats://a/door", source.Defaults{}); err == nil {
		t.Error("there is no *")
	}
}

// Where cameras are published to.
func TestPublisher(t *testing.T) {
	for text, want := range map[string]bool{
		"nats://u:canary@a,b": true, "tls://a/#ca=ca.pem&creds=x&nkey=y&root=z": true,
		"nats://a/canary": false, "nats://a#stall=3s": false, "http://canary": false, "nats://u:canary@": false, "canary": false,
	} {
		p, err := source.Defaults{Directory: "/etc"}.Publisher(text)
		switch {
		case !nats.Built && !errors.Is(err, nats.ErrMissing), nats.Built && (err == nil) != want:
			t.Errorf("%s: %v", text, err)
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%s: %v", text, err)
		case err == nil && p.Servers.CA != "" && p.Servers.CA != "/etc/ca.pem":
			t.Error(p.Servers.CA)
		}
	}
}
