// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// QuestionAbout is what a question is about.
type QuestionAbout string

// What questions are about.
const (
	AboutApplication QuestionAbout = "APPLICATION"
	AboutChange      QuestionAbout = "CHANGE"
	AboutService     QuestionAbout = "SERVICE" // asked by a party (10.2.1)
)

// maxQuestions bounds the questions of a subject, and those of a party that
// wait for the service.
const (
	maxQuestions = 50
	maxWaiting   = 10
)

// PartyQuestion is one question with at most one answer: reception's about an
// application or a change, or a party's to the service.
type PartyQuestion struct {
	ID    string
	About QuestionAbout
	// SubjectID is the party that applies, the change, or the question itself.
	SubjectID string
	PartyID   string
	// Field is the one concerned, "" if none.
	Field      StatedField
	Text       string // sealed
	AskedBy    string
	AskedAt    time.Time
	Answer     string // sealed
	AnsweredBy string
	// AnsweredAt is zero while the question waits for its answer.
	AnsweredAt time.Time
}

// Waits reports whether the question has no answer yet.
func (q PartyQuestion) Waits() bool { return q.AnsweredAt.IsZero() }

// AskInput is a question of reception about an application or a change.
type AskInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	// SubjectID is the party that applies, or the change.
	SubjectID string      `json:"subjectId" validate:"required,max=64"`
	Field     StatedField `json:"field,omitempty" validate:"max=40,line"`
	Text      string      `json:"text" validate:"required,max=2000,text,free"`
}

// AskParty puts a question about an application or a change to the party. Until
// it is answered the case waits for the party, not for reception.
func (e *Enrollment) AskParty(ctx context.Context, actor Actor, in AskInput) error {
	if err := e.permit(ctx, actor, MayDecideApplications, ActionQuestionAsked); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, ActionQuestionAsked, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		s, err := a.lockSubject(ctx, in.SubjectID)
		if err != nil {
			return "", err
		}
		if err := a.mayDecide(ctx, s.kind, in.SubjectID, s.enteredBy); err != nil {
			return "", err
		}
		if err := s.checkQuestion(ctx, a, in); err != nil {
			return "", err
		}
		q := PartyQuestion{ID: NewID(PrefixQuestion), About: s.about, SubjectID: in.SubjectID, PartyID: s.party.ID, Field: in.Field, Text: in.Text,
			AskedBy: a.actor.ID, AskedAt: a.now}
		if err := a.InsertQuestion(ctx, q); err != nil {
			return "", fmt.Errorf("inserting question: %w", err)
		}
		if err := a.closeCase(ctx, s.kind, in.SubjectID, outcomeAsked); err != nil {
			return "", err
		}
		return q.ID, e.tell(ctx, a, s.party, MailQuestionAsked, s.path())
	})
	return err
}

// subject is what a question is about, locked.
type subject struct {
	about     QuestionAbout
	kind      CaseKind
	party     Party
	change    PartyChange
	enteredBy string
	open      bool
}

func (s subject) path() string {
	if s.about == AboutChange {
		return "/application/changes/" + s.change.ID
	}
	return "/application"
}

func (a *act) lockSubject(ctx context.Context, id string) (subject, error) {
	if IsID(id, PrefixChange) {
		p, c, err := a.lockChange(ctx, id)
		p.Number = c.Number
		return subject{AboutChange, CaseChange, p, c, c.EnteredBy, c.Open()}, err
	}
	if !IsID(id, PrefixDelegator) && !IsID(id, PrefixRecipient) {
		return subject{}, ErrNotFound
	}
	p, err := a.LockParty(ctx, id)
	return subject{AboutApplication, CaseApplication, p, PartyChange{}, p.EnteredBy, p.State == EnrollmentApplied}, err
}

