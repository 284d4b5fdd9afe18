// Package config is what the program is told: by flags, by the environment and by arguments.
package config
