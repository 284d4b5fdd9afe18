package prometheus

import "syscall"

func (u *usage) read() {
	process, err := syscall.GetCurrentProcess()
	if err != nil {
		return
	}
	var created, exited, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(process, &created, &exited, &kernel, &user) == nil {
		u.cpu = seconds(kernel) + seconds(user)
	}
}

// seconds is a duration, which is in units of 100 ns.
func seconds(t syscall.Filetime) float64 {
	return (float64(t.HighDateTime)*(1<<32) + float64(t.LowDateTime)) / 1e7
}
