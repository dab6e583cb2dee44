// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/jpki"
)

// Titles is clauses 4.1.2 and 4.1.3 of the operating rules: delegates' legal
// qualifications are checked with their professional bodies.
type Titles struct {
	office
	policy Policy
	// registrar accepts, refuses and suspends by the outcome of a check.
	registrar *Registrar
	// registry asks bodies that offer an interface; nil where none does.
	registry Registry
}

// NewTitles returns the rules over a clock and a store.
func NewTitles(clock Clock, store Store, policy Policy) *Titles {
	return &Titles{office: office{clock, store}, policy: policy, registrar: NewRegistrar(clock, store, policy, jpki.Profile{})}
}

// Connect gives the rules a connector. It is called once, before any use.
func (t *Titles) Connect(r Registry) { t.registry = r }

// Actions of the checks of titles.
const (
	ActionTitleLooked   Action = "title.looked"
	ActionTitleAsked    Action = "title.asked"
	ActionTitleOpened   Action = "title.case_opened"
	ActionTitlesDue     Action = "title.rounds_opened"
	ActionTitlesOver    Action = "title.checks_ended"
	ActionBodyCorrected Action = "title.body_corrected"
)

// PrefixLook begins the IDs of looks.
const PrefixLook = "lok_"

// Mails about titles.
const (
	MailTitleSuspended MailTemplate = "title-suspended"
	MailTitleResumed   MailTemplate = "title-resumed"
	MailTitleRefused   MailTemplate = "title-refused"
)

// Codes of the checks of titles.
const (
	CodeQualificationSuspended Code = "QUALIFICATION_SUSPENDED"
	CodeQualificationStruckOff Code = "QUALIFICATION_STRUCK_OFF"
	CodeOtherPerson            Code = "TITLE_OF_ANOTHER_PERSON"
	CodeLookTooOld             Code = "LOOK_TOO_OLD"
)

// TitleState is where the check of a delegation's title stands.
type TitleState string

// States of titles.
const (
	TitleUnasked     TitleState = "UNASKED" // filed before titles were checked
	TitleWaiting     TitleState = "WAITING"
	TitleConfirmed   TitleState = "CONFIRMED"
	TitleSuspended   TitleState = "SUSPENDED"
	TitleStruckOff   TitleState = "STRUCK_OFF"
	TitleUnconfirmed TitleState = "UNCONFIRMED"
	TitleOver        TitleState = "OVER" // the delegation ended, or was not accepted
)

// Title is where the check of a delegation's title stands. A round is one time
// of asking, from its opening to its outcome.
type Title struct {
	DelegationID  DelegationID
	Qualification Qualification
	State         TitleState
	Round         int
	OpenedAt      time.Time
	// AskAt is when the round is worked off, within the body's rate.
	AskAt time.Time
	// Engaged tells that the engagement (委任関係) was confirmed, in this round or
	// an earlier one.
	Engaged bool
	// VerifiedAt is when the body's word was last verified, DueAt when it is
	// asked again.
	VerifiedAt time.Time
	DueAt      time.Time
	// SuspensionID is that of the one suspension that these checks open and lift.
	SuspensionID string
}

// AskTitle has a round worked off: the connector is asked, or a case opened.
type AskTitle struct {
	DelegationID DelegationID `json:"delegationId"`
	Round        int          `json:"round"`
}

// Kind names the job.
func (AskTitle) Kind() string { return "ask_title" }

// DueTitles has the titles that are due asked again. Freshness does not depend
// on it.
type DueTitles struct{}

// Kind names the job.
func (DueTitles) Kind() string { return "due_titles" }

// TitleAsk is a round and when it is to be worked off.
type TitleAsk struct {
	DelegationID DelegationID
	Round        int
	AskAt        time.Time
}

// openTitle has a filing wait for title and engagement (4.1.2), with the job
// that puts it before a person, in the act's transaction.
func (a *act) openTitle(ctx context.Context, d Delegation) error {
	if d.Contents.Delegate.Qualification == "" {
		return nil
	}
	t := Title{DelegationID: d.ID, Qualification: d.Contents.Delegate.Qualification, State: TitleWaiting, Round: 1, OpenedAt: a.now, AskAt: a.now}
	if err := a.OpenTitle(ctx, t); err != nil {
		return fmt.Errorf("opening title: %w", err)
	}
	return a.Enqueue(ctx, AskTitle{DelegationID: d.ID, Round: 1}, time.Time{})
}

// endTitle closes the check of a title with its case, where the delegation ends
// or its filing is not accepted.
func (a *act) endTitle(ctx context.Context, d Delegation, outcome string) error {
	if d.Contents.Delegate.Qualification == "" {
		return nil
	}
	t, err := a.LockTitle(ctx, d.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("locking title: %w", err)
	}
	t.State, t.DueAt = TitleOver, time.Time{}
	if err := a.UpdateTitle(ctx, t); err != nil {
		return fmt.Errorf("ending title: %w", err)
	}
	return a.closeCase(ctx, CaseTitle, string(d.ID), outcome)
}

// titleSettled reports whether the newest check of the title passed.
func titleSettled(checks []Check) bool {
	settled := false
	for _, c := range checks {
		if c.Kind == CheckQualificationKind {
			settled = c.Result == CheckPassed
		}
	}
	return settled
}

// recordTitle appends the confirmation to the history of a delegation that was
// just accepted, or confirmed anew. A title that was never checked leaves none.
func (a *act) recordTitle(ctx context.Context, d Delegation, t Title, policy Policy) error {
	if t.State != TitleConfirmed {
		return nil
	}
	f := Fact{DelegationID: d.ID, Kind: FactTitle, Stands: true, From: t.VerifiedAt, Until: t.VerifiedAt.Add(policy.TitleRecheck + policy.TitleGrace), EventID: a.eventID}
	if _, err := a.AppendFact(ctx, f, d.term(), a.now); err != nil {
		return fmt.Errorf("appending confirmation: %w", err)
	}
	return nil
}
