// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type reviewRow struct {
	bun.BaseModel `bun:"table:reviews,alias:w"`

	ID      string    `bun:"id,pk"`
	Log     string    `bun:"log"`
	Since   time.Time `bun:"since,type:date"`
	Through time.Time `bun:"through,type:date"`
	By      string    `bun:"by"`
	At      time.Time `bun:"at"`
	Sealed  []byte    `bun:"sealed"`
}

type findingRow struct {
	bun.BaseModel `bun:"table:findings,alias:f"`

	ID           string     `bun:"id,pk"`
	ReviewID     string     `bun:"review_id"`
	Ordinal      int        `bun:"ordinal"`
	State        string     `bun:"state"`
	Sealed       []byte     `bun:"sealed"`
	AnswerSealed []byte     `bun:"answer_sealed"`
	AnsweredBy   *string    `bun:"answered_by"`
	AnsweredAt   *time.Time `bun:"answered_at"`
	ConfirmedBy  *string    `bun:"confirmed_by"`
	ConfirmedAt  *time.Time `bun:"confirmed_at"`
}

// reviewSubject is the data key of a review with its findings.
func reviewSubject(id string) Subject { return Subject{Class: ClassAudit, ID: id} }

func midnight(d poa.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// InsertReview stores a review with its findings.
func (t *tx) InsertReview(ctx context.Context, r poa.Review) error {
	sealed, err := t.sealNew(ctx, reviewSubject(r.ID), "reviews", r.ID, r.Text)
	if err != nil {
		return fmt.Errorf("inserting review: %w", err)
	}
	row := reviewRow{ID: r.ID, Log: string(r.Log), Since: midnight(r.From), Through: midnight(r.Through), By: r.By, At: r.At.UTC(), Sealed: sealed}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting review")
	}
	for i, f := range r.Findings {
		sealed, err := t.db.seal.SealJSON(ctx, reviewSubject(r.ID), "findings", "sealed", f.ID, f.Text)
		if err != nil {
			return fmt.Errorf("inserting finding: %w", err)
		}
		row := findingRow{ID: f.ID, ReviewID: r.ID, Ordinal: i, State: string(f.State), Sealed: sealed}
		if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
			return failed(err, "inserting finding")
		}
	}
	return nil
}

// MoveFinding moves a finding on; ErrConflict where it is in another state.
func (t *tx) MoveFinding(ctx context.Context, id string, from, to poa.FindingState, by, answer string, at time.Time) error {
	var row findingRow
	if err := t.q.NewSelect().Model(&row).Where("f.id = ?", id).For("UPDATE").Scan(ctx); err != nil {
		return failed(err, "locking finding")
	}
	q := t.q.NewUpdate().Model((*findingRow)(nil)).Set("state = ?", string(to)).Where("id = ?", id).Where("state = ?", string(from))
	if to == poa.FindingAnswered {
		sealed, err := t.db.seal.SealJSON(ctx, reviewSubject(row.ReviewID), "findings", "sealed", id+"/answer", answer)
		if err != nil {
			return fmt.Errorf("answering finding: %w", err)
		}
		q = q.Set("answer_sealed = ?", sealed).Set("answered_by = ?", by).Set("answered_at = ?", at.UTC())
	} else {
		q = q.Set("confirmed_by = ?", by).Set("confirmed_at = ?", at.UTC())
	}
	res, err := q.Exec(ctx)
	return changed(res, err, "moving finding")
}

// Reviews lists reviews with their findings, newest period first.
func (r reader) Reviews(ctx context.Context, limit int) ([]poa.Review, error) {
	var rows []reviewRow
	if err := r.q.NewSelect().Model(&rows).OrderExpr("w.through DESC, w.at DESC, w.id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, failed(err, "reading reviews")
	}
	reviews, ids := make([]poa.Review, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
		reviews[i] = poa.Review{ID: row.ID, Log: poa.ReviewedLog(row.Log), From: fromDay(&row.Since), Through: fromDay(&row.Through), By: row.By, At: row.At.UTC()}
		if err := r.openUnlessErased(ctx, reviewSubject(row.ID), "reviews", row.ID, row.Sealed, &reviews[i].Text); err != nil {
			return nil, err
		}
	}
	findings, err := r.findings(ctx, ids)
	for i := range reviews {
		reviews[i].Findings = findings[reviews[i].ID]
	}
	return reviews, err
}

func (r reader) findings(ctx context.Context, reviewIDs []string) (map[string][]poa.Finding, error) {
	all := map[string][]poa.Finding{}
	if len(reviewIDs) == 0 {
		return all, nil
	}
	var rows []findingRow
	if err := r.q.NewSelect().Model(&rows).Where("f.review_id IN (?)", bun.List(reviewIDs)).OrderExpr("f.review_id, f.ordinal").Scan(ctx); err != nil {
		return nil, failed(err, "reading findings")
	}
	for _, row := range rows {
		f := poa.Finding{ID: row.ID, ReviewID: row.ReviewID, State: poa.FindingState(row.State), AnsweredBy: fromNullText[string](row.AnsweredBy),
			AnsweredAt: fromNullTime(row.AnsweredAt), ConfirmedBy: fromNullText[string](row.ConfirmedBy), ConfirmedAt: fromNullTime(row.ConfirmedAt)}
		if err := r.openUnlessErased(ctx, reviewSubject(row.ReviewID), "findings", row.ID, row.Sealed, &f.Text); err != nil {
			return nil, err
		}
		if len(row.AnswerSealed) > 0 {
			if err := r.openUnlessErased(ctx, reviewSubject(row.ReviewID), "findings", row.ID+"/answer", row.AnswerSealed, &f.Answer); err != nil {
				return nil, err
			}
		}
		all[row.ReviewID] = append(all[row.ReviewID], f)
	}
	return all, nil
}
