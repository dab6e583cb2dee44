// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

func TestParties(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p, a := insertParty(t, d, poa.PartyDelegator, "A-1", "Taro@Example.co.jp")
	c := poa.Confirmation{ID: poa.NewID(poa.PrefixRegister), PartyID: p.ID, Document: poa.RegisterCertificate, DocumentDate: poa.Date{Year: 2026, Month: 5, Day: 31},
		Says: poa.RegisterEntry{Name: "株式会社見本商事", RepresentativeName: "山田 太郎"}, ConfirmedBy: "stf_1", ConfirmedAt: d.Clock.Now()}
	newer := c
	newer.ID, newer.ConfirmedAt = poa.NewID(poa.PrefixRegister), c.ConfirmedAt.Add(time.Hour)
	refusals := []poa.Refusal{{Code: poa.CodeContentUnclear, Field: []string{"name"}, Note: "山田様の役職をご確認ください", At: d.Clock.Now()}, {Code: poa.CodeNotConfirmed, At: d.Clock.Now()}}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertConfirmation(ctx, newer), tx.InsertConfirmation(ctx, c), tx.InsertPartyRefusals(ctx, p.ID, refusals))
	})

	got, err := d.DB.Delegator(t.Context(), p.ID)
	if diff := cmp.Diff(poa.Delegator{Party: p, Confirmation: &newer}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := d.DB.Recipient(t.Context(), p.ID); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("a delegator read as recipient: %v", err)
	}
	kept, err := d.DB.PartyRefusals(t.Context(), p.ID)
	if diff := cmp.Diff(refusals, kept); err != nil || diff != "" {
		t.Error(err, diff)
	}
	account, err := d.DB.AccountByEmail(t.Context(), "taro@example.co.jp")
	if diff := cmp.Diff(a, account); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestDecideParty(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p, _ := insertParty(t, d, poa.PartyRecipient, "R-1", "a@example.com")
	decide := func(s poa.EnrollmentState) error {
		return d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.DecideParty(ctx, p.ID, s, d.Clock.Now()) })
	}
	if err := decide(poa.EnrollmentEnded); err == nil {
		t.Error("an applied party was ended")
	}
	if err := decide(poa.EnrollmentActive); err != nil {
		t.Fatal(err)
	}
	if err := decide(poa.EnrollmentRefused); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("decided twice: %v", err)
	}
	got, err := d.DB.Recipient(t.Context(), p.ID)
	if err != nil || got.State != poa.EnrollmentActive || !got.DecidedAt.Equal(d.Clock.Now()) {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestEmailSignsInOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	insertParty(t, d, poa.PartyDelegator, "A-1", "one@example.com")
	p := sampleParty(poa.PartyRecipient, "R-1", d.Clock.Now())
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		if err := tx.InsertParty(ctx, p); err != nil {
			return err
		}
		return tx.InsertAccount(ctx, sampleAccount(p, "ONE@example.com"))
	})
	var faults poa.Faults
	if !errors.As(err, &faults) || faults[0].Code != poa.CodeEmailTaken {
		t.Errorf("got %v", err)
	}
	if _, err := d.DB.Recipient(t.Context(), p.ID); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("the party stayed: %v", err)
	}
}

