package config

import (
	"maps"
	"slices"
)

// An Effect is what a change of a key does while the program runs, in words that follow the key's name.
type Effect string

// The effects.
const (
	AtOnce    Effect = "holds at once; nobody is cut off"
	ForNew    Effect = "holds for those who come from now on; nobody is cut off"
	Reopens   Effect = "cameras that do not say otherwise are opened again; their viewers stay"
	Listener  Effect = "new addresses open before old ones close; connections stay"
	Elsewhere Effect = "holds at once; other machines get the cameras by it within seconds"
	Rights    Effect = "holds at once; the streams of those who lose their right to watch end"
)

// A key is a line of the configuration file that is neither a flag's alone nor a camera's.
type key struct {
	effect Effect
	file   bool // the value is the name of a file
	noFlag bool // only the file has it
}

// keys are those of the file, each with what its change does. They have the flags' names, apart from cameras and tokens.
var keys = map[string]key{
	"listen":                 {effect: Listener},
	"metrics-listen":         {effect: Listener},
	"tls-cert":               {effect: Listener, file: true},
	"tls-key":                {effect: Listener, file: true},
	"http2":                  {effect: Listener},
	"linger":                 {effect: AtOnce},
	"keep":                   {effect: AtOnce},
	"max-pixels":             {effect: AtOnce},
	"stall":                  {effect: Reopens},
	"max-frame":              {effect: Reopens},
	"publish":                {effect: Elsewhere},
	"publish-rank":           {effect: Elsewhere},
	"health-threshold":       {effect: AtOnce},
	"heartbeat":              {effect: ForNew},
	"max-viewers":            {effect: AtOnce},
	"max-viewers-per-camera": {effect: AtOnce},
	"max-rate":               {effect: AtOnce},
	"max-cameras":            {effect: AtOnce},
	"max-connections":        {effect: AtOnce},
	"users":                  {effect: Rights, file: true},
	"token":                  {effect: Rights, file: true},
	"tokens":                 {effect: Rights, noFlag: true},
	"link-key":               {effect: Rights, file: true},
	"anonymous":              {effect: Rights},
	"allowed-hosts":          {effect: AtOnce},
	"cors":                   {effect: AtOnce},
	"trusted-proxy":          {effect: AtOnce},
	"public":                 {effect: AtOnce},
	"external-url":           {effect: ForNew},
	"log-level":              {effect: AtOnce},
	"log-format":             {effect: AtOnce},
	"log-file":               {effect: AtOnce, file: true},
}

// notKeys are the flags that a file cannot set.
var notKeys = []string{"config", "version"}

// Keys are those of the file, in alphabetical order.
func Keys() []string {
	return slices.Sorted(maps.Keys(keys))
}
