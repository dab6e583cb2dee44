// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"time"

	"ininjo/poa/receipt"
)

// SendHeartbeats has heartbeats made for the endpoints that are owed one.
type SendHeartbeats struct{}

// Kind names the job.
func (SendHeartbeats) Kind() string { return "send_heartbeats" }

// heartbeatBatch bounds how many heartbeats one transaction makes.
const heartbeatBatch = 100

// SignHeartbeatsWith lets heartbeats be signed with a key of their own. Without
// one there are none.
func (n *Notifier) SignHeartbeatsWith(signer receipt.Signer) { n.heartbeats = signer }

// Once reports whether a type of notice is tried once, and neither its failure
// nor its arrival says anything of how its endpoint fares: the next heartbeat
// says more than an old one, and an endpoint that knows no heartbeats is none
// that fails.
func (t NoticeType) Once() bool { return t == NoticeHeartbeat }

// SendHeartbeats makes the heartbeats that are owed, at most a batch, and
// returns how many; call it until it returns 0. Each endpoint is owed one in
// each span of the policy, at a moment of its own; of several processes one
// makes it. Where none was made for long, one is owed and not all that were
// missed.
func (n *Notifier) SendHeartbeats(ctx context.Context) (int, error) {
	if n.policy.Heartbeat <= 0 || n.heartbeats == nil {
		return 0, nil
	}
	taken := 0
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		due, err := tx.DueHeartbeats(ctx, n.clock.Now(), n.policy.Heartbeat, heartbeatBatch)
		if err != nil {
			return fmt.Errorf("reading due heartbeats: %w", err)
		}
		for _, owed := range due {
			if err := n.sendHeartbeat(ctx, tx, owed); err != nil {
				return fmt.Errorf("making heartbeat: %w", err)
			}
		}
		taken = len(due)
		return nil
	})
	return taken, err
}

func (n *Notifier) sendHeartbeat(ctx context.Context, tx Tx, owed DueHeartbeat) error {
	id := NewID(PrefixDelivery)
	fresh, err := tx.ClaimHeartbeat(ctx, owed.EndpointID, owed.Slot, id)
	if err != nil || !fresh {
		return err
	}
	if owed.Stream == "" {
		if owed.Stream, owed.Sequence, err = tx.Head(ctx, owed.PartyID); err != nil {
			return err
		}
	}
	now := n.clock.Now()
	jws, err := n.signHeartbeat(ctx, owed.PartyID, owed.Head, now)
	if err != nil {
		return err
	}
	notice := Notice{PartyID: owed.PartyID, Stream: owed.Stream, Change: Change{Type: NoticeHeartbeat, At: now}}
	return tx.InsertDelivery(ctx, Delivery{ID: id, EndpointID: owed.EndpointID, Notice: notice, Previous: owed.Previous, State: DeliveryPending, NextAt: now,
		Head: owed.Sequence, Heartbeat: jws})
}

func (n *Notifier) signHeartbeat(ctx context.Context, party string, head Head, now time.Time) (string, error) {
	return receipt.IssueHeartbeat(ctx, n.heartbeats, receipt.Heartbeat{Issuer: n.policy.Issuer, Party: party, IssuedAt: now, Stream: head.Stream, Head: head.Sequence, Every: n.policy.Heartbeat})
}

// HeartbeatOf signs where the sequence of a feed stands, for the answer that
// shows it; empty where heartbeats are switched off.
func (n *Notifier) HeartbeatOf(ctx context.Context, f Feed) (string, error) {
	if n.policy.Heartbeat <= 0 || n.heartbeats == nil || f.Stream == "" {
		return "", nil
	}
	return n.signHeartbeat(ctx, f.PartyID, f.Head, n.clock.Now())
}
