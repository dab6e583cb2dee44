// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"errors"
	"math/big"
	"time"

	"github.com/uptrace/bun"
)

// revocationListRow is the newest list of a series that any process has seen.
type revocationListRow struct {
	bun.BaseModel `bun:"table:revocation_lists,alias:l"`

	Series     []byte    `bun:"series,pk"`
	Number     *string   `bun:"number"`
	ThisUpdate time.Time `bun:"this_update"`
	SeenAt     time.Time `bun:"seen_at"`
}

// SeenRevocationList remembers a list of revoked certificates, unless a newer one
// of its series was seen by any process: then it reports so, and the list must
// not be taken. A number of nil is that of a list without one.
func (d *DB) SeenRevocationList(ctx context.Context, series [32]byte, number *big.Int, thisUpdate time.Time) (outdated bool, err error) {
	row := revocationListRow{Series: series[:], ThisUpdate: thisUpdate.UTC(), SeenAt: d.clock.Now().UTC()}
	if number != nil {
		text := number.String()
		row.Number = &text
	}
	same, outdated, err := d.compareRevocationList(ctx, row)
	if same || outdated || err != nil {
		return outdated, err
	}
	// Of two at once the newer stays; the one that lost is told below.
	_, err = d.bun.NewInsert().Model(&row).On("CONFLICT (series) DO UPDATE").Set("number = EXCLUDED.number").Set("this_update = EXCLUDED.this_update").Set("seen_at = EXCLUDED.seen_at").
		Where("EXCLUDED.this_update >= l.this_update AND (l.number IS NULL OR EXCLUDED.number >= l.number)").Exec(ctx)
	if err != nil {
		return false, failed(err, "remembering a list of revoked certificates")
	}
	_, outdated, err = d.compareRevocationList(ctx, row)
	return outdated, err
}

// compareRevocationList reports whether the list is the newest that was seen, and
// whether a newer one was. One without a number is outdated by any with one.
func (d *DB) compareRevocationList(ctx context.Context, row revocationListRow) (same, outdated bool, err error) {
	err = d.bun.NewSelect().Model((*revocationListRow)(nil)).
		ColumnExpr("l.this_update = ? AND l.number IS NOT DISTINCT FROM ?::numeric", row.ThisUpdate, row.Number).
		ColumnExpr("l.this_update > ? OR coalesce(l.number > ?::numeric, l.number IS NOT NULL)", row.ThisUpdate, row.Number).
		Where("l.series = ?", row.Series).Scan(ctx, &same, &outdated)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return same, outdated, failed(err, "reading the newest list of revoked certificates")
}
