// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Taking says what a worker takes of the deliveries that are due. Its instants
// are the machine's.
type Taking struct {
	// Now is what is due by; Until is when the lease ends: then another worker
	// takes over.
	Now, Until time.Time
	// Most bounds all that is taken, Each what is taken for one endpoint.
	Most, Each int
	// Except are endpoints that nothing is taken for.
	Except []string
}

// Parcel is a delivery with the endpoint that it goes to.
type Parcel struct {
	Delivery Delivery
	Endpoint Endpoint
}

// Take leases due deliveries to the caller, the longest waiting first. Nobody
// else is given them before the lease ends, so a worker that hangs or was killed
// is taken over.
func (n *Notifier) Take(ctx context.Context, t Taking) ([]Parcel, error) {
	taken, err := n.store.TakeDeliveries(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("taking deliveries: %w", err)
	}
	return n.Parcels(ctx, taken)
}

// Parcels joins deliveries with their endpoints as they stand now. What goes to
// an endpoint that was deleted or switched off meanwhile is left out.
func (n *Notifier) Parcels(ctx context.Context, deliveries []Delivery) ([]Parcel, error) {
	if len(deliveries) == 0 {
		return nil, nil
	}
	var ids []string
	for _, d := range deliveries {
		ids = append(ids, d.EndpointID)
	}
	slices.Sort(ids)
	endpoints, err := n.store.ActiveEndpoints(ctx, slices.Compact(ids))
	if err != nil {
		return nil, fmt.Errorf("reading endpoints: %w", err)
	}
	parcels := make([]Parcel, 0, len(deliveries))
	for _, d := range deliveries {
		if e, ok := endpoints[d.EndpointID]; ok {
			parcels = append(parcels, Parcel{d, e})
		}
	}
	return parcels, nil
}

// Release gives deliveries back that were taken and not attempted: they are due
// again at once, or when their endpoint's pause is over.
func (n *Notifier) Release(ctx context.Context, ids []string) error {
	return n.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return tx.ReleaseDeliveries(ctx, ids) })
}

// Waiting counts deliveries that an attempt is to come for, and tells when the
// longest waiting one is or was due.
func (n *Notifier) Waiting(ctx context.Context) (count int, oldest time.Time, err error) {
	return n.store.WaitingDeliveries(ctx)
}

// Outcome is what became of a parcel.
type Outcome struct {
	Parcel
	Attempt
	// RetryAfter is what the endpoint asked for; zero where it did not.
	RetryAfter time.Duration
}

func (o Outcome) arrived() bool { return o.Status >= 200 && o.Status < 300 && o.Error == "" }

// Settled is an attempt with what follows from it.
type Settled struct {
	Attempt
	PartyID string
	// State is the delivery's from now on; NextAt its next attempt, zero where
	// none is to come.
	State  DeliveryState
	NextAt time.Time
}

// Statuses that an endpoint answers for good, and those that ask for patience.
const statusGone = 410

func asksForPatience(status int) bool {
	return status == 429 || status == 502 || status == 503 || status == 504
}

// settle decides what follows from an outcome: delivered, tried again after the
// wait of the schedule or of Retry-After, whichever is later, or failed. A resent
// one and one without a number get no further attempt than the schedule's first.
func (o Outcome) settle(now time.Time, waits []time.Duration) Settled {
	s := Settled{Attempt: o.Attempt.bounded(), PartyID: o.Endpoint.PartyID, State: DeliveryPending}
	switch {
	case o.arrived():
		s.State = DeliveryDelivered
	case o.Status == statusGone, o.Number > len(waits), !o.Delivery.ResendAt.IsZero():
		s.State = DeliveryFailed
	default:
		s.NextAt = now.Add(max(spread(waits[o.Number-1]), o.RetryAfter))
	}
	return s
}

// spread makes a wait a tenth longer or shorter by chance, so that what failed
// together does not come back together.
func spread(wait time.Duration) time.Duration {
	return wait + time.Duration((rand.Float64()-0.5)/5*float64(wait))
}

// Attempted records attempts, in one transaction, and returns the endpoints that
// fare otherwise than the outcomes' own do. now is the machine's; waits are those
// between attempts: as many waits, as many attempts beyond the first. An attempt
// that was recorded already, by whoever took a lease over, is left as it is.
func (n *Notifier) Attempted(ctx context.Context, now time.Time, waits []time.Duration, outcomes []Outcome) (map[string]Endpoint, error) {
	settled := make([]Settled, len(outcomes))
	for i, o := range outcomes {
		settled[i] = o.settle(now, waits)
	}
	var changed map[string]Endpoint
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if changed, err = n.fared(ctx, tx, now, outcomes); err != nil {
			return err
		}
		for i, s := range settled {
			if e, ok := changed[outcomes[i].Endpoint.ID]; ok && s.State == DeliveryPending && e.PausedUntil.After(s.NextAt) {
				settled[i].NextAt = e.PausedUntil
			}
		}
		if err := tx.RecordAttempts(ctx, settled); err != nil {
			return fmt.Errorf("recording attempts: %w", err)
		}
		return n.verify(ctx, tx, outcomes)
	})
	return changed, err
}

// verify marks endpoints as verified where a test arrived.
func (n *Notifier) verify(ctx context.Context, tx Tx, outcomes []Outcome) error {
	for _, o := range outcomes {
		if o.Delivery.Notice.Type != NoticeTest || !o.arrived() {
			continue
		}
		if err := tx.VerifyEndpoint(ctx, o.Endpoint.ID, o.Delivery.Notice.At, n.clock.Now()); err != nil {
			return err
		}
	}
	return nil
}
