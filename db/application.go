// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

type partyVersionRow struct {
	bun.BaseModel `bun:"table:party_versions,alias:v"`

	ID        string    `bun:"id,pk"`
	PartyID   string    `bun:"party_id"`
	Version   int       `bun:"version"`
	Cause     string    `bun:"cause"`
	Number    string    `bun:"number"`
	Sealed    []byte    `bun:"sealed"`
	NameShown bool      `bun:"name_shown"`
	Language  string    `bun:"language"`
	TermsID   *string   `bun:"terms_id"`
	At        time.Time `bun:"at"`
}

type lookupRow struct {
	bun.BaseModel `bun:"table:party_lookups,alias:l"`

	ID      string    `bun:"id,pk"`
	PartyID string    `bun:"party_id"`
	Outcome string    `bun:"outcome"`
	Name    *string   `bun:"name"`
	Address *string   `bun:"address"`
	Sealed  []byte    `bun:"sealed"`
	At      time.Time `bun:"at"`
}

// LockParty reads a party and locks its row.
func (t *tx) LockParty(ctx context.Context, id string) (poa.Party, error) {
	var row partyRow
	if err := t.q.NewSelect().Model(&row).Where("id = ?", id).For("NO KEY UPDATE").Scan(ctx); err != nil {
		return poa.Party{}, failed(err, "locking party")
	}
	return t.toParty(ctx, row)
}

// RestateParty stores what a party states anew, with its search hashes:
// ErrConflict where another version came first.
func (t *tx) RestateParty(ctx context.Context, p poa.Party) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(p.ID), "parties", "sealed", p.ID, p.Profile)
	if err != nil {
		return fmt.Errorf("storing statement: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("sealed = ?", sealed).Set("language = ?", p.Language).Set("name_shown = ?", p.NameShown).
		Set("version = ?", p.Version).Where("id = ? AND version = ?", p.ID, p.Version-1).Exec(ctx)
	if err := changed(res, err, "storing statement"); err != nil {
		return err
	}
	_, err = t.q.NewDelete().Model((*gramRow)(nil)).Where("kind = ? AND subject_id = ?", searchParties, p.ID).Exec(ctx)
	if err != nil {
		return failed(err, "deleting search hashes")
	}
	return t.indexSearch(ctx, searchParties, p.ID, partyTexts(p.Profile)...)
}

// ReopenParty moves a refused or withdrawn application back to APPLIED.
func (t *tx) ReopenParty(ctx context.Context, id, number, termsID string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("state = ?", string(poa.EnrollmentApplied)).Set("decided_at = NULL").Set("applied_at = ?", at.UTC()).
		Set("number = ?", number).Set("terms_id = ?", nullText(termsID)).Set("entered_by = NULL").Set("came_by = NULL").
		Where("id = ?", id).Where("state IN (?, ?)", string(poa.EnrollmentRefused), string(poa.EnrollmentWithdrawn)).Exec(ctx)
	return changed(res, err, "reopening application")
}

// WithdrawParty moves an applied party to WITHDRAWN.
func (t *tx) WithdrawParty(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("state = ?", string(poa.EnrollmentWithdrawn)).Set("decided_at = ?", at.UTC()).
		Where("id = ? AND state = ?", id, string(poa.EnrollmentApplied)).Exec(ctx)
	return changed(res, err, "withdrawing application")
}

// UnprovedApplications returns applications from before the instant that wait for
// the proof of their e-mail address, the oldest first.
func (r reader) UnprovedApplications(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var found []string
	err := r.q.NewSelect().Model((*partyRow)(nil)).Column("id").
		Where("state = ?", string(poa.EnrollmentApplied)).Where("proved_at IS NULL").Where("applied_at < ?", before.UTC()).
		OrderExpr("applied_at, id").Limit(int64(limit)).Scan(ctx, &found)
	return found, failed(err, "reading unproved applications")
}

// ProveParty records that the e-mail address was proved, once.
func (t *tx) ProveParty(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("proved_at = ?", at.UTC()).Where("id = ?", id).Where("proved_at IS NULL").Exec(ctx)
	return changed(res, err, "proving address")
}

// MarkProofSent records that a link goes out; ErrConflict where one went out
// after the instant.
func (t *tx) MarkProofSent(ctx context.Context, id string, after, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("proof_sent_at = ?", at.UTC()).Where("id = ?", id).
		Where("proof_sent_at IS NULL OR proof_sent_at <= ?", after.UTC()).Exec(ctx)
	return changed(res, err, "recording a link")
}

// InsertPartyVersion keeps what a party stated.
func (t *tx) InsertPartyVersion(ctx context.Context, v poa.PartyVersion) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(v.PartyID), "party_versions", "sealed", v.ID, v.Profile)
	if err != nil {
		return fmt.Errorf("inserting version: %w", err)
	}
	row := partyVersionRow{ID: v.ID, PartyID: v.PartyID, Version: v.Version, Cause: string(v.Cause), Number: v.Number, Sealed: sealed,
		NameShown: v.NameShown, Language: v.Language, TermsID: nullText(v.TermsID), At: v.At.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting version")
}

