// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"time"

	"ininjo/poa"
)

// seal seals the audit log into its tree, as a job does.
func (w *world) seal() {
	w.tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(w.tb, err)
	w.data.Clock.Advance(15 * time.Second)
	records := poa.NewRecords(w.data.Clock, w.data.DB)
	records.SealWith("https://ininjo.example", key)
	round := records.Sealing(w.data.Clock.Now())
	for {
		_, more, err := round.Step(w.tb.Context())
		must(w.tb, err)
		if !more {
			return
		}
	}
}
