// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/poatest"
)

// faultsAt returns code and field of every fault, for comparing.
func faultsAt(err error) []string {
	found := []string{}
	var faults poa.Faults
	errors.As(err, &faults)
	for _, f := range faults {
		found = append(found, string(f.Code)+" "+strings.Join(f.Field, "."))
	}
	return found
}

// TestRegistrationBounds tries each field of an application at its bound, over
// it, empty, blank, with control characters and with a My Number.
func TestRegistrationBounds(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	fields := []struct {
		name               string
		at                 func(*poa.RegisterInput) *string
		bound              int
		required, mayBeNum bool
	}{
		{"name", func(in *poa.RegisterInput) *string { return &in.Name }, 200, true, false},
		{"address", func(in *poa.RegisterInput) *string { return &in.Address }, 300, true, false},
		{"representative.title", func(in *poa.RegisterInput) *string { return &in.Representative.Title }, 100, true, false},
		{"representative.name", func(in *poa.RegisterInput) *string { return &in.Representative.Name }, 200, true, false},
		{"representative.address", func(in *poa.RegisterInput) *string { return &in.Representative.Address }, 300, true, false},
		{"representative.telephone", func(in *poa.RegisterInput) *string { return &in.Representative.Telephone }, 32, true, true},
		{"filer", func(in *poa.RegisterInput) *string { return &in.Filer }, 200, false, false},
	}
	try := func(change func(*poa.RegisterInput)) error {
		in := o.registration(newKey() + "@example.jp")
		change(&in)
		_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		return err
	}
	for _, f := range fields {
		expect := func(what, value, want string) {
			t.Helper()
			wanted := []string{}
			if want != "" {
				wanted = append(wanted, want+" "+f.name)
			}
			if diff := cmp.Diff(wanted, faultsAt(try(func(in *poa.RegisterInput) { *f.at(in) = value }))); diff != "" {
				t.Errorf("%s %s: %s", f.name, what, diff)
			}
		}
		expect("at its bound", strings.Repeat("山", f.bound), "")
		expect("over its bound", strings.Repeat("山", f.bound+1), "TOO_LONG")
		expect("with a line break", "山\n田", "FORBIDDEN_CHARACTER")
		expect("with a null", "山\x00田", "FORBIDDEN_CHARACTER")
		expect("of spaces", "\u3000 ", "REQUIRED")
		if !f.mayBeNum {
			expect("with a My Number", "１２３４５６７８９０１８", "MY_NUMBER_SUSPECTED")
		}
		if f.required {
			expect("empty", "", "REQUIRED")
		}
	}
	if err := try(func(in *poa.RegisterInput) { in.Kind = "GUILD" }); !cmp.Equal(faultsAt(err), []string{"INVALID kind"}) {
		t.Errorf("another kind: %v", err)
	}
	if err := try(func(in *poa.RegisterInput) { in.CorporateNumber = "" }); !cmp.Equal(faultsAt(err), []string{"REQUIRED corporateNumber"}) {
		t.Errorf("no corporate number: %v", err)
	}
	today := poa.DateOf(o.clock.Now())
	for day, want := range map[poa.Date][]string{today: {"IN_THE_FUTURE representative.birthDate"}, today.AddDays(-1): {}} {
		err := try(func(in *poa.RegisterInput) {
			in.Kind, in.CorporateNumber, in.Representative.BirthDate = poa.SoleProprietor, "", day
		})
		if diff := cmp.Diff(want, faultsAt(err)); diff != "" {
			t.Errorf("born on %v: %s", day, diff)
		}
	}
	if err := try(func(in *poa.RegisterInput) {
		in.Kind, in.Representative.BirthDate = poa.SoleProprietor, today.AddDays(-1)
	}); !cmp.Equal(faultsAt(err), []string{"INVALID corporateNumber"}) {
		t.Errorf("a sole proprietor with a corporate number: %v", err)
	}
}

