package config

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// samples are a value for each key that is not the default's.
var samples = map[string]string{
	"listen": "127.0.0.1:1", "metrics-listen": "127.0.0.1:2", "tls-cert": "cert", "tls-key": "key", "http2": "true", "linger": "1s", "keep": "true", "max-pixels": "1M", "stall": "1s",
	"max-frame": "1MB", "health-threshold": "7", "heartbeat": "1s", "max-viewers": "7", "max-viewers-per-camera": "7", "max-rate": "1MB", "max-connections": "7", "max-cameras": "7",
	"users": "users", "token": "token", "allowed-hosts": "host", "cors": "*", "trusted-proxy": "unix", "public": "true",
	"log-level": "debug", "log-format": "json", "log-file": "log", "tokens": "{screen: secret}", "link-key": "key", "anonymous": "door",
	"external-url": "http://host/", "publish": "nats://a", "publish-rank": "1",
}

// TestKeys walks the table of keys: each flag is one, or is known not to be, and says what its change does.
func TestKeys(t *testing.T) {
	newConfig(nil, nil, "").flags.VisitAll(func(f *flag.Flag) {
		if k, ok := keys[f.Name]; ok == slices.Contains(notKeys, f.Name) || ok && k.effect == "" {
			t.Errorf("-%s is not in the table of keys, or does not say what its change does", f.Name)
		}
	})
	for name, k := range keys {
		if (newConfig(nil, nil, "").flags.Lookup(name) == nil) != k.noFlag {
			t.Errorf("%s is no flag, or is one against the table", name)
		}
		if samples[name] == "" {
			t.Errorf("%s is not tested", name)
		}
	}
}

// notSettings are the fields of a Config that no key sets.
var notSettings = []string{"File", "Version", "Instance", "Cameras", "Read", "flags", "places", "viewers", "args", "env", "unknown", "directory"}

// TestFields walks the fields of a Config: each is set by one key.
func TestFields(t *testing.T) {
	setBy := map[string][]string{}
	before := map[string]string{}
	leaves(reflect.ValueOf(newConfig(nil, nil, "")).Elem(), "", before)
	path := filepath.Join(t.TempDir(), "f")
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		sample := samples[name]
		if !strings.HasPrefix(sample, "{") {
			sample = fmt.Sprintf("%q", sample)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "%s: %s\n", name, sample), 0o600); err != nil {
			t.Fatal(err)
		}
		c := newConfig(nil, nil, "")
		c.readLayers(nil)
		f, err := openFile(path, "", nil, c.Read)
		if err != nil {
			t.Fatal(err)
		}
		f.apply(c)
		if err := f.mistakes(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		after := map[string]string{}
		leaves(reflect.ValueOf(c).Elem(), "", after)
		for field, value := range after {
			if value != before[field] {
				setBy[field] = append(setBy[field], name)
			}
		}
	}
	for field := range before {
		if len(setBy[field]) != 1 && field != "Listen" {
			t.Errorf("%s is set by %v, not by one key", field, setBy[field])
		}
	}
	if len(before) < 20 {
		t.Errorf("%d fields", len(before))
	}
}

// leaves collects the values of a struct's settings by the names of their fields.
func leaves(v reflect.Value, prefix string, to map[string]string) {
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if slices.Contains(notSettings, name) {
			continue
		}
		if kind := field.Type().Name(); field.Kind() == reflect.Struct && strings.HasSuffix(kind, "Settings") {
			leaves(field, prefix+name+".", to)
			continue
		}
		if field.Type() == reflect.TypeFor[list]() {
			field = field.FieldByName("Values")
		}
		to[prefix+name] = fmt.Sprint(field)
	}
}
