// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
	"strconv"
)

// ConfirmInput is reception's record of what an organisation and its
// representative were confirmed against (3.1.2, 3.1.3).
type ConfirmInput struct {
	IdempotencyKey string           `json:"idempotencyKey" validate:"required,max=128,line"`
	PartyID        string           `json:"partyId" validate:"required,max=64"`
	Document       RegisterDocument `json:"document" validate:"required,oneof=REGISTER_CERTIFICATE REGISTER_INFORMATION IDENTITY_DOCUMENT"`
	DocumentDate   Date             `json:"documentDate"`
	// Says is what the document says, word for word.
	CorporateNumber       string `json:"corporateNumber" validate:"omitempty,corporatenumber"`
	Name                  string `json:"name" validate:"required,max=200,line"`
	Address               string `json:"address" validate:"required,max=300,line"`
	RepresentativeTitle   string `json:"representativeTitle" validate:"max=100,line"`
	RepresentativeName    string `json:"representativeName" validate:"required,max=200,line"`
	RepresentativeAddress string `json:"representativeAddress" validate:"required,max=300,line"`
	BirthDate             Date   `json:"birthDate"`
}

// Confirm records a confirmation. It may be renewed; the newest counts.
func (e *Enrollment) Confirm(ctx context.Context, actor Actor, in ConfirmInput) error {
	if err := e.permit(ctx, actor, MayConfirmOrganisations, ActionConfirmed); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, ActionConfirmed, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if !IsID(in.PartyID, PrefixDelegator) {
			return "", ErrNotFound
		}
		a.subject = in.PartyID
		d, err := a.Delegator(ctx, in.PartyID)
		if err != nil {
			return "", err
		}
		if err := checkConfirmation(in, d.Kind, DateOf(a.now)).Err(); err != nil {
			return "", err
		}
		c := Confirmation{ID: NewID(PrefixRegister), PartyID: d.ID, Document: in.Document, DocumentDate: in.DocumentDate, ConfirmedBy: a.actor.ID, ConfirmedAt: a.now,
			Says: RegisterEntry{CorporateNumber: in.CorporateNumber, Name: in.Name, Address: in.Address, RepresentativeTitle: in.RepresentativeTitle,
				RepresentativeName: in.RepresentativeName, RepresentativeAddress: in.RepresentativeAddress, BirthDate: in.BirthDate}}
		if err := a.InsertConfirmation(ctx, c); err != nil {
			return "", fmt.Errorf("inserting confirmation: %w", err)
		}
		a.note("document", string(in.Document))
		a.note("documentDate", in.DocumentDate.String())
		return c.ID, nil
	})
	return err
}

func checkConfirmation(in ConfirmInput, kind PartyKind, today Date) Faults {
	faults := checkInput(in)
	switch {
	case in.DocumentDate.IsZero():
		faults.Add(CodeRequired, "documentDate")
	case today.Before(in.DocumentDate):
		faults.Add(CodeFuture, "documentDate")
	}
	corporation := kind == Corporation
	if corporation && in.CorporateNumber == "" {
		faults.Add(CodeRequired, "corporateNumber")
	}
	if corporation == (in.Document == IdentityDocument) {
		faults.Add(CodeInvalid, "document")
	}
	if !corporation && in.BirthDate.IsZero() {
		faults.Add(CodeRequired, "birthDate")
	}
	return faults
}

// DecideInput accepts an application, or refuses it with its reasons.
type DecideInput struct {
	IdempotencyKey string          `json:"idempotencyKey" validate:"required,max=128,line"`
	PartyID        string          `json:"partyId" validate:"required,max=64"`
	Accept         bool            `json:"accept"`
	Reasons        []RefusalReason `json:"reasons" validate:"max=20,dive"`
	// Version is the statement that reception decides on: where another came
	// meanwhile it is STATEMENT_CHANGED. Zero decides on whatever stands.
	Version int `json:"version,omitempty"`
}

