// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type publishedRow struct {
	bun.BaseModel `bun:"table:published,alias:d"`

	ID            string    `bun:"id,pk"`
	Kind          string    `bun:"kind"`
	Version       string    `bun:"version"`
	Title         string    `bun:"title"`
	Body          string    `bun:"body"`
	SHA256        []byte    `bun:"sha256"`
	EffectiveFrom time.Time `bun:"effective_from,type:date"`
	PublishedAt   time.Time `bun:"published_at"`
}

// InsertPublished stores a version of a published document for good.
func (t *tx) InsertPublished(ctx context.Context, p poa.Published) error {
	day := time.Date(p.EffectiveFrom.Year, p.EffectiveFrom.Month, p.EffectiveFrom.Day, 0, 0, 0, 0, time.UTC)
	row := publishedRow{ID: p.ID, Kind: string(p.Kind), Version: p.Version, Title: p.Title, Body: p.Body, SHA256: p.SHA256[:], EffectiveFrom: day, PublishedAt: p.PublishedAt.UTC()}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "publishing document")
}

// Published returns every version of every published document, newest first.
func (r reader) Published(ctx context.Context) ([]poa.Published, error) {
	var rows []publishedRow
	if err := r.q.NewSelect().Model(&rows).Order("published_at DESC", "id DESC").Scan(ctx); err != nil {
		return nil, failed(err, "reading published documents")
	}
	documents := make([]poa.Published, len(rows))
	for i, row := range rows {
		digest, err := fromDigest(row.SHA256)
		if err != nil {
			return nil, err
		}
		documents[i] = poa.Published{ID: row.ID, Kind: poa.DocumentKind(row.Kind), Version: row.Version, Title: row.Title, Body: row.Body, SHA256: digest,
			EffectiveFrom: fromDay(&row.EffectiveFrom), PublishedAt: row.PublishedAt.UTC()}
	}
	return documents, nil
}
