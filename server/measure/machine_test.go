// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit in which Linux counts the CPU of processes.
const tick = 10 * time.Millisecond

// stat are the fields of /proc/PID/stat behind the name, which may hold anything.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 15 {
		return nil, fmt.Errorf("reading stat of %d: %q", pid, text)
	}
	return fields, nil
}

// used is the CPU that a process took, with that of children that are gone.
func used(pid int) time.Duration {
	fields, err := stat(pid)
	if err != nil {
		return 0 // it is gone: its parent counts it
	}
	ticks := 0
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(field)
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// usedByAll is the CPU of a process and of its living and gone children.
func usedByAll(parent int) time.Duration {
	all := used(parent)
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields, err := stat(pid); err == nil && fields[1] == strconv.Itoa(parent) {
			all += used(pid)
		}
	}
	return all
}

// memory is a process's memory in bytes: what it has now, and had at most.
func memory(tb testing.TB, pid int) (now, most int64) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	must(tb, err)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			most = kilobytes << 10
		}
	}
	return now, most
}

// syncLatency writes a page and waits for the disk, again and again, and tells
// how long that takes: what a durable audit row costs at least.
func syncLatency(tb testing.TB, dir string) (median, p99 time.Duration) {
	tb.Helper()
	file, err := os.CreateTemp(dir, "sync-")
	must(tb, err)
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	page := make([]byte, 8192)
	_, err = file.Write(make([]byte, 64*len(page))) // as PostgreSQL, which writes into files that are there
	must(tb, errors.Join(err, file.Sync()))
	const tries = 500
	took := make([]time.Duration, tries)
	for i := range took {
		began := nanos()
		_, err := file.WriteAt(page, int64(i%64*len(page)))
		must(tb, errors.Join(err, unix.Fdatasync(int(file.Fd()))))
		took[i] = time.Duration(nanos() - began)
	}
	slices.Sort(took)
	return took[tries/2], took[tries*99/100]
}

// nanos is the clock for differences, in whole microseconds. It is read without a
// system call, of which asking makes few others.
func nanos() int64 { return clock.Now().UnixNano() }

// cpuTimes is what Linux counts of all processors since the start: what other guests
// of the host had of them while this one wanted them, and all.
type cpuTimes struct{ stolen, all float64 }

// readTimes are zero where Linux does not tell.
func readTimes() (t cpuTimes) {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	for i := 1; i < len(fields) && i <= 8; i++ { // user, nice, system, idle, iowait, irq, softirq, steal
		n, _ := strconv.ParseFloat(fields[i], 64)
		if t.all += n; i == 8 {
			t.stolen = n
		}
	}
	return t
}

// taken is the share of the processors that other guests had since, in percent.
func (t cpuTimes) taken() float64 {
	now := readTimes()
	return 100 * (now.stolen - t.stolen) / max(now.all-t.all, 1)
}

// machine describes the machine, and how much of it others had since.
func machine(since cpuTimes) string {
	return fmt.Sprintf("%s (%d CPUs, %.1f %% of them taken by other guests)", processor(), runtime.NumCPU(), since.taken())
}

// processor is the machine's, as /proc names it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
