// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ininjo/poa"
)

// vault is an office with what ends its records.
type vault struct {
	*office
	retention *poa.Retention
	manager   poa.Actor
	eraser    poa.Eraser
}

func newVault(tb testing.TB) *vault {
	tb.Helper()
	v := &vault{office: newOffice(tb)}
	v.eraser = v.data.Eraser(tb)
	v.manager = v.appoint(v.serviceOwner, "manager@ininjo.example", poa.RoleServiceManager)
	v.retention = poa.NewRetention(v.clock, v.store, v.policy).Equip(v.eraser, nil, 0)
	return v
}

// abandoned is a draft that nobody filed, over since its 30 days.
func (v *vault) abandoned() poa.Delegation {
	v.tb.Helper()
	d := v.draft()
	v.clock.Advance(31 * 24 * time.Hour)
	n, err := v.registrar.AbandonDrafts(v.tb.Context())
	must(v.tb, err)
	if n == 0 {
		v.tb.Fatal("no draft was abandoned")
	}
	v.clock.Advance(31 * 24 * time.Hour)
	return d
}

func (v *vault) prepare() string {
	v.tb.Helper()
	id, err := v.retention.PrepareErasure(v.tb.Context(), v.manager, newKey())
	must(v.tb, err)
	return id
}

func (v *vault) release(id string) {
	v.tb.Helper()
	must(v.tb, v.retention.ReleaseErasure(v.tb.Context(), v.serviceOwner, newKey(), id))
}

func (v *vault) run(id string) {
	v.tb.Helper()
	for {
		n, err := v.retention.Erase(v.tb.Context(), id)
		must(v.tb, err)
		if n == 0 {
			return
		}
	}
}

// outcomes are those of a run, by the subjects' IDs.
func (v *vault) outcomes(id string) map[string]poa.ItemOutcome {
	v.tb.Helper()
	items, err := v.retention.RunItems(v.tb.Context(), v.manager, id, 0, 100)
	must(v.tb, err)
	out := map[string]poa.ItemOutcome{}
	for _, item := range items {
		out[item.Subject.ID] = item.Outcome
	}
	return out
}

func (v *vault) wantErased(id poa.DelegationID, want bool) {
	v.tb.Helper()
	d, err := v.store.Delegation(v.tb.Context(), id)
	must(v.tb, err)
	if erased := d.Contents.Delegate.Name == ""; erased != want {
		v.tb.Errorf("erased %v, want %v", erased, want)
	}
	files := v.data.Text(v.tb, "SELECT count(*)::text FROM delegation_files WHERE delegation_id = '"+string(id)+"'")
	if (files == "0") != want {
		v.tb.Errorf("%s files are left, erased %v", files, want)
	}
}

func TestErasureTakesTwoPeople(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.abandoned()
	id := v.prepare()
	v.wantErased(d.ID, false) // a dry run
	t.Run("a second run waits for the first", func(t *testing.T) {
		_, err := v.retention.PrepareErasure(t.Context(), v.manager, newKey())
		wantCode(t, err, poa.CodeRunWaiting)
	})
	t.Run("nothing happens before the release", func(t *testing.T) {
		if n, err := v.retention.Erase(t.Context(), id); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		v.wantErased(d.ID, false)
	})
	t.Run("neither the manager nor reception releases, nor the owner what the owner prepared", func(t *testing.T) {
		wantCode(t, v.retention.ReleaseErasure(t.Context(), v.manager, newKey(), id), poa.CodeForbidden)
		wantCode(t, v.retention.ReleaseErasure(t.Context(), v.reception, newKey(), id), poa.CodeForbidden)
		_, err := v.retention.PrepareErasure(t.Context(), v.serviceOwner, newKey())
		wantCode(t, err, poa.CodeForbidden)
		both := v.manager
		both.Roles = append(both.Roles, poa.RoleServiceOwner)
		wantCode(t, v.retention.ReleaseErasure(t.Context(), both, newKey(), id), poa.CodeSamePerson)
	})
	v.release(id)
	v.run(id)
	v.wantErased(d.ID, true)
	if got := v.outcomes(id)[string(d.ID)]; got != poa.ItemErased {
		t.Errorf("the report says %q", got)
	}
	t.Run("a finished run does nothing again and the next one finds nothing", func(t *testing.T) {
		v.run(id)
		next := v.prepare()
		if len(v.outcomes(next)) != 0 {
			t.Errorf("%v is over again", v.outcomes(next))
		}
	})
}

func TestARunThatNobodyReleasesLapses(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.abandoned()
	id := v.prepare()
	v.clock.Advance(30 * 24 * time.Hour)
	wantCode(t, v.retention.ReleaseErasure(t.Context(), v.serviceOwner, newKey(), id), poa.CodeRunLapsed)
	next := v.prepare()
	v.release(next)
	v.run(next)
	v.wantErased(d.ID, true)
}

