// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// RecipientRegistration tells anyone what recipients need before they ask.
func (q *queryResolver) RecipientRegistration(context.Context) (poa.RegistrationMode, error) {
	return q.Enrollment.Registration(), nil
}

// Changes lists a delegator's changes of what it stated.
func (r *delegatorResolver) Changes(ctx context.Context, d *schema.Delegator) ([]schema.PartyChange, error) {
	return r.changes(ctx, d.ID)
}

// Changes lists a recipient's changes of what it stated.
func (r *recipientResolver) Changes(ctx context.Context, d *schema.Recipient) ([]schema.PartyChange, error) {
	return r.changes(ctx, d.ID)
}

func (r *resolver) changes(ctx context.Context, partyID string) ([]schema.PartyChange, error) {
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.Records.Changes(ctx, actor, partyID)
	return each(all, func(c poa.PartyChange) schema.PartyChange { return *r.newChange(ctx, c) }), found(err)
}

// newChange is nil for no change.
func (r *resolver) newChange(ctx context.Context, c poa.PartyChange) *schema.PartyChange {
	if c.ID == "" {
		return nil
	}
	refusals := each(c.Refusals, func(reason poa.RefusalReason) poa.Refusal {
		refusal := poa.Refusal{Code: reason.Code, Note: reason.Note, At: c.DecidedAt}
		if reason.Field != "" {
			refusal.Field = []string{reason.Field}
		}
		return refusal
	})
	return &schema.PartyChange{ID: c.ID, Number: c.Number, State: c.State, Fields: c.Fields, Reason: c.Reason, RequestedAt: c.RequestedAt,
		DecidedAt: optional(c.DecidedAt), Refusals: r.refusals(ctx, refusals)}
}

// Questions lists a delegator's questions.
func (r *delegatorResolver) Questions(ctx context.Context, d *schema.Delegator) ([]schema.PartyQuestion, error) {
	return r.questions(ctx, d.ID)
}

// Questions lists a recipient's questions.
func (r *recipientResolver) Questions(ctx context.Context, d *schema.Recipient) ([]schema.PartyQuestion, error) {
	return r.questions(ctx, d.ID)
}

func (r *resolver) questions(ctx context.Context, partyID string) ([]schema.PartyQuestion, error) {
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.Records.Questions(ctx, actor, partyID)
	return each(all, func(q poa.PartyQuestion) schema.PartyQuestion { return *newQuestion(q) }), found(err)
}

// newQuestion is nil for no question.
func newQuestion(q poa.PartyQuestion) *schema.PartyQuestion {
	if q.ID == "" {
		return nil
	}
	shown := &schema.PartyQuestion{ID: q.ID, About: q.About, Field: optional(q.Field), Text: q.Text, AskedAt: q.AskedAt, Answer: optional(q.Answer), AnsweredAt: optional(q.AnsweredAt)}
	if q.About == poa.AboutChange {
		shown.ChangeID = &q.SubjectID
	}
	return shown
}

// RequestChange asks for a change of what the caller's party stated.
func (m *mutationResolver) RequestChange(ctx context.Context, in poa.ChangeInput) (*schema.ChangePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	c, err := m.Enrollment.RequestChange(ctx, actor, in)
	faults, err := m.correctable(ctx, err)
	return &schema.ChangePayload{Change: m.newChange(ctx, c), Errors: faults}, err
}

// WithdrawChange takes a change back.
func (m *mutationResolver) WithdrawChange(ctx context.Context, in schema.WithdrawChangeInput) (*schema.ChangePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	c, err := m.Enrollment.WithdrawChange(ctx, actor, in.IdempotencyKey, in.ChangeID)
	faults, err := m.correctable(ctx, err, "changeId")
	return &schema.ChangePayload{Change: m.newChange(ctx, c), Errors: faults}, err
}

// AnswerQuestion answers a question.
func (m *mutationResolver) AnswerQuestion(ctx context.Context, in poa.AnswerInput) (*schema.AnswerQuestionPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	q, err := m.Enrollment.AnswerQuestion(ctx, actor, in)
	faults, err := m.correctable(ctx, err, "questionId")
	return &schema.AnswerQuestionPayload{Question: newQuestion(q), Errors: faults}, err
}