func TestPartyLists(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var ids []string
	for i := range 5 {
		p := sampleParty(poa.PartyDelegator, fmt.Sprintf("A-%d", i), d.Clock.Now().Add(time.Duration(i/2)*time.Minute))
		p.ID = fmt.Sprintf("dgr_%d", i) // pairs share an instant: the ID breaks the tie
		p.Profile.Name = fmt.Sprintf("株式会社試験%d工業", i)
		inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.InsertParty(ctx, p) })
		ids = append(ids, p.ID)
	}
	list := func(t *testing.T, f poa.PartyFilter, o poa.Order, p poa.Page) ([]string, poa.List[poa.Delegator]) {
		t.Helper()
		l, err := d.DB.Delegators(t.Context(), f, o, p)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, item := range l.Items {
			got = append(got, item.ID)
		}
		return got, l
	}
	t.Run("pages forwards", func(t *testing.T) {
		t.Parallel()
		got, page := list(t, poa.PartyFilter{}, poa.Order{}, poa.Page{First: 2})
		if diff := cmp.Diff([]string{ids[4], ids[3]}, got); diff != "" || !page.HasNext || page.HasPrevious || page.Total != 5 {
			t.Error(diff, page.HasNext, page.HasPrevious, page.Total)
		}
		got, page = list(t, poa.PartyFilter{}, poa.Order{}, poa.Page{First: 3, After: page.Cursors[1]})
		if diff := cmp.Diff([]string{ids[2], ids[1], ids[0]}, got); diff != "" || page.HasNext || !page.HasPrevious {
			t.Error(diff, page.HasNext, page.HasPrevious)
		}
	})
	t.Run("pages backwards", func(t *testing.T) {
		t.Parallel()
		got, page := list(t, poa.PartyFilter{}, poa.Order{Ascending: true}, poa.Page{Last: 2})
		if diff := cmp.Diff([]string{ids[3], ids[4]}, got); diff != "" || page.HasNext || !page.HasPrevious {
			t.Error(diff, page.HasNext, page.HasPrevious)
		}
		got, page = list(t, poa.PartyFilter{}, poa.Order{Ascending: true}, poa.Page{Last: 3, Before: page.Cursors[0]})
		if diff := cmp.Diff([]string{ids[0], ids[1], ids[2]}, got); diff != "" || !page.HasNext || page.HasPrevious {
			t.Error(diff, page.HasNext, page.HasPrevious)
		}
	})
	t.Run("a foreign cursor is refused", func(t *testing.T) {
		t.Parallel()
		_, err := d.DB.Delegators(t.Context(), poa.PartyFilter{}, poa.Order{}, poa.Page{First: 2, After: "x'; DROP"})
		if poa.CodeOf(err) != poa.CodeBadUserInput {
			t.Errorf("got %v", err)
		}
	})
	t.Run("filters and searches", func(t *testing.T) {
		t.Parallel()
		got, _ := list(t, poa.PartyFilter{Search: "試験3 工業"}, poa.Order{}, poa.Page{})
		if diff := cmp.Diff([]string{ids[3]}, got); diff != "" {
			t.Error(diff)
		}
		got, _ = list(t, poa.PartyFilter{States: []poa.EnrollmentState{poa.EnrollmentActive}, IDs: ids, Kind: poa.Corporation}, poa.Order{}, poa.Page{})
		if diff := cmp.Diff([]string{}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p, a := insertParty(t, d, poa.PartyRecipient, "R-1", "a@example.com")
	token := poa.Token{ID: poa.NewID(poa.PrefixToken), AccountID: a.ID, PartyID: p.ID, Kind: a.Kind, Name: "山田の試験用", Hash: sha256.Sum256([]byte("t")),
		Scope: poa.ScopeValidity, CreatedAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.InsertToken(ctx, token) })
	kept, err := d.DB.Tokens(t.Context(), p.ID)
	if diff := cmp.Diff([]poa.Token{token}, kept); err != nil || diff != "" {
		t.Error(err, diff)
	}
	actor, scope, err := d.DB.ActorByToken(t.Context(), token.Hash, d.Clock.Now())
	want := poa.Actor{Kind: poa.ActorRecipient, ID: a.ID, PartyID: p.ID, Member: poa.MemberAdministrator, Language: "ja", TokenID: token.ID}
	if diff := cmp.Diff(want, actor); err != nil || diff != "" || scope != poa.ScopeValidity {
		t.Error(err, diff, scope)
	}
	if kept, _ := d.DB.Tokens(t.Context(), p.ID); !kept[0].LastUsedAt.Equal(d.Clock.Now()) {
		t.Error("its use was not noted")
	}
	holds := func() bool {
		holding, err := d.DB.Holding(t.Context(), []string{token.ID, poa.NewID(poa.PrefixToken)})
		if err != nil || len(holding) > 1 {
			t.Errorf("holding are %v, %v", holding, err)
		}
		return holding[token.ID]
	}
	if !holds() {
		t.Error("among others it does not hold")
	}
	if _, _, err := d.DB.ActorByToken(t.Context(), token.Hash, token.ExpiresAt); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("it holds when over: %v", err)
	}
	revoke := func(owner string) error {
		return d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.RevokeToken(ctx, token.ID, owner, d.Clock.Now()) })
	}
	if err := revoke("rcp_other"); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("another party withdrew it: %v", err)
	}
	if err := revoke(p.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.DB.ActorByToken(t.Context(), token.Hash, d.Clock.Now()); !errors.Is(err, poa.ErrNotFound) || holds() {
		t.Errorf("it holds when withdrawn: %v", err)
	}
}

