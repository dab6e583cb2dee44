// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"ininjo/poa"
)

// TestUnprovedApplicationsEnd: an application whose address nobody proves ends after
// 30 days and is erased by the table's rule 30 days later; what staff entered is
// kept as anything that was received, and so is what was proved.
func TestUnprovedApplicationsEnd(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	ctx := t.Context()
	apply := func(email string) string {
		p, err := v.enrollment.RegisterDelegator(ctx, poa.Anonymous("ja"), v.registration(email))
		must(t, err)
		return p.ID
	}
	strangers, late, proved := apply("stranger@example.jp"), apply("late@example.jp"), apply("proved@example.jp")
	v.signInByLink("proved@example.jp")
	link := v.mailTo("late@example.jp", poa.MailApplicationReceived).Values["link"]
	entered, err := v.enrollment.EnterApplication(ctx, v.reception, poa.EnterInput{RegisterInput: v.registration("paper@example.jp"), Role: poa.PartyDelegator, CameBy: poa.CameByPost})
	must(t, err)
	sent := len(v.mails())
	abandon := func() int {
		n, err := v.enrollment.AbandonApplications(ctx)
		must(t, err)
		return n
	}
	wantState := func(id string, want poa.EnrollmentState) {
		t.Helper()
		p, err := v.store.Delegator(ctx, id)
		must(t, err)
		if p.State != want {
			t.Errorf("%s is %s, want %s", id, p.State, want)
		}
	}
	v.clock.Advance(30*24*time.Hour - time.Microsecond)
	if n := abandon(); n != 0 {
		t.Errorf("before 30 days %d ended", n)
	}
	v.clock.Advance(2 * time.Microsecond)
	young := apply("young@example.jp")
	sent++
	if n := abandon(); n != 3 {
		t.Errorf("after 30 days %d ended, want 3", n)
	}
	if n := abandon(); n != 0 || len(v.mails()) != sent {
		t.Errorf("again %d ended; %d mails of %d", n, len(v.mails()), sent)
	}
	for id, want := range map[string]poa.EnrollmentState{strangers: poa.EnrollmentWithdrawn, late: poa.EnrollmentWithdrawn, entered.ID: poa.EnrollmentWithdrawn,
		proved: poa.EnrollmentApplied, young: poa.EnrollmentApplied} {
		wantState(id, want)
	}
	// Whose link came late: it is over, and another one proves the address.
	wantCode(t, v.enrollment.SetPassword(ctx, poa.Anonymous("ja"), poa.SetPasswordInput{Token: tokenOf(link), Password: password}), poa.CodeLinkOver)
	v.data.Exec(t, "UPDATE parties SET proved_at = '2026-07-02' WHERE id = '"+late+"'")

	v.clock.Advance(29 * 24 * time.Hour)
	early := v.prepare()
	v.release(early)
	v.run(early)
	v.clock.Advance(2 * 24 * time.Hour)
	run := v.prepare()
	if got := v.outcomes(run); len(got) != 1 {
		t.Errorf("the run lists %v", got)
	}
	v.release(run)
	v.run(run)
	if got := v.outcomes(run)[strangers]; got != poa.ItemErased {
		t.Errorf("the stranger's application: %q", got)
	}
	if _, err := v.store.AccountByEmail(ctx, "stranger@example.jp"); poa.CodeOf(err) != poa.CodeNotFound {
		t.Errorf("the stranger's address is still an account's: %v", err)
	}
	apply("stranger@example.jp")
}
