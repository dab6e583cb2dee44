// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"testing"

	"ininjo/poa"
)

// slowHasher does something while a password is checked, which takes long where
// many wait.
type slowHasher struct {
	stepHasher
	meanwhile func()
}

func (h slowHasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	ok, err := h.stepHasher.Matches(ctx, hash, password)
	h.meanwhile()
	return ok, err
}

// TestNobodyComesInByWhatHoldsNoMore changes an account while the password that it
// had is checked.
func TestNobodyComesInByWhatHoldsNoMore(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	other := d.joins("second@example.jp", poa.MemberAdministrator)
	for _, each := range []struct {
		what, email string
		meanwhile   func()
	}{
		{"the password changed", adminEmail, func() {
			must(t, d.access.ChangePassword(ctx, d.admin, poa.ChangePasswordInput{Current: password, Password: "another long password"}))
		}},
		{"a factor was added", "second@example.jp", func() { d.enrols(other) }},
		{"the account ended", "third@example.jp", func() {
			must(t, d.access.RemoveMember(ctx, d.admin, newKey(), d.data.Text(t, "SELECT id FROM accounts WHERE member = 'READER'")))
		}},
	} {
		if each.email == "third@example.jp" {
			d.joins(each.email, poa.MemberReader)
		}
		slow := poa.NewAccess(d.clock, d.store, d.policy, slowHasher{meanwhile: each.meanwhile})
		done, err := slow.SignIn(ctx, poa.SignInInput{Email: each.email, Password: password})
		if done.Actor.ID != "" || each.what != "a factor was added" && err == nil {
			t.Errorf("%s meanwhile, and somebody came in", each.what)
		}
	}
}
