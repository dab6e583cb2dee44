// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"strings"
	"time"
)

// SubjectKind tells what is erased as one.
type SubjectKind string

// Kinds of subjects. The audit's archives end like people's data: in a run.
const (
	SubjectDelegation SubjectKind = "DELEGATION"
	SubjectParty      SubjectKind = "PARTY"
	SubjectStaff      SubjectKind = "STAFF"
	SubjectArchive    SubjectKind = "ARCHIVE"
)

// SubjectKinds lists them in the order in which a run takes them: a party after
// its delegations.
var SubjectKinds = []SubjectKind{SubjectDelegation, SubjectParty, SubjectStaff, SubjectArchive}

// SubjectRef names a subject.
type SubjectRef struct {
	Kind SubjectKind
	ID   string
}

// RetainedSubject is what the rules ask of a subject that is not erased yet. It
// holds no personal data.
type RetainedSubject struct {
	SubjectRef
	// PartyID is the delegator of a delegation.
	PartyID string
	// Role is that of a party, State that of a party or a delegation.
	Role  PartyRole
	State string
	// ReceivedAt is when an application or a filing came in; zero where none was
	// filed.
	ReceivedAt time.Time
	// ClosedAt is when a filing ended without acceptance, or an application whose
	// e-mail address was never proved; what staff entered was received all the same.
	ClosedAt time.Time
	// ValidThrough is the last day of a delegation's term, FinalAt its final act.
	ValidThrough Date
	FinalAt      time.Time
	// EndedAt is when a contract, a registration or an appointment ended, or
	// when a month was moved into its archive.
	EndedAt time.Time
	// Delegations is how many of a delegator's delegations are not erased.
	Delegations int
}

// Over returns the rule that the subject follows and the instant at which its
// period is over; zero while no period runs.
func (s RetainedSubject) Over() (RetentionRule, time.Time) {
	rule, start := s.starts()
	if start.IsZero() {
		return rule, time.Time{}
	}
	return rule, later(rule.Period.after(start), s.EndedAt)
}

// starts returns the subject's rule and the instant from which its period counts.
func (s RetainedSubject) starts() (RetentionRule, time.Time) {
	switch s.Kind {
	case SubjectDelegation:
		return s.delegationStarts()
	case SubjectParty:
		return s.partyStarts()
	case SubjectStaff:
		return ruleOf(RecordStaff), s.EndedAt
	case SubjectArchive:
		return ruleOf(RecordAuditArchive), s.EndedAt
	}
	return RetentionRule{}, time.Time{}
}

func (s RetainedSubject) delegationStarts() (RetentionRule, time.Time) {
	switch State(s.State) {
	case StateAccepted:
		end := s.ValidThrough.Ends()
		if !s.FinalAt.IsZero() && s.FinalAt.Before(end) {
			end = s.FinalAt
		}
		return ruleOf(RecordDelegation), end
	case StateRefused, StateWithdrawn: // received, however it ended (6.2.9)
		return ruleOf(RecordRefusedFiling), s.ReceivedAt
	case StateAbandoned:
		return ruleOf(RecordUnfiled), s.ClosedAt
	case StateDrafted, StateSubmitted: // not over: others end them
	}
	return ruleOf(RecordUnfiled), time.Time{}
}

// partyStarts: a delegator's papers count from the end of the contract, all
// other applications from their receipt; what is in force is kept (6.2.9).
func (s RetainedSubject) partyStarts() (RetentionRule, time.Time) {
	rule := ruleOf(RecordApplication)
	if s.Role == PartyRecipient {
		rule = ruleOf(RecordRecipient)
	}
	switch EnrollmentState(s.State) {
	case EnrollmentActive:
		return rule, time.Time{}
	case EnrollmentWithdrawn:
		if !s.ClosedAt.IsZero() {
			return ruleOf(RecordUnproved), s.ClosedAt
		}
	case EnrollmentEnded:
		if s.EndedAt.IsZero() {
			return rule, time.Time{} // nobody knows since when: kept
		}
		if s.Role == PartyDelegator {
			return ruleOf(RecordContract), s.EndedAt
		}
	case EnrollmentApplied, EnrollmentRefused:
	}
	return rule, s.ReceivedAt
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// IsOver reports whether the subject's period is over at now. A party's is not
// while delegations of it are kept.
func (s RetainedSubject) IsOver(now time.Time) bool {
	_, over := s.Over()
	return !over.IsZero() && !now.Before(over) && s.Delegations == 0
}

// ParseSubject reads what staff type: a delegation's ID, or that of a party or
// of a member of staff.
func ParseSubject(text string) (SubjectRef, bool) {
	text = strings.TrimSpace(text)
	switch {
	case IsID(text, PrefixDelegator), IsID(text, PrefixRecipient):
		return SubjectRef{SubjectParty, text}, true
	case IsID(text, PrefixStaff), IsID(text, PrefixAccount):
		return SubjectRef{SubjectStaff, text}, true
	}
	id, ok := ParseDelegationID(text)
	return SubjectRef{SubjectDelegation, string(id)}, ok
}
