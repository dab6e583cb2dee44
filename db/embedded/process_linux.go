// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put a child into a process group of its own (a terminal's Ctrl-C
// is the program's to handle) and have the kernel ask it to shut down when the
// program is gone.
func attributes(who account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT, Credential: who.credential()}
}

// timerSlack is Linux's own, in nanoseconds.
const timerSlack = 50_000

// ordinaryTimers lets children of this thread have timers as late as Linux lets
// them be (prctl(2)), whatever the program's may be.
func ordinaryTimers() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) // PostgreSQL sleeps a little longer where it is refused
}
