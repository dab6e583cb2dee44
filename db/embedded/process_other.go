// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

package embedded

import "syscall"

// attributes put a child into a process group of its own. These systems have
// no parent-death signal: after a kill -9 of the program the server stays, and
// the next start stops it first.
func attributes(who account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: who.credential()}
}

// ordinaryTimers is for Linux.
func ordinaryTimers() {}
