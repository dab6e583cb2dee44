// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"testing"
	"time"

	"ininjo/poa"
)

// TestADismissalShutsOut: what a dismissed member of staff came in by is gone, and
// an appointment made anew brings none of it back.
func TestADismissalShutsOut(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	second := d.second()
	began := poa.Actor{Kind: poa.ActorStaff, ID: second.ID, SessionID: poa.NewID(poa.PrefixSession)}
	must(t, d.access.BeginSession(ctx, began, poa.Session{Hash: hashOf(began.SessionID), Agent: "Firefox/1", ExpiresAt: d.clock.Now().AddDate(1, 0, 0)}))
	must(t, d.store.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
		if err := tx.TrustDevice(ctx, second.ID, hashOf("device"), d.clock.Now()); err != nil {
			return err
		}
		return tx.InsertToken(ctx, poa.Token{ID: poa.NewID(poa.PrefixToken), AccountID: second.ID, Kind: poa.ActorStaff, Hash: hashOf("token"), Name: "試験", Scope: poa.ScopeAll, CreatedAt: d.clock.Now(), ExpiresAt: d.clock.Now().AddDate(1, 0, 0)})
	}))
	comesIn := func() (session, token, browser bool) {
		_, _, err := d.store.ActorByToken(ctx, hashOf("token"), d.clock.Now())
		known, _, knowsErr := d.store.KnowsDevice(ctx, second.ID, hashOf("device"))
		must(t, knowsErr)
		return d.session(began).SessionID != "", err == nil, known
	}
	if session, token, browser := comesIn(); !session || !token || !browser {
		t.Fatalf("before: session %v, token %v, browser %v", session, token, browser)
	}
	person, err := colleague(ctx, d.desk(), d.serviceOwner, second.ID)
	must(t, err)
	must(t, d.desk().Dismiss(ctx, d.serviceOwner, poa.DismissInput{IdempotencyKey: newKey(), AppointmentID: person.Held[0].ID, Name: person.Account.Name, Ground: "異動"}))
	must(t, d.further(second.ID, poa.RoleReception))
	if session, token, browser := comesIn(); session || token || browser {
		t.Errorf("appointed anew: session %v, token %v, browser %v", session, token, browser)
	}
}

// TestAPasswordChangeForgetsBrowsers: somebody who holds a known browser loses its
// budget with the password; the browser that it is changed in stays known.
func TestAPasswordChangeForgetsBrowsers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	from := func(device, password string) (poa.SignedIn, error) {
		return d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: password, Browser: poa.Browser{Agent: "Firefox/1", Device: device}})
	}
	own, err := from("", password)
	must(t, err)
	other, err := from("", password)
	must(t, err)
	otherSession := d.begin(other)
	const changed = "another long password"
	must(t, d.access.ChangePassword(ctx, d.begin(own), poa.ChangePasswordInput{Current: password, Password: changed, Browser: poa.Browser{Device: own.Device}}))
	if d.session(otherSession).ID != "" || d.session(d.admin).ID != "" {
		t.Error("other sessions outlived the password")
	}
	for codeOf(err) != poa.CodeSignInSlowed {
		_, err = from("", "a wrong password")
	}
	_, err = from(other.Device, changed)
	wantCode(t, err, poa.CodeSignInSlowed)
	_, err = from(own.Device, changed)
	must(t, err)
	d.clock.Advance(time.Hour)
	_, err = from("", changed)
	must(t, err)
}
