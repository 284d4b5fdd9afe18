// Package prometheus writes the text format of Prometheus, version 0.0.4. Libraries for that bring registries, which are of no
// use where all values are known when they are asked for, or write families that promtool refuses.
//
//	var t prometheus.Text
//	t.Family("viewers", prometheus.Gauge, "Viewers now.")
//	t.Sample(3, "camera", "door")
package prometheus

import (
	"math"
	"strconv"
	"strings"
)

// ContentType is the media type of a [Text].
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// A Kind is what the values of a family are.
type Kind string

// The kinds.
const (
	Gauge     Kind = "gauge"
	Counter   Kind = "counter"
	histogram Kind = "histogram"
	summary   Kind = "summary"
)

// A Text is what is written so far.
type Text struct {
	bytes []byte
	name  string // of the family
}

// Bytes returns the text.
func (t *Text) Bytes() []byte { return t.bytes }

// Family begins a family of samples, which must come at once. A help is one sentence.
func (t *Text) Family(name string, kind Kind, help string) {
	t.name = name
	t.append("# HELP ", name, " ", help, "\n# TYPE ", name, " ", string(kind), "\n")
}

// Sample adds a sample of the family. Labels are names and values in turn. A value that is not a number is left out.
func (t *Text) Sample(value float64, labels ...string) { t.sample("", value, labels...) }

// Value is a family of one sample without labels.
func (t *Text) Value(name string, kind Kind, help string, value float64) {
	t.Family(name, kind, help)
	t.Sample(value)
}

func (t *Text) sample(suffix string, value float64, labels ...string) {
	if math.IsNaN(value) {
		return
	}
	t.append(t.name, suffix)
	for i := 0; i < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		t.append(separator, labels[i], `="`, escaper.Replace(labels[i+1]), `"`)
	}
	if len(labels) > 0 {
		t.append("}")
	}
	t.append(" ")
	t.bytes = strconv.AppendFloat(t.bytes, value, 'f', -1, 64)
	t.append("\n")
}

// escaper is for the values of labels.
var escaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func (t *Text) append(pieces ...string) {
	for _, piece := range pieces {
		t.bytes = append(t.bytes, piece...)
	}
}
