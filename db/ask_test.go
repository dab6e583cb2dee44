// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/log"
)

func (w *world) credential() poa.Credential { return poa.Credential{TokenHash: w.token} }

func (w *world) inquiry(id poa.DelegationID) poa.Inquiry {
	now := w.Clock.Now()
	return poa.Inquiry{ID: poa.NewID(poa.PrefixInquiry), DelegationID: id, Mistyped: id == "", At: now, KnownAt: now, AnsweredAt: now}
}

func (w *world) ask(t failer, c poa.Credential, ids ...poa.DelegationID) []poa.Reading {
	t.Helper()
	var inquiries []poa.Inquiry
	for _, id := range ids {
		inquiries = append(inquiries, w.inquiry(id))
	}
	readings, err := w.DB.Ask(context.Background(), c, inquiries)
	if err != nil || len(readings) != len(ids) {
		t.Fatalf("asking: %d readings, %v", len(readings), err)
	}
	return readings
}

func (w *world) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.DB.Pool().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	filed := w.submitted(t, w.delegator, days(0, 5), "")
	w.Clock.Advance(time.Hour)
	suspension := w.append(t, d, poa.Fact{Kind: poa.FactSuspension, SuspensionID: "sus_1", Stands: true, From: w.Clock.Now(), Reason: poa.ReasonServiceReview})
	t.Run("reads known, unknown, unaccepted and mistyped in order", func(t *testing.T) {
		got := w.ask(t, w.credential(), d.ID, poa.NewDelegationID(), filed.ID, "", d.ID)
		var found []bool
		for _, r := range got {
			found = append(found, r.Found)
			if r.Asker.Kind != poa.ActorRecipient || r.Asker.PartyID != w.recipient || r.Asker.ID != w.account || !r.Active || r.LeafHash == [32]byte{} {
				t.Errorf("%+v", r)
			}
		}
		if diff := cmp.Diff([]bool{true, false, false, false, true}, found); diff != "" {
			t.Fatal(diff)
		}
		r := got[0]
		if s := r.Projection.StandingAt(w.Clock.Now()); s != (poa.Standing{Status: poa.StatusSuspended, Reason: poa.ReasonServiceReview, Version: 2}) {
			t.Error(s)
		}
		if r.FileSHA256 != nil || r.ContentSHA256 != nil || r.DelegateCertificateSHA256 != nil || r.Qualification != poa.TaxAccountant || !r.SignatureVerifiedAt.Equal(start) || r.Facts != nil {
			t.Errorf("%+v", r)
		}
		stored, err := w.DB.Projection(context.Background(), d.ID)
		if diff := cmp.Diff(stored, r.Projection); err != nil || diff != "" {
			t.Error(diff, err)
		}
		if n := w.count(t, "SELECT count(*) FROM inquiries WHERE recipient_id = $1 AND token_id = $2", w.recipient, w.tokenID); n != 5 {
			t.Errorf("%d inquiries", n)
		}
	})
	t.Run("reads the facts for a historical question", func(t *testing.T) {
		q := w.inquiry(d.ID)
		q.Historical, q.At = true, start.Add(time.Minute)
		got, err := w.DB.Ask(context.Background(), w.credential(), []poa.Inquiry{q})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w.facts(t, d.ID), got[0].Facts); diff != "" || got[0].Facts[1] != suspension {
			t.Error(diff)
		}
	})
	t.Run("keeps nothing of a mistyped ID", func(t *testing.T) {
		w.ask(t, w.credential(), "")
		if n := w.count(t, "SELECT count(*) FROM inquiries WHERE mistyped AND (delegation_id IS NOT NULL OR version IS NOT NULL)"); n != 0 {
			t.Errorf("%d texts", n)
		}
	})
	t.Run("the same ID is not inserted twice, and nothing of the others", func(t *testing.T) {
		before := w.count(t, "SELECT count(*) FROM inquiries")
		q := w.inquiry(d.ID)
		if _, err := w.DB.Ask(context.Background(), w.credential(), []poa.Inquiry{w.inquiry(d.ID), q, q}); !errors.Is(err, poa.ErrConflict) {
			t.Errorf("want a conflict, have %v", err)
		}
		if n := w.count(t, "SELECT count(*) FROM inquiries"); n != before {
			t.Errorf("%d inquiries, before %d", n, before)
		}
	})
	t.Run("a session asks as a token does", func(t *testing.T) {
		r := w.ask(t, poa.Credential{AccountID: w.account}, d.ID)[0]
		if !r.Found || r.Scope != poa.ScopeAll || r.Asker.PartyID != w.recipient {
			t.Errorf("%+v", r)
		}
	})
}

