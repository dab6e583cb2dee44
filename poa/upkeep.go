// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
)

// AbandonDrafts ends drafts that nobody filed in time (design.md, rule 1) and
// returns how many; call it until it returns 0.
func (r *Registrar) AbandonDrafts(ctx context.Context) (int, error) {
	stale, err := r.store.StaleDrafts(ctx, r.clock.Now().Add(-r.policy.DraftTTL), numberBatch)
	if err != nil {
		return 0, fmt.Errorf("reading stale drafts: %w", err)
	}
	for _, id := range stale {
		_, err := r.perform(ctx, System, ActionAbandoned, "", nil, func(ctx context.Context, a *act) (string, error) {
			a.subject = string(id)
			return string(id), a.Close(ctx, id, StateDrafted, StateAbandoned, a.now)
		})
		if err != nil && !errors.Is(err, ErrConflict) {
			return 0, fmt.Errorf("abandoning %s: %w", id, err)
		}
	}
	return len(stale), nil
}

// AbandonApplications ends applications whose e-mail address nobody proved in time
// and returns how many; call it until it returns 0. They were put in front of
// nobody, and their address is written to no more: it may be a stranger's. Who
// proves it later may apply again.
func (e *Enrollment) AbandonApplications(ctx context.Context) (int, error) {
	stale, err := e.store.UnprovedApplications(ctx, e.clock.Now().Add(-e.policy.ProofTTL), numberBatch)
	if err != nil {
		return 0, fmt.Errorf("reading unproved applications: %w", err)
	}
	for _, id := range stale {
		_, err := e.perform(ctx, System, ActionApplicationAbandoned, "", nil, func(ctx context.Context, a *act) (string, error) {
			a.subject = id
			p, err := a.LockParty(ctx, id)
			if err == nil && !p.ProvedAt.IsZero() { // meanwhile
				err = ErrConflict
			}
			if err != nil {
				return "", err
			}
			return id, a.WithdrawParty(ctx, id, a.now)
		})
		if err != nil && !errors.Is(err, ErrConflict) {
			return 0, fmt.Errorf("abandoning %s: %w", id, err)
		}
	}
	return len(stale), nil
}

// RecordOperation audits what the program itself does: start, stop, migration
// (6.2.1).
func (r *Records) RecordOperation(ctx context.Context, action Action, data map[string]string) error {
	_, err := r.perform(ctx, System, action, "", nil, func(_ context.Context, a *act) (string, error) {
		a.data = data
		return "service", nil
	})
	return err
}
