// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkMemory tells what memory the program has and had at most, after its
// start and after each kind of load, and at what rate and CPU it answered. GOGC
// and GOMEMLIMIT of the environment are the program's, whose own settings are
// measured where they are not there. The settings that ININJO_BENCH_LIMITS names
// (of GOMEMLIMIT, such as "512MiB 160MiB") are compared in turns.
func BenchmarkMemory(b *testing.B) {
	before := readTimes()
	w := openWorld(b, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000))
	limits := strings.Fields(os.Getenv("ININJO_BENCH_LIMITS"))
	if len(limits) == 0 {
		limits = []string{os.Getenv("GOMEMLIMIT")}
	}
	lines := []string{"| limit | load | answers a second | p50 | p99 | CPU for each | memory now, at most |", "|---|---|---|---|---|---|---|"}
	var programs []*contestant
	for _, limit := range limits {
		programs = append(programs, w.ininjo(b, "GOMEMLIMIT="+limit))
		now, most := memory(b, programs[len(programs)-1].cmd.Process.Pid)
		lines = append(lines, fmt.Sprintf("| %s | start | | | | | %d, %d MB |", limit, now>>20, most>>20))
	}
	for range setting(b, "ININJO_BENCH_ROUNDS", 1) {
		for _, each := range []struct {
			name        string
			connections int
			signIns     bool
			question    func(*contestant) question
		}{
			{"free query", 32, false, w.ofStatus},
			{"free query", 256, false, w.ofStatus},
			{"with receipt", 256, false, func(c *contestant) question { return w.free(c, "with receipt", documentReceipt) }},
			{"batch of 100", 32, false, func(c *contestant) question { return w.many(c, "batch of 100") }},
			{"free query beside sign-ins", 32, true, w.ofStatus},
		} {
			for i, program := range programs {
				stop := func() {}
				if each.signIns {
					stop = signIns(b, program)
				}
				lines = append(lines, fmt.Sprintf("| %s | %s, %d %s", limits[i], each.name, each.connections, w.burden(b, program, each.question(program), each.connections)))
				stop()
				progress("%s", lines[len(lines)-1])
			}
		}
	}
	fmt.Fprintf(os.Stdout, "\n%s\n\n%s, %s.\n", strings.Join(lines, "\n"), machine(before), clock.Now().Format(time.DateOnly))
}

func (w *world) ofStatus(c *contestant) question { return w.free(c, "free query", documentStatus) }

// signIns lets two people at a time try to sign in, each from an address of its
// own, until stop is called: each try takes 64 MiB, whoever it is.
func signIns(b *testing.B, c *contestant) (stop func()) {
	b.Helper()
	over, tries := make(chan struct{}), atomic.Int32{}
	var trying sync.WaitGroup
	for range 2 {
		trying.Go(func() {
			for {
				n := tries.Add(1)
				dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8), byte(n))}}
				client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
				form := url.Values{"email": {fmt.Sprintf("nobody%d@bench.example", n)}, "password": {"correct horse battery"}}
				response, err := client.PostForm(c.base+"/sign-in", form)
				if err != nil {
					b.Errorf("signing in: %v", err)
					return
				}
				if _ = response.Body.Close(); response.StatusCode != http.StatusUnprocessableEntity {
					b.Errorf("signing in: %s", response.Status)
				}
				select {
				case <-over:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	return func() {
		close(over)
		trying.Wait()
		progress("%d sign-ins", tries.Load())
	}
}

// burden loads the program, while the others stand still, and tells what that took.
func (w *world) burden(b *testing.B, c *contestant, q question, connections int) string {
	b.Helper()
	pid := c.cmd.Process.Pid
	must(b, os.WriteFile(filepath.Join("/proc", strconv.Itoa(pid), "clear_refs"), []byte("5"), 0)) // the most begins anew
	var server time.Duration
	r := &runner{question: q, asked: w.asked, connections: connections, warm: 500 * time.Millisecond, span: span(b, "ININJO_BENCH_SPAN", 3*time.Second)}
	r.begun = func() { server = used(pid) }
	r.ended = func() { server = used(pid) - server }
	got := r.run(b)
	if got.wrong > 0 || len(got.took) == 0 {
		b.Fatalf("%s over %d connections: %d of %d went wrong, the first: %v", q.name, connections, got.wrong, len(got.took), got.first)
	}
	now, most := memory(b, pid)
	return fmt.Sprintf("| %.0f | %.2f ms | %.2f ms | %d µs | %d, %d MB |", got.rate(), got.at(.5).Seconds()*1000, got.at(.99).Seconds()*1000,
		(server / time.Duration(len(got.took))).Microseconds(), now>>20, most>>20)
}
