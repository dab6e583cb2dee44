// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func serveArgs(args ...string) []string {
	return append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)
}

// TestMachine covers what the machine may lack and what cannot be meant: each is
// named.
func TestMachine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("no folder can be made there", func(t *testing.T) {
		wantText(t, refused(t, nil, serveArgs("--data-dir", filepath.Join(file, "data"))...), "making --data-dir", "not a directory")
		wantText(t, refused(t, nil, "demo", "--data-dir", filepath.Join(file, "data")), "--data-dir", "not a directory")
	})
	t.Run("the folder cannot be written", func(t *testing.T) {
		if err := os.Mkdir(file+".d", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(file+".d", "keys"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantText(t, refused(t, nil, serveArgs("--data-dir", file+".d")...), "making keys in "+file+".d/keys", "not a directory")
	})
	t.Run("no PostgreSQL where it was said to be", func(t *testing.T) {
		empty := t.TempDir()
		said := refused(t, []string{"PATH=" + empty}, serveArgs("--data-dir", freshHome(t), "--postgres-bin", empty)...)
		wantText(t, said, "using PostgreSQL's binaries in "+empty, "finding postgres")
	})
	t.Run("PostgreSQL is found without PATH", func(t *testing.T) {
		p := launch(t, []string{"PATH=" + t.TempDir()}, serveArgs("--data-dir", freshHome(t))...)
		p.line(t, "http://")
		p.stop(t)
	})
	dir := freshHome(t)
	p, _ := serving(t, nil, "--data-dir", dir)
	p.stop(t)
	for name, args := range map[string][]string{
		"reading --roots":                    {"--roots", filepath.Join(file, "roots")},
		"reading --webhook-allow":            {"--webhook-allow", "everything"},
		"reading the mail server's address":  {"--smtp", "nowhere"},
		"reading the mail server's password": {"--smtp", "127.0.0.1:25", "--smtp-user", "x", "--smtp-password-file", file + ".none"},
		"listening on --metrics-addr":        {"--metrics-addr", "192.0.2.1:1"},
		"listening on --addr":                {"--addr", "192.0.2.1:1"},
		"--log-format":                       {"--log-format", "song"},
		"--stop-timeout":                     {"--stop-timeout", "soon"},
		"--public-url must be":               {"--public-url", "ininjo.example.jp"},
	} {
		t.Run("a setting that cannot be: "+name, func(t *testing.T) {
			wantText(t, refused(t, nil, append(serveArgs("--data-dir", dir), args...)...), name)
		})
	}
	t.Run("keys that are gone are not made anew beside data", func(t *testing.T) {
		if err := os.Rename(filepath.Join(dir, "keys"), filepath.Join(dir, "lost")); err != nil {
			t.Fatal(err)
		}
		wantText(t, refused(t, nil, serveArgs("--data-dir", dir)...), "reading key", "master.key")
		if err := os.Rename(filepath.Join(dir, "lost"), filepath.Join(dir, "keys")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "keys", "hash.key"), []byte("short\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		wantText(t, refused(t, nil, serveArgs("--data-dir", dir)...), "hash.key", "32 bytes")
	})
}

// narrow is a disk with little room, which only processes started by start see.
type narrow struct {
	holder  *program
	dir     string
	program string
}

// newNarrow mounts a disk of so many megabytes; nil where this machine lets
// nobody mount.
func newNarrow(t *testing.T, megabytes int) *narrow {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	n := &narrow{dir: filepath.Dir(freshHome(t)), program: path}
	script := fmt.Sprintf(`mount -t tmpfs -o mode=0755,size=%dm none "$0" && echo mounted && exec tail -f /dev/null`, megabytes)
	n.holder = launchAny(t, nil, "unshare", "-m", "sh", "-c", script, n.dir)
	if line, open := <-n.holder.lines; !open || line != "mounted" {
		return nil
	}
	return n
}

func (n *narrow) start(t *testing.T, args ...string) *program {
	t.Helper()
	within := []string{"-m", "-t", fmt.Sprint(n.holder.cmd.Process.Pid), n.program}
	return launchAny(t, nil, "nsenter", append(within, append(args, "--data-dir", filepath.Join(n.dir, "data"))...)...)
}

// path is a file on the disk as everybody sees it.
func (n *narrow) path(name string) string {
	return filepath.Join("/proc", fmt.Sprint(n.holder.cmd.Process.Pid), "root", n.dir, name)
}

// fill leaves no room.
func (n *narrow) fill(t *testing.T) {
	t.Helper()
	file, err := os.Create(n.path("filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{1 << 20, 1 << 12} {
		for err = nil; err == nil; _, err = file.Write(make([]byte, size)) {
		}
	}
}

// TestFullDisk starts where there is no room for a database.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	// No file may grow beyond 4 MiB: less than PostgreSQL's first.
	p := launchAny(t, nil, "sh", "-c", `ulimit -f 8192 && exec "$@"`, "sh", path, "serve", "--addr", "127.0.0.1:0", "--data-dir", freshHome(t))
	if status := p.status(t, patience); status != 1 {
		t.Errorf("ended with %d", status)
	}
	wantText(t, p.stderr.String(), "ininjo: starting the private PostgreSQL in", "initdb")
}

// TestDiskThatFills lets the disk fill up while people register. Nothing that
// was acknowledged is lost, and the program goes on once there is room.
func TestDiskThatFills(t *testing.T) {
	t.Parallel()
	n := newNarrow(t, 20)
	if n == nil {
		t.Log("this machine lets nobody mount: TestFullDisk bounds files instead")
		return
	}
	p := n.start(t, serveArgs()...)
	if status := p.status(t, patience); status != 1 {
		t.Errorf("ended with %d", status)
	}
	wantText(t, p.stderr.String(), "ininjo: starting the private PostgreSQL in", "No space left on device")

	n = newNarrow(t, 200)
	elsewhere := []string{"--key-store", t.TempDir()} // else its files meet the full disk first
	p = n.start(t, serveArgs(elsewhere...)...)
	base := p.line(t, "http://")
	var err error
	terms := filepath.Join(t.TempDir(), "terms.txt")
	if err = os.WriteFile(terms, []byte("利用約款\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := n.start(t, "publish", "--kind", "TERMS", "--release", "1.0", "--title", "利用約款", "--effective-from", "2020-01-01", terms, elsewhere[0], elsewhere[1]).status(t, patience); status != 0 {
		t.Fatalf("publish ended with %d", status)
	}
	w := &writer{terms: termsAt(t, base), made: map[int]string{}}
	c := clientOf(t, base, "")
	for ; w.next < 5; w.next++ {
		if w.made[w.next], err = w.register(t.Context(), c, w.next); err != nil {
			t.Fatal(err)
		}
	}
	n.fill(t)
	for err == nil {
		if w.made[w.next], err = w.register(t.Context(), c, w.next); err != nil {
			delete(w.made, w.next)
		}
		w.next++
	}
	wantText(t, err.Error(), "UNAVAILABLE")
	if err := os.Remove(n.path("filler")); err != nil {
		t.Fatal(err)
	}
	if status, _ := fetch(t, base+"/healthz"); status == 0 { // PostgreSQL could not go on, so neither could the program
		if status := p.status(t, patience); status != 1 {
			t.Errorf("ended with %d", status)
		}
		wantText(t, p.stderr.String(), "the private PostgreSQL ended")
		p = n.start(t, serveArgs(elsewhere...)...)
		base = p.line(t, "http://")
	}
	await(t, "it serves again", func() bool { status, _ := fetch(t, base+"/readyz"); return status == 200 })
	w.check(t, base)
	if _, err := w.register(t.Context(), clientOf(t, base, ""), -1); err != nil {
		t.Errorf("with room again: %v", err)
	}
	p.stop(t)
}
