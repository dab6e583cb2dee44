// SPDX-License-Identifier: Apache-2.0

//go:build linux

package embedded_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ininjo/db/embedded"
)

// TestKill covers what no shutdown code can: the program is gone at once.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, both := range map[string]bool{"the program": false, "the program and the server": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd, url := runProgram(t, dir)
			execute(t, url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
			if both {
				kill(t, postmaster(t, dir))
			}
			kill(t, cmd.Process.Pid)
			if !both {
				until(t, "the server shuts down cleanly", func() bool { return !exists(filepath.Join(dir, "pg", "postmaster.pid")) })
			}
			c := start(t, embedded.Config{DataDir: dir})
			if got := ask(t, c.SuperuserURL("postgres"), "SELECT n::text FROM kept"); got != "7" {
				t.Errorf("kept %q", got)
			}
		})
	}
	t.Run("and started again at once", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		cmd, url := runProgram(t, dir)
		execute(t, url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
		old := postmaster(t, dir)
		kill(t, cmd.Process.Pid)
		_ = cmd.Wait() // the kernel frees the folder's lock with the process
		c := start(t, embedded.Config{DataDir: dir})
		if got := ask(t, c.SuperuserURL("postgres"), "SELECT n::text FROM kept"); got != "7" {
			t.Errorf("kept %q", got)
		}
		if postmaster(t, dir) == old {
			t.Error("the orphan answers for the new server")
		}
	})
	t.Run("only the server", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		c := start(t, embedded.Config{DataDir: dir})
		kill(t, postmaster(t, dir))
		<-c.Done()
	})
}

// TestUnreachable puts the data folder below one that only root may enter.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, embedded.Config{DataDir: filepath.Join(closed, "deeper", "data")})
	if got := ask(t, c.SuperuserURL("postgres"), "SELECT 'here'"); got != "here" {
		t.Error(got)
	}
	if os.Geteuid() == 0 { // a second user's right must join the first's
		other := start(t, embedded.Config{DataDir: filepath.Join(closed, "deeper", "other"), User: "nobody"})
		if got := ask(t, other.SuperuserURL("postgres"), "SELECT 'there'"); got != "there" {
			t.Error(got)
		}
		if _, err := embedded.Start(t.Context(), embedded.Config{DataDir: t.TempDir(), User: "root"}); err == nil {
			t.Error("started as root")
		}
		stop(t, c)
		start(t, embedded.Config{DataDir: filepath.Join(closed, "deeper", "data")})
	}
	info, err := os.Stat(closed)
	if err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the folder is open to others: %v, %v", info.Mode(), err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}
