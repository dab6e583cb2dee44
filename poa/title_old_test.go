// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
)

// TestAnOldLookLiftsNothing: what was seen before the newest word against a
// delegate says nothing of how it stands after it.
func TestAnOldLookLiftsNothing(t *testing.T) {
	t.Parallel()
	t.Run("a person's, recorded late", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		c.clock.Advance(20 * 24 * time.Hour)
		today := poa.DateOf(c.clock.Now())
		c.look(c.reception, c.seen(d, poa.SeenSuspended))
		old := c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.SeenOn = today.AddDays(-10) })
		wantCode(t, c.titles.Look(t.Context(), c.second, old), poa.CodeLookTooOld)
		c.wantState(d, poa.StateAccepted, poa.TitleSuspended)
		c.wantStatus(d, poa.StatusSuspended)
		c.look(c.second, c.seen(d, poa.SeenRegistered)) // seen today
		c.wantStatus(d, poa.StatusValid)
	})
	t.Run("nor does it confirm anew what two did not find", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		c.clock.Advance(20 * 24 * time.Hour)
		c.look(c.reception, c.seen(d, poa.SeenNotFound))
		c.look(c.second, c.seen(d, poa.SeenNotFound))
		old := c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.SeenOn = poa.DateOf(c.clock.Now()).AddDays(-10) })
		wantCode(t, c.titles.Look(t.Context(), c.second, old), poa.CodeLookTooOld)
		c.wantStatus(d, poa.StatusSuspended)
	})
	t.Run("a registry whose state is older", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		c.policy.TitleRecheck, c.policy.TitleGrace = 20*24*time.Hour, 2*24*time.Hour
		c.titles = poa.NewTitles(c.clock, c.store, c.policy)
		c.wire()
		d := c.confirmed()
		c.look(c.reception, c.seen(d, poa.SeenSuspended))
		r := c.connect()
		c.due(d)
		r.says = poa.RegistryAnswer{Standing: poa.SeenRegistered, Number: registrationNumber, Name: delegatePerson.Name, AsOf: c.lastSeen(d).Add(-time.Hour)}
		c.work(d)
		c.wantState(d, poa.StateAccepted, poa.TitleWaiting)
		c.wantStatus(d, poa.StatusSuspended)
	})
}

func (c *counter) lastSeen(d poa.Delegation) time.Time { return c.title(d).Looks[0].SeenAt }
