// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDemoCommand runs the demo as a newcomer may: on a taken port, twice,
// interrupted, killed, in the wrong place. What it does is the e2e tests' matter.
func TestDemoCommand(t *testing.T) {
	t.Parallel()
	dir := freshHome(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := launch(t, nil, "demo", "--addr", taken.Addr().String(), "--data-dir", dir)
	p.line(t, taken.Addr().String()+" is taken: using a free port")
	took, _, _ := strings.Cut(strings.TrimPrefix(p.line(t, "ready in "), "ready in "), " ")
	if d, err := time.ParseDuration(took); err != nil || d <= 0 {
		t.Errorf("ready in %q", took)
	}
	p.line(t, "ready")
	first := readDemo(t, dir)
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(first.PortalURL, "http://")); err != nil || host != "127.0.0.1" {
		t.Errorf("serves at %s", first.PortalURL)
	}
	wantText(t, refused(t, nil, "demo", "--addr", "127.0.0.1:0", "--data-dir", dir), "another demo runs in "+dir)
	wantText(t, refused(t, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir), "in use")
	p.signal(t, os.Interrupt)
	if status := p.status(t, defaultStopTimeout); status != 0 {
		t.Errorf("interrupted, it ended with %d: %s", status, p.stderr)
	}
	wantText(t, refused(t, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir), "made by demo: serve refuses it")
	left := filepath.Join(dir, "left-behind")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("interrupted on its walk", func(t *testing.T) {
		p := launch(t, nil, "demo", "--exit", "--addr", "127.0.0.1:0", "--data-dir", dir)
		p.line(t, " 2. ")
		p.signal(t, os.Interrupt)
		if status := p.status(t, defaultStopTimeout); status == 0 {
			t.Error("ended as if the walk were done")
		}
		wantText(t, p.stderr.String(), "walking the main job", "interrupted")
		if _, err := os.Stat(left); err == nil {
			t.Error("did not start clean")
		}
	})
	t.Run("killed on its walk and run again at once", func(t *testing.T) {
		p := launch(t, nil, "demo", "--exit", "--addr", "127.0.0.1:0", "--data-dir", dir)
		p.line(t, " 3. ")
		p.signal(t, syscall.SIGKILL)
		p.status(t, patience)
		said := succeed(t, nil, "demo", "--exit", "--addr", "127.0.0.1:0", "--data-dir", dir)
		wantText(t, said, "\nready in ", "\nready\n", "curl -s http://127.0.0.1:")
		second := readDemo(t, dir)
		for name, token := range second.Tokens {
			if token == first.Tokens[name] || second.Delegations["valid"] == first.Delegations["valid"] {
				t.Error("secrets are not new")
			}
		}
	})
}

func readDemo(t *testing.T, dir string) demoJSON {
	t.Helper()
	path := filepath.Join(dir, "demo.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"demo.json", "demo.env"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	var read demoJSON
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// TestDemoRefusals covers places and addresses that demo must not take.
func TestDemoRefusals(t *testing.T) {
	t.Parallel()
	mine := t.TempDir()
	kept := filepath.Join(mine, "thesis.txt")
	if err := os.WriteFile(kept, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantText(t, refused(t, nil, "demo", "--data-dir", mine), "was not made by demo")
	if text, err := os.ReadFile(kept); err != nil || string(text) != "years of work" {
		t.Errorf("%q, %v", text, err)
	}
	wantText(t, refused(t, nil, "demo", "--data-dir", kept), "--data-dir")
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "example.jp:80", "nonsense"} {
		wantText(t, refused(t, nil, "demo", "--addr", addr, "--data-dir", freshHome(t)), "loopback only")
	}
}
