// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
)

// TestRequestsDoNotPutOffTheMonthlyRun: what a person asks for is beside the
// runs of every month, which go on.
func TestRequestsDoNotPutOffTheMonthlyRun(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	first := v.abandoned()
	v.draft()
	v.clock.Advance(31 * 24 * time.Hour)
	_, err := v.registrar.AbandonDrafts(t.Context())
	must(t, err)
	v.clock.Advance(31 * 24 * time.Hour)
	_, err = v.retention.EraseOnRequest(t.Context(), v.manager, newKey(), string(first.ID))
	must(t, err)
	must(t, v.retention.PreparePeriodically(t.Context()))
	if n := v.data.Text(t, "SELECT count(*)::text FROM retention_runs WHERE kind = 'PERIODIC'"); n != "1" {
		t.Errorf("%s periodic runs after a person's request", n)
	}
}

// TestAWithdrawnFilingIsKept: what was received is kept for ten years from its
// receipt, though it was taken back (6.2.9).
func TestAWithdrawnFilingIsKept(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	d := v.submitted()
	_, err := v.registrar.Withdraw(t.Context(), v.delegator, poa.EndInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)})
	must(t, err)
	over := d.Acknowledgement.SubmittedAt.In(poa.JST).AddDate(10, 0, 0)
	for _, at := range []time.Time{v.clock.Now().Add(31 * 24 * time.Hour), over.Add(-time.Second)} {
		v.clock.Set(at)
		items, err := v.retention.RunItems(t.Context(), v.manager, v.prepare(), 0, 10)
		must(t, err)
		if len(items) != 0 {
			t.Errorf("at %s: %v", at, items)
		}
		v.data.Exec(t, "DELETE FROM retention_items; DELETE FROM retention_runs")
	}
	v.clock.Set(over)
	if got := v.outcomes(v.prepare()); len(got) != 1 {
		t.Errorf("%v is over after ten years", got)
	}
}

// TestAHoldKeepsWhatBelongsToItsSubjectsRows: deliveries hang on an endpoint.
func TestAHoldKeepsWhatBelongsToItsSubjectsRows(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	recipient, _ := v.enrolRecipient("holder@recipient.example")
	v.endpoint(recipient)
	d := v.accepted()
	v.watch(recipient, d)
	must(t, v.revoke(d, time.Time{}))
	v.number()
	v.data.Exec(t, "UPDATE deliveries SET state = 'FAILED', next_at = NULL")
	count := func() string { return v.data.Text(t, "SELECT count(*)::text FROM deliveries") }
	if count() == "0" {
		t.Fatal("nothing was on its way")
	}
	hold, err := v.retention.SetHold(t.Context(), v.manager, poa.HoldInput{Key: newKey(), Subject: recipient.PartyID, Ground: "係争中"})
	must(t, err)
	v.clock.Advance(100 * 24 * time.Hour)
	_, err = v.retention.Sweep(t.Context())
	must(t, err)
	if count() == "0" {
		t.Error("a held party's deliveries are gone")
	}
	must(t, v.retention.LiftHold(t.Context(), v.manager, newKey(), hold, "済"))
	_, err = v.retention.Sweep(t.Context())
	must(t, err)
	if n := count(); n != "0" {
		t.Errorf("%s deliveries are left without a hold", n)
	}
}

// TestAContactOutlivesItsCase: a contact is kept for its own three years, though
// the case that it belongs to ends before it.
func TestAContactOutlivesItsCase(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	desk, day := v.desk(), 24*time.Hour
	_, id, err := desk.LogContact(t.Context(), v.reception, v.contact(func(in *poa.ContactInput) { in.Question = true }))
	must(t, err)
	second := v.second()
	must(t, desk.Answer(t.Context(), second, v.contact(func(in *poa.ContactInput) { in.CaseID = id })))
	v.clock.Advance(2 * 365 * day)
	late, _, err := desk.LogContact(t.Context(), v.reception, v.contact(func(in *poa.ContactInput) { in.CaseID = id }))
	must(t, err)
	for after, want := range []string{"1 0", "0 0"} { // contacts and cases that are left
		v.clock.Advance([]time.Duration{370 * day, 2 * 366 * day}[after])
		_, err = v.retention.Sweep(t.Context())
		must(t, err)
		if got := v.data.Text(t, "SELECT (SELECT count(*) FROM contacts WHERE id = '"+late+"') || ' ' || (SELECT count(*) FROM cases WHERE id = '"+id+"')"); got != want {
			t.Errorf("%s contacts and cases are left, want %s", got, want)
		}
	}
}

// TestACaseOfNobodysTakesItsKeyWithIt: a note on a question of a stranger is
// sealed with a key of the case's own.
func TestACaseOfNobodysTakesItsKeyWithIt(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	stranger := func(in *poa.ContactInput) { in.PartyID = "" }
	_, id, err := v.desk().LogContact(t.Context(), v.reception, v.contact(func(in *poa.ContactInput) { stranger(in); in.Question = true }))
	must(t, err)
	second := v.second()
	must(t, v.desk().Note(t.Context(), second, poa.ClaimInput{IdempotencyKey: newKey(), CaseID: id, Note: "折り返し先 03-0000-0000"}))
	must(t, v.desk().Answer(t.Context(), second, v.contact(func(in *poa.ContactInput) { stranger(in); in.CaseID = id })))
	v.clock.Advance(4 * 365 * 24 * time.Hour)
	_, err = v.retention.Sweep(t.Context())
	must(t, err)
	if n := v.data.Text(t, "SELECT count(*)::text FROM destroyed_keys WHERE subject_id = '"+id+"'"); n != "1" {
		t.Errorf("the key of the case's notes is destroyed %s times", n)
	}
}
