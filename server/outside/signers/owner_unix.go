// SPDX-License-Identifier: Apache-2.0

//go:build unix

package signers

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

func chownLike(file *os.File, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	return nil
}
