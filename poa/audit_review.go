// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// ReviewedLog is a log that the auditor reviews at regular intervals.
type ReviewedLog string

// The logs whose verification is itself an event (6.2.1, 6.2.2).
const (
	ReviewAudit          ReviewedLog = "AUDIT_LOG"          // 監査ログの検証
	ReviewAuthentication ReviewedLog = "AUTHENTICATION_LOG" // 認証ログの検証
)

// ReviewedLogs lists both.
var ReviewedLogs = []ReviewedLog{ReviewAudit, ReviewAuthentication}

// Review is the auditor's record that a period of a log was reviewed (6.2.2).
type Review struct {
	ID            string
	Log           ReviewedLog
	From, Through Date
	By            string
	At            time.Time
	Text          string // sealed
	Findings      []Finding
}

// FindingState is where a finding stands (2.6.5).
type FindingState string

// States of a finding: open → answered by the manager → confirmed by the auditor.
const (
	FindingOpen      FindingState = "OPEN"
	FindingAnswered  FindingState = "ANSWERED"
	FindingConfirmed FindingState = "CONFIRMED"
)

// Finding is what a review found: a task of the manager's until the auditor
// confirms what was done (2.6.5).
type Finding struct {
	ID       string
	ReviewID string
	State    FindingState
	Text     string // sealed
	// Answer is the manager's, "" before; sealed.
	Answer      string
	AnsweredBy  string
	AnsweredAt  time.Time
	ConfirmedBy string
	ConfirmedAt time.Time
}

// ReviewInput records a review.
type ReviewInput struct {
	IdempotencyKey string      `json:"idempotencyKey" validate:"required,max=128,line"`
	Log            ReviewedLog `json:"log" validate:"required,oneof=AUDIT_LOG AUTHENTICATION_LOG"`
	From           Date        `json:"from"`
	Through        Date        `json:"through"`
	// Text says how it was reviewed and what came of it.
	Text string `json:"text" validate:"required,max=4000,text,free"`
	// Findings become tasks of the manager, one each.
	Findings []string `json:"findings" validate:"max=20,dive,required,max=2000,line,free"`
}

// ReviewLog records the auditor's review of a period of a log.
func (d *Desk) ReviewLog(ctx context.Context, actor Actor, in ReviewInput) error {
	if err := d.permit(ctx, actor, MayReviewAudit, ActionAuditReviewed); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, ActionAuditReviewed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := in.faults(DateOf(a.now)).Err(); err != nil {
			return "", err
		}
		review := Review{ID: NewID(PrefixReview), Log: in.Log, From: in.From, Through: in.Through, By: a.actor.ID, At: a.now, Text: in.Text}
		for _, text := range in.Findings {
			review.Findings = append(review.Findings, Finding{ID: NewID(PrefixFinding), ReviewID: review.ID, State: FindingOpen, Text: text})
		}
		a.note("log", string(in.Log))
		a.note("from", in.From.String())
		a.note("through", in.Through.String())
		a.note("findings", fmt.Sprint(len(in.Findings)))
		return review.ID, a.InsertReview(ctx, review)
	})
	return err
}

func (in ReviewInput) faults(today Date) Faults {
	faults := checkInput(in)
	switch {
	case in.From.IsZero():
		faults.Add(CodeRequired, "from")
	case in.Through.IsZero():
		faults.Add(CodeRequired, "through")
	case in.Through.Before(in.From):
		faults.Add(CodeDateOrder, "through")
	case today.Before(in.Through):
		faults.Add(CodeFuture, "through")
	}
	return faults
}

// FindingInput answers a finding, or confirms what was done about it.
type FindingInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	FindingID      string `json:"findingId" validate:"required,max=64"`
	// Answer is wanted of the manager; the auditor's confirmation needs none.
	Answer string `json:"findingAnswer" validate:"max=4000,text,free"`
}

// AnswerFinding is the manager's word on what was done about a finding (2.6.5).
func (d *Desk) AnswerFinding(ctx context.Context, actor Actor, in FindingInput) error {
	return d.onFinding(ctx, actor, MayAnswerFindings, ActionFindingAnswered, FindingOpen, FindingAnswered, in)
}

// ConfirmFinding is the auditor's word that what was done is enough (2.6.5).
func (d *Desk) ConfirmFinding(ctx context.Context, actor Actor, in FindingInput) error {
	return d.onFinding(ctx, actor, MayReviewAudit, ActionFindingConfirmed, FindingAnswered, FindingConfirmed, in)
}

func (d *Desk) onFinding(ctx context.Context, actor Actor, p Permission, action Action, from, to FindingState, in FindingInput) error {
	if err := d.permit(ctx, actor, p, action); err != nil {
		return err
	}
	_, err := d.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		if !IsID(in.FindingID, PrefixFinding) {
			return "", ErrNotFound
		}
		if to == FindingAnswered && in.Answer == "" {
			return "", Faults{newFault(CodeRequired, "findingAnswer")}
		}
		a.subject = in.FindingID
		return in.FindingID, a.MoveFinding(ctx, in.FindingID, from, to, a.actor.ID, in.Answer, a.now)
	})
	return err
}

// Overdue tells of a log that its next review is overdue, and through which day
// it was reviewed; the zero Date where it never was.
type Overdue struct {
	Log     ReviewedLog
	Through Date
	Overdue bool
}

// Reviews lists the reviews, newest first, and for each log whether the next is
// overdue: to the auditor, the manager and the owner.
func (d *Desk) Reviews(ctx context.Context, actor Actor) ([]Review, []Overdue, error) {
	if err := d.permit(ctx, actor, MaySeeReviews, ActionReviewsRead); err != nil {
		return nil, nil, err
	}
	reviews, err := d.store.Reviews(ctx, maxHistory)
	if err != nil {
		return nil, nil, fmt.Errorf("reading reviews: %w", err)
	}
	today := DateOf(d.clock.Now())
	var standing []Overdue
	for _, log := range ReviewedLogs {
		state := Overdue{Log: log, Overdue: true}
		if i := slices.IndexFunc(reviews, func(r Review) bool { return r.Log == log }); i >= 0 {
			state.Through = reviews[i].Through
			state.Overdue = reviews[i].Through.AddDays(d.policy.ReviewEvery).Before(today)
		}
		standing = append(standing, state)
	}
	return reviews, standing, nil
}
