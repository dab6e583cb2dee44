// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// stalePatience is how long a start waits for what an earlier run left
	// behind: a stale pid file or backends that outlived their server (gone
	// within 5 s), a server still writing its last checkpoint on a slow disk.
	stalePatience = 15 * time.Second
	staleInterval = 100 * time.Millisecond
	readyInterval = 5 * time.Millisecond
)

// ErrInUse means that another process runs the cluster of this data folder.
var ErrInUse = errors.New("data folder is in use")

// Start makes the cluster in cfg.DataDir if there is none, starts it and
// returns when it takes connections. ctx bounds the start only; the cluster
// runs until Stop or the end of the program.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	held, err := takePatiently(ctx, cfg.DataDir)
	if err != nil {
		return nil, err
	}
	c, err := start(ctx, cfg)
	if err != nil {
		_ = held.Close()
		return nil, fmt.Errorf("starting the private PostgreSQL in %s: %w", cfg.DataDir, err)
	}
	c.lock = held
	return c, nil
}

// lockTries is how often, every staleInterval, a start asks for a folder that is
// in use: a killed program's lock can outlive it by moments, in a child that it
// was just making.
const lockTries = 10

func takePatiently(ctx context.Context, dataDir string) (*os.File, error) {
	again := time.NewTicker(staleInterval)
	defer again.Stop()
	for range lockTries {
		held, err := takeFolder(dataDir)
		if !errors.Is(err, ErrInUse) {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-again.C:
		}
	}
	return takeFolder(dataDir)
}

func start(ctx context.Context, cfg Config) (*Cluster, error) {
	b, who, err := prerequisites(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := &Cluster{pgDir: filepath.Join(cfg.DataDir, "pg")}
	if c.password, err = superPassword(cfg.DataDir); err != nil {
		return nil, err
	}
	if err := initialise(ctx, cfg, b, who, c.password); err != nil {
		return nil, err
	}
	if c.at, err = listenAt(cfg.DataDir, who); err != nil {
		return nil, err
	}
	c.dataDir = cfg.DataDir
	if c.log, err = openLog(cfg.DataDir); err != nil {
		return nil, err
	}
	if c.child, err = patiently(ctx, cfg, b, who, c); err != nil {
		c.log.close()
		return nil, err
	}
	cfg.Logger.Info("private PostgreSQL is ready", "version", b.major, "binaries", b.dir, "data", c.pgDir, "user", who.name)
	return c, nil
}

// prerequisites are binaries that fit the data and an account that reaches both.
func prerequisites(ctx context.Context, cfg Config) (binaries, account, error) {
	pgDir := filepath.Join(cfg.DataDir, "pg")
	major, err := dataMajor(pgDir)
	if err != nil {
		return binaries{}, account{}, err
	}
	who, err := chooseAccount(cfg.User, pgDir)
	if err != nil {
		return binaries{}, account{}, err
	}
	b, err := obtain(ctx, cfg, major)
	if err != nil {
		return binaries{}, account{}, err
	}
	return b, who, errors.Join(who.reach(b.dir), who.reach(cfg.DataDir))
}

// dataMajor reads the version an existing cluster was made by; 0 if there is
// none. An empty folder is no cluster and makes room for one.
func dataMajor(pgDir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(pgDir, "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, fmt.Errorf("reading the version of the data in %s: %w", pgDir, err)
		}
		return major, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("reading the version of the data: %w", err)
	}
	if err := os.Remove(pgDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s exists but is no database cluster (it has no PG_VERSION): move it away", pgDir)
	}
	return 0, nil
}

// obtain finds binaries for data of a major version (0 for none yet), or has
// them fetched.
func obtain(ctx context.Context, cfg Config, major int) (binaries, error) {
	found, missing := find(cfg.BinDir, cfg.Places)
	for _, b := range found {
		if major == 0 || b.major == major {
			return b, nil
		}
	}
	if len(found) > 0 {
		missing = fmt.Errorf("the data was made by PostgreSQL %d, but found only PostgreSQL %s", major, list(found))
	}
	if cfg.BinDir != "" { // chosen by the operator: nothing else may take its place
		return binaries{}, missing
	}
	cfg.Logger.Info("no PostgreSQL found on this machine; fetching it", "repository", shown(cfg.Fetch.Repository))
	b, err := fetch(ctx, cfg.Fetch, major)
	if err != nil {
		return binaries{}, fmt.Errorf("%w; nor could it be fetched: %w; install it (apt-get install postgresql) or give a database of your own with --database-url", missing, err)
	}
	if major != 0 && b.major != major {
		return binaries{}, fmt.Errorf("the data was made by PostgreSQL %d, but fetched was PostgreSQL %d", major, b.major)
	}
	return b, nil
}

func list(found []binaries) string {
	var texts []string
	for _, b := range found {
		texts = append(texts, fmt.Sprintf("%d in %s", b.major, b.dir))
	}
	return strings.Join(texts, ", ")
}

// patiently starts the server, and again for a while if what an earlier run
// left behind stands in the way.
func patiently(ctx context.Context, cfg Config, b binaries, who account, c *Cluster) (*process, error) {
	patience := time.NewTimer(stalePatience)
	defer patience.Stop()
	pause := time.NewTicker(staleInterval)
	defer pause.Stop()
	for {
		child, err := once(ctx, cfg, b, who, c)
		if err == nil || !leftovers(err) {
			return child, err
		}
		if runtime.GOOS != "linux" { // no parent-death signal: the orphan runs on
			_ = run(ctx, who, c.pgDir, b.path("pg_ctl"), "stop", "-D", c.pgDir, "-m", "fast", "-t", "5")
		}
		select {
		case <-patience.C:
			return nil, err
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-pause.C:
		}
	}
}

// leftovers tells PostgreSQL's refusals that pass by themselves.
func leftovers(err error) bool {
	text := err.Error()
	return strings.Contains(text, "lock file") || strings.Contains(text, "pre-existing shared memory block")
}

func once(ctx context.Context, cfg Config, b binaries, who account, c *Cluster) (*process, error) {
	cmd := exec.Command(b.path("postgres"), cfg.arguments(c.pgDir, c.at)...)
	prepare(cmd, who, c.pgDir, c.log)
	child, err := launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("running postgres: %w", err)
	}
	poll := time.NewTicker(readyInterval)
	defer poll.Stop()
	for !ready(c.pgDir, cmd.Process.Pid) {
		select {
		case <-child.done:
			return nil, fmt.Errorf("postgres ended at once (%w): %s", child.err, c.log.said())
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for PostgreSQL: %w: %s", ctx.Err(), c.log.said()), child.end(ctx))
		case <-poll.C:
		}
	}
	return child, nil
}

// ready says whether postmaster.pid names the child in line 1 and says "ready"
// in line 8: a connection alone could be answered by an orphan.
func ready(pgDir string, pid int) bool {
	text, err := os.ReadFile(filepath.Join(pgDir, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) >= 8 && strings.TrimSpace(lines[0]) == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}
