// SPDX-License-Identifier: Apache-2.0

package dbtest

import "golang.org/x/sys/unix"

// roomIn tells how many bytes are free in a folder, 0 where there is none.
func roomIn(folder string) uint64 {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil || unix.Access(folder, unix.W_OK) != nil {
		return 0
	}
	return s.Bavail * uint64(s.Bsize)
}
