// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestStopLeavesNothingBehind runs the demo in a process of its own, stops it
// as an interrupt does, and looks there for goroutines and for PostgreSQL.
func TestStopLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir, err := folderOf("stop")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(os.Environ(), stopVariable+"="+dir)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "PostgreSQL is gone, no goroutine lives") {
		t.Errorf("the process said %s", out)
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgresql.log"))
	if err != nil || !strings.Contains(string(log), "database system is shut down") {
		t.Errorf("PostgreSQL did not shut down cleanly: %v\n%s", err, log)
	}
}

// runAndStop is the other process's main: its exit status.
func runAndStop(dir string) int {
	if err := startAndStop(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("PostgreSQL is gone, no goroutine lives")
	return 0
}

func startAndStop(dir string) error {
	d, err := startDemo(dir)
	if err != nil {
		return err
	}
	pid, err := postgresOf(dir)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, 0); err != nil {
		return fmt.Errorf("PostgreSQL did not run: %w", err)
	}
	if err := d.stop(); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("PostgreSQL is still there: %v", err) //nolint:errorlint // nil as well
	}
	if _, err := os.Stat(pidFile(dir)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("PostgreSQL left its pid file: %v", err) //nolint:errorlint // nil as well
	}
	address := strings.TrimPrefix(d.json.PortalURL, "http://")
	if conn, err := net.Dial("tcp", address); err == nil {
		return errors.Join(errors.New("somebody still listens"), conn.Close())
	}
	return goleak.Find()
}

func pidFile(dir string) string { return filepath.Join(dir, "pg", "postmaster.pid") }

func postgresOf(dir string) (int, error) {
	text, err := os.ReadFile(pidFile(dir))
	if err != nil {
		return 0, fmt.Errorf("reading PostgreSQL's pid file: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(line)
}
