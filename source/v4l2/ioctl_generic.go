//go:build linux && !(mips || mipsle || mips64 || mips64le || ppc64 || ppc64le)

package v4l2

// asm-generic/ioctl.h
const (
	dirShift = 30
	dirWrite = 1
)
