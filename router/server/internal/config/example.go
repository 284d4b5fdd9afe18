package config

import _ "embed"

// UsualFile is where packages put the configuration.
const UsualFile = "/etc/mjpegazer/mjpegazer.yaml"

// Example is a configuration file with comments that show every key.
//
//go:embed example.yaml
var Example string
