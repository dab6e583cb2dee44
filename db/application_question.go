// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type questionRow struct {
	bun.BaseModel `bun:"table:questions,alias:u"`

	ID         string     `bun:"id,pk"`
	About      string     `bun:"about"`
	SubjectID  string     `bun:"subject_id"`
	PartyID    string     `bun:"party_id"`
	Field      *string    `bun:"field"`
	Sealed     []byte     `bun:"sealed"`
	AskedBy    string     `bun:"asked_by"`
	AskedAt    time.Time  `bun:"asked_at"`
	Answer     []byte     `bun:"answer"`
	AnsweredBy *string    `bun:"answered_by"`
	AnsweredAt *time.Time `bun:"answered_at"`
}

// openColumnUnlessErased is openUnlessErased for a column of another name.
func (r reader) openColumnUnlessErased(ctx context.Context, s Subject, table, column, row string, sealed []byte, v any) error {
	err := r.db.seal.OpenJSON(ctx, s, table, column, row, sealed, v)
	if errors.Is(err, ErrErased) {
		return nil
	}
	return err
}

// InsertQuestion stores a question.
func (t *tx) InsertQuestion(ctx context.Context, q poa.PartyQuestion) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(q.PartyID), "questions", "sealed", q.ID, q.Text)
	if err != nil {
		return fmt.Errorf("inserting question: %w", err)
	}
	row := questionRow{ID: q.ID, About: string(q.About), SubjectID: q.SubjectID, PartyID: q.PartyID, Field: nullText(q.Field), Sealed: sealed,
		AskedBy: q.AskedBy, AskedAt: q.AskedAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting question")
}

// AnswerQuestion stores the one answer; ErrConflict where there is one.
func (t *tx) AnswerQuestion(ctx context.Context, q poa.PartyQuestion) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(q.PartyID), "questions", "answer", q.ID, q.Answer)
	if err != nil {
		return fmt.Errorf("answering question: %w", err)
	}
	res, err := t.q.NewUpdate().Model((*questionRow)(nil)).Set("answer = ?", sealed).Set("answered_by = ?", q.AnsweredBy).Set("answered_at = ?", q.AnsweredAt.UTC()).
		Where("id = ?", q.ID).Where("answered_at IS NULL").Exec(ctx)
	return changed(res, err, "answering question")
}

// Question reads a question.
func (r reader) Question(ctx context.Context, id string) (poa.PartyQuestion, error) {
	var row questionRow
	if err := r.q.NewSelect().Model(&row).Where("u.id = ?", id).Scan(ctx); err != nil {
		return poa.PartyQuestion{}, failed(err, "reading question")
	}
	return r.toQuestion(ctx, row)
}

// QuestionsAbout lists the questions about a subject in the order of asking.
func (r reader) QuestionsAbout(ctx context.Context, subjectID string, limit int) ([]poa.PartyQuestion, error) {
	var rows []questionRow
	err := r.q.NewSelect().Model(&rows).Where("u.subject_id = ?", subjectID).OrderExpr("u.asked_at, u.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading questions")
	}
	return r.toQuestions(ctx, rows)
}

// QuestionsOf lists all questions of a party, the newest first.
func (r reader) QuestionsOf(ctx context.Context, partyID string, limit int) ([]poa.PartyQuestion, error) {
	var rows []questionRow
	err := r.q.NewSelect().Model(&rows).Where("u.party_id = ?", partyID).OrderExpr("u.asked_at DESC, u.id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading questions")
	}
	return r.toQuestions(ctx, rows)
}

func (r reader) toQuestions(ctx context.Context, rows []questionRow) ([]poa.PartyQuestion, error) {
	questions := make([]poa.PartyQuestion, len(rows))
	for i, row := range rows {
		var err error
		if questions[i], err = r.toQuestion(ctx, row); err != nil {
			return nil, err
		}
	}
	return questions, nil
}

func (r reader) toQuestion(ctx context.Context, row questionRow) (poa.PartyQuestion, error) {
	q := poa.PartyQuestion{ID: row.ID, About: poa.QuestionAbout(row.About), SubjectID: row.SubjectID, PartyID: row.PartyID,
		Field: fromNullText[poa.StatedField](row.Field), AskedBy: row.AskedBy, AskedAt: row.AskedAt.UTC(),
		AnsweredBy: fromNullText[string](row.AnsweredBy), AnsweredAt: fromNullTime(row.AnsweredAt)}
	owner := accountSubject(row.PartyID)
	if err := r.openUnlessErased(ctx, owner, "questions", row.ID, row.Sealed, &q.Text); err != nil {
		return poa.PartyQuestion{}, err
	}
	if q.Waits() {
		return q, nil
	}
	return q, r.openColumnUnlessErased(ctx, owner, "questions", "answer", row.ID, row.Answer, &q.Answer)
}
