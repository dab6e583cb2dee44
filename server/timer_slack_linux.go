// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// slack is by how much timers of the program may be late.
const slack = time.Millisecond

// loosenTimers starts the program anew, in the same process, with timers that may
// be late by slack, where they may not yet. Go's runtime has a thread that looks
// every 20 µs whether another one is stuck, and begins with that anew each time all
// were idle: where the processors answer tens of thousands a second, it takes more
// than a tenth of them (docs/figures.md). Linux lets a thread's timers be late
// (prctl(2), PR_SET_TIMERSLACK), and threads get that from those that made them: the
// runtime's has it only where the process had it from its beginning. Where it cannot
// be set the program is slower, and says its slack when it serves.
func loosenTimers() {
	if timerSlack() >= slack {
		return
	}
	runtime.LockOSThread() // which becomes the first one of the program
	defer runtime.UnlockOSThread()
	own, err := os.Executable()
	if err != nil || unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack.Nanoseconds()), 0, 0, 0) != nil {
		return
	}
	_ = syscall.Exec(own, os.Args, os.Environ()) //nolint:gosec // the program itself, with what it was given
}

// timerSlack is by how much this thread's timers may be late; 0 where that is not known.
func timerSlack() time.Duration {
	n, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return 0
	}
	return time.Duration(n)
}
