// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Attach reaches the cluster that another process runs in the data folder, for
// a command beside it. Stopping it is the other process's business: Stop of an
// attached cluster does nothing, and Done is never closed.
func Attach(dataDir string) (*Cluster, error) {
	password, err := os.ReadFile(filepath.Join(dataDir, passwordName))
	if err != nil {
		return nil, fmt.Errorf("attaching to the private PostgreSQL: %w", err)
	}
	at, err := runningAt(filepath.Join(dataDir, "pg", "postmaster.pid"))
	if err != nil {
		return nil, fmt.Errorf("attaching to the private PostgreSQL: %w", err)
	}
	return &Cluster{dataDir: dataDir, pgDir: filepath.Join(dataDir, "pg"), password: strings.TrimSpace(string(password)), at: at}, nil
}

// InUse reports whether another process runs a cluster in the data folder.
func InUse(dataDir string) bool {
	held, err := takeFolder(dataDir)
	if err == nil {
		_ = held.Close()
	}
	return errors.Is(err, ErrInUse)
}

// runningAt reads where a server listens: postmaster.pid holds the port in its
// fourth line and the socket folder in its fifth.
func runningAt(pidFile string) (address, error) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return address{}, err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 8 || strings.TrimSpace(lines[7]) != "ready" {
		return address{}, errors.New("the server is not ready")
	}
	port, err := strconv.Atoi(strings.TrimSpace(lines[3]))
	if err != nil {
		return address{}, errors.New("postmaster.pid cannot be read")
	}
	return address{socketDir: strings.TrimSpace(lines[4]), port: port}, nil
}