// RefusalReason is one reason that reception gives: a code, the field of the
// filing, and a note to the party in reception's own words.
type RefusalReason struct {
	Code  Code   `json:"code" validate:"required,oneof=DOCUMENTS_INSUFFICIENT CONTENT_UNCLEAR SIGNER_NAME_DIFFERS SIGNER_ADDRESS_DIFFERS SIGNER_BIRTH_DATE_DIFFERS DELEGATE_NAME_DIFFERS QUALIFICATION_NOT_CONFIRMED NOT_CONFIRMED"`
	Field string `json:"field" validate:"max=100,line"`
	Note  string `json:"note" validate:"max=1000,text"`
}

// RefusalCodes lists the codes that a person of reception can refuse with.
var RefusalCodes = []Code{CodeDocumentsInsufficient, CodeContentUnclear, CodeSignerName, CodeSignerAddress, CodeSignerBirthDate, CodeDelegateName, CodeQualificationMissing, CodeNotConfirmed}

// Decide accepts or refuses an application. Its e-mail address must be proved
// before it is accepted, and a delegator confirmed (3.1.2, 3.1.3). Whoever
// entered it for the party does not decide on it.
func (e *Enrollment) Decide(ctx context.Context, actor Actor, in DecideInput) error {
	action := ActionEnrollmentRefused
	if in.Accept {
		action = ActionEnrolled
	}
	if err := e.permit(ctx, actor, MayDecideApplications, action); err != nil {
		return err
	}
	_, err := e.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if !IsID(in.PartyID, PrefixDelegator) && !IsID(in.PartyID, PrefixRecipient) {
			return "", ErrNotFound
		}
		a.subject = in.PartyID
		p, err := a.LockParty(ctx, in.PartyID)
		if err != nil {
			return "", err
		}
		if err := a.mayDecide(ctx, CaseApplication, p.ID, p.EnteredBy); err != nil {
			return "", err
		}
		if err := checkDecision(ctx, a, p, in); err != nil {
			return "", err
		}
		return p.ID, e.decide(ctx, a, p, in)
	})
	return err
}

// mayDecide refuses whoever entered the subject, be its case open or not.
func (a *act) mayDecide(ctx context.Context, kind CaseKind, subjectID, enteredBy string) error {
	if enteredBy != "" && enteredBy == a.actor.ID {
		return ErrForbidden
	}
	return a.mayDecideCase(ctx, kind, subjectID)
}

func checkDecision(ctx context.Context, a *act, p Party, in DecideInput) error {
	faults := checkInput(in)
	if p.State != EnrollmentApplied {
		return ErrConflict
	}
	if in.Version != 0 && in.Version != p.Version {
		faults.Add(CodeStatementChanged, "partyId")
	}
	if !in.Accept && len(in.Reasons) == 0 {
		faults.Add(CodeRequired, "reasons")
	}
	if in.Accept && p.ProvedAt.IsZero() {
		faults.Add(CodeAddressNotProved, "partyId")
	}
	if in.Accept && p.Role == PartyDelegator {
		d, err := a.Delegator(ctx, p.ID)
		if err != nil {
			return err
		}
		if d.Confirmation == nil {
			faults.Add(CodeNotConfirmed, "partyId")
		}
	}
	return faults.Err()
}

func partyOf(ctx context.Context, r Reader, id string) (Party, bool, error) {
	if IsID(id, PrefixRecipient) {
		recipient, err := r.Recipient(ctx, id)
		return recipient.Party, false, err
	}
	d, err := r.Delegator(ctx, id)
	return d.Party, d.Confirmation != nil, err
}

func (e *Enrollment) decide(ctx context.Context, a *act, p Party, in DecideInput) error {
	state, template, outcome := EnrollmentActive, MailApplicationAccepted, outcomeAccepted
	if !in.Accept {
		state, template, outcome = EnrollmentRefused, MailApplicationRefused, outcomeRefused
		if err := a.InsertPartyRefusals(ctx, p.ID, refusalsOf(in.Reasons, a.now)); err != nil {
			return fmt.Errorf("inserting refusals: %w", err)
		}
	}
	if err := a.DecideParty(ctx, p.ID, state, a.now); err != nil {
		return fmt.Errorf("deciding party: %w", err)
	}
	if err := a.closeCase(ctx, CaseApplication, p.ID, outcome); err != nil {
		return err
	}
	a.note("version", strconv.Itoa(p.Version))
	return e.tell(ctx, a, p, template, "/sign-in")
}