func (s subject) checkQuestion(ctx context.Context, a *act, in AskInput) error {
	faults := checkInput(in)
	if !s.open {
		faults.Add(CodeAlreadyDecided, "subjectId")
	}
	if in.Field != "" && !slices.Contains(s.correctable(), in.Field) {
		faults.Add(CodeInvalid, "field")
	}
	asked, err := a.QuestionsAbout(ctx, in.SubjectID, maxQuestions)
	if err != nil {
		return fmt.Errorf("reading questions: %w", err)
	}
	if len(asked) >= maxQuestions {
		faults.Add(CodeTooMany, "text", "bound", fmt.Sprint(maxQuestions))
	}
	return faults.Err()
}

// correctable are the fields that an answer may correct: of an application all
// but the address that was proved, of a change those that it changes.
func (s subject) correctable() []StatedField {
	if s.about == AboutApplication {
		return CorrectableFields(s.party)
	}
	var fields []StatedField
	for _, f := range s.change.Fields {
		if f.Field != FieldEmail {
			fields = append(fields, f.Field)
		}
	}
	return fields
}

// CorrectableFields lists the fields that reception may ask an applicant to
// correct.
func CorrectableFields(p Party) []StatedField {
	return slices.DeleteFunc(p.StatedFields(), func(f StatedField) bool { return f == FieldEmail || f == FieldNameShown || f == FieldLanguage })
}

// AnswerInput is the answer to a question.
type AnswerInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	QuestionID     string `json:"questionId" validate:"required,max=64"`
	Text           string `json:"text" validate:"required,max=2000,text,free"`
	// Correction is what the field asked about shall be; nil leaves it.
	Correction *string `json:"correction,omitempty" validate:"omitempty,max=300"`
}

// AnswerQuestion answers reception's question for the actor's party, and may
// correct the field asked about; or it answers, for the service, a party's.
func (e *Enrollment) AnswerQuestion(ctx context.Context, actor Actor, in AnswerInput) (PartyQuestion, error) {
	if actor.Kind == ActorStaff {
		if err := e.permit(ctx, actor, MayAnswerQuestions, ActionQuestionAnswered); err != nil {
			return PartyQuestion{}, err
		}
	} else if err := e.admit(ctx, actor, ActionQuestionAnswered, actor.requireMember(MemberAdministrator)); err != nil {
		return PartyQuestion{}, err
	}
	id, err := e.perform(ctx, actor, ActionQuestionAnswered, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if !IsID(in.QuestionID, PrefixQuestion) {
			return "", ErrNotFound
		}
		q, err := a.Question(ctx, in.QuestionID)
		if err != nil {
			return "", err
		}
		if (a.actor.Kind == ActorStaff) != (q.About == AboutService) || a.actor.Kind != ActorStaff && q.PartyID != a.actor.PartyID {
			return "", ErrNotFound
		}
		if q.About == AboutService {
			return q.ID, e.answerParty(ctx, a, q, in)
		}
		return q.ID, e.answerReception(ctx, a, q, in)
	})
	if err != nil {
		return PartyQuestion{}, err
	}
	return e.store.Question(ctx, id)
}

// answer stores the one answer of a question.
func (a *act) answer(ctx context.Context, q PartyQuestion, text string) error {
	q.Answer, q.AnsweredBy, q.AnsweredAt = text, a.actor.ID, a.now
	err := a.AnswerQuestion(ctx, q)
	if errors.Is(err, ErrConflict) {
		return Faults{newFault(CodeAlreadyAnswered, "questionId")}
	}
	return err
}

func (e *Enrollment) answerParty(ctx context.Context, a *act, q PartyQuestion, in AnswerInput) error {
	p, err := a.LockParty(ctx, q.PartyID)
	if err != nil {
		return err
	}
	if err := checkInput(in).Err(); err != nil {
		return err
	}
	if err := a.answer(ctx, q, in.Text); err != nil {
		return err
	}
	if err := a.closeCase(ctx, CaseQuestion, q.ID, outcomeAnswered); err != nil {
		return err
	}
	return e.tell(ctx, a, p, MailQuestionAnswered, "/application/questions")
}