func TestApplications(t *testing.T) {
	t.Parallel()
	t.Run("the same key and input give the same application, other input a conflict", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		in := o.registration("a@example.jp")
		first, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		must(t, err)
		before := o.counts()
		again, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		if err != nil || again.ID != first.ID || len(o.grown(before)) > 0 {
			t.Errorf("again: %v, %v, %v", again.ID, err, o.grown(before))
		}
		in.Name = "株式会社たなか"
		_, err = o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		wantCode(t, err, poa.CodeConflict)
		in.Email = "b@example.jp" // another address: another scope
		other, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		if err != nil || other.ID == first.ID {
			t.Errorf("another applicant's key is another key: %v", err)
		}
	})
	t.Run("at once with one key one application is made", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		in, ids := o.registration("a@example.jp"), make([]string, 3)
		register := func(i int) func() error {
			return func() error {
				d, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
				ids[i] = d.ID
				return err
			}
		}
		for _, err := range atOnce(register(0), register(1), register(2)) {
			must(t, err)
		}
		if ids[0] != ids[1] || ids[1] != ids[2] {
			t.Errorf("made %v", ids)
		}
	})
	t.Run("a delegator is accepted once it is confirmed, and decided once", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		party, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), o.registration("a@example.jp"))
		must(t, err)
		yes := func() poa.DecideInput {
			return poa.DecideInput{IdempotencyKey: newKey(), PartyID: party.ID, Accept: true}
		}
		wantCode(t, o.enrollment.Decide(t.Context(), o.reception, yes()), poa.CodeAddressNotProved)
		o.signInByLink("a@example.jp")
		wantCode(t, o.enrollment.Decide(t.Context(), o.reception, yes()), poa.CodeNotConfirmed)
		for _, actor := range []poa.Actor{o.serviceOwner, o.auditor, {Kind: poa.ActorDelegator, ID: "acc_x", PartyID: party.ID}} {
			wantCode(t, o.enrollment.Confirm(t.Context(), actor, o.confirmation(party.ID)), poa.CodeForbidden)
			wantCode(t, o.enrollment.Decide(t.Context(), actor, yes()), poa.CodeForbidden)
		}
		wrong := o.confirmation(party.ID)
		wrong.Document, wrong.DocumentDate = poa.IdentityDocument, poa.DateOf(o.clock.Now()).AddDays(1)
		if diff := cmp.Diff([]string{"IN_THE_FUTURE documentDate", "INVALID document"}, faultsAt(o.enrollment.Confirm(t.Context(), o.reception, wrong))); diff != "" {
			t.Error(diff)
		}
		must(t, o.enrollment.Confirm(t.Context(), o.reception, o.confirmation(party.ID)))
		must(t, o.enrollment.Decide(t.Context(), o.reception, yes()))
		wantCode(t, o.enrollment.Decide(t.Context(), o.reception, yes()), poa.CodeConflict)
		for _, id := range []string{poa.NewID(poa.PrefixDelegator), "\x00", "' OR 1=1 --"} {
			wantCode(t, o.enrollment.Confirm(t.Context(), o.reception, o.confirmation(id)), poa.CodeNotFound)
		}
		got, err := o.records.Delegator(t.Context(), o.reception, party.ID)
		if err != nil || got.State != poa.EnrollmentActive || got.Confirmation == nil || got.Confirmation.Says.RepresentativeName != representative.Name {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestRefusedApplications(t *testing.T) {
	t.Parallel()
	t.Run("a refusal carries its reasons to the applicant", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		party, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("en"), o.registration("a@example.jp"))
		must(t, err)
		in := poa.DecideInput{IdempotencyKey: newKey(), PartyID: party.ID}
		wantCode(t, o.enrollment.Decide(t.Context(), o.reception, in), poa.CodeRequired)
		in.IdempotencyKey, in.Reasons = newKey(), []poa.RefusalReason{{Code: poa.CodeDocumentsInsufficient, Note: "証明書がありません"}, {Code: poa.CodeContentUnclear, Field: "address"}}
		must(t, o.enrollment.Decide(t.Context(), o.reception, in))
		applicant := o.signInByLink("a@example.jp")
		reasons, err := o.records.PartyRefusals(t.Context(), applicant, party.ID)
		if err != nil || len(reasons) != 2 || reasons[0].Note != "証明書がありません" || !cmp.Equal(reasons[1].Field, []string{"address"}) {
			t.Errorf("%+v, %v", reasons, err)
		}
		if m := o.mailTo("a@example.jp", poa.MailApplicationRefused); m.Language != "en" {
			t.Errorf("mailed in %s", m.Language)
		}
	})
	t.Run("the terms in force on the day count", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		today := poa.DateOf(o.clock.Now())
		must(t, o.enrollment.Publish(t.Context(), o.serviceOwner, poa.PublishInput{Kind: poa.TermsOfUse, Version: "2", Title: "利用約款", Body: "第1条 改", EffectiveFrom: today.AddDays(1)}))
		in := o.registration("a@example.jp")
		_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		must(t, err)
		o.clock.Set(today.Ends())
		in = o.registration("b@example.jp")
		_, err = o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), in)
		wantCode(t, err, poa.CodeTermsNotCurrent)
		wantCode(t, o.enrollment.Publish(t.Context(), o.reception, poa.PublishInput{Kind: poa.PriceList, Version: "1", Title: "料金", Body: "無料", EffectiveFrom: today}), poa.CodeForbidden)
	})
}

