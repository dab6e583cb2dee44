// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"testing"
	"time"

	"ininjo/poa"
)

// TestRetentionWorksByItself: the room prepares a run where something is over,
// sweeps what is short-lived, and erases once two people have let it.
func TestRetentionWorksByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Retention.Equip(w.Eraser(t), nil, 0)
	refused := poa.NewID(poa.PrefixRecipient)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		now := w.Clock.Now()
		if err := tx.InsertParty(ctx, poa.Party{ID: refused, Role: poa.PartyRecipient, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: "R-1",
			Profile: poa.Profile{Name: "例社", Email: "x@example.com"}, Language: "ja", AppliedAt: now}); err != nil {
			return err
		}
		return tx.DecideParty(ctx, refused, poa.EnrollmentRefused, now)
	})
	w.Clock.Set(w.Clock.Now().AddDate(10, 0, 1))
	w.start(t)
	// Where nobody looks, it waits: the run is there after the start.
	var run poa.Run
	eventually(t, "a run is prepared", func() bool {
		runs, err := w.DB.Runs(t.Context(), poa.Page{First: 10})
		if err == nil && len(runs.Items) == 1 {
			run = runs.Items[0]
		}
		return run.ID != ""
	})
	if run.Kind != poa.RunPeriodic || run.Items != 1 {
		t.Fatalf("%+v", run)
	}
	owner := poa.Actor{Kind: poa.ActorStaff, ID: "stf_owner", Roles: []poa.Role{poa.RoleServiceOwner}}
	manager := poa.Actor{Kind: poa.ActorStaff, ID: "stf_manager", Roles: []poa.Role{poa.RoleServiceManager}}
	if err := w.config.Retention.ReleaseErasure(t.Context(), owner, "key-0", run.ID); err == nil {
		t.Fatal("one role alone released what the program listed")
	}
	if id, err := w.config.Retention.PrepareErasure(t.Context(), manager, "key-2"); err != nil || id != run.ID {
		t.Fatalf("the manager put forward %s: %v", id, err)
	}
	if err := w.config.Retention.ReleaseErasure(t.Context(), owner, "key-1", run.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the run is finished", func() bool {
		run, err := w.DB.Run(t.Context(), run.ID)
		return err == nil && !run.FinishedAt.IsZero()
	})
	party, err := w.DB.Recipient(t.Context(), refused)
	if err != nil || !party.Erased || party.Profile.Name != "" {
		t.Errorf("%+v, %v", party, err)
	}
}

// eventually waits for what other goroutines bring about.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit, again := time.NewTimer(3*patience), time.NewTicker(20*time.Millisecond)
	defer limit.Stop()
	defer again.Stop()
	for !is() {
		select {
		case <-limit.C:
			t.Fatalf("waited in vain: %s", what)
		case <-again.C:
		}
	}
}
