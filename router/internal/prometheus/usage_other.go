//go:build !unix && !windows

package prometheus

func (u *usage) read() {}
