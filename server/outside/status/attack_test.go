// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"context"
	"testing"
	"time"

	"ininjo/db/dbtest"
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

// TestNoProcessTakesAnOlderListThanAnotherHasSeen: a process that was started anew, or another one, knows what this one
// has seen; one that holds an older list fetches anew.
func TestNoProcessTakesAnOlderListThanAnotherHasSeen(t *testing.T) {
	t.Parallel()
	d, shared := newDesk(t, false), dbtest.New(t)
	remembering := func(c *status.Config) { c.Memory = shared.DB }
	signer := poatest.MustIssue(t, d.ca, person)
	old, err := d.ca.RevocationList(instant)
	if err != nil {
		t.Fatal(err)
	}
	first, second := d.source(t, remembering, d.places()[status.CRL]), d.source(t, remembering, d.places()[status.CRL])
	want := func(s *status.Source, standing jpki.Standing) {
		t.Helper()
		if answer, err := s.Status(t.Context(), d.question(signer.Certificate)); err != nil || answer.Standing != standing {
			t.Errorf("want %s: got %q, %v", standing, answer.Standing, err)
		}
	}
	want(first, jpki.Good)
	want(second, jpki.Good)
	d.clock.Advance(time.Minute) // the lists of both may be used again for nine more
	d.ca.Revoke(signer.Certificate, instant.Add(30*time.Second), poatest.ReasonKeyCompromise)
	third := d.source(t, remembering, d.places()[status.CRL])
	want(third, jpki.Revoked)
	want(first, jpki.Revoked)

	d.say(bodyOf(old))
	for name, s := range map[string]*status.Source{"one that has seen only the old one": second, "one started anew": d.source(t, remembering, d.places()[status.CRL])} {
		if answer, err := s.Status(t.Context(), d.question(signer.Certificate)); err == nil {
			t.Errorf("%s takes the old list: %s", name, answer.Standing)
		}
	}
	want(first, jpki.Revoked) // it still has the newest
	d.say(d.honest())
	want(second, jpki.Revoked)

	t.Run("one from the future stands in no later one's way", func(t *testing.T) {
		d := newDesk(t, false)
		d.ca = poatest.MustCA(t, instant, poatest.WithOwnKey())
		signer := poatest.MustIssue(t, d.ca, person)
		far, err := d.ca.RevocationList(instant.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		d.say(bodyOf(far))
		s := d.source(t, remembering, d.places()[status.CRL])
		if answer, err := s.Status(t.Context(), d.question(signer.Certificate)); err == nil {
			t.Errorf("took a list from the future: %s", answer.Standing)
		}
		d.say(d.honest())
		if answer, err := d.source(t, remembering, d.places()[status.CRL]).Status(t.Context(), d.question(signer.Certificate)); err != nil || answer.Standing != jpki.Good {
			t.Errorf("got %q, %v", answer.Standing, err)
		}
	})
	t.Run("where what was seen cannot be told, nobody knows", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if answer, err := third.Status(ctx, d.question(signer.Certificate)); err == nil {
			t.Errorf("got %s", answer.Standing)
		}
	})
}