func TestStaffAndPasswords(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	staff := poa.Account{ID: poa.NewID(poa.PrefixStaff), Kind: poa.ActorStaff, Roles: []poa.Role{poa.RoleReception, poa.RoleMaintainer}, Name: "受付 花子",
		Email: "hanako@example.jp", TOTPSecret: "ABC", Language: "en", CreatedAt: d.Clock.Now()}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertAccount(ctx, staff), tx.SetPassword(ctx, staff.ID, "$argon2id$x"), appointed(ctx, tx, staff))
	})
	staff.PasswordHash, staff.PasswordChangedAt, staff.TOTPSince = "$argon2id$x", d.Clock.Now(), d.Clock.Now()
	all, err := d.DB.Accounts(t.Context(), "")
	if diff := cmp.Diff([]poa.Account{staff}, all); err != nil || diff != "" {
		t.Error(err, diff)
	}
	actor, err := d.DB.ActorByAccount(t.Context(), staff.ID)
	if err != nil || !actor.HasRole(poa.RoleMaintainer) || actor.Language != "en" {
		t.Errorf("%v, %+v", err, actor)
	}
	d.Exec(t, "UPDATE accounts SET disabled_at = created_at")
	if _, err := d.DB.ActorByAccount(t.Context(), staff.ID); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("disabled, and still acts: %v", err)
	}
}

// appointed gives an account the roles that it says it holds.
func appointed(ctx context.Context, tx poa.Tx, account poa.Account) error {
	for _, role := range account.Roles {
		a := poa.Appointment{ID: poa.NewID(poa.PrefixAppointment), AccountID: account.ID, Role: role, From: account.CreatedAt, AppointedBy: "system",
			Fitness: poa.Fitness{Items: poa.FitnessItems, Declared: true, On: poa.DateOf(account.CreatedAt), By: "system", At: account.CreatedAt}}
		if err := tx.InsertAppointment(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func TestLinks(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	l := poa.Link{ID: poa.NewID(poa.PrefixLink), Hash: sha256.Sum256([]byte("l")), Purpose: poa.LinkPassword, SubjectID: "acc_1", CreatedAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.InsertLink(ctx, l) })
	kept, err := d.DB.Link(t.Context(), l.ID)
	if diff := cmp.Diff(l, kept); err != nil || diff != "" {
		t.Error(err, diff)
	}
	actor, err := d.DB.ActorByLink(t.Context(), l.Hash, d.Clock.Now())
	if err != nil || actor.LinkID != l.ID || actor.Purpose != poa.LinkPassword || actor.Kind != poa.ActorAnonymous || actor.LinkUsed {
		t.Errorf("%v, %+v", err, actor)
	}
	use := func(at time.Time) error {
		return d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.UseLink(ctx, l.ID, at) })
	}
	if err := use(l.ExpiresAt); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("used when over: %v", err)
	}
	if err := use(d.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := use(d.Clock.Now()); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("used twice: %v", err)
	}
	if used, err := d.DB.ActorByLink(t.Context(), l.Hash, d.Clock.Now()); err != nil || !used.LinkUsed || used.LinkID != l.ID {
		t.Errorf("when used: %v, %+v", err, used)
	}
	if _, err := d.DB.ActorByLink(t.Context(), l.Hash, l.ExpiresAt); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("found when over: %v", err)
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p := poa.Published{ID: poa.NewID(poa.PrefixTerms), Kind: poa.TermsOfUse, Version: "1.0", Title: "利用約款", Body: "第1条", SHA256: sha256.Sum256([]byte("第1条")),
		EffectiveFrom: poa.Date{Year: 2026, Month: 6, Day: 1}, PublishedAt: d.Clock.Now()}
	insert := func(p poa.Published) error {
		return d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.InsertPublished(ctx, p) })
	}
	if err := insert(p); err != nil {
		t.Fatal(err)
	}
	all, err := d.DB.Published(t.Context())
	if diff := cmp.Diff([]poa.Published{p}, all); err != nil || diff != "" {
		t.Error(err, diff)
	}
	p.ID = poa.NewID(poa.PrefixTerms)
	if err := insert(p); !errors.Is(err, poa.ErrConflict) && poa.CodeOf(err) != poa.CodeConflict {
		t.Errorf("the same version twice: %v", err)
	}
}
