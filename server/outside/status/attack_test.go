// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"testing"
	"time"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
	"ininjo/server/outside/status"
)

// TestAnOlderListNeverTakesTheNewersPlace: lists come over plain HTTP too, where
// somebody may replay one that still holds from before a revocation.
func TestAnOlderListNeverTakesTheNewersPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	signer := poatest.MustIssue(t, d.ca, person)
	good, err := d.ca.RevocationList(instant)
	if err != nil {
		t.Fatal(err)
	}
	s := d.source(t, nil, d.places()[status.CRL])
	d.clock.Advance(time.Hour)
	d.ca.Revoke(signer.Certificate, instant.Add(30*time.Minute), poatest.ReasonKeyCompromise)
	for _, replayed := range []bool{false, true} {
		if replayed {
			d.say(bodyOf(good))
			d.clock.Advance(time.Hour)
		}
		answer, err := s.Status(t.Context(), d.question(signer.Certificate))
		if err != nil || answer.Standing != jpki.Revoked {
			t.Errorf("replayed %t: %s, %v", replayed, answer.Standing, err)
		}
	}
}
