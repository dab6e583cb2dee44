// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ininjo/db/embedded"
)

const (
	// folderPrefix begins the name of every folder of a test process; the process
	// ID follows.
	folderPrefix = "ininjo-dbtest-"
	// fsyncVariable keeps PostgreSQL's safety against power cuts on when "1".
	fsyncVariable = "ININJO_TEST_DATABASE_FSYNC"
	startTimeout  = 2 * time.Minute
)

// shared starts the test binary's one cluster at its first use. It needs no
// stop: the kernel shuts the server down when the test process ends.
var shared = sync.OnceValues(startCluster)

// Cluster gives the private PostgreSQL that all tests of this binary share.
func Cluster(tb testing.TB) *embedded.Cluster {
	tb.Helper()
	c, err := shared()
	if err != nil {
		tb.Fatalf("starting the tests' PostgreSQL: %v", err)
	}
	return c
}

func startCluster() (*embedded.Cluster, error) {
	removeStale(os.TempDir())
	removeStale(memoryFolder)
	dir, err := MakeFolder("")
	if err != nil {
		return nil, err
	}
	if filepath.Dir(dir) == memoryFolder {
		if err := removeAtEnd(dir); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cluster, err := embedded.Start(ctx, embedded.Config{DataDir: dir, Settings: settings()})
	if err != nil {
		return nil, err
	}
	return cluster, trust(ctx, cluster, dir)
}

// trust lets whoever may open the cluster's socket in without a password: the
// proof of one (SCRAM, 4096 rounds on either side) is most of what a connection
// costs, and tests make thousands. What embedded itself demands is tested there.
func trust(ctx context.Context, cluster *embedded.Cluster, dir string) error {
	rules := filepath.Join(dir, "pg", "pg_hba.conf")
	if err := os.WriteFile(rules, []byte("local all all trust\n"), 0o600); err != nil {
		return fmt.Errorf("trusting the tests' socket: %w", err)
	}
	return once(ctx, cluster.SuperuserURL("postgres"), "SELECT pg_reload_conf()")
}

// settings trade durability, which tests do not need, for speed.
func settings() map[string]string {
	if os.Getenv(fsyncVariable) == "1" {
		return nil
	}
	return map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
		"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "256MB",
		"shared_buffers": "64MB", "autovacuum_naptime": "1h",
	}
}

// removeStale removes the folders of test processes that are gone.
func removeStale(parent string) {
	folders, err := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
	if err != nil {
		return // the temporary folder's own name is no pattern: nothing to find
	}
	for _, folder := range folders {
		text, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if pid, err := strconv.Atoi(text); err == nil && !alive(pid) {
			_ = os.RemoveAll(folder) // another user's, or one still shutting down, stays
		}
	}
}

// alive says whether a process exists, though it be another user's.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
