// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"fmt"
	"testing"

	"ininjo/poa"
)

// proofToken is the token of the link that was mailed to prove an address of a
// change.
func (o *office) proofToken(email string) string {
	o.tb.Helper()
	link := o.mailTo(email, poa.MailAddressProof).Values["link"]
	return tokenOf(link[:len(link)-len("/address")])
}

// TestChangesEndWithTheContract: what a party wished to change is nobody's to
// prove or to accept once its contract ended.
func TestChangesEndWithTheContract(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	unproved, err := o.enrollment.RequestChange(t.Context(), o.recipient, o.changeInput("EMAIL", "later@example.jp", "FILER", "別の　者"))
	must(t, err)
	waiting, err := o.enrollment.RequestChange(t.Context(), o.delegator, o.changeInput("REPRESENTATIVE_TITLE", "代表社員"))
	must(t, err)
	must(t, o.enrollment.Confirm(t.Context(), o.reception, o.confirmation(o.delegator.PartyID)))
	token := o.proofToken("later@example.jp")
	must(t, o.endContract(o.recipient, o.recipient.PartyID, company))
	must(t, o.endContract(o.delegator, o.delegator.PartyID, company))

	wantCode(t, o.enrollment.ProveChange(t.Context(), poa.Anonymous("ja"), token), poa.CodeLinkOver)
	wantCode(t, o.decideChange(waiting.ID, true), poa.CodeConflict)
	if p := o.partyNow(o.recipient.PartyID); p.Profile.Email != "recipient@example.jp" {
		t.Errorf("a former recipient moved to %s", p.Profile.Email)
	}
	for _, id := range []string{unproved.ID, waiting.ID} {
		if c, err := o.records.Change(t.Context(), o.reception, id); err != nil || c.State != poa.ChangeWithdrawn {
			t.Errorf("the change is %s, %v", c.State, err)
		}
	}
	if left := o.data.Text(t, "SELECT count(*)::text FROM mail_addresses WHERE unsubscribed_at IS NULL"); left != "0" {
		t.Errorf("notices go to %s addresses of former parties", left)
	}
}

// TestEndpointsOutliveNoEnd changes endpoints while the contract ends.
func TestEndpointsOutliveNoEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 8 {
		r, _ := o.enrolRecipient(fmt.Sprintf("e%d@example.jp", i))
		e := o.endpoint(r)
		update := func() error {
			_, err := o.notifier.UpdateEndpoint(t.Context(), r, poa.EndpointInput{IdempotencyKey: newKey(), ID: e.ID, URL: e.URL, Enabled: true}, anyURL{})
			return err
		}
		atOnce(update, func() error { return o.endContract(r, r.PartyID, company) }, update, update)
		if left := o.data.Text(t, fmt.Sprintf("SELECT count(*)::text FROM endpoints WHERE party_id = '%s' AND state = 'ACTIVE'", r.PartyID)); left != "0" {
			t.Errorf("%s endpoints go on", left)
		}
	}
}

// TestNewSecretIsNotLost rotates an endpoint's secret while others change it: the
// secret that was shown is the one that signs.
func TestNewSecretIsNotLost(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	for range 8 {
		var shown string
		update := func() error {
			_, err := o.notifier.UpdateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: e.ID, URL: e.URL, Description: newKey(), Enabled: true}, anyURL{})
			return err
		}
		errs := atOnce(update, update, func() error {
			rotated, err := o.notifier.RotateSecret(t.Context(), o.recipient, newKey(), e.ID, 0)
			shown = rotated.Secret
			return err
		}, update, update)
		if countNil(errs) != 5 {
			t.Fatalf("got %v", errs)
		}
		if kept, err := o.store.Endpoint(t.Context(), e.ID); err != nil || kept.Secret != shown {
			t.Fatalf("the secret that was shown signs nothing: %v", err)
		}
	}
}

// TestNobodyJoinsWhatEnded accepts an invitation while the contract ends.
func TestNobodyJoinsWhatEnded(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for i := range 6 {
		email := fmt.Sprintf("j%d@example.jp", i)
		party := d.enrol(email)
		must(t, d.access.Invite(t.Context(), party, poa.InviteInput{IdempotencyKey: newKey(), Email: "new-" + email, Member: poa.MemberAdministrator}))
		token := tokenOf(d.mailTo("new-"+email, poa.MailInvitation).Values["link"])
		atOnce(func() error { return d.endContract(party, party.PartyID, company) }, func() error {
			return d.access.AcceptInvitation(t.Context(), poa.Anonymous("ja"), poa.AcceptInput{Token: token, Name: "新人 花子", Password: password})
		})
		if left := d.data.Text(t, fmt.Sprintf("SELECT count(*)::text FROM accounts WHERE party_id = '%s' AND disabled_at IS NULL", party.PartyID)); left != "0" {
			t.Errorf("%s members are left", left)
		}
	}
}
