// SPDX-License-Identifier: Apache-2.0

package poatest

import (
	"math"
	"runtime"
)

// Allocated returns the bytes that one run allocates: the least of some, since
// the runtime may allocate beside it. No more than these are ever held at once.
// Nothing may run in parallel.
func Allocated(run func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}