func TestPasswordsAndSignIn(t *testing.T) {
	t.Parallel()
	t.Run("a link sets a password once, and no other link does", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		token := tokenOf(o.mailTo("delegator@example.jp", poa.MailApplicationReceived).Values["link"])
		set := func(token, password string) error {
			return o.enrollment.SetPassword(t.Context(), poa.Anonymous("ja"), poa.SetPasswordInput{Token: token, Password: password})
		}
		before := o.counts()
		wantCode(t, set(token, password), poa.CodeLinkOver)
		if diff := cmp.Diff(audited, o.grown(before)); diff != "" {
			t.Errorf("a link that is over stored %s", diff)
		}
		wantCode(t, set("injl_foreign", password), poa.CodeLinkOver)
		d := o.draft()
		wantCode(t, set(tokenOf(o.mailTo(delegateEmail, poa.MailDelegateLink).Values["link"]), password), poa.CodeLinkOver)
		o.delegateOf(d, poa.MailDelegateLink) // it still holds
		_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), o.registration("late@example.jp"))
		must(t, err)
		late := tokenOf(o.mailTo("late@example.jp", poa.MailApplicationReceived).Values["link"])
		wantCode(t, set(late, "short"), poa.CodePasswordWeak)
		o.clock.Advance(o.policy.LinkTTL)
		wantCode(t, set(late, password), poa.CodeLinkOver)
	})
	t.Run("of two who use a link at once one sets it", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		_, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), o.registration("a@example.jp"))
		must(t, err)
		token := tokenOf(o.mailTo("a@example.jp", poa.MailApplicationReceived).Values["link"])
		set := func() error {
			return o.enrollment.SetPassword(t.Context(), poa.Anonymous("ja"), poa.SetPasswordInput{Token: token, Password: password})
		}
		if errs := atOnce(set, set); (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("got %v", errs)
		}
	})
	t.Run("whatever was wrong, the answer is the same and is audited", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		if _, err := o.enrollment.RegisterDelegator(t.Context(), poa.Anonymous("ja"), o.registration("nopassword@example.jp")); err != nil {
			t.Fatal(err)
		}
		disabled := o.enrol("disabled@example.jp")
		o.data.Exec(t, "UPDATE accounts SET disabled_at = created_at WHERE id = '"+disabled.ID+"'")
		before := o.counts()
		for _, in := range []poa.SignInInput{
			{Email: "delegator@example.jp", Password: "wrong password"}, {Email: "unknown@example.jp", Password: password}, {Email: "unknown\x00@example.jp", Password: password},
			{Email: "nopassword@example.jp", Password: password}, {Email: "disabled@example.jp", Password: password},
			{Email: "reception@ininjo.example", Password: password}, {Email: "reception@ininjo.example", Password: password, Code: "000000"},
		} {
			actor, err := o.enrollment.SignIn(t.Context(), in)
			if diff := cmp.Diff([]string{"SIGN_IN_FAILED password"}, faultsAt(err)); diff != "" || actor.ID != "" {
				t.Errorf("%q: %s, %v, %+v", in.Email, diff, err, actor)
			}
		}
		if diff := cmp.Diff(map[string]int{"audit_events": 7, "attempts_to_sign_in": 6}, o.grown(before)); diff != "" {
			t.Error(diff)
		}
		actor, err := o.enrollment.SignIn(t.Context(), poa.SignInInput{Email: "Delegator@Example.JP", Password: password})
		if err != nil || actor.PartyID != o.delegator.PartyID || actor.Kind != poa.ActorDelegator {
			t.Errorf("in another writing of the address: %+v, %v", actor, err)
		}
	})
}

