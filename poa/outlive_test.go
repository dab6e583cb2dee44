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

// TestTokensAreBounded: a party's tokens that hold are bounded, made at once or
// rotated, and each of them stays on the list so that it can be withdrawn.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	create := func() error {
		_, _, err := o.enrollment.CreateToken(t.Context(), o.delegator, poa.TokenInput{IdempotencyKey: newKey(), Name: "基幹", Scope: poa.ScopeRead, ExpiresInDays: 1})
		return err
	}
	for range poa.MaxTokens - 3 {
		must(t, create())
	}
	if won := winners(8, create); won != 3 {
		t.Errorf("%d of the last 3 were made", won)
	}
	wantCode(t, create(), poa.CodeTooMany)
	tokens, err := o.enrollment.Tokens(t.Context(), o.delegator)
	if err != nil || len(tokens) != poa.MaxTokens {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	next := tokens[0].ID
	for i := range poa.MaxTokens {
		fresh, _, err := o.enrollment.RotateToken(t.Context(), o.delegator, poa.RotateInput{IdempotencyKey: newKey(), TokenID: next, OverlapHours: 24, ExpiresInDays: 1})
		if err != nil {
			t.Fatalf("rotation %d: %v", i, err)
		}
		next = fresh.ID
	}
	_, _, err = o.enrollment.RotateToken(t.Context(), o.delegator, poa.RotateInput{IdempotencyKey: newKey(), TokenID: next, OverlapHours: 24, ExpiresInDays: 1})
	wantCode(t, err, poa.CodeTooMany)
	must(t, o.enrollment.RevokeToken(t.Context(), o.delegator, newKey(), tokens[5].ID))
	if tokens, err = o.enrollment.Tokens(t.Context(), o.delegator); err != nil || len(tokens) != 2*poa.MaxTokens {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
	if last := tokens[len(tokens)-1]; last.Holds(o.clock.Now()) {
		t.Error("one that was withdrawn stands before one that holds")
	}
}

// TestUnsubscribingBesideAChange unsubscribes an address while its party chooses
// other kinds: neither undoes the other.
func TestUnsubscribingBesideAChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 8 {
		all, err := o.notifier.Addresses(t.Context(), o.recipient)
		must(t, err)
		in := poa.AddressInput{IdempotencyKey: newKey(), ID: all[0].ID, Language: "ja", Subscribed: true}
		must(t, o.notifier.UpdateAddress(t.Context(), o.recipient, in))
		token := poa.UnsubscribeToken(o.store, all[0].ID)
		off := func() error { return o.notifier.Unsubscribe(t.Context(), token) }
		errs := atOnce(off, off, func() error {
			in.IdempotencyKey, in.Language, in.Types, in.Subscribed = newKey(), "en", []poa.NoticeType{poa.NoticeRevoked}, false
			return o.notifier.UpdateAddress(t.Context(), o.recipient, in)
		}, off, off)
		if countNil(errs) != 5 {
			t.Fatalf("got %v", errs)
		}
		if a, err := o.store.MailAddress(t.Context(), all[0].ID); err != nil || a.Language != "en" || len(a.Types) != 1 || a.UnsubscribedAt.IsZero() {
			t.Fatalf("it is %+v, %v", a, err)
		}
	}
}
