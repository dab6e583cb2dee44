// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package archive

import "os"

// forgetCache does nothing where the system cannot be asked.
func forgetCache(*os.File) {}
