// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type watchRow struct {
	bun.BaseModel `bun:"table:watches,alias:w"`

	ID           int64      `bun:"id,pk,autoincrement"`
	RecipientID  string     `bun:"recipient_id"`
	DelegationID string     `bun:"delegation_id"`
	Since        time.Time  `bun:"since"`
	SinceVersion int        `bun:"since_version"`
	EndedAt      *time.Time `bun:"ended_at"`
	// InquiryID is the inquiry by which the watch began, where one did.
	InquiryID *string `bun:"inquiry_id"`
}

// InsertWatch begins a watch. Where the recipient watches already, that watch
// goes on: it promises more.
func (t *tx) InsertWatch(ctx context.Context, w poa.Watch) error {
	row := watchRow{RecipientID: w.RecipientID, DelegationID: string(w.DelegationID), Since: w.Since.UTC(), SinceVersion: w.SinceVersion}
	_, err := t.q.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
	return failed(err, "inserting watch")
}

// DeleteWatch ends a watch; its row stays. Ending one that is not there does
// nothing.
func (t *tx) DeleteWatch(ctx context.Context, recipientID string, id poa.DelegationID) error {
	_, err := t.q.NewUpdate().Model((*watchRow)(nil)).Set("ended_at = ?", t.db.clock.Now().UTC()).
		Where("recipient_id = ?", recipientID).Where("delegation_id = ?", string(id)).Where("ended_at IS NULL").Exec(ctx)
	return failed(err, "ending watch")
}

// Watches lists a recipient's watches, the newest first.
func (r reader) Watches(ctx context.Context, recipientID string, limit int) ([]poa.Watch, error) {
	var rows []watchRow
	err := r.q.NewSelect().Model(&rows).Where("recipient_id = ?", recipientID).Where("ended_at IS NULL").
		OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading watches")
	}
	watches := make([]poa.Watch, len(rows))
	for i, row := range rows {
		watches[i] = poa.Watch{RecipientID: row.RecipientID, DelegationID: poa.DelegationID(row.DelegationID), Since: row.Since.UTC(), SinceVersion: row.SinceVersion}
	}
	return watches, nil
}

// Watching tells whether the recipient watches the delegation.
func (r reader) Watching(ctx context.Context, recipientID string, id poa.DelegationID) (bool, error) {
	found, err := r.q.NewSelect().Model((*watchRow)(nil)).Where("recipient_id = ?", recipientID).
		Where("delegation_id = ?", string(id)).Where("ended_at IS NULL").Exists(ctx)
	return found, failed(err, "reading watch")
}
