// Package test holds what no single package can test: the built program between fake cameras and real viewers, the arrows
// between the packages, and what a picture costs.
//
// With MJPEGAZER_TEST=full in the environment a program that a test needs and does not find is a failure; without, the
// test says what to install and is skipped.
package test
