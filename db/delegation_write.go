// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"ininjo/poa"
)

// LockDelegation reads the delegation and takes FOR NO KEY UPDATE on its row
// (design.md, rule 14).
func (t *tx) LockDelegation(ctx context.Context, id poa.DelegationID) (poa.Delegation, error) {
	return t.readLocked(ctx, id, "NO KEY UPDATE")
}

// ShareDelegation reads the delegation and takes FOR SHARE on its row: it waits
// for a change under way and keeps the next one waiting.
func (t *tx) ShareDelegation(ctx context.Context, id poa.DelegationID) (poa.Delegation, error) {
	return t.readLocked(ctx, id, "SHARE")
}

func (t *tx) readLocked(ctx context.Context, id poa.DelegationID, lock string) (poa.Delegation, error) {
	row, err := t.lockRow(ctx, id, lock)
	if err != nil {
		return poa.Delegation{}, err
	}
	return t.db.delegation(ctx, row)
}

// lockRow reads one row of one table: after waiting for the lock PostgreSQL
// reads that row again, but nothing that was joined to it.
func (t *tx) lockRow(ctx context.Context, id poa.DelegationID, lock string) (delegationRow, error) {
	var row delegationRow
	err := t.q.NewSelect().Model(&row).Where("d.id = ?", string(id)).For(lock).Scan(ctx)
	return row, failed(err, "locking delegation")
}

// InsertDelegation stores a draft: the delegation's data key first, then its
// row and the exact bytes to sign.
func (t *tx) InsertDelegation(ctx context.Context, d poa.Delegation, draft []byte) error {
	if err := t.db.seal.Create(ctx, subjectOf(d.ID)); err != nil {
		return err
	}
	row, err := t.db.sealedDelegation(ctx, d)
	if err != nil {
		return err
	}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting delegation")
	}
	if err := t.insertFile(ctx, d.ID, poa.FileDraft, 1, draft); err != nil {
		return err
	}
	return t.indexSearch(ctx, searchDelegations, string(d.ID), delegationTexts(d.Contents)...)
}

// Submit stores the filing of a draft.
func (t *tx) Submit(ctx context.Context, d poa.Delegation, file []byte, contentSHA256 [32]byte, checks []poa.Check) error {
	if d.Acknowledgement == nil {
		return fmt.Errorf("submitting delegation: it is not acknowledged")
	}
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).
		Set("state = ?", string(poa.StateSubmitted)).
		Set("filing_mode = ?", string(d.Mode)).
		Set("acknowledgement_number = ?", d.Acknowledgement.Number).
		Set("submitted_at = ?", d.Acknowledgement.SubmittedAt.UTC()).
		Set("signature_verified_at = ?", d.Acknowledgement.VerifiedAt.UTC()).
		Set("file_sha256 = ?", d.Acknowledgement.FileSHA256[:]).
		Set("content_sha256 = ?", contentSHA256[:]).
		Where("id = ?", string(d.ID)).Where("state = ?", string(poa.StateDrafted)).Exec(ctx)
	if err := changed(res, err, "submitting delegation"); err != nil {
		return err
	}
	if file != nil {
		if err := t.insertFile(ctx, d.ID, poa.FileSigned, 1, file); err != nil {
			return err
		}
	}
	return t.InsertChecks(ctx, d.ID, checks)
}

// Close ends a filing that was not accepted.
func (t *tx) Close(ctx context.Context, id poa.DelegationID, from, to poa.State, at time.Time) error {
	if !from.CanBecome(to) || to == poa.StateAccepted || to == poa.StateSubmitted {
		return poa.ErrConflict
	}
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).Set("state = ?", string(to)).Set("closed_at = ?", at.UTC()).
		Where("id = ?", string(id)).Where("state = ?", string(from)).Exec(ctx)
	return changed(res, err, "closing delegation")
}

// Accept moves a submitted filing to ACCEPTED. A second accepted replacement of
// the same delegation is a conflict.
func (t *tx) Accept(ctx context.Context, id poa.DelegationID, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).
		Set("state = ?", string(poa.StateAccepted)).Set("accepted_at = ?", at.UTC()).
		Where("id = ?", string(id)).Where("state = ?", string(poa.StateSubmitted)).Exec(ctx)
	return changed(res, err, "accepting delegation")
}
