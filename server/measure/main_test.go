// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"testing"
	"time"

	"ininjo/poa"
)

// floorVariable makes this binary the floor, on the database that it names.
const floorVariable = "ININJO_BENCH_FLOOR"

// clock is the machine's.
var clock poa.SystemClock

func TestMain(m *testing.M) {
	if url := os.Getenv(floorVariable); url != "" {
		if err := runFloor(url); err != nil {
			log.Fatal(err)
		}
		return
	}
	if os.Getenv(attackVariable) != "" {
		if err := runAttackers(os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// progress tells who waits what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, clock.Now().Format("15:04:05 ")+format+"\n", args...)
}

// setting is a whole number of the environment.
func setting(tb testing.TB, name string, otherwise int) int {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatalf("%s is %q: want a whole number above zero", name, text)
	}
	return n
}

// span is a time of the environment, such as 90s or 15m.
func span(tb testing.TB, name string, otherwise time.Duration) time.Duration {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		tb.Fatalf("%s is %q: want a time, such as 90s", name, text)
	}
	return d
}
