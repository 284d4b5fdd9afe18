//go:build linux && (mips || mipsle || mips64 || mips64le || ppc64 || ppc64le)

package v4l2

// arch/mips/include/uapi/asm/ioctl.h, and PowerPC's: three bits for the direction.
const (
	dirShift = 29
	dirWrite = 4
)