func TestHolds(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	first := v.abandoned()
	hold := func(subject string) string {
		id, err := v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: subject, Ground: "東京地裁 令和8年(ワ)第1号"})
		must(t, err)
		return id
	}
	t.Run("a hold set between release and execution wins, and one on the party keeps its delegations", func(t *testing.T) {
		id := v.prepare()
		v.release(id)
		held := hold(v.delegator.PartyID)
		v.run(id)
		v.wantErased(first.ID, false)
		if got := v.outcomes(id)[string(first.ID)]; got != poa.ItemHeld {
			t.Errorf("the report says %q", got)
		}
		next := v.prepare()
		if len(v.outcomes(next)) != 0 {
			t.Error("what is held is listed")
		}
		v.release(next)
		v.run(next)
		must(t, v.retention.LiftHold(t.Context(), v.serviceOwner, newKey(), held, "訴訟が終わった"))
		wantCode(t, v.retention.LiftHold(t.Context(), v.serviceOwner, newKey(), held, "もう一度"), poa.CodeConflict)
	})
	t.Run("a lifted hold keeps nothing", func(t *testing.T) {
		id := v.prepare()
		v.release(id)
		v.run(id)
		v.wantErased(first.ID, true)
	})
	t.Run("a hold tells its ground until its subject is erased", func(t *testing.T) {
		list, err := v.retention.Holds(t.Context(), v.auditor, poa.Page{})
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].Ground == "" || list.Items[0].LiftGround == "" {
			t.Errorf("%+v", list.Items)
		}
	})
	t.Run("who may not, and what is not there", func(t *testing.T) {
		_, err := v.retention.SetHold(t.Context(), v.reception, poa.HoldInput{Key: newKey(), Subject: string(first.ID), Ground: "x"})
		wantCode(t, err, poa.CodeForbidden)
		for _, subject := range []string{"", "x", string(first.ID), string(poa.NewDelegationID()), poa.NewID(poa.PrefixRecipient)} { // the first is erased
			_, err := v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: subject, Ground: "x"})
			wantCode(t, err, poa.CodeUnknownHeld)
		}
		_, err = v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: v.delegator.PartyID})
		wantCode(t, err, poa.CodeGroundRequired)
	})
}

// TestHoldAndErasureAtOnce: whichever comes first, a hold that was accepted
// keeps, and what was erased cannot be held.
func TestHoldAndErasureAtOnce(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.abandoned()
	id := v.prepare()
	v.release(id)
	var together sync.WaitGroup
	var held error
	together.Go(func() {
		_, held = v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: string(d.ID), Ground: "係争中"})
	})
	together.Go(func() { v.run(id) })
	together.Wait()
	if held != nil {
		wantCode(t, held, poa.CodeUnknownHeld)
	}
	v.wantErased(d.ID, held != nil)
}

