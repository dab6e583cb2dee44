// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

func attributes(account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// askFast goes through pg_ctl, which knows the server's signalling pipe.
func (p *process) askFast() error { return p.control("INT") }

func (p *process) askImmediate() error { return p.control("QUIT") }

func (p *process) control(signal string) error {
	ctl := filepath.Join(filepath.Dir(p.cmd.Path), "pg_ctl.exe")
	if err := exec.Command(ctl, "kill", signal, strconv.Itoa(p.cmd.Process.Pid)).Run(); err != nil {
		return fmt.Errorf("signalling PostgreSQL: %w", err)
	}
	return nil
}

func lock(file *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
}

// ordinaryTimers is for Linux.
func ordinaryTimers() {}
