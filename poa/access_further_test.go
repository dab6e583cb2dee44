// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// takesPasskeys stands where server's WebAuthn stands: it takes every answer.
type takesPasskeys struct{ poa.PasskeyChecker }

func (takesPasskeys) FinishRegistration(a poa.Account, _ []byte, response string) (poa.Passkey, error) {
	return poa.Passkey{CredentialID: []byte(a.ID + response), Record: []byte("{}")}, nil
}

// TestFurtherFactorsAreAddedByPassword: a session alone adds the first second
// factor, and none beside it or in its place.
func TestFurtherFactorsAreAddedByPassword(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.access = d.access.WithPasskeys(takesPasskeys{})
	ctx := t.Context()
	passkey := func(response, password string) error {
		_, err := d.access.AddPasskey(ctx, d.admin, poa.PasskeyInput{Name: "鍵", Response: response, Password: password})
		return err
	}
	must(t, d.access.BeginTOTP(ctx, d.admin)) // and goes on once the passkey is there
	must(t, passkey("first", ""))
	confirm := func(password string) error {
		_, err := d.access.ConfirmTOTP(ctx, d.admin, d.code(d.admin.ID), password)
		return err
	}
	wantCode(t, confirm(""), poa.CodePasswordWrong)
	wantCode(t, confirm("a wrong password"), poa.CodePasswordWrong)
	wantCode(t, passkey("second", ""), poa.CodePasswordWrong)
	of, err := d.access.Security(ctx, d.admin)
	if err != nil || of.Factors.TOTP || len(of.Factors.Passkeys) != 1 {
		t.Errorf("added all the same: %+v, %v", of.Factors, err)
	}
	must(t, confirm(password))
	must(t, passkey("second", password))
	d.clock.Advance(time.Minute)
	must(t, d.access.BeginTOTP(ctx, d.admin))
	wantCode(t, confirm(""), poa.CodePasswordWrong)
	must(t, confirm(password))
	if diff := cmp.Diff([]string{"DONE", "DONE", "DONE", "DONE", "PASSWORD_WRONG", "PASSWORD_WRONG", "PASSWORD_WRONG", "PASSWORD_WRONG"}, d.outcomes(poa.ActionFactorAdded)); diff != "" {
		t.Error(diff)
	}
}

// TestFirstFactorsAtOnce: of two that are added at once as the first one, one is.
func TestFirstFactorsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.access = d.access.WithPasskeys(takesPasskeys{})
	add := func(response string) func() error {
		return func() error {
			_, err := d.access.AddPasskey(t.Context(), d.admin, poa.PasskeyInput{Name: "鍵", Response: response})
			return err
		}
	}
	if errs := atOnce(add("a"), add("b"), add("c")); countNil(errs) != 1 {
		t.Errorf("got %v", errs)
	}
}
