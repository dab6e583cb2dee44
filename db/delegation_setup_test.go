// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/poa"
)

// start is the instant at which the worlds of these tests begin.
var start = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// secretName is nowhere in the clear.
const secretName = "秘密野 丸子"

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a database with a delegator and a recipient under contract.
type world struct {
	*dbtest.Database
	delegator string
	recipient string
	account   string
	token     [32]byte
	tokenID   string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Database: dbtest.New(t), token: sha256.Sum256([]byte("a token")), tokenID: poa.NewID(poa.PrefixToken)}
	w.Clock.Set(start)
	w.delegator = w.party(t, poa.PartyDelegator)
	w.recipient = w.party(t, poa.PartyRecipient)
	w.account = w.newAccount(t, w.recipient, poa.ActorRecipient)
	w.newToken(t, w.tokenID, w.token, w.account, w.recipient, poa.ActorRecipient, poa.ScopeAll)
	return w
}

func (w *world) in(t failer, fn func(context.Context, poa.Tx) error) {
	t.Helper()
	if err := w.DB.InTx(context.Background(), fn); err != nil {
		t.Fatalf("transaction: %v", err)
	}
}

func (w *world) party(t failer, role poa.PartyRole) string {
	t.Helper()
	prefix := poa.PrefixDelegator
	if role == poa.PartyRecipient {
		prefix = poa.PrefixRecipient
	}
	id := poa.NewID(prefix)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(start))
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: id, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: id + "@example.com"}, Language: "ja", AppliedAt: start}),
			tx.DecideParty(ctx, id, poa.EnrollmentActive, start))
	})
	return id
}

func (w *world) newAccount(t failer, party string, kind poa.ActorKind) string {
	t.Helper()
	id := poa.NewID(poa.PrefixAccount)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertAccount(ctx, poa.Account{ID: id, PartyID: party, Kind: kind, Email: id + "@example.com", Language: "ja", CreatedAt: start})
	})
	return id
}

func (w *world) newToken(t failer, id string, hash [32]byte, account, party string, kind poa.ActorKind, scope poa.TokenScope) {
	t.Helper()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertToken(ctx, poa.Token{ID: id, AccountID: account, PartyID: party, Kind: kind, Name: "t", Hash: hash, Scope: scope,
			CreatedAt: start, ExpiresAt: start.AddDate(0, 0, 30)})
	})
}

func days(from, through int) poa.Term {
	first := poa.DateOf(start)
	return poa.Term{From: first.AddDays(from), Through: first.AddDays(through)}
}

// drafted inserts a draft and returns it.
func (w *world) drafted(t failer, delegator string, term poa.Term, replaces poa.DelegationID) poa.Delegation {
	t.Helper()
	d := poa.Delegation{ID: poa.NewDelegationID(), DelegatorID: delegator, State: poa.StateDrafted, Format: "XML", ValidFrom: term.From, ValidThrough: term.Through,
		Replaces: replaces, DraftedAt: w.Clock.Now(), DraftSHA256: sha256.Sum256([]byte("draft")), Contents: poa.Contents{
			Mandator: poa.Mandator{Kind: poa.Corporation, Name: "例社", RepresentativeName: secretName},
			Delegate: poa.Delegate{Name: "受任 太郎", Qualification: poa.TaxAccountant, Email: "taro@example.com"}, Powers: []string{"契約の締結"}}}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		var err error
		if d.StatusList, err = tx.AllocateStatusEntry(ctx); err != nil {
			return err
		}
		return tx.InsertDelegation(ctx, d, []byte("draft of "+secretName))
	})
	return d
}

// submitted inserts a delegation that was handed in and filed.
func (w *world) submitted(t failer, delegator string, term poa.Term, replaces poa.DelegationID) poa.Delegation {
	t.Helper()
	d, now := w.drafted(t, delegator, term, replaces), w.Clock.Now()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "D", poa.DateOf(now))
		d.Acknowledgement = &poa.Acknowledgement{Number: number, SubmittedAt: now, FileSHA256: sha256.Sum256([]byte("file")), VerifiedAt: now}
		d.State, d.FileSHA256 = poa.StateSubmitted, d.Acknowledgement.FileSHA256
		d.DelegateCertificateSHA256, d.DelegateCertifiedAt = sha256.Sum256([]byte("certificate")), now
		return errors.Join(err, tx.InsertHandedIn(ctx, poa.HandedIn{DelegationID: d.ID, CertificateSHA256: d.DelegateCertificateSHA256,
			Name: secretName, Address: "東京都", BirthDate: "1980-01-02", At: now}, []byte("signed challenge")),
			tx.Submit(ctx, d, []byte("file"), sha256.Sum256([]byte("content")), []poa.Check{{Kind: poa.CheckPath, Result: poa.CheckPassed, At: now}}))
	})
	return d
}

// accepted inserts an accepted delegation.
func (w *world) accepted(t failer, delegator string, term poa.Term) poa.Delegation {
	t.Helper()
	d := w.submitted(t, delegator, term, "")
	w.accept(t, d)
	return d
}

func (w *world) accept(t failer, d poa.Delegation) {
	t.Helper()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		now := w.Clock.Now()
		if err := tx.Accept(ctx, d.ID, now); err != nil {
			return err
		}
		_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: now, EventID: "evt_1"}, termOf(d), now)
		return err
	})
}

func termOf(d poa.Delegation) poa.Term { return poa.Term{From: d.ValidFrom, Through: d.ValidThrough} }

// append appends a fact at the world's instant.
func (w *world) append(t failer, d poa.Delegation, f poa.Fact) poa.Fact {
	t.Helper()
	f.DelegationID, f.EventID = d.ID, "evt_1"
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		var err error
		f, err = tx.AppendFact(ctx, f, termOf(d), w.Clock.Now())
		return err
	})
	return f
}
