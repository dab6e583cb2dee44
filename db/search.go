// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type gramRow struct {
	bun.BaseModel `bun:"table:search_grams,alias:g"`

	Kind      string `bun:"kind,pk"`
	SubjectID string `bun:"subject_id,pk"`
	Gram      []byte `bun:"gram,pk"`
}

// indexSearch stores the search hashes of texts in the same transaction.
func (r reader) indexSearch(ctx context.Context, kind, subjectID string, texts ...string) error {
	var rows []gramRow
	for _, text := range texts {
		for _, gram := range r.db.seal.Grams(kind, text) {
			rows = append(rows, gramRow{Kind: kind, SubjectID: subjectID, Gram: gram})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := r.q.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
	return failed(err, "inserting search hashes")
}

// maxGrams bounds what one search asks for.
const maxGrams = 64

// matching keeps the rows whose texts have every bigram of the search. It
// narrows: a row whose bigrams stand apart is found, too.
func (r reader) matching(q *bun.SelectQuery, kind, idColumn, search string) *bun.SelectQuery {
	if search == "" {
		return q
	}
	grams := r.db.seal.Grams(kind, search)
	if len(grams) == 0 {
		return q.Where("FALSE") // nothing but spaces: no text has it
	}
	grams = grams[:min(len(grams), maxGrams)]
	found := r.q.NewSelect().Model((*gramRow)(nil)).Column("subject_id").Where("kind = ? AND gram IN (?)", kind, bun.List(grams)).
		Group("subject_id").Having("count(*) = ?", len(grams))
	return q.Where("? IN (?)", bun.Ident(idColumn), found)
}

// rebuildBatch is how many rows are hashed in one transaction.
const rebuildBatch = 200

// RebuildSearch fills the table of search hashes again, which PostgreSQL
// empties after a crash. It adds what is missing and may run at any time.
func (d *DB) RebuildSearch(ctx context.Context) error {
	if err := d.rebuildParties(ctx); err != nil {
		return fmt.Errorf("rebuilding search of parties: %w", err)
	}
	return d.rebuildDelegations(ctx)
}

func (d *DB) rebuildParties(ctx context.Context) error {
	for after := ""; ; {
		var rows []partyRow
		if err := d.q.NewSelect().Model(&rows).Where("id > ?", after).Order("id").Limit(rebuildBatch).Scan(ctx); err != nil {
			return failed(err, "reading parties")
		}
		for _, row := range rows {
			p, err := d.toParty(ctx, row)
			if err == nil {
				err = d.indexSearch(ctx, searchParties, p.ID, partyTexts(p.Profile)...)
			}
			if err != nil {
				return err
			}
			after = row.ID
		}
		if len(rows) < rebuildBatch {
			return nil
		}
	}
}

// SearchIsEmpty tells that the search hashes were lost: there are parties, and
// none has any.
func (d *DB) SearchIsEmpty(ctx context.Context) (bool, error) {
	var lost bool
	err := d.q.NewRaw("SELECT EXISTS (SELECT FROM parties WHERE state <> ?) AND NOT EXISTS (SELECT FROM search_grams)", string(poa.EnrollmentEnded)).Scan(ctx, &lost)
	return lost, failed(err, "looking at search hashes")
}
