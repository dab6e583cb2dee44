// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"os"

	"golang.org/x/sys/unix"
)

// forgetCache asks the kernel to forget what it has of a file, so that it is
// read from the medium. It is a wish: what the kernel keeps is read all the same.
func forgetCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }
