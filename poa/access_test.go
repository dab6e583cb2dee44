// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// stepHasher is the tests' hasher with real time steps: the code of a secret is its
// first characters and the step, which fits within one step.
type stepHasher struct{ hasher }

func (stepHasher) CodeStep(secret, code string, at time.Time) (int64, bool) {
	for step := at.Unix()/30 - 1; step <= at.Unix()/30+1; step++ {
		if secret != "" && code == stepCode(secret, step) {
			return step, true
		}
	}
	return 0, false
}

func stepCode(secret string, step int64) string { return fmt.Sprintf("%s%04d", secret[:4], step%10000) }

// door is the rules of who comes in over an office, with a party's administrator.
type door struct {
	*office
	access *poa.Access
	admin  poa.Actor
}

const adminEmail = "delegator@example.jp"

func newDoor(tb testing.TB) *door {
	tb.Helper()
	o := newHouse(tb)
	d := &door{office: o, access: poa.NewAccess(o.clock, o.store, o.policy, stepHasher{})}
	d.delegator = o.enrol(adminEmail)
	d.admin = d.in(adminEmail)
	return d
}

// in signs in as a browser does and begins the session.
func (d *door) in(email string) poa.Actor {
	d.tb.Helper()
	done, err := d.access.SignIn(d.tb.Context(), poa.SignInInput{Email: email, Password: password, Browser: poa.Browser{Agent: "Firefox/1 Linux"}})
	must(d.tb, err)
	return d.begin(done)
}

func (d *door) begin(done poa.SignedIn) poa.Actor {
	d.tb.Helper()
	must(d.tb, d.access.BeginSession(d.tb.Context(), done.Actor, poa.Session{Hash: hashOf(done.Actor.SessionID), Agent: "Firefox/1 Linux", ExpiresAt: d.clock.Now().Add(24 * time.Hour)}))
	return d.session(done.Actor)
}

func hashOf(text string) [32]byte { return credentialOf(text).TokenHash }

// session reads who a session belongs to; nobody where it ended.
func (d *door) session(actor poa.Actor) poa.Actor {
	d.tb.Helper()
	found, err := d.store.ActorBySession(d.tb.Context(), hashOf(actor.SessionID), d.clock.Now())
	if err != nil && !errors.Is(err, poa.ErrNotFound) {
		d.tb.Fatal(err)
	}
	return found
}

// code is the account's code of now.
func (d *door) code(id string) string {
	d.tb.Helper()
	account, err := d.store.Account(d.tb.Context(), id)
	must(d.tb, err)
	secret := account.TOTPSecret
	if account.TOTPPending != "" {
		secret = account.TOTPPending
	}
	return stepCode(secret, d.clock.Now().Unix()/30)
}

// enrols adds an authenticator app and returns the recovery codes.
func (d *door) enrols(actor poa.Actor) []string {
	d.tb.Helper()
	must(d.tb, d.access.BeginTOTP(d.tb.Context(), actor))
	id := actor.ID
	if actor.Enrolling != "" {
		id = actor.Enrolling
	}
	codes, err := d.access.ConfirmTOTP(d.tb.Context(), actor, d.code(id), "")
	must(d.tb, err)
	return codes
}

// joins invites somebody and accepts.
func (d *door) joins(email string, role poa.MemberRole) poa.Actor {
	d.tb.Helper()
	ctx := d.tb.Context()
	must(d.tb, d.access.Invite(ctx, d.admin, poa.InviteInput{IdempotencyKey: newKey(), Email: email, Member: role}))
	link := d.mailTo(email, poa.MailInvitation).Values["link"]
	must(d.tb, d.access.AcceptInvitation(ctx, poa.Anonymous("ja"), poa.AcceptInput{Token: tokenOf(link), Name: "新人 花子", Password: password}))
	return d.in(email)
}

func (d *door) outcomes(action poa.Action) []string {
	d.tb.Helper()
	list, err := d.store.AuditEvents(d.tb.Context(), poa.AuditFilter{Actions: []poa.Action{action}}, poa.Page{First: poa.MaxPage})
	must(d.tb, err)
	found := []string{}
	for _, e := range list.Items {
		found = append(found, e.Outcome)
	}
	slices.Sort(found) // of one instant they come in no order
	return found
}

func TestSecondStep(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx, browser := t.Context(), poa.Browser{Agent: "Firefox/1 Linux"}
	codes := d.enrols(d.admin)
	if len(codes) != 10 || d.session(d.admin).ID != d.admin.ID {
		t.Fatalf("%d recovery codes, session of %q", len(codes), d.session(d.admin).ID)
	}
	signIn := func(code string) (poa.SignedIn, error) {
		return d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: password, Code: code, Browser: browser})
	}
	half, err := signIn("")
	must(t, err)
	if half.Half.AccountID != d.admin.ID || half.Actor.ID != "" {
		t.Fatalf("the password alone let in: %+v", half)
	}
	t.Run("the code that confirmed the app is spent", func(t *testing.T) {
		_, err := d.access.SecondStep(ctx, half.Half, poa.SecondStepInput{Code: d.code(d.admin.ID)})
		wantCode(t, err, poa.CodeCodeWrong)
	})
	t.Run("of two uses of one code at once one comes in", func(t *testing.T) {
		d.clock.Advance(30 * time.Second)
		use := func() error {
			_, err := d.access.SecondStep(ctx, half.Half, poa.SecondStepInput{Code: d.code(d.admin.ID), Browser: browser})
			return err
		}
		if errs := atOnce(use, use, use); countNil(errs) != 1 {
			t.Errorf("got %v", errs)
		}
	})
	t.Run("code and password come in in one step", func(t *testing.T) {
		d.clock.Advance(30 * time.Second)
		done, err := signIn(d.code(d.admin.ID))
		if err != nil || done.Actor.ID != d.admin.ID {
			t.Errorf("%+v, %v", done, err)
		}
		_, err = signIn(d.code(d.admin.ID))
		wantCode(t, err, poa.CodeSignInFailed)
	})
	t.Run("a recovery code works once, however it is written, and is told of", func(t *testing.T) {
		use := func() error {
			_, err := d.access.SecondStep(ctx, half.Half, poa.SecondStepInput{Code: strings.ToLower(strings.ReplaceAll(codes[3], "-", " ")), Browser: browser})
			return err
		}
		if errs := atOnce(use, use); countNil(errs) != 1 {
			t.Errorf("got %v", errs)
		}
		if m := d.mailTo(adminEmail, poa.MailRecoveryUsed); m.Values["number"] != "9" {
			t.Errorf("told of %s left", m.Values["number"])
		}
	})
	t.Run("a sign-in that waited too long begins anew", func(t *testing.T) {
		d.clock.Advance(11 * time.Minute)
		_, err := d.access.SecondStep(ctx, half.Half, poa.SecondStepInput{Code: d.code(d.admin.ID)})
		wantCode(t, err, poa.CodeSignInOver)
	})
	t.Run("a changed password ends a sign-in between its steps, and other sessions", func(t *testing.T) {
		half, err := signIn("")
		must(t, err)
		d.clock.Advance(time.Second)
		must(t, d.access.ChangePassword(ctx, d.admin, poa.ChangePasswordInput{Current: password, Password: "another long password"}))
		_, err = d.access.SecondStep(ctx, half.Half, poa.SecondStepInput{Code: d.code(d.admin.ID)})
		wantCode(t, err, poa.CodeSignInOver)
		if d.session(d.admin).ID != d.admin.ID {
			t.Error("the own session ended")
		}
		d.mailTo(adminEmail, poa.MailPasswordChanged)
	})
	wrong := []string{"CODE_WRONG", "CODE_WRONG", "CODE_WRONG", "CODE_WRONG"} // one spent before, two of three at once, one of two; three staff came in
	if diff := cmp.Diff(append(wrong, "DONE", "DONE", "DONE", "DONE", "DONE", "DONE", "SIGN_IN_FAILED"), d.outcomes(poa.ActionSecondFactor)); diff != "" {
		t.Error(diff)
	}
}

func countNil(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

// TestGuessingDoesNotLockTheOwnerOut guesses at an account and at an address that
// nobody has: both answer alike; the browser that the owner used before comes in.
func TestGuessingDoesNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	first, err := d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: password, Browser: poa.Browser{Agent: "Firefox/1"}})
	must(t, err)
	guess := func(email string, b poa.Browser) string {
		_, err := d.access.SignIn(ctx, poa.SignInInput{Email: email, Password: "a wrong password", Browser: b})
		var faults poa.Faults
		if !errors.As(err, &faults) {
			t.Fatal(err)
		}
		return string(faults[0].Code) + " " + faults[0].Args["seconds"]
	}
	waits := 0
	for i := range 40 {
		known, unknown := guess(adminEmail, poa.Browser{Agent: "evil"}), guess("nobody@example.jp", poa.Browser{Agent: "evil"})
		if known != unknown {
			t.Fatalf("guess %d: %q for an account, %q for nobody", i, known, unknown)
		}
		if strings.HasPrefix(known, "SIGN_IN_SLOWED") {
			waits++
			d.clock.Advance(time.Second)
		}
	}
	if waits < 25 {
		t.Errorf("only %d of 40 guesses were held off", waits)
	}
	for !strings.HasPrefix(guess(adminEmail, poa.Browser{}), "SIGN_IN_FAILED") {
		d.clock.Advance(time.Second)
	}
	owner := poa.SignInInput{Email: adminEmail, Password: password, Browser: poa.Browser{Agent: "Firefox/1"}}
	_, err = d.access.SignIn(ctx, owner)
	wantCode(t, err, poa.CodeSignInSlowed)
	owner.Device = "injd_forged"
	_, err = d.access.SignIn(ctx, owner)
	wantCode(t, err, poa.CodeSignInSlowed)
	owner.Device = first.Device
	done, err := d.access.SignIn(ctx, owner)
	if err != nil || done.Actor.ID != d.admin.ID {
		t.Errorf("the owner's own browser: %v", err)
	}
	for range 8 {
		guess(adminEmail, poa.Browser{Agent: "Firefox/1", Device: first.Device})
	}
	_, err = d.access.SignIn(ctx, owner)
	wantCode(t, err, poa.CodeSignInSlowed) // a stolen browser has its budget, too
	d.clock.Advance(15 * time.Minute)
	if _, err := d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: password}); err != nil {
		t.Errorf("after the longest delay the right password: %v", err)
	}
}

func TestGuessesAtOnceFindNoMoreRoom(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	guess := func() error {
		_, err := d.access.SignIn(t.Context(), poa.SignInInput{Email: adminEmail, Password: "a wrong password"})
		return err
	}
	tried := 0
	for _, err := range atOnce(guess, guess, guess, guess, guess, guess, guess, guess, guess, guess) {
		if codeOf(err) == poa.CodeSignInFailed {
			tried++
		}
	}
	if tried != 5 {
		t.Errorf("%d of ten guesses at once were tried, want 5", tried)
	}
}

func TestNewDevicesAreToldOf(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	sent := func() (n int) {
		for _, m := range d.mails() {
			if m.Template == poa.MailNewDevice {
				n++
			}
		}
		return n
	}
	if sent() != 0 {
		t.Error("the first browser was told of")
	}
	in := poa.SignInInput{Email: adminEmail, Password: password, Browser: poa.Browser{Agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"}}
	done, err := d.access.SignIn(t.Context(), in)
	must(t, err)
	if m := d.mailTo(adminEmail, poa.MailNewDevice); m.Values["device"] != "Chrome, Windows" || sent() != 1 {
		t.Errorf("told of %q, %d times", m.Values["device"], sent())
	}
	in.Device = done.Device
	again, err := d.access.SignIn(t.Context(), in)
	if err != nil || again.Device != done.Device || sent() != 1 {
		t.Errorf("a known browser: %v, told of %d times", err, sent())
	}
}

// TestStaffEnrolFirst: whoever must have a second factor and has none is nobody
// until it is added.
func TestStaffEnrolFirst(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	wantCode(t, d.access.ResetFactors(ctx, d.reception, newKey(), d.auditor.ID), poa.CodeForbidden)
	wantCode(t, d.access.ResetFactors(ctx, d.serviceOwner, newKey(), d.serviceOwner.ID), poa.CodeForbidden)
	wantCode(t, d.access.ResetFactors(ctx, d.serviceOwner, newKey(), d.admin.ID), poa.CodeNotFound)
	must(t, d.access.ResetFactors(ctx, d.serviceOwner, newKey(), d.reception.ID))
	d.mailTo("reception@ininjo.example", poa.MailFactorReset)
	enrolling := d.in("reception@ininjo.example")
	if enrolling.Kind != poa.ActorAnonymous || enrolling.Enrolling != d.reception.ID {
		t.Fatalf("came in as %+v", enrolling)
	}
	wantCode(t, d.enrollment.Confirm(ctx, enrolling, d.confirmation(d.delegator.PartyID)), poa.CodeUnauthenticated)
	_, err := d.access.Sessions(ctx, enrolling)
	wantCode(t, err, poa.CodeUnauthenticated)
	_, err = d.access.ConfirmTOTP(ctx, enrolling, "000000", "")
	wantCode(t, err, poa.CodeCodeWrong)
	if codes := d.enrols(enrolling); len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	now := d.session(enrolling)
	if now.Kind != poa.ActorStaff || !now.HasRole(poa.RoleReception) {
		t.Errorf("then %+v", now)
	}
	wantCode(t, d.access.RemoveTOTP(ctx, now, "a wrong password"), poa.CodePasswordWrong)
	wantCode(t, d.access.RemoveTOTP(ctx, now, password), poa.CodeFactorObligatory)
	if diff := cmp.Diff([]string{"FACTOR_OBLIGATORY", "PASSWORD_WRONG"}, d.outcomes(poa.ActionFactorRemoved)); diff != "" {
		t.Error(diff)
	}
}

func TestFactorsAreRemovedByPassword(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	_, err := d.access.MakeRecoveryCodes(ctx, d.admin, password)
	wantCode(t, err, poa.CodeFactorMissing)
	d.enrols(d.admin)
	codes, err := d.access.MakeRecoveryCodes(ctx, d.admin, password)
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	must(t, d.access.RemoveTOTP(ctx, d.admin, password))
	d.mailTo(adminEmail, poa.MailFactorRemoved)
	of, err := d.access.Security(ctx, d.admin)
	if err != nil || of.Factors.Any() || of.Factors.RecoveryLeft != 0 {
		t.Errorf("%+v, %v", of.Factors, err)
	}
	wantCode(t, d.access.RemoveTOTP(ctx, d.admin, password), poa.CodeNotFound)
}

func TestForgottenPasswords(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	ask := func(email string) []string {
		before := len(d.data.Jobs(t))
		must(t, d.access.ForgotPassword(ctx, poa.Anonymous("ja"), poa.ForgotPasswordInput{Email: email}))
		var kinds []string
		for _, job := range d.data.Jobs(t)[before:] {
			kinds = append(kinds, job.Kind)
			if id, found := strings.CutPrefix(string(job.Args), `{"requestId":"`); found || strings.Contains(string(job.Args), email) {
				must(t, d.access.AnswerPasswordRequest(ctx, strings.TrimSuffix(id, `"}`)))
				must(t, d.access.AnswerPasswordRequest(ctx, strings.TrimSuffix(id, `"}`)))
			}
		}
		return kinds
	}
	if known, unknown := ask(adminEmail), ask("nobody@example.jp"); !cmp.Equal(known, unknown) || len(known) != 1 {
		t.Errorf("an account enqueues %v, nobody %v", known, unknown)
	}
	other := d.in(adminEmail)
	link := tokenOf(d.mailTo(adminEmail, poa.MailSetPassword).Values["link"])
	device, err := d.access.SetPassword(ctx, poa.Anonymous("ja"), poa.SetPasswordInput{Token: link, Password: "another long password"}, poa.Browser{Agent: "Firefox/1"})
	must(t, err)
	for range 7 { // somebody else guesses; the browser that followed the link comes in
		_, err := d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: "a wrong password"})
		if err == nil {
			t.Error("a wrong password came in")
		}
	}
	_, err = d.access.SignIn(ctx, poa.SignInInput{Email: adminEmail, Password: "another long password", Browser: poa.Browser{Agent: "Firefox/1", Device: device}})
	must(t, err)
	if d.session(other).ID != "" || d.session(d.admin).ID != "" {
		t.Error("sessions outlived the password")
	}
	wantCode(t, d.enrollment.SetPassword(ctx, poa.Anonymous("ja"), poa.SetPasswordInput{Token: link, Password: password}), poa.CodeLinkOver)
	d.mailTo(adminEmail, poa.MailPasswordChanged)
	before := len(d.mails())
	for range 9 {
		ask(adminEmail)
	}
	if sent := len(d.mails()) - before; sent != 4 {
		t.Errorf("ten wishes sent %d links", sent+1)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx := t.Context()
	second, third := d.in(adminEmail), d.in(adminEmail)
	list, err := d.access.Sessions(ctx, d.admin)
	if err != nil || len(list) != 3 || list[0].Agent != "Firefox/1 Linux" {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	wantCode(t, d.access.EndSession(ctx, d.reception, second.SessionID), poa.CodeNotFound)
	must(t, d.access.EndSession(ctx, d.admin, second.SessionID))
	if d.session(second).ID != "" || d.session(third).ID == "" {
		t.Error("the wrong session ended, or none")
	}
	d.clock.Advance(61 * time.Second)
	d.session(third)
	list, err = d.access.Sessions(ctx, d.admin)
	must(t, err)
	for _, s := range list {
		if seen := s.SeenAt.Equal(d.clock.Now().Truncate(time.Minute)); seen != (s.ID == third.SessionID) {
			t.Errorf("%s was seen %v", s.ID, s.SeenAt)
		}
	}
	must(t, d.access.EndOtherSessions(ctx, d.admin))
	if d.session(third).ID != "" || d.session(d.admin).ID == "" {
		t.Error("the others did not end, or the own one did")
	}
	d.data.Exec(t, "UPDATE accounts SET disabled_at = '2026-01-01' WHERE id = '"+d.admin.ID+"'")
	if d.session(d.admin).ID != "" {
		t.Error("a disabled account's session holds")
	}
}

// FuzzRecoveryCode: whatever is typed is a code of ten symbols or none.
func FuzzRecoveryCode(f *testing.F) {
	for _, seed := range []string{"ABCDE-FGHJK", "abcde fghjk", "Il0o1-11111", "", "ABCDE-FGHJKL", "あいうえお"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if poa.IsRecoveryCode(text) != poa.IsRecoveryCode(strings.ToLower(text)) {
			t.Errorf("%q in another case", text)
		}
	})
}

// BenchmarkSignIn measures everything of a sign-in but argon2id.
func BenchmarkSignIn(b *testing.B) {
	d := newDoor(b)
	for b.Loop() {
		if _, err := d.access.SignIn(context.Background(), poa.SignInInput{Email: adminEmail, Password: password}); err != nil {
			b.Fatal(err)
		}
	}
}
