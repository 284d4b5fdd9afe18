//go:build race

package test

// racing says that go test -race runs: the built program then looks for races as well.
const racing = true
