// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
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
func (n *Notifier) NumberFor(ctx context.Context, until time.Time, mine func(Delivery) bool) (int, []Parcel, error) {
	var c numbering
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		changes, err := tx.TakeChanges(ctx, numberBatch, n.clock.Now())
		if err != nil {
			return fmt.Errorf("taking changes: %w", err)
		}
		c = numbering{taken: len(changes)}
		if len(changes) == 0 {
			return nil
		}
		if err := c.number(ctx, tx, changes); err != nil || len(c.notices) == 0 {
			return err
		}
		c.deliver(n.clock.Now(), until, mine)
		if err := tx.InsertNotices(ctx, c.notices, c.deliveries, c.moved); err != nil {
			return fmt.Errorf("inserting notices: %w", err)
		}
		return n.mailNotices(ctx, tx, c.notices, c.heads)
	})
	if err != nil {
		return 0, nil, err
	}
	parcels, err := n.parcels(ctx, c)
	return c.taken, parcels, err
}

// numbering is what becomes of some changes in one transaction.
type numbering struct {
	taken      int
	heads      map[string]*PartyHead
	notices    []Notice
	deliveries []Delivery
	// moved are the last numbers that passed the filters of endpoints.
	moved map[string]int64
	// leased are the deliveries that the caller makes, with their endpoints.
	leased []leasedDelivery
}

type leasedDelivery struct {
	Delivery
	open func(context.Context) (Endpoint, error)
}

// parcels opens the endpoints of what is leased. Where one cannot be opened now,
// all are given back; what goes to an erased party is left.
func (n *Notifier) parcels(ctx context.Context, c numbering) ([]Parcel, error) {
	opened := map[string]Endpoint{}
	parcels := make([]Parcel, 0, len(c.leased))
	for _, d := range c.leased {
		e, ok := opened[d.EndpointID]
		if !ok {
			var err error
			e, err = d.open(ctx)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, errors.Join(fmt.Errorf("opening endpoint: %w", err), n.Release(ctx, c.leasedIDs()))
			}
			opened[d.EndpointID] = e
		}
		if e.ID != "" {
			parcels = append(parcels, Parcel{d.Delivery, e})
		}
	}
	return parcels, nil
}

func (c *numbering) leasedIDs() []string {
	ids := make([]string, len(c.leased))
	for i, d := range c.leased {
		ids[i] = d.ID
	}
	return ids
}

// number gives each change the next number of every party that it concerns, in
// the order of the changes.
func (c *numbering) number(ctx context.Context, tx Tx, changes []TakenChange) error {
	counts := map[string]int{}
	for _, change := range changes {
		for _, party := range change.concerns() {
			c.notices = append(c.notices, Notice{PartyID: party, Change: change.Change})
			counts[party]++
		}
	}
	if len(c.notices) == 0 {
		return nil
	}
	var err error
	if c.heads, err = tx.DrawSequences(ctx, counts); err != nil {
		return fmt.Errorf("drawing sequences: %w", err)
	}
	for i := range c.notices {
		n := &c.notices[i]
		n.Stream = c.heads[n.PartyID].Stream
		n.Sequence = c.heads[n.PartyID].Sequence - int64(counts[n.PartyID]) + 1
		counts[n.PartyID]--
	}
	return nil
}

// TakenChange is a change that is to be numbered, with those who watch its
// delegation.
type TakenChange struct {
	Change
	Watchers []Watcher
}

// Watcher is a recipient that watches a delegation since it read a version.
type Watcher struct {
	RecipientID  string
	SinceVersion int
}

// concerns lists the parties that a change concerns: its delegator, and the
// recipients that watch. Of a filing that was never accepted recipients know
// nothing. A change of the service concerns its party alone.
func (c TakenChange) concerns() []string {
	switch {
	case c.PartyID != "":
		return []string{c.PartyID}
	case c.Type == NoticeRefused:
		return []string{c.DelegatorID}
	default:
		return append([]string{c.DelegatorID}, c.Told()...)
	}
}

// Told lists the recipients that watch and have not read this change. Of what
// time alone brings about there is no new version: whoever read this very one
// when it began to watch is told, too.
func (c TakenChange) Told() []string {
	before := c.Version
	if c.byTime() {
		before++
	}
	var told []string
	for _, w := range c.Watchers {
		if w.SinceVersion < before {
			told = append(told, w.RecipientID)
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
// whose filters they pass.
func (c *numbering) deliver(now, until time.Time, mine func(Delivery) bool) {
	c.moved = map[string]int64{}
	for _, notice := range c.notices {
		endpoints := c.heads[notice.PartyID].Endpoints
		for i := range endpoints {
			e := &endpoints[i]
			if !wants(e.Types, notice.Type) {
				continue
			}
			d := Delivery{ID: NewID(PrefixDelivery), EndpointID: e.ID, Notice: notice, Previous: e.Sequence, State: DeliveryPending, NextAt: now}
			if e.PausedUntil.After(now) {
				d.NextAt = e.PausedUntil
			} else if mine(d) {
				d.LeasedUntil = until
				c.leased = append(c.leased, leasedDelivery{d, e.Open})
			}
			c.deliveries = append(c.deliveries, d)
			e.Sequence, c.moved[e.ID] = notice.Sequence, notice.Sequence
		}
	}
}

// wants reports whether a type passes a filter; an empty one lets all pass.
func wants(filter []NoticeType, t NoticeType) bool {
	return len(filter) == 0 || slices.Contains(filter, t)
}

// mailNotices mails notices to the parties' confirmed addresses that want them.
// A reader who unsubscribed is still told what must be told (2.1.1, 6.3.1).
func (n *Notifier) mailNotices(ctx context.Context, tx Tx, notices []Notice, heads map[string]*PartyHead) error {
	a := &act{Tx: tx, now: n.clock.Now()}
	var mails []Mail
	for _, notice := range notices {
		if notice.AnnouncementID != "" {
			continue // its mails, or its letter, were made together with the change
		}
		for _, address := range heads[notice.PartyID].Addresses {
			if address.wants(notice.Type) {
				mails = append(mails, n.noticeMail(tx, notice, address))
			}
		}
	}
	return a.mailAll(ctx, mails)
}
