// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// answerVariable makes a copy of this test binary serve as it is told, by a
// clock that the test sets ahead: midnight comes when it is wanted.
const answerVariable = "ININJO_TEST_ANSWERS"

// answering is what such a process is told. Ahead is a file that says by how much
// the clock is ahead; the process reads it when it starts and at each SIGUSR1.
type answering struct {
	Config Config
	Ahead  string
	// Level is that of its log.
	Level slog.Level
}

// serveAhead is that process's main.
func serveAhead(told string) int {
	var a answering
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := json.Unmarshal([]byte(told), &a)
	if err == nil {
		err = a.serve(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (a answering) serve(ctx context.Context) error {
	clock, err := a.clock()
	if err != nil {
		return err
	}
	s, err := newService(ctx, a.Config, clock, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: a.Level})))
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	fmt.Fprintln(os.Stdout, s.policy.PublicURL)
	return s.wait(ctx)
}

// clock follows what the file says.
func (a answering) clock() (*demoClock, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	ahead, err := readAhead(a.Ahead)
	clock := newDemoClock(ahead)
	go func() {
		for range signals {
			ahead, err := readAhead(a.Ahead)
			if err != nil {
				panic(err) // the test would wait in vain
			}
			clock.offset.Store(int64(ahead))
			fmt.Fprintln(os.Stdout, "moved")
		}
	}()
	return clock, err
}

func readAhead(file string) (time.Duration, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(string(text))
}

// launch starts the process; it says its address once it serves.
func (a answering) launch(t *testing.T) *program {
	t.Helper()
	a.Config.DataDir = freshHome(t)
	told, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launchAny(t, []string{answerVariable + "=" + string(told)}, path)
}
