// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// stopVariable makes a copy of this test binary run demo in the folder, end it
// and look for what still lives.
const stopVariable = "ININJO_E2E_STOP"

// startTimeout bounds the start of a service, PostgreSQL and all, on a machine
// that does other things as well.
const startTimeout = 2 * time.Minute

var (
	machineClock poa.Clock = poa.SystemClock{}
	// atEnd ends what the tests of this binary share.
	atEnd struct {
		sync.Mutex
		do []func() error
	}
)

// ofTheService are the parameters that the program hashes passwords by; see
// TestPasswordHash. Services in this binary's own process take lighter ones:
// tests sign in hundreds of times.
var ofTheService = passwordParams

func TestMain(m *testing.M) {
	passwordParams.Memory, passwordParams.Iterations = 1024, 1
	if dir := os.Getenv(stopVariable); dir != "" {
		os.Exit(runAndStop(dir))
	}
	if told := os.Getenv(killVariable); told != "" {
		os.Exit(runAndWait(told))
	}
	if url := os.Getenv(tellVariable); url != "" {
		os.Exit(tellOn(url))
	}
	if os.Getenv(waitersVariable) != "" {
		os.Exit(waitOn(os.Stdin, os.Stdout))
	}
	if os.Getenv(threadsVariable) != "" {
		os.Exit(tellThreads())
	}
	if told := os.Getenv(answerVariable); told != "" {
		os.Exit(serveAhead(told))
	}
	code := m.Run()
	for _, end := range atEnd.do {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, "ending what tests share:", err)
			code = 1
		}
	}
	os.Exit(code)
}

func whenAllIsOver(end func() error) {
	atEnd.Lock()
	defer atEnd.Unlock()
	atEnd.do = append(atEnd.do, end)
}

// folderOf makes a folder that PostgreSQL's user may reach and that goes with
// the test binary.
func folderOf(name string) (string, error) {
	return dbtest.MakeFolder(name + "-")
}

// demoRun is the demo as a newcomer runs it.
type demoRun struct {
	dir string
	// printed is all that the demo wrote to its standard output until ready.
	printed string
	json    demoJSON
	end     context.CancelFunc
	ended   chan error
}

var sharedDemo = sync.OnceValues(func() (*demoRun, error) {
	dir, err := folderOf("demo")
	if err != nil {
		return nil, err
	}
	d, err := startDemo(dir)
	if err != nil {
		return nil, err
	}
	whenAllIsOver(func() error { return errors.Join(d.stop(), os.RemoveAll(dir)) })
	return d, nil
})

// running is the one demo that the tests of this binary share. A test leaves
// its delegations and logins as they are.
func running(tb testing.TB) *demoRun {
	tb.Helper()
	d, err := sharedDemo()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// startDemo runs the command and returns once it printed ready.
func startDemo(dir string) (*demoRun, error) {
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	d := &demoRun{dir: dir, end: cancel, ended: make(chan error, 1)}
	go func() {
		err := run(ctx, []string{"demo", "--addr", "127.0.0.1:0", "--data-dir", dir}, writer, os.Stderr)
		_ = writer.Close()
		d.ended <- err
	}()
	timer := time.AfterFunc(startTimeout, cancel)
	defer timer.Stop()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		d.printed += lines.Text() + "\n"
		if lines.Text() == "ready" {
			go func() { _, _ = io.Copy(io.Discard, reader) }()
			return d, d.read()
		}
	}
	cancel()
	return nil, fmt.Errorf("demo ended before it was ready: %w\n%s%s", <-d.ended, d.printed, logTail(dir))
}

// read reads demo.json as others do, and wants nothing in it unknown.
func (d *demoRun) read() error {
	file, err := os.Open(filepath.Join(d.dir, "demo.json"))
	if err != nil {
		return err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	return decoder.Decode(&d.json)
}

func (d *demoRun) stop() error {
	d.end()
	return <-d.ended
}

// logTail is the end of a service's log, for the message of a failed start.
func logTail(dir string) string {
	log, err := os.ReadFile(filepath.Join(dir, "ininjo.log"))
	if err != nil {
		return ""
	}
	return string(log[max(0, len(log)-4000):])
}

// as is a party's way in with a token; none with an empty one.
func (d *demoRun) as(tb testing.TB, token string) *client {
	tb.Helper()
	return clientOf(tb, d.json.PortalURL, token)
}

func clientOf(tb testing.TB, base, token string) *client {
	tb.Helper()
	c, err := newClient(base, token)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.http.CloseIdleConnections)
	return c
}