func (e *Enrollment) answerReception(ctx context.Context, a *act, q PartyQuestion, in AnswerInput) error {
	s, err := a.lockSubject(ctx, q.SubjectID)
	if err != nil {
		return err
	}
	faults := checkInput(in)
	if !s.open {
		faults.Add(CodeAlreadyDecided, "questionId")
	}
	if in.Correction != nil && q.Field == "" {
		faults.Add(CodeInvalid, "correction")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	if err := a.answer(ctx, q, in.Text); err != nil {
		return err
	}
	if in.Correction != nil {
		if err := e.correct(ctx, a, s, q.Field, strings.TrimSpace(*in.Correction)); err != nil {
			return err
		}
	}
	return a.backToReception(ctx, s, q.SubjectID)
}

// correct states the field asked about anew, as another version.
func (e *Enrollment) correct(ctx context.Context, a *act, s subject, f StatedField, value string) error {
	after := s.party
	if !after.state(f, value) {
		return Faults{newFault(CodeInvalid, "correction")}
	}
	for _, fault := range after.checkStated([]StatedField{f}, a.now) {
		fault.Field = []string{"correction"}
		return Faults{fault}
	}
	a.note("field."+string(f), "corrected")
	if s.about == AboutApplication {
		if s.party.Stated(f) == value {
			return nil
		}
		return a.restate(ctx, after, VersionCorrected)
	}
	c := s.change
	c.Fields = slices.Clone(c.Fields)
	i := slices.IndexFunc(c.Fields, func(each FieldChange) bool { return each.Field == f })
	if i < 0 || c.Fields[i].New == value {
		return nil
	}
	c.Fields[i].New = value
	c.Version++
	return a.CorrectChange(ctx, c, a.now)
}

// backToReception puts a subject before reception again once nothing asked of
// the party is left.
func (a *act) backToReception(ctx context.Context, s subject, subjectID string) error {
	asked, err := a.QuestionsAbout(ctx, subjectID, maxQuestions)
	if err != nil {
		return fmt.Errorf("reading questions: %w", err)
	}
	proved := s.about == AboutApplication && !s.party.ProvedAt.IsZero() || s.about == AboutChange && s.change.State == ChangeWaiting
	if slices.ContainsFunc(asked, PartyQuestion.Waits) || !proved {
		return nil
	}
	return a.openCaseFor(ctx, s.kind, subjectID, s.party.ID, s.enteredBy)
}

// AskServiceInput is a party's question to the service.
type AskServiceInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	Text           string `json:"text" validate:"required,max=2000,text,free"`
}

// AskService puts a party's question before the people of the service (10.2.1).
func (e *Enrollment) AskService(ctx context.Context, actor Actor, in AskServiceInput) (PartyQuestion, error) {
	if err := e.admit(ctx, actor, ActionQuestionAsked, actor.requireMember(MemberReader)); err != nil {
		return PartyQuestion{}, err
	}
	id, err := e.perform(ctx, actor, ActionQuestionAsked, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		faults := checkInput(in)
		if _, err := a.LockParty(ctx, a.actor.PartyID); err != nil {
			return "", err
		}
		asked, err := a.QuestionsOf(ctx, a.actor.PartyID, MaxPage)
		if err != nil {
			return "", fmt.Errorf("reading questions: %w", err)
		}
		waiting := slices.DeleteFunc(asked, func(q PartyQuestion) bool { return q.About != AboutService || !q.Waits() })
		if len(waiting) >= maxWaiting {
			faults.Add(CodeTooMany, "text", "bound", fmt.Sprint(maxWaiting))
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		q := PartyQuestion{ID: NewID(PrefixQuestion), About: AboutService, PartyID: a.actor.PartyID, Text: in.Text, AskedBy: a.actor.ID, AskedAt: a.now}
		q.SubjectID = q.ID
		if err := a.InsertQuestion(ctx, q); err != nil {
			return "", fmt.Errorf("inserting question: %w", err)
		}
		return q.ID, a.openCaseFor(ctx, CaseQuestion, q.ID, q.PartyID, "")
	})
	if err != nil {
		return PartyQuestion{}, err
	}
	return e.store.Question(ctx, id)
}
