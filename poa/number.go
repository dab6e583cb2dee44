// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// numberBatch bounds how many changes the leader numbers in one transaction.
const numberBatch = 500

// Number numbers the oldest changes that are not numbered yet for the parties
// that they concern, with their deliveries and mails, in one transaction. It is
// called by the one leader alone and returns how many changes it took.
func (n *Notifier) Number(ctx context.Context) (int, error) {
	taken, _, err := n.NumberFor(ctx, time.Time{}, func(Delivery) bool { return false })
	return taken, err
}

// NumberFor is Number for a leader that delivers as well: new deliveries that
// mine wants are leased to it until the instant and returned, so that they need
// not be taken afterwards. mine is asked before the commit: it must keep nothing.
func (n *Notifier) NumberFor(ctx context.Context, until time.Time, mine func(Delivery) bool) (int, []Delivery, error) {
	taken := 0
	var leased []Delivery
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		changes, err := tx.TakeChanges(ctx, numberBatch, n.clock.Now())
		if err != nil {
			return fmt.Errorf("taking changes: %w", err)
		}
		if taken = len(changes); taken == 0 {
			return nil
		}
		notices, err := n.numbered(ctx, tx, changes)
		if err != nil {
			return err
		}
		if leased, err = n.deliver(ctx, tx, notices, until, mine); err != nil {
			return err
		}
		return n.mailNotices(ctx, tx, notices)
	})
	if err != nil {
		return 0, nil, err
	}
	return taken, leased, nil
}

// numbered gives each change the next number of every party that it concerns,
// in the order of the changes, and stores the notices.
func (n *Notifier) numbered(ctx context.Context, tx Tx, changes []Change) ([]Notice, error) {
	notices, counts, err := concerned(ctx, tx, changes)
	if err != nil || len(notices) == 0 {
		return nil, err
	}
	heads, err := tx.DrawSequences(ctx, counts)
	if err != nil {
		return nil, fmt.Errorf("drawing sequences: %w", err)
	}
	for i := range notices {
		party := notices[i].PartyID
		notices[i].Stream = heads[party].Stream
		notices[i].Sequence = heads[party].Sequence - int64(counts[party]) + 1
		counts[party]--
	}
	if err := tx.InsertNotices(ctx, notices); err != nil {
		return nil, fmt.Errorf("inserting notices: %w", err)
	}
	return notices, nil
}

// concerned makes a notice of each change for its delegator and for the
// recipients that watch, and counts them by party. Of a filing that was never
// accepted recipients know nothing. A change of the service concerns its party
// alone.
func concerned(ctx context.Context, tx Tx, changes []Change) ([]Notice, map[string]int, error) {
	watchers, err := tx.WatchersOf(ctx, watched(changes))
	if err != nil {
		return nil, nil, fmt.Errorf("reading watchers: %w", err)
	}
	var notices []Notice
	counts := map[string]int{}
	for _, c := range changes {
		parties := []string{c.DelegatorID}
		switch {
		case c.PartyID != "":
			parties = []string{c.PartyID}
		case c.Type != NoticeRefused:
			parties = append(parties, watchers[c.ID]...)
		}
		for _, party := range parties {
			notices = append(notices, Notice{PartyID: party, Change: c})
			counts[party]++
		}
	}
	return notices, counts, nil
}

// Told asks who watched a delegation before a version of its history.
type Told struct {
	ChangeID     int64
	DelegationID DelegationID
	// Before is the version that watchers have not read yet.
	Before int
}

func watched(changes []Change) []Told {
	told := make([]Told, len(changes))
	for i, c := range changes {
		told[i] = Told{ChangeID: c.ID, DelegationID: c.DelegationID, Before: c.Version}
		if c.byTime() {
			told[i].Before++ // no new version: whoever read this very one when it began is told, too
		}
	}
	return told
}

// byTime reports whether time alone brought the change about: a term's start or
// end, or an end that was recorded before and took effect now.
func (c Change) byTime() bool {
	switch c.Type {
	case NoticeEffective, NoticeExpiring, NoticeExpired:
		return true
	default:
		return !c.EffectiveAt.IsZero() && !c.EffectiveAt.After(c.At)
	}
}

// deliver puts notices on their way to the active endpoints of their parties
// whose filters they pass, and returns those that are leased to the caller.
func (n *Notifier) deliver(ctx context.Context, tx Tx, notices []Notice, until time.Time, mine func(Delivery) bool) ([]Delivery, error) {
	parties := map[string][]EndpointHead{}
	for _, notice := range notices {
		parties[notice.PartyID] = nil
	}
	if len(parties) == 0 {
		return nil, nil
	}
	heads, err := tx.LockEndpointHeads(ctx, slices.Sorted(maps.Keys(parties)))
	if err != nil {
		return nil, fmt.Errorf("reading endpoints: %w", err)
	}
	for _, e := range heads {
		parties[e.PartyID] = append(parties[e.PartyID], e)
	}
	var deliveries, leased []Delivery
	moved := map[string]int64{}
	for _, notice := range notices {
		for i, e := range parties[notice.PartyID] {
			if !wants(e.Types, notice.Type) {
				continue
			}
			d := Delivery{ID: NewID(PrefixDelivery), EndpointID: e.ID, Notice: notice, Previous: e.Sequence, State: DeliveryPending, NextAt: n.clock.Now()}
			if e.PausedUntil.After(d.NextAt) {
				d.NextAt = e.PausedUntil
			} else if mine(d) {
				d.LeasedUntil = until
				leased = append(leased, d)
			}
			deliveries = append(deliveries, d)
			parties[notice.PartyID][i].Sequence, moved[e.ID] = notice.Sequence, notice.Sequence
		}
	}
	if len(deliveries) == 0 {
		return nil, nil
	}
	if err := tx.InsertDeliveries(ctx, deliveries); err != nil {
		return nil, fmt.Errorf("inserting deliveries: %w", err)
	}
	return leased, tx.AdvanceEndpoints(ctx, moved)
}

// wants reports whether a type passes a filter; an empty one lets all pass.
func wants(filter []NoticeType, t NoticeType) bool {
	return len(filter) == 0 || slices.Contains(filter, t)
}

// mailNotices mails notices to the parties' confirmed addresses that want them.
// A reader who unsubscribed is still told what must be told (2.1.1, 6.3.1).
func (n *Notifier) mailNotices(ctx context.Context, tx Tx, notices []Notice) error {
	parties := map[string]bool{}
	for _, notice := range notices {
		if notice.AnnouncementID == "" {
			parties[notice.PartyID] = true
		}
	}
	if len(parties) == 0 {
		return nil
	}
	addresses, err := tx.MailAddressesOf(ctx, slices.Sorted(maps.Keys(parties)))
	if err != nil {
		return fmt.Errorf("reading mail addresses: %w", err)
	}
	a := &act{Tx: tx, now: n.clock.Now()}
	var mails []Mail
	for _, notice := range notices {
		if notice.AnnouncementID != "" {
			continue // its mails, or its letter, were made together with the change
		}
		for _, address := range addresses[notice.PartyID] {
			if address.wants(notice.Type) {
				mails = append(mails, n.noticeMail(tx, notice, address))
			}
		}
	}
	return a.mailAll(ctx, mails)
}
