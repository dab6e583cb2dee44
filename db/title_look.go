// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

// lookRow is a look at a title. What was seen is sealed with the delegation's
// data key.
type lookRow struct {
	bun.BaseModel `bun:"table:title_looks,alias:l"`

	ID           string    `bun:"id,pk"`
	DelegationID string    `bun:"delegation_id"`
	Number       int       `bun:"number"`
	Round        int       `bun:"round"`
	Machine      bool      `bun:"by_connector"`
	By           string    `bun:"looked_by"`
	Standing     string    `bun:"standing"`
	Engaged      bool      `bun:"engaged"`
	Name         string    `bun:"name_result"`
	SamePerson   bool      `bun:"same_person"`
	SeenAt       time.Time `bun:"seen_at"`
	RecordedAt   time.Time `bun:"recorded_at"`
	EventID      string    `bun:"event_id"`
	Sealed       []byte    `bun:"sealed"`
}

// InsertLook appends a look under the title's lock, which the caller holds.
func (t *tx) InsertLook(ctx context.Context, l poa.TitleLook) error {
	earlier, err := t.q.NewSelect().Model((*lookRow)(nil)).Where("delegation_id = ?", string(l.DelegationID)).Count(ctx)
	if err != nil {
		return failed(err, "counting looks")
	}
	sealed, err := t.db.seal.SealJSON(ctx, subjectOf(l.DelegationID), "title_looks", "sealed", l.ID, l.Seen)
	if err != nil {
		return err
	}
	row := lookRow{ID: l.ID, DelegationID: string(l.DelegationID), Number: int(earlier) + 1, Round: l.Round, Machine: l.Machine, By: l.By, Standing: string(l.Standing),
		Engaged: l.Engaged, Name: string(l.Name), SamePerson: l.SamePerson, SeenAt: l.SeenAt.UTC(), RecordedAt: l.RecordedAt.UTC(), EventID: l.EventID, Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting look")
}

// Looks returns every look at a title, the oldest first.
func (r reader) Looks(ctx context.Context, id poa.DelegationID) ([]poa.TitleLook, error) {
	var rows []lookRow
	if err := r.q.NewSelect().Model(&rows).Where("l.delegation_id = ?", string(id)).OrderExpr("l.number").Scan(ctx); err != nil {
		return nil, failed(err, "reading looks")
	}
	looks := make([]poa.TitleLook, len(rows))
	for i, row := range rows {
		var err error
		if looks[i], err = r.look(ctx, row); err != nil {
			return nil, err
		}
	}
	return looks, nil
}

// look opens a row. Of an erased delegation what was seen is empty.
func (r reader) look(ctx context.Context, row lookRow) (poa.TitleLook, error) {
	l := poa.TitleLook{ID: row.ID, DelegationID: poa.DelegationID(row.DelegationID), Number: row.Number, Round: row.Round, Machine: row.Machine, By: row.By,
		Standing: poa.TitleStanding(row.Standing), Engaged: row.Engaged, Name: kanji.Result(row.Name), SamePerson: row.SamePerson, SeenAt: row.SeenAt.UTC(),
		RecordedAt: row.RecordedAt.UTC(), EventID: row.EventID}
	err := r.db.seal.OpenJSON(ctx, subjectOf(l.DelegationID), "title_looks", "sealed", row.ID, row.Sealed, &l.Seen)
	if errors.Is(err, ErrErased) {
		err = nil
	}
	return l, err
}
