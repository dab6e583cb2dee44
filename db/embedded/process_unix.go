// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package embedded

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// PostgreSQL's signals for its three ways to stop.
func (p *process) askFast() error      { return p.signal(syscall.SIGINT) }
func (p *process) askImmediate() error { return p.signal(syscall.SIGQUIT) }

func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signalling PostgreSQL: %w", err)
	}
	return nil
}

// lock takes the data folder for this process, until it ends or unlocks.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