// PartyVersions lists what a party stated, the newest first.
func (r reader) PartyVersions(ctx context.Context, partyID string, limit int) ([]poa.PartyVersion, error) {
	var rows []partyVersionRow
	if err := r.q.NewSelect().Model(&rows).Where("party_id = ?", partyID).Order("version DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "reading versions")
	}
	versions := make([]poa.PartyVersion, len(rows))
	for i, row := range rows {
		versions[i] = poa.PartyVersion{ID: row.ID, PartyID: row.PartyID, Version: row.Version, Cause: poa.VersionCause(row.Cause), Number: row.Number,
			NameShown: row.NameShown, Language: row.Language, TermsID: fromNullText[string](row.TermsID), At: row.At.UTC()}
		if err := r.openUnlessErased(ctx, accountSubject(partyID), "party_versions", row.ID, row.Sealed, &versions[i].Profile); err != nil {
			return nil, err
		}
	}
	return versions, nil
}

// InsertLookup keeps what was published of a party's corporate number.
func (t *tx) InsertLookup(ctx context.Context, partyID string, l poa.Lookup) error {
	id := poa.NewID(poa.PrefixLookup)
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(partyID), "party_lookups", "sealed", id, l.Published)
	if err != nil {
		return fmt.Errorf("inserting lookup: %w", err)
	}
	row := lookupRow{ID: id, PartyID: partyID, Outcome: string(l.Outcome), Name: nullText(l.Name), Address: nullText(l.Address), Sealed: sealed, At: l.At.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting lookup")
}

// PartyLookup returns what was published when the party last stated its number.
func (r reader) PartyLookup(ctx context.Context, partyID string) (poa.Lookup, error) {
	var row lookupRow
	if err := r.q.NewSelect().Model(&row).Where("party_id = ?", partyID).Order("at DESC", "id DESC").Limit(1).Scan(ctx); err != nil {
		return poa.Lookup{}, failed(err, "reading lookup")
	}
	l := poa.Lookup{Outcome: poa.LookupOutcome(row.Outcome), Name: fromNullText[kanji.Result](row.Name), Address: fromNullText[kanji.Result](row.Address), At: row.At.UTC()}
	return l, r.openUnlessErased(ctx, accountSubject(partyID), "party_lookups", row.ID, row.Sealed, &l.Published)
}

// MoveAccount gives the party's account that signs in with an address another.
func (t *tx) MoveAccount(ctx context.Context, partyID, from, to string) error {
	var row accountRow
	err := t.q.NewSelect().Model(&row).Where("party_id = ? AND email_hash = ?", partyID, t.emailHash(from)).For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return failed(err, "reading account")
	}
	var person accountPerson
	if err := t.db.seal.OpenJSON(ctx, accountSubject(partyID), "accounts", "sealed", row.ID, row.Sealed, &person); err != nil {
		return err
	}
	person.Email = to
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(partyID), "accounts", "sealed", row.ID, person)
	if err != nil {
		return fmt.Errorf("moving account: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*accountRow)(nil)).Set("sealed = ?", sealed).Set("email_hash = ?", t.emailHash(to)).Where("id = ?", row.ID).Exec(ctx)
	return changed(res, err, "moving account")
}

// NewestCase returns the newest case of a subject, open or closed.
func (r reader) NewestCase(ctx context.Context, kind poa.CaseKind, subjectID string) (poa.Case, error) {
	var row caseRow
	err := r.q.NewSelect().Model(&row).Where("c.kind = ? AND c.subject_id = ?", string(kind), subjectID).OrderExpr("(c.closed_at IS NULL) DESC, c.opened_at DESC, c.id DESC").Limit(1).Scan(ctx)
	if err != nil {
		return poa.Case{}, failed(err, "reading case")
	}
	return row.toCase(), nil
}