func TestTwoProcessesEraseEachOnce(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for range 5 {
		v.draft()
	}
	v.abandoned()
	id := v.prepare()
	v.release(id)
	other := poa.NewRetention(v.clock, v.store, v.policy).Equip(v.data.Eraser(t), nil, 0)
	var together sync.WaitGroup
	for _, r := range []*poa.Retention{v.retention, other, v.retention} {
		together.Go(func() {
			for n := 1; n > 0; {
				var err error
				if n, err = r.Erase(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	together.Wait()
	v.run(id)
	run, counts, err := v.retention.Run(t.Context(), v.manager, id)
	must(t, err)
	if run.FinishedAt.IsZero() || len(counts) != 1 || counts[0].Count != 6 || counts[0].Outcome != poa.ItemErased {
		t.Errorf("%+v, %+v", run, counts)
	}
	if n := v.data.Text(t, "SELECT count(*)::text FROM audit_events WHERE action = 'retention.erased'"); n != "6" {
		t.Errorf("%s events of 6 erasures", n)
	}
}

func TestTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.abandoned()
	id := v.prepare()
	v.clock.Advance(-24 * time.Hour)
	wantCode(t, v.retention.ReleaseErasure(t.Context(), v.serviceOwner, newKey(), id), poa.CodeClockBack)
	v.clock.Advance(25 * time.Hour)
	v.release(id)
	v.clock.Advance(-40 * 24 * time.Hour) // the draft is not over any more
	_, err := v.retention.Erase(t.Context(), id)
	wantCode(t, err, poa.CodeClockBack)
	v.wantErased(d.ID, false)
	v.clock.Advance(41 * 24 * time.Hour)
	v.run(id)
	v.wantErased(d.ID, true)
}

// TestErasureGoesOnAfterAFailure: the rows are gone and the list is written when
// the key store fails; the next call destroys the key.
func TestErasureGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.abandoned()
	id := v.prepare()
	v.release(id)
	failing := poa.NewRetention(v.clock, v.store, v.policy).Equip(brokenKeys{v.eraser}, nil, 0)
	if _, err := failing.Erase(t.Context(), id); err == nil {
		t.Fatal("the key store did not fail")
	}
	run, _, err := v.retention.Run(t.Context(), v.manager, id)
	must(t, err)
	if !run.FinishedAt.IsZero() {
		t.Error("the run is finished without the key")
	}
	must(t, v.retention.Resume(t.Context()))
	v.wantErased(d.ID, true)
	if run, _, err = v.retention.Run(t.Context(), v.manager, id); err != nil || run.FinishedAt.IsZero() {
		t.Errorf("%+v, %v", run, err)
	}
}

// brokenKeys is a store whose key store does not answer.
type brokenKeys struct{ poa.Eraser }

func (brokenKeys) DestroyKey(context.Context, poa.SubjectRef) error {
	return errors.New("the disk is gone")
}

func TestErasureOnRequest(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.draft()
	v.clock.Advance(31 * 24 * time.Hour)
	_, err := v.registrar.AbandonDrafts(t.Context())
	must(t, err)
	ask := func(actor poa.Actor, subject string) (string, error) {
		return v.retention.EraseOnRequest(t.Context(), actor, newKey(), subject)
	}
	_, err = ask(v.serviceOwner, string(d.ID)) // who releases does not prepare
	wantCode(t, err, poa.CodeForbidden)
	_, err = ask(v.manager, v.delegator.PartyID) // under contract
	wantCode(t, err, poa.CodeKept)
	hold, err := v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: string(d.ID), Ground: "係争中"})
	must(t, err)
	_, err = ask(v.manager, string(d.ID))
	wantCode(t, err, poa.CodeHeld)
	must(t, v.retention.LiftHold(t.Context(), v.manager, newKey(), hold, "済"))
	id, err := ask(v.manager, string(d.ID))
	must(t, err)
	v.run(id)
	v.wantErased(d.ID, false) // not before another person releases it
	wantCode(t, v.retention.ReleaseErasure(t.Context(), v.manager, newKey(), id), poa.CodeForbidden)
	v.release(id)
	v.run(id)
	v.wantErased(d.ID, true)
}

func TestSweepLeavesWhatIsHeldAndWhatIsYoung(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.draft()
	count := func(where string) string { return v.data.Text(t, "SELECT count(*)::text FROM mails WHERE "+where) }
	of := "party_id = '" + v.delegator.PartyID + "'"
	_, err := v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: v.delegator.PartyID, Ground: "係争中"})
	must(t, err)
	before := count(of)
	v.clock.Advance(90*24*time.Hour - time.Hour)
	n, err := v.retention.Sweep(t.Context())
	must(t, err)
	if count("true") == before || before == "0" {
		t.Fatalf("%d went, of %s", n, before)
	}
	v.clock.Advance(2 * time.Hour)
	_, err = v.retention.Sweep(t.Context())
	must(t, err)
	if count("NOT "+of) != "0" || count(of) != before {
		t.Errorf("%s of the held party's %s mails are left, %s others", count(of), before, count("NOT "+of))
	}
}

// TestAnErasedDelegationStillAnswers: ten years after its term an accepted
// delegation is erased; its ID is answered for as before, and its history stays.
func TestAnErasedDelegationStillAnswers(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.accepted()
	until := d.ValidThrough.Ends().In(poa.JST).AddDate(10, 0, 0)
	v.clock.Set(until.Add(-time.Second))
	if id := v.prepare(); len(v.outcomes(id)) != 0 {
		t.Error("it is over a second early")
	} else {
		v.release(id)
		v.run(id)
	}
	v.wantErased(d.ID, false)
	v.clock.Set(until)
	id := v.prepare()
	if got := v.outcomes(id); len(got) != 1 {
		t.Fatalf("%v is over", got)
	}
	v.release(id)
	v.run(id)
	v.wantErased(d.ID, true)
	facts, err := v.store.Facts(t.Context(), d.ID)
	if err != nil || len(facts) == 0 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
	projection, err := v.store.Projection(t.Context(), d.ID)
	if err != nil || projection.StandingAt(v.clock.Now()).Status != poa.StatusExpired {
		t.Errorf("%+v, %v", projection, err)
	}
	if read, err := v.store.Delegation(t.Context(), d.ID); err != nil || !read.Erased || read.Contents.Mandator.Kind != poa.Corporation {
		t.Errorf("%+v, %v", read, err)
	}
	_, err = v.store.File(t.Context(), d.ID, poa.FileSigned)
	wantCode(t, err, poa.CodeNotFound)
}
