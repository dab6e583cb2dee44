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

// tellThreads prints the number before the settings are made, after it, and after
// another service of the process made its own, and how many new connections are taken
// in a second then.
func tellThreads() int {
	before := runtime.GOMAXPROCS(0)
	answersConfig{}.tune()
	after := runtime.GOMAXPROCS(0)
	answersConfig{}.tune()
	fmt.Println(before, after, runtime.GOMAXPROCS(0), connectionsConfig{ConnectionRate: 1000}.pace().Limit())
	return 0
}

// threads asks a process of its own, with GOMAXPROCS in its environment.
func threads(t *testing.T, wanted string) (before, after, again, connections int) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), own)
	child.Env = append(os.Environ(), threadsVariable+"=1", "GOMAXPROCS="+wanted)
	told, err := child.Output()
	if err == nil {
		_, err = fmt.Sscan(string(told), &before, &after, &again, &connections)
	}
	if err != nil {
		t.Fatalf("told %q: %v", told, err)
	}
	return before, after, again, connections
}

func TestOneToSpare(t *testing.T) {
	t.Parallel()
	t.Run("one thread more than there are processors, however many services", func(t *testing.T) {
		t.Parallel()
		before, after, again, connections := threads(t, "")
		if before < 1 || after != before+1 || again != after {
			t.Errorf("%d before, then %d and %d", before, after, again)
		}
		if connections != 1000*before {
			t.Errorf("%d new connections a second on %d processors", connections, before)
		}
	})
	t.Run("GOMAXPROCS in the environment comes before it", func(t *testing.T) {
		t.Parallel()
		if before, after, again, _ := threads(t, "1"); before != 1 || after != 1 || again != 1 {
			t.Errorf("%d before, then %d and %d: want 1", before, after, again)
		}
	})
}
