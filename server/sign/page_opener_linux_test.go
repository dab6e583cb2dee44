// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ininjo/poa/poatest"
)

// TestNoCommandLineHoldsTheAddress: everybody reads them in /proc. The browser's opener, here one of the test's own, is
// given a file that nobody else can read, and the file is gone once the page was opened.
func TestNoCommandLineHoldsTheAddress(t *testing.T) {
	home, programs := t.TempDir(), t.TempDir()
	told := filepath.Join(programs, "told")
	if err := syscall.Mkfifo(told, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nprintf '%s' \"$*\" > '" + told + "'\n"
	if err := os.WriteFile(filepath.Join(programs, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	c := Command{Slot: -1, Idle: time.Hour}
	go func() {
		ended <- c.Sign(ctx, Terminal{In: strings.NewReader(""), Out: writer, Err: io.Discard}, poatest.NewClock(instant))
	}()
	a := clerkOf(t, reader)
	t.Cleanup(a.http.CloseIdleConnections)
	given, err := os.ReadFile(told) // waits for the opener
	if err != nil {
		t.Fatal(err)
	}
	line := string(given)
	u, err := url.Parse(line)
	if err != nil || u.Scheme != "file" || !strings.HasPrefix(u.Path, home) {
		t.Fatalf("the opener was given %q", line)
	}
	secret := a.address[strings.LastIndex(a.address, "/")+1:]
	if prefix := strings.TrimPrefix(a.base, a.origin+"/"); strings.Contains(line, secret) || strings.Contains(line, prefix) {
		t.Errorf("the opener was given %q", line)
	}
	for path, mode := range map[string]os.FileMode{u.Path: 0o600, filepath.Dir(u.Path): os.ModeDir | 0o700} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	page, err := os.ReadFile(u.Path)
	if match := refresh.FindStringSubmatch(string(page)); err != nil || match == nil || match[1] != a.address {
		t.Fatalf("%v: the file leads nowhere: %s", err, page)
	}
	if status, page := a.enter(); status != 200 || !strings.Contains(page, "まだありません") {
		t.Fatalf("%d: %s", status, page)
	}
	if there(filepath.Dir(u.Path)) {
		t.Error("the file stays after it was used")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestTheOpenersFileGoesWithThePage, whether or not anybody opened it.
func TestTheOpenersFileGoesWithThePage(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PATH", t.TempDir()) // no opener at all
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var told strings.Builder
	ended := make(chan error, 1)
	c := Command{Slot: -1, Idle: time.Hour}
	go func() {
		ended <- c.Sign(ctx, Terminal{In: strings.NewReader(""), Out: writer, Err: &told}, poatest.NewClock(instant))
	}()
	clerkOf(t, reader)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("there stays %v, %v", left, err)
	}
	if !strings.Contains(told.String(), Texts(textsOfSystem()).T("cli.no-browser")) {
		t.Errorf("nobody tells that no browser opened: %s", told.String())
	}
}
