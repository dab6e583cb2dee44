// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"ininjo/poa"
)

// searchParties is the kind of search hashes of parties.
const searchParties = "party"

// InsertParty stores an application.
func (t *tx) InsertParty(ctx context.Context, p poa.Party) error {
	if err := t.db.seal.Create(ctx, accountSubject(p.ID)); err != nil {
		return fmt.Errorf("inserting party: %w", err)
	}
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(p.ID), "parties", "sealed", p.ID, p.Profile)
	if err != nil {
		return fmt.Errorf("inserting party: %w", err)
	}
	row := partyRow{ID: p.ID, Role: string(p.Role), Kind: string(p.Kind), State: string(p.State), Number: p.Number, Sealed: sealed, Language: p.Language,
		TermsID: nullText(p.TermsID), AppliedAt: p.AppliedAt.UTC(), DecidedAt: nullTime(p.DecidedAt), NameShown: p.NameShown,
		Version: p.Version, ProvedAt: nullTime(p.ProvedAt), EnteredBy: nullText(p.EnteredBy), CameBy: nullText(p.CameBy)}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting party")
	}
	return t.indexSearch(ctx, searchParties, p.ID, partyTexts(p.Profile)...)
}

// partyTexts are what a party is searched by.
func partyTexts(p poa.Profile) []string { return []string{p.Name, p.Address, p.Representative.Name} }

// DecideParty moves an applied party to ACTIVE or REFUSED.
func (t *tx) DecideParty(ctx context.Context, id string, s poa.EnrollmentState, at time.Time) error {
	if s != poa.EnrollmentActive && s != poa.EnrollmentRefused {
		return fmt.Errorf("deciding party: %s is not a decision", s)
	}
	res, err := t.q.NewUpdate().Model((*partyRow)(nil)).Set("state = ?", string(s)).Set("decided_at = ?", at.UTC()).
		Where("id = ? AND state = ?", id, string(poa.EnrollmentApplied)).Exec(ctx)
	return changed(res, err, "deciding party")
}

// InsertPartyRefusals stores why an application was refused.
func (t *tx) InsertPartyRefusals(ctx context.Context, partyID string, refusals []poa.Refusal) error {
	if len(refusals) == 0 {
		return nil
	}
	before, err := t.q.NewSelect().Model((*partyRefusalRow)(nil)).Where("party_id = ?", partyID).Count(ctx) // of an earlier application
	if err != nil {
		return failed(err, "counting refusals")
	}
	rows := make([]partyRefusalRow, len(refusals))
	for i, refusal := range refusals {
		ordinal := int(before) + i
		sealed, err := t.db.seal.SealJSON(ctx, accountSubject(partyID), "party_refusals", "sealed", refusalRowKey(partyID, ordinal), refusal.Note)
		if err != nil {
			return fmt.Errorf("inserting refusals: %w", err)
		}
		rows[i] = partyRefusalRow{PartyID: partyID, Ordinal: ordinal, Code: string(refusal.Code), Field: texts(refusal.Field), Sealed: sealed, At: refusal.At.UTC()}
	}
	_, err = t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting refusals")
}

func refusalRowKey(partyID string, ordinal int) string { return partyID + "/" + strconv.Itoa(ordinal) }

// InsertConfirmation stores what reception compared an applicant with.
func (t *tx) InsertConfirmation(ctx context.Context, c poa.Confirmation) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(c.PartyID), "confirmations", "sealed", c.ID, c.Says)
	if err != nil {
		return fmt.Errorf("inserting confirmation: %w", err)
	}
	day := time.Date(c.DocumentDate.Year, c.DocumentDate.Month, c.DocumentDate.Day, 0, 0, 0, 0, time.UTC)
	row := confirmationRow{ID: c.ID, PartyID: c.PartyID, Document: string(c.Document), DocumentDate: day, Sealed: sealed,
		ConfirmedBy: c.ConfirmedBy, ConfirmedAt: c.ConfirmedAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting confirmation")
}
