// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type checkRow struct {
	bun.BaseModel `bun:"table:filing_checks,alias:k"`

	ID           int64     `bun:"id,pk,autoincrement"`
	DelegationID string    `bun:"delegation_id"`
	Kind         string    `bun:"kind"`
	Result       string    `bun:"result"`
	Reason       string    `bun:"reason"`
	Reasons      []string  `bun:"reasons,array"`
	Note         []byte    `bun:"note"`
	At           time.Time `bun:"at"`
}

// place is where the note is sealed to.
func (r checkRow) place() string {
	return numbered(poa.DelegationID(r.DelegationID), r.Kind+" "+r.At.UTC().Format(time.RFC3339Nano))
}

// InsertChecks keeps what the checks of a filing found (3.1.2).
func (t *tx) InsertChecks(ctx context.Context, id poa.DelegationID, checks []poa.Check) error {
	if len(checks) == 0 {
		return nil
	}
	rows := make([]checkRow, len(checks))
	for i, c := range checks {
		rows[i] = checkRow{DelegationID: string(id), Kind: string(c.Kind), Result: string(c.Result), Reason: c.Reason, Reasons: texts(c.Reasons), At: c.At.UTC()}
		if c.Note == "" {
			continue
		}
		var err error
		if rows[i].Note, err = t.db.seal.Seal(ctx, subjectOf(id), "filing_checks", "note", rows[i].place(), []byte(c.Note)); err != nil {
			return err
		}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting checks")
}

// Checks returns the checks of a filing in the order in which they were made.
func (r reader) Checks(ctx context.Context, id poa.DelegationID) ([]poa.Check, error) {
	var rows []checkRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id = ?", string(id)).OrderExpr("id").Scan(ctx); err != nil {
		return nil, failed(err, "reading checks")
	}
	checks := make([]poa.Check, len(rows))
	for i, row := range rows {
		var err error
		if checks[i], err = r.check(ctx, row); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

// check opens a row. Of an erased delegation the note is empty.
func (r reader) check(ctx context.Context, row checkRow) (poa.Check, error) {
	c := poa.Check{Kind: poa.CheckKind(row.Kind), Result: poa.CheckResult(row.Result), Reason: row.Reason, Reasons: fromTexts[string](row.Reasons), At: row.At.UTC()}
	if row.Note == nil {
		return c, nil
	}
	note, err := r.db.seal.Open(ctx, subjectOf(poa.DelegationID(row.DelegationID)), "filing_checks", "note", row.place(), row.Note)
	if errors.Is(err, ErrErased) {
		return c, nil
	}
	c.Note = string(note)
	return c, err
}

type refusalRow struct {
	bun.BaseModel `bun:"table:refusals,alias:x"`

	DelegationID string    `bun:"delegation_id,pk"`
	Number       int       `bun:"number,pk"`
	Code         string    `bun:"code"`
	Field        []string  `bun:"field,array"`
	Sealed       []byte    `bun:"sealed"`
	At           time.Time `bun:"at"`
}

// InsertRefusals stores every reason for which reception refused a filing.
func (t *tx) InsertRefusals(ctx context.Context, id poa.DelegationID, refusals []poa.Refusal) error {
	if len(refusals) == 0 {
		return nil
	}
	rows := make([]refusalRow, len(refusals))
	for i, r := range refusals {
		sealed, err := t.db.seal.Seal(ctx, subjectOf(id), "refusals", "sealed", numbered(id, number(i+1)), []byte(r.Note))
		if err != nil {
			return err
		}
		rows[i] = refusalRow{DelegationID: string(id), Number: i + 1, Code: string(r.Code), Field: texts(r.Field), Sealed: sealed, At: r.At.UTC()}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting refusals")
}

// Refusals returns the reasons for which a filing was refused.
func (r reader) Refusals(ctx context.Context, id poa.DelegationID) ([]poa.Refusal, error) {
	var rows []refusalRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id = ?", string(id)).OrderExpr("number").Scan(ctx); err != nil {
		return nil, failed(err, "reading refusals")
	}
	refusals := make([]poa.Refusal, len(rows))
	for i, row := range rows {
		var err error
		if refusals[i], err = r.refusal(ctx, row); err != nil {
			return nil, err
		}
	}
	return refusals, nil
}

// refusal opens a row. Of an erased delegation the note is empty.
func (r reader) refusal(ctx context.Context, row refusalRow) (poa.Refusal, error) {
	id := poa.DelegationID(row.DelegationID)
	out := poa.Refusal{Code: poa.Code(row.Code), Field: fromTexts[string](row.Field), At: row.At.UTC()}
	note, err := r.db.seal.Open(ctx, subjectOf(id), "refusals", "sealed", numbered(id, number(row.Number)), row.Sealed)
	if errors.Is(err, ErrErased) {
		return out, nil
	}
	out.Note = string(note)
	return out, err
}