func TestAppointmentsAndTokens(t *testing.T) {
	t.Parallel()
	t.Run("the first service owner is appointed once, the others by the owner", func(t *testing.T) {
		t.Parallel()
		o := newHouse(t)
		in := poa.StaffInput{Name: "担当", Email: "new@ininjo.example", Roles: []poa.Role{poa.RoleServiceOwner}, Fitness: poatest.Fitness(), Password: password}
		for _, actor := range []poa.Actor{poa.System, o.reception, o.auditor} {
			_, err := o.enrollment.AppointStaff(t.Context(), actor, in)
			wantCode(t, err, poa.CodeForbidden)
		}
		in.Roles = []poa.Role{"KING"}
		_, err := o.enrollment.AppointStaff(t.Context(), o.serviceOwner, in)
		wantCode(t, err, poa.CodeInvalid)
	})
	t.Run("a token is shown once and is its owner's to withdraw", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		in := poa.TokenInput{IdempotencyKey: newKey(), Name: "基幹", Scope: poa.ScopeAll, ExpiresInDays: 730}
		token, text, err := o.enrollment.CreateToken(t.Context(), o.delegator, in)
		must(t, err)
		again, second, err := o.enrollment.CreateToken(t.Context(), o.delegator, in)
		if err != nil || again.ID != token.ID || second != "" || !poa.SecretWellFormed(text) || !strings.HasPrefix(text, "inj_live_") {
			t.Errorf("again %q, %v", second, err)
		}
		wantCode(t, o.enrollment.RevokeToken(t.Context(), o.recipient, newKey(), token.ID), poa.CodeNotFound)
		wantCode(t, o.enrollment.RevokeToken(t.Context(), o.delegator, newKey(), "\x00"), poa.CodeNotFound)
		actor, scope, err := o.store.ActorByToken(t.Context(), credentialOf(text).TokenHash, o.clock.Now())
		if err != nil || scope != poa.ScopeAll || actor.PartyID != o.delegator.PartyID {
			t.Errorf("%+v, %s, %v", actor, scope, err)
		}
		must(t, o.enrollment.RevokeToken(t.Context(), o.delegator, newKey(), token.ID))
		if _, _, err = o.store.ActorByToken(t.Context(), credentialOf(text).TokenHash, o.clock.Now().Add(time.Microsecond)); poa.CodeOf(err) != poa.CodeNotFound {
			t.Errorf("a withdrawn token: %v", err)
		}
		_, _, err = o.enrollment.CreateToken(t.Context(), o.reception, in)
		wantCode(t, err, poa.CodeForbidden)
	})
}
