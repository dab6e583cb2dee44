// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// factRow is a line of a delegation's history. Its JSON is what the validity
// read returns of it for a historical question.
type factRow struct {
	bun.BaseModel `bun:"table:facts,alias:f" json:"-"`

	DelegationID string     `bun:"delegation_id,pk" json:"delegation_id"`
	Version      int        `bun:"version,pk" json:"version"`
	Kind         string     `bun:"kind" json:"kind"`
	SuspensionID string     `bun:"suspension_id" json:"suspension_id"`
	Stands       bool       `bun:"stands" json:"stands"`
	From         time.Time  `bun:"effective_from" json:"effective_from"`
	Until        *time.Time `bun:"effective_until" json:"effective_until"`
	RecordedAt   time.Time  `bun:"recorded_at" json:"recorded_at"`
	Reason       string     `bun:"reason" json:"reason"`
	EventID      string     `bun:"event_id" json:"event_id"`
}

func (r factRow) fact() poa.Fact {
	return poa.Fact{DelegationID: poa.DelegationID(r.DelegationID), Version: r.Version, Kind: poa.FactKind(r.Kind), SuspensionID: r.SuspensionID,
		Stands: r.Stands, From: r.From.UTC(), Until: fromNullTime(r.Until), RecordedAt: r.RecordedAt.UTC(),
		Reason: poa.ValidityReason(r.Reason), EventID: r.EventID}
}

func factsOf(rows []factRow) []poa.Fact {
	facts := make([]poa.Fact, len(rows))
	for i, r := range rows {
		facts[i] = r.fact()
	}
	return facts
}

// Facts returns the whole history in the order of its versions.
func (r reader) Facts(ctx context.Context, id poa.DelegationID) ([]poa.Fact, error) {
	var rows []factRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id = ?", string(id)).OrderExpr("version").Scan(ctx); err != nil {
		return nil, failed(err, "reading facts")
	}
	return factsOf(rows), nil
}

// AppendFact appends a fact under the delegation's row lock, which it takes
// where the caller has not: it draws the version without gaps and the instant
// of recording, and brings the projection up to date.
func (t *tx) AppendFact(ctx context.Context, f poa.Fact, term poa.Term, now time.Time) (poa.Fact, error) {
	d, err := t.lockRow(ctx, f.DelegationID, "NO KEY UPDATE")
	if err != nil {
		return poa.Fact{}, err
	}
	facts, err := t.Facts(ctx, f.DelegationID)
	if err != nil {
		return poa.Fact{}, err
	}
	if f, err = nextFact(facts, f, now); err != nil {
		return poa.Fact{}, err
	}
	row := factRow{DelegationID: string(f.DelegationID), Version: f.Version, Kind: string(f.Kind), SuspensionID: f.SuspensionID, Stands: f.Stands,
		From: f.From, Until: nullTime(f.Until), RecordedAt: f.RecordedAt, Reason: string(f.Reason), EventID: f.EventID}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return poa.Fact{}, failed(err, "appending fact")
	}
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).Set("version = ?", f.Version).
		Where("id = ?", d.ID).Where("version = ?", f.Version-1).Exec(ctx)
	if err := changed(res, err, "appending fact"); err != nil {
		return poa.Fact{}, err
	}
	return f, t.project(ctx, d, append(facts, f), term)
}

// nextFact completes a fact. A history begins with its acceptance, and a second
// final act of a kind must take effect earlier than the first: two at once are
// one act and a conflict.
func nextFact(facts []poa.Fact, f poa.Fact, now time.Time) (poa.Fact, error) {
	if (len(facts) == 0) != (f.Kind == poa.FactAccepted) {
		return poa.Fact{}, poa.ErrConflict
	}
	f.From, f.Until = micros(f.From), micros(f.Until)
	f.Version, f.RecordedAt = 1, micros(now)
	for _, earlier := range facts {
		if f.Kind.Final() && earlier.Kind == f.Kind && !f.From.Before(earlier.From) {
			return poa.Fact{}, poa.ErrConflict
		}
		f.Version = earlier.Version + 1
		if !f.RecordedAt.After(earlier.RecordedAt) {
			f.RecordedAt = earlier.RecordedAt.Add(time.Microsecond)
		}
	}
	return f, nil
}

// micros is the instant as PostgreSQL keeps it.
func micros(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
