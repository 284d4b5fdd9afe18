// Package test holds what no single package can test: the built program between fake cameras and real viewers, the arrows
// between the packages, and what a picture costs.
//
// With MJPEGAZER_TEST=full in the environment a program that a test needs and does not find is a failure; without, the
// test says what to install and is skipped.
//
// TestWebcam boots Debian's kernel in qemu and runs the program in there, beside webcams: once downloaded, 70 MB, it stays in
// the user's cache. -arch takes other processors, as in go test ./test -run TestWebcam -arch arm,arm64,mipsle,riscv64 with
// qemu-system-arm, -mips and -misc installed; -guest says which tests to run in there, -guestbench which benchmarks.
package test
