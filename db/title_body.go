// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// bodyRow is a version of a professional body. It holds nothing personal.
type bodyRow struct {
	bun.BaseModel `bun:"table:professional_bodies,alias:b"`

	Qualification      string    `bun:"qualification,pk"`
	Version            int       `bun:"version,pk"`
	NameJA             string    `bun:"name_ja"`
	NameEN             string    `bun:"name_en"`
	SearchURL          string    `bun:"search_url"`
	Keys               []string  `bun:"search_keys,array"`
	NumberPattern      string    `bun:"number_pattern"`
	NumberExample      string    `bun:"number_example"`
	Uncertain          string    `bun:"uncertain"`
	Telephone          string    `bun:"telephone"`
	Usage              string    `bun:"usage_note"`
	Terms              string    `bun:"terms_note"`
	ConnectorPerSecond float64   `bun:"connector_per_second"`
	HandPerDay         int       `bun:"hand_per_day"`
	RecordedBy         string    `bun:"recorded_by"`
	RecordedAt         time.Time `bun:"recorded_at"`
}

func (r bodyRow) body() poa.ProfessionalBody {
	return poa.ProfessionalBody{Qualification: poa.Qualification(r.Qualification), Version: r.Version, NameJA: r.NameJA, NameEN: r.NameEN, SearchURL: r.SearchURL,
		Keys: fromTexts[poa.TitleKey](r.Keys), NumberPattern: r.NumberPattern, NumberExample: r.NumberExample, Uncertain: r.Uncertain, Telephone: r.Telephone,
		Usage: r.Usage, Terms: r.Terms, ConnectorPerSecond: r.ConnectorPerSecond, HandPerDay: r.HandPerDay, RecordedBy: r.RecordedBy, RecordedAt: r.RecordedAt.UTC()}
}

// InsertBody stores a version of a body; a version that is there is a conflict.
func (t *tx) InsertBody(ctx context.Context, b poa.ProfessionalBody) error {
	row := bodyRow{Qualification: string(b.Qualification), Version: b.Version, NameJA: b.NameJA, NameEN: b.NameEN, SearchURL: b.SearchURL, Keys: texts(b.Keys),
		NumberPattern: b.NumberPattern, NumberExample: b.NumberExample, Uncertain: b.Uncertain, Telephone: b.Telephone, Usage: b.Usage, Terms: b.Terms,
		ConnectorPerSecond: b.ConnectorPerSecond, HandPerDay: b.HandPerDay, RecordedBy: b.RecordedBy, RecordedAt: b.RecordedAt.UTC()}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting professional body")
}

// ProfessionalBodies returns the newest version of each body.
func (r reader) ProfessionalBodies(ctx context.Context) ([]poa.ProfessionalBody, error) {
	var rows []bodyRow
	err := r.q.NewSelect().Model(&rows).Where("b.version = (SELECT max(n.version) FROM professional_bodies n WHERE n.qualification = b.qualification)").Scan(ctx)
	return bodiesOf(rows), failed(err, "reading professional bodies")
}

// BodyVersions returns every version of a body, the newest first.
func (r reader) BodyVersions(ctx context.Context, q poa.Qualification) ([]poa.ProfessionalBody, error) {
	var rows []bodyRow
	err := r.q.NewSelect().Model(&rows).Where("b.qualification = ?", string(q)).OrderExpr("b.version DESC").Limit(poa.MaxPage).Scan(ctx)
	return bodiesOf(rows), failed(err, "reading professional body")
}

func bodiesOf(rows []bodyRow) []poa.ProfessionalBody {
	bodies := make([]poa.ProfessionalBody, len(rows))
	for i, r := range rows {
		bodies[i] = r.body()
	}
	return bodies
}
