// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a child process is waited for, on a machine that does
// other things as well.
const patience = time.Minute

// binary is the program, built once for all tests as its operator builds it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := folderOf("program")
	if err != nil {
		return "", err
	}
	whenAllIsOver(func() error { return os.RemoveAll(dir) })
	path := filepath.Join(dir, "ininjo")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w: %s", err, out)
	}
	return path, nil
})

// program is a child process that runs a command of ours.
type program struct {
	cmd    *exec.Cmd
	lines  chan string
	stdout *written
	stderr *written
	ended  chan struct{}
	err    error
}

// written is what a process has written so far.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps p.
func (r *written) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// String is all that was written.
func (r *written) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// launch runs the program with arguments; environ adds to the environment.
func launch(t *testing.T, environ []string, args ...string) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return launchAny(t, environ, path, args...)
}

func launchAny(t *testing.T, environ []string, path string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(path, args...), lines: make(chan string, 1000), stdout: &written{}, stderr: &written{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), environ...)
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its group can be signalled as a terminal does
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(out)
	t.Cleanup(func() { p.finish(t) })
	return p
}

func (p *program) read(out io.Reader) {
	scanner := bufio.NewScanner(io.TeeReader(out, p.stdout))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		p.lines <- scanner.Text()
	}
	close(p.lines)
	p.err = p.cmd.Wait()
	close(p.ended)
}

// finish ends a process that a test left running.
func (p *program) finish(t *testing.T) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	bound := time.NewTimer(patience)
	defer bound.Stop()
	select {
	case <-p.ended:
	case <-bound.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if t.Failed() {
		t.Logf("%v\nstdout: %s\nstderr: %s", p.cmd.Args[1:], p.stdout, p.stderr)
	}
}

// line waits for a line of standard output that begins with a text.
func (p *program) line(t *testing.T, beginning string) string {
	t.Helper()
	bound := time.NewTimer(patience)
	defer bound.Stop()
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				<-p.ended
				t.Fatalf("%v ended before it said %q: %v\n%s", p.cmd.Args[1:], beginning, p.err, p.stderr)
			}
			if strings.HasPrefix(line, beginning) {
				return line
			}
		case <-bound.C:
			t.Fatalf("%v did not say %q\n%s", p.cmd.Args[1:], beginning, p.stderr)
		}
	}
}

// signal sends a signal to the process.
func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// status waits for the end and returns the exit status.
func (p *program) status(t *testing.T, within time.Duration) int {
	t.Helper()
	bound := time.NewTimer(within)
	defer bound.Stop()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-bound.C:
		t.Fatalf("%v did not end within %v\n%s", p.cmd.Args[1:], within, p.stderr)
		return 0
	}
}

// stop asks the process to end and wants it to end well.
func (p *program) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if status := p.status(t, patience); status != 0 {
		t.Fatalf("%v ended with %d\n%s", p.cmd.Args[1:], status, p.stderr)
	}
}

// succeed runs a command to its end and returns what it printed.
func succeed(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	p := launch(t, environ, args...)
	if status := p.status(t, patience); status != 0 {
		t.Fatalf("%v ended with %d\n%s%s", args, status, p.stdout, p.stderr)
	}
	return p.stdout.String()
}

// refused runs a command that must fail and returns what it said last.
func refused(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	p := launch(t, environ, args...)
	if status := p.status(t, patience); status == 0 {
		t.Fatalf("%v went well\n%s", args, p.stdout)
	}
	_, said, _ := strings.Cut("\n"+p.stderr.String(), "\nininjo: ")
	if said == "" || strings.Contains(said, "goroutine ") {
		t.Fatalf("%v gave no clear message: %s", args, p.stderr)
	}
	return said
}

// wantText fails unless the text holds each part.
func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("wanted %q in %q", part, text)
		}
	}
}

// freshHome makes a data folder's name that PostgreSQL's user may reach.
func freshHome(t *testing.T) string {
	t.Helper()
	dir, err := folderOf("data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

// serving starts serve on a free port and returns it with its address.
func serving(t *testing.T, environ []string, args ...string) (*program, string) {
	t.Helper()
	p := launch(t, environ, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	return p, p.line(t, "http://")
}

// fetch asks once; no answer is the status 0.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// await polls a condition.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	bound := time.NewTimer(patience)
	defer bound.Stop()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !condition() {
		select {
		case <-bound.C:
			t.Fatalf("waited in vain: %s", what)
		case <-poll.C:
		}
	}
}
