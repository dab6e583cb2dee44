// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"fmt"
	"testing"
	"time"

	"ininjo/poa"
)

// BenchmarkUpkeep measures what an inquiry costs after its answer, the index and
// the tree, beside what the answer cost in the database, in batches of 100. Its
// rounds come soon after one another: each looks back at those before it, and must
// not take longer for that.
func BenchmarkUpkeep(b *testing.B) {
	const batches = 2000
	w := newWorld(b)
	if err := w.DB.MakePartitions(b.Context(), w.Clock.Now()); err != nil {
		b.Fatal(err)
	}
	records, d := w.sealer(b), w.accepted(b, w.delegator, days(0, 5))
	for round := 1; b.Loop(); round++ {
		each := func(what string, work func()) {
			began := poa.SystemClock{}.Now()
			work()
			b.ReportMetric(float64(poa.SystemClock{}.Now().Sub(began).Microseconds())/(batches*poa.MaxInquiries), fmt.Sprintf("µs/%s-%d", what, round))
		}
		each("answer", func() {
			for range batches {
				w.Clock.Advance(7 * time.Millisecond)
				w.askAt(b, d.ID, w.Clock.Now(), poa.MaxInquiries)
			}
		})
		w.Clock.Advance(31 * time.Second)
		each("indexed", func() {
			if err := w.DB.IndexAtOnce(b.Context(), w.Clock.Now()); err != nil {
				b.Fatal(err)
			}
		})
		each("sealed", func() { w.seal(b, records) })
	}
}
