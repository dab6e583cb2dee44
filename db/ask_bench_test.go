// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"fmt"
	"testing"

	"ininjo/poa"
)

// BenchmarkAsk measures the one statement that checks the credential, reads and
// audits, for one inquiry and for the most that one question may hold.
func BenchmarkAsk(b *testing.B) {
	w := newWorld(b)
	d := w.accepted(b, w.delegator, days(0, 5))
	for _, n := range []int{1, 10, poa.MaxInquiries} {
		b.Run(fmt.Sprintf("%d inquiries", n), func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					inquiries := make([]poa.Inquiry, n)
					for i := range inquiries {
						inquiries[i] = w.inquiry(d.ID)
					}
					if _, err := w.DB.Ask(context.Background(), w.credential(), inquiries); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "inquiries/s")
		})
	}
}
