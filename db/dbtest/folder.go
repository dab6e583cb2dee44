// SPDX-License-Identifier: Apache-2.0

package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// memoryFolder is where Linux keeps files in memory. Copying the template
// there takes a sixth of the time that it takes on a disk.
const memoryFolder = "/dev/shm"

// roomNeeded is what the clusters of several test binaries need at most, in
// bytes; containers often have 64 MiB there.
const roomNeeded = 4 << 30

// parent is where tests let PostgreSQL keep its data: in memory where there is
// room, unless durability is to be tested; else with other temporary files.
func parent() string {
	if os.Getenv(fsyncVariable) != "1" && roomIn(memoryFolder) >= roomNeeded {
		return memoryFolder
	}
	return os.TempDir()
}

// MakeFolder makes a folder for data of PostgreSQL, which the caller removes.
// What a killed test process left behind goes with the next one's start.
func MakeFolder(name string) (string, error) {
	dir, err := os.MkdirTemp(parent(), folderPrefix+strconv.Itoa(os.Getpid())+"-"+name)
	if err != nil {
		return "", fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	return dir, nil
}

// removal waits until the process that holds its standard input and that
// process's PostgreSQL have ended, then removes the cluster's folder.
const removal = `cat; n=0
while [ -e "$0"/*/postmaster.pid ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
rm -rf "$0"`

// guard is the running removal; it is kept so that its standard input is not
// collected, which would close it.
var guard *exec.Cmd

// removeAtEnd gives the memory of a cluster's folder back when this process
// ends, however it does: what lies on a disk may wait for the next run.
func removeAtEnd(dir string) error {
	guard = exec.Command("/bin/sh", "-c", removal, dir)
	if _, err := guard.StdinPipe(); err != nil { // held until the process is gone
		return fmt.Errorf("holding the cluster's folder: %w", err)
	}
	if err := guard.Start(); err != nil {
		return fmt.Errorf("guarding the cluster's folder: %w", err)
	}
	return nil
}
