// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

const (
	// socketName is the file PostgreSQL makes in the socket folder.
	socketName = ".s.PGSQL.5432"
	// maxSocketPath is the longest socket path that both Linux (107) and
	// darwin (103) take.
	maxSocketPath = 103
	// socketNote names a socket folder outside the data folder, so that the
	// next start can remove it after a crash.
	socketNote   = "postgresql.socket"
	socketPrefix = "ininjo-pg-"
)

// address is where a cluster listens: a socket folder, or on Windows a port of
// the loopback interface.
type address struct {
	socketDir string
	port      int
}

func (a address) settings() map[string]string {
	if a.socketDir == "" {
		return map[string]string{
			"listen_addresses": "127.0.0.1", "port": strconv.Itoa(a.port), "unix_socket_directories": "",
		}
	}
	return map[string]string{
		"listen_addresses": "", "port": "5432", "unix_socket_directories": a.socketDir,
	}
}

func (a address) url(role, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Path: "/" + database}
	query := url.Values{"sslmode": {"disable"}}
	if a.socketDir == "" {
		u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(a.port))
	} else {
		query.Set("host", a.socketDir)
		query.Set("port", "5432")
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// listenAt picks the address; the caller holds the data folder's lock.
func listenAt(dataDir string, who account) (address, error) {
	if runtime.GOOS == "windows" {
		return freePort()
	}
	if err := forgetSocketDir(dataDir); err != nil {
		return address{}, err
	}
	dir := filepath.Join(dataDir, "socket")
	if !fitsSocket(dir) {
		return temporarySocketDir(dataDir, who)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return address{}, fmt.Errorf("making socket folder: %w", err)
	}
	return address{socketDir: dir}, who.own(dir)
}

// fitsSocket says whether a folder can be PostgreSQL's socket folder: short
// enough, and free of what its list syntax would read as a separator.
func fitsSocket(dir string) bool {
	return len(filepath.Join(dir, socketName)) <= maxSocketPath && !strings.ContainsAny(dir, `,"`) &&
		strings.TrimSpace(dir) == dir
}

func temporarySocketDir(dataDir string, who account) (address, error) {
	parent := os.TempDir()
	if !fitsSocket(filepath.Join(parent, socketPrefix+"0123456789")) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, socketPrefix)
	if err != nil {
		return address{}, fmt.Errorf("making socket folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dataDir, socketNote), []byte(dir), 0o600); err != nil {
		return address{}, fmt.Errorf("noting socket folder: %w", err)
	}
	return address{socketDir: dir}, who.own(dir)
}

// forgetSocketDir removes the temporary socket folder of an earlier run.
func forgetSocketDir(dataDir string) error {
	note := filepath.Join(dataDir, socketNote)
	dir, err := os.ReadFile(note)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading socket note: %w", err)
	}
	if strings.HasPrefix(filepath.Base(string(dir)), socketPrefix) {
		for _, name := range []string{socketName, socketName + ".lock", ""} {
			_ = os.Remove(filepath.Join(string(dir), name)) // gone already is as good
		}
	}
	if err := os.Remove(note); err != nil {
		return fmt.Errorf("removing socket note: %w", err)
	}
	return nil
}

func freePort() (address, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return address{}, fmt.Errorf("finding a free port: %w", err)
	}
	_, text, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		return address{}, fmt.Errorf("finding a free port: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return address{}, fmt.Errorf("finding a free port: %w", err)
	}
	return address{port: port}, nil
}
