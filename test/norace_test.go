//go:build !race

package test

const racing = false