// TestDigestsToCompare: digests are read where one was given to compare with.
func TestDigestsToCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	file, given := sha256.Sum256([]byte("file")), make([]byte, sha256.Size)
	for _, c := range []struct {
		name                  string
		document, certificate []byte
	}{{"both", given, given}, {"a document's", given, nil}, {"a certificate's", nil, given}} {
		q := w.inquiry(d.ID)
		q.DocumentSHA256, q.DelegateCertificateSHA256 = c.document, c.certificate
		got, err := w.DB.Ask(t.Context(), w.credential(), []poa.Inquiry{w.inquiry(d.ID), q, w.inquiry(d.ID)})
		if err != nil {
			t.Fatal(err)
		}
		if r := got[1]; (string(r.FileSHA256) == string(file[:])) != (c.document != nil) || (r.ContentSHA256 != nil) != (c.document != nil) || (r.DelegateCertificateSHA256 != nil) != (c.certificate != nil) {
			t.Errorf("%s: %+v", c.name, r)
		}
		if got[0].FileSHA256 != nil || got[2].FileSHA256 != nil {
			t.Errorf("%s: digests nobody asked for", c.name)
		}
	}
}

// TestLeafHash computes the leaf hash of an inquiry from its row, as an auditor
// would.
func TestLeafHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	w.Clock.Advance(1234567 * time.Microsecond)
	digest := sha256.Sum256([]byte("a file"))
	q := w.inquiry(d.ID)
	q.Historical, q.AtGiven, q.At, q.Nonce, q.DocumentSHA256 = true, true, start, "番号1", digest[:]
	readings, err := w.DB.Ask(context.Background(), w.credential(), []poa.Inquiry{q})
	if err != nil {
		t.Fatal(err)
	}
	row := log.InquiryRow{InquiryID: q.ID}
	var document []byte
	err = w.DB.Pool().QueryRow(t.Context(), `SELECT answered_at, recipient_id, delegation_id, asked_at, known_at, document_sha256, nonce, version, mistyped
		FROM inquiries WHERE id = $1`, q.ID).Scan(&row.At, &row.RecipientID, &row.DelegationID, &row.AskedAt, &row.KnownAt, &document, &row.Nonce, &row.Version, &row.Mistyped)
	if err != nil {
		t.Fatal(err)
	}
	row.AnsweredAt, row.DocumentSHA256 = row.At, hex.EncodeToString(document)
	if !row.AskedAt.Equal(start) || row.Nonce != "番号1" || *row.Version != 1 || log.InquiryLeafHash(row) != readings[0].LeafHash {
		t.Errorf("%+v", row)
	}
}

func TestAskRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	hash := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
	read, delegators, gone := hash("read"), hash("delegator"), hash("withdrawn")
	w.newToken(t, poa.NewID(poa.PrefixToken), read, w.account, w.recipient, poa.ActorRecipient, poa.ScopeRead)
	account := w.newAccount(t, w.delegator, poa.ActorDelegator)
	w.newToken(t, poa.NewID(poa.PrefixToken), delegators, account, w.delegator, poa.ActorDelegator, poa.ScopeAll)
	withdrawn := poa.NewID(poa.PrefixToken)
	w.newToken(t, withdrawn, gone, w.account, w.recipient, poa.ActorRecipient, poa.ScopeAll)
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.RevokeToken(ctx, withdrawn, w.recipient, start) })

	type told struct {
		Kind   poa.ActorKind
		Scope  poa.TokenScope
		Active bool
	}
	for name, c := range map[string]struct {
		credential poa.Credential
		want       told
	}{
		"a foreign token":                {poa.Credential{TokenHash: hash("foreign")}, told{}},
		"a withdrawn token":              {poa.Credential{TokenHash: gone}, told{}},
		"an unknown account":             {poa.Credential{AccountID: "acc_x"}, told{}},
		"a token to read only":           {poa.Credential{TokenHash: read}, told{poa.ActorRecipient, poa.ScopeRead, true}},
		"a delegator's token":            {poa.Credential{TokenHash: delegators}, told{poa.ActorDelegator, poa.ScopeAll, true}},
		"a delegator's session":          {poa.Credential{AccountID: account}, told{poa.ActorDelegator, poa.ScopeAll, true}},
		"a token whose hash is no token": {poa.Credential{}, told{}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range w.ask(t, c.credential, d.ID, "") {
				if diff := cmp.Diff(c.want, told{r.Asker.Kind, r.Scope, r.Active}); diff != "" || r.Found || r.LeafHash != [32]byte{} {
					t.Errorf("%s: %+v", diff, r)
				}
			}
		})
	}
	t.Run("an expired token", func(t *testing.T) {
		w.Clock.Set(start.AddDate(0, 0, 30))
		if r := w.ask(t, w.credential(), d.ID)[0]; r.Asker.Kind != "" || r.Found {
			t.Errorf("%+v", r)
		}
		w.Clock.Set(start)
	})
	t.Run("a party whose contract ended", func(t *testing.T) {
		w.Exec(t, "UPDATE parties SET state = 'ENDED' WHERE id = '"+w.recipient+"'")
		if r := w.ask(t, w.credential(), d.ID)[0]; r.Asker.Kind != poa.ActorRecipient || r.Active || r.Found {
			t.Errorf("%+v", r)
		}
	})
	if n := w.count(t, "SELECT count(*) FROM inquiries"); n != 0 {
		t.Errorf("%d inquiries were recorded", n)
	}
}

// TestHistoryStands shows that the program's role can neither change nor delete
// what is history (design.md, rules 5 and 15).
func TestHistoryStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	w.ask(t, w.credential(), d.ID)
	statements := []string{"UPDATE facts SET stands = false", "UPDATE inquiries SET nonce = 'x'", "UPDATE delegations SET valid_through = valid_through + 1",
		"UPDATE delegations SET sealed = ''", "UPDATE delegation_files SET sealed = ''", "UPDATE projections SET valid_through = valid_through + 1", "TRUNCATE inquiries",
		"UPDATE outbox SET type = 'x'", "UPDATE refusals SET code = 'x'", "UPDATE attempts SET status = 200", "DELETE FROM inquiries_default",
		"UPDATE log_leaves SET leaf = leaf", "UPDATE log_runs SET leaves = leaves", "UPDATE log_nodes SET hash = hash", "UPDATE log_checkpoints SET signed = signed", "TRUNCATE log_leaves"}
	for _, table := range []string{"facts", "inquiries", "delegations", "projections", "delegation_files", "delegate_certificates", "refusals", "filing_checks",
		"outbox", "notices", "attempts", "announced", "status_list_entries", "watches", "endpoints", "streams", "log_leaves", "log_runs", "log_nodes", "log_checkpoints", "log_head"} {
		statements = append(statements, "DELETE FROM "+table)
	}
	for _, s := range statements {
		if _, err := w.DB.Pool().Exec(t.Context(), s, pgx.QueryExecModeSimpleProtocol); err == nil {
			t.Errorf("the program may: %s", s)
		} else if !isPermission(err) {
			t.Errorf("%s: %v", s, err)
		}
	}
}
