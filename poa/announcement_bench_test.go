// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"

	"ininjo/poa"
)

// BenchmarkTelling tells an announcement to 20,000 parties: outbox rows, and who
// was told. Numbering and mail are work of their own.
func BenchmarkTelling(b *testing.B) {
	o := newOffice(b)
	o.crowd(20_000)
	for b.Loop() {
		id := o.prepareAnnouncement(func(in *poa.AnnouncementInput) { in.Kind = poa.AnnounceGeneral })
		o.release(id)
		o.tell()
		if told := o.announced(id).AnnouncementText.Told; told != 20_002 {
			b.Fatalf("told %d", told)
		}
	}
	b.ReportMetric(20_002*float64(b.N)/b.Elapsed().Seconds(), "parties/s")
}
