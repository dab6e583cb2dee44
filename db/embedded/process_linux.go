// SPDX-License-Identifier: Apache-2.0

package embedded

import "syscall"

// attributes put a child into a process group of its own (a terminal's Ctrl-C
// is the program's to handle) and have the kernel ask it to shut down when the
// program is gone.
func attributes(who account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT, Credential: who.credential()}
}
