// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
)

// TestAddressThatTheChangeMovesTo looks at what a new address meets.
func TestAddressThatTheChangeMovesTo(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	move := func(email string) error {
		_, err := d.enrollment.RequestChange(ctx, d.admin, d.changeInput("EMAIL", email))
		return err
	}
	prove := func(email string) error {
		return d.enrollment.ProveChange(ctx, poa.Anonymous("ja"), d.proofToken(email))
	}
	t.Run("another member signs in with it", func(t *testing.T) {
		d.joins("second@example.jp", poa.MemberAdministrator)
		wantCode(t, move("second@example.jp"), poa.CodeEmailTaken)
		wantCode(t, move("Second@Example.jp"), poa.CodeEmailTaken)
	})
	t.Run("it gets notices already, and its reader unsubscribed", func(t *testing.T) {
		_, err := d.notifier.AddAddress(ctx, d.admin, poa.AddressInput{IdempotencyKey: newKey(), Email: "desk@example.jp", Language: "en", Types: []poa.NoticeType{poa.NoticeRevoked}})
		must(t, err)
		must(t, d.notifier.ConfirmAddress(ctx, poa.Anonymous("ja"), tokenOf(d.mailTo("desk@example.jp", poa.MailConfirmAddress).Values["link"])))
		find := func() []poa.MailAddress {
			all, err := d.notifier.Addresses(ctx, d.admin)
			must(t, err)
			return slices.DeleteFunc(all, func(m poa.MailAddress) bool { return !strings.EqualFold(m.Email, "desk@example.jp") })
		}
		before := find()
		must(t, d.notifier.Unsubscribe(ctx, poa.UnsubscribeToken(d.store, before[0].ID)))
		must(t, move("Desk@example.jp"))
		must(t, prove("Desk@example.jp"))
		if after := find(); len(after) != 1 || after[0].ID != before[0].ID || after[0].UnsubscribedAt.IsZero() {
			t.Errorf("its notices go to %+v", after)
		}
	})
	t.Run("one that waits to be confirmed is confirmed by it", func(t *testing.T) {
		a, err := d.notifier.AddAddress(ctx, d.admin, poa.AddressInput{IdempotencyKey: newKey(), Email: "open@example.jp", Language: "ja"})
		must(t, err)
		must(t, move("open@example.jp"))
		must(t, prove("open@example.jp"))
		if got, err := d.store.MailAddress(ctx, a.ID); err != nil || got.ConfirmedAt.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("its own, in another case", func(t *testing.T) {
		must(t, move("OPEN@example.jp"))
		must(t, prove("OPEN@example.jp"))
		d.in("open@example.jp")
	})
	t.Run("notices leave the one before, as it was told", func(t *testing.T) {
		must(t, move("next@example.jp"))
		must(t, prove("next@example.jp"))
		all, err := d.notifier.Addresses(ctx, d.admin)
		must(t, err)
		for _, m := range all {
			if strings.EqualFold(m.Email, "open@example.jp") {
				t.Errorf("notices still go to %+v", m)
			}
		}
		d.mailTo("OPEN@example.jp", poa.MailAddressChanged)
	})
	t.Run("a link to set a password that went to the old one is over", func(t *testing.T) {
		must(t, d.access.ForgotPassword(ctx, poa.Anonymous("ja"), poa.ForgotPasswordInput{Email: "next@example.jp"}))
		must(t, d.access.AnswerPasswordRequest(ctx, d.data.Text(t, "SELECT id FROM password_requests")))
		link := d.mailTo("next@example.jp", poa.MailSetPassword).Values["link"]
		must(t, move("safe@example.jp"))
		must(t, prove("safe@example.jp"))
		_, err := d.access.SetPassword(ctx, poa.Anonymous("ja"), poa.SetPasswordInput{Token: tokenOf(link), Password: "another password"}, poa.Browser{})
		wantCode(t, err, poa.CodeLinkOver)
	})
}

// TestKeyOfAnotherRole uses the key of a delegator's application for a recipient's.
func TestKeyOfAnotherRole(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	in := o.registration("both@example.jp")
	in.Filer = "申告　者"
	_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
	must(t, err)
	_, err = o.enrollment.RegisterRecipient(t.Context(), poa.Anonymous("ja"), in)
	wantCode(t, err, poa.CodeConflict)
	entered := poa.EnterInput{RegisterInput: o.registration("paper@example.jp"), Role: poa.PartyDelegator, CameBy: poa.CameByPost}
	_, err = o.enrollment.EnterApplication(t.Context(), o.reception, entered)
	must(t, err)
	entered.CameBy = poa.CameByHand
	_, err = o.enrollment.EnterApplication(t.Context(), o.reception, entered)
	wantCode(t, err, poa.CodeConflict)
}

// TestWhoAnswersParties holds the answer to a party's question to the table of
// roles.
func TestWhoAnswersParties(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, actor := range []poa.Actor{o.serviceOwner, o.reception, o.auditor} {
		q, err := o.enrollment.AskService(t.Context(), o.recipient, poa.AskServiceInput{IdempotencyKey: newKey(), Text: "受付時間は？"})
		must(t, err)
		_, err = o.enrollment.AnswerQuestion(t.Context(), actor, poa.AnswerInput{IdempotencyKey: newKey(), QuestionID: q.ID, Text: "9 時からです"})
		if allowed := actor.May(poa.MayAnswerQuestions); (err == nil) != allowed {
			t.Errorf("%v: %v", actor.Roles, err)
		}
	}
}
