// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// threadsVariable makes this binary tell how many threads of Go run at once, which
// is the whole process's.
const threadsVariable = "ININJO_TEST_THREADS"

// besideDatabase is its value where the database is on this machine.
const besideDatabase = "beside"

// tellThreads prints the number before the settings are made, after it, and after
// another service of the process made its own, and how many new connections are taken
// in a second then.
func tellThreads() int {
	beside := os.Getenv(threadsVariable) == besideDatabase
	before := runtime.GOMAXPROCS(0)
	answersConfig{}.tune(beside)
	after := runtime.GOMAXPROCS(0)
	answersConfig{}.tune(!beside)
	fmt.Println(before, after, runtime.GOMAXPROCS(0), connectionsConfig{ConnectionRate: 1000}.pace().Limit())
	return 0
}

// threadsOf asks a process of its own, with GOMAXPROCS in its environment, where the
// database is.
func threadsOf(t *testing.T, where, wanted string) (before, after, again, connections int) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), own)
	child.Env = append(os.Environ(), threadsVariable+"="+where, "GOMAXPROCS="+wanted)
	told, err := child.Output()
	if err == nil {
		_, err = fmt.Sscan(string(told), &before, &after, &again, &connections)
	}
	if err != nil {
		t.Fatalf("told %q: %v", told, err)
	}
	return before, after, again, connections
}

func TestThreads(t *testing.T) {
	t.Parallel()
	t.Run("one thread more than there are processors, however many services", func(t *testing.T) {
		t.Parallel()
		before, after, again, connections := threadsOf(t, "elsewhere", "")
		if before < 1 || after != before+1 || again != after {
			t.Errorf("%d before, then %d and %d", before, after, again)
		}
		if connections != 1000*before {
			t.Errorf("%d new connections a second on %d processors", connections, before)
		}
	})
	t.Run("half as many as there are processors beside the database", func(t *testing.T) {
		t.Parallel()
		before, after, again, connections := threadsOf(t, besideDatabase, "")
		if before < 1 || after != (before+1)/2 || again != after || connections != 1000*before {
			t.Errorf("%d before, then %d and %d, with %d new connections a second", before, after, again, connections)
		}
	})
	t.Run("GOMAXPROCS in the environment comes before it", func(t *testing.T) {
		t.Parallel()
		for _, where := range []string{"elsewhere", besideDatabase} {
			if before, after, again, _ := threadsOf(t, where, "2"); before != 2 || after != 2 || again != 2 {
				t.Errorf("%s: %d before, then %d and %d: want 2", where, before, after, again)
			}
		}
	})
	t.Run("one processor is one thread", func(t *testing.T) {
		t.Parallel()
		if n := threads(1, true); n != 1 {
			t.Errorf("%d threads", n)
		}
	})
}
