// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"slices"
	"time"
)

// FactKind is a kind of fact about an accepted delegation.
type FactKind string

// Kinds of facts. All but ACCEPTED, SUSPENSION and TITLE_CONFIRMED are final
// acts.
const (
	FactAccepted   FactKind = "ACCEPTED"
	FactRevoked    FactKind = "REVOKED"
	FactRenounced  FactKind = "RENOUNCED"
	FactSuperseded FactKind = "SUPERSEDED"
	FactEnded      FactKind = "ENDED"
	FactSuspension FactKind = "SUSPENSION"
	// FactTitle says that the delegate's title was verified at From and counts
	// as confirmed until Until (4.1.2).
	FactTitle FactKind = "TITLE_CONFIRMED"
)

// Final reports whether facts of the kind end a delegation for good.
func (k FactKind) Final() bool {
	switch k {
	case FactRevoked, FactRenounced, FactSuperseded, FactEnded:
		return true
	case FactAccepted, FactSuspension, FactTitle:
		return false
	}
	return false
}

// Fact is one line of a delegation's history: append-only, with both times.
type Fact struct {
	DelegationID DelegationID
	// Version is drawn under the delegation's row lock, from 1 without gaps.
	Version int
	Kind    FactKind
	// SuspensionID tells suspensions apart; empty for other kinds.
	SuspensionID string
	// Stands is false where a suspension is lifted for its period.
	Stands bool
	// From and Until bound when it is so; a zero Until is open.
	From  time.Time
	Until time.Time
	// RecordedAt is when we learned of it: the greater of the clock and the
	// previous fact's plus 1 µs.
	RecordedAt time.Time
	Reason     ValidityReason
	// EventID is the audit event of the act.
	EventID string
}

func (f Fact) covers(t time.Time) bool {
	return !t.Before(f.From) && (f.Until.IsZero() || t.Before(f.Until))
}

// ValidityStatus is the answer to whether a delegation is valid.
type ValidityStatus string

// Statuses of validity.
const (
	StatusValid       ValidityStatus = "VALID"
	StatusNotYetValid ValidityStatus = "NOT_YET_VALID"
	StatusExpired     ValidityStatus = "EXPIRED"
	StatusRevoked     ValidityStatus = "REVOKED"
	StatusRenounced   ValidityStatus = "RENOUNCED"
	StatusSuperseded  ValidityStatus = "SUPERSEDED"
	StatusSuspended   ValidityStatus = "SUSPENDED"
	StatusEnded       ValidityStatus = "ENDED"
	StatusUnknown     ValidityStatus = "UNKNOWN"
)

// ValidityReason says more of a status.
type ValidityReason string

// Reasons.
const (
	ReasonMistypedID             ValidityReason = "MISTYPED_ID"
	ReasonQualificationSuspended ValidityReason = "QUALIFICATION_SUSPENDED"
	ReasonQualificationStruckOff ValidityReason = "QUALIFICATION_STRUCK_OFF"
	ReasonUnconfirmed            ValidityReason = "UNCONFIRMED"
	ReasonServiceReview          ValidityReason = "SERVICE_REVIEW"
	ReasonContractEnded          ValidityReason = "CONTRACT_ENDED"
	ReasonServiceClosed          ValidityReason = "SERVICE_CLOSED"
)

// Term is a 委任期間: inclusive days of Japan's calendar.
type Term struct {
	From    Date
	Through Date
}

// Standing is a status with its reason and the version of the history that it
// was read from.
type Standing struct {
	Status  ValidityStatus
	Reason  ValidityReason
	Version int
}

// StandingAt answers from the history how a delegation stood at the instant
// at, as known at knownAt (design.md, rules 2 and 3). A fact recorded after
// knownAt is not known. Of the facts of one kind (of suspensions: with one ID)
// that cover the instant, the latest version counts; between kinds the final
// act comes first if it came before the end of the term, then the end of the
// term, then a suspension, then the start of the term.
func StandingAt(facts []Fact, term Term, at, knownAt time.Time) Standing {
	known, version := map[string]Fact{}, 0
	for _, f := range facts {
		if f.RecordedAt.After(knownAt) {
			continue
		}
		version = max(version, f.Version)
		key := string(f.Kind) + f.SuspensionID
		if f.covers(at) && f.Version > known[key].Version {
			known[key] = f
		}
	}
	if _, accepted := known[string(FactAccepted)]; !accepted {
		return Standing{Status: StatusUnknown}
	}
	p := Projection{Term: term, Version: version}
	for _, f := range known {
		switch {
		case f.Kind.Final() && (p.Final == nil || f.From.Before(p.Final.From) || f.From.Equal(p.Final.From) && f.Version < p.Final.Version):
			p.Final = &f
		case f.Kind == FactSuspension && f.Stands:
			p.Suspensions = append(p.Suspensions, f)
		}
	}
	return p.StandingAt(at)
}

// Projection is what the hot read needs of an accepted delegation: the fold of
// its facts for the present and the future.
type Projection struct {
	AcceptedAt time.Time
	Term       Term
	Version    int
	// Final is the final act that takes effect first, or nil.
	Final *Fact
	// Suspensions are every stretch of suspension that stands, in order of
	// their version; lifted ones are bounded by Until.
	Suspensions []Fact
	// Title is the newest confirmation of the delegate's title, or nil.
	Title *Fact
}

// Project folds the whole history into the projection row.
func Project(facts []Fact, term Term) Projection {
	p := Projection{Term: term}
	sorted := slices.SortedFunc(slices.Values(facts), func(a, b Fact) int { return a.Version - b.Version })
	bySuspension := map[string][]Fact{}
	for _, f := range sorted {
		p.Version = f.Version
		switch {
		case f.Kind == FactAccepted:
			p.AcceptedAt = f.From
		case f.Kind.Final():
			if p.Final == nil || f.From.Before(p.Final.From) {
				p.Final = &f
			}
		case f.Kind == FactSuspension:
			bySuspension[f.SuspensionID] = override(bySuspension[f.SuspensionID], f)
		case f.Kind == FactTitle:
			if p.Title == nil || f.From.After(p.Title.From) {
				p.Title = &f
			}
		}
	}
	for _, stretches := range bySuspension {
		for _, s := range stretches {
			if s.Stands {
				p.Suspensions = append(p.Suspensions, s)
			}
		}
	}
	slices.SortFunc(p.Suspensions, func(a, b Fact) int {
		if a.Version != b.Version {
			return a.Version - b.Version
		}
		return a.From.Compare(b.From)
	})
	return p
}

// override cuts later out of the earlier stretches and appends it: what covers
// an instant is then the latest version that does.
func override(earlier []Fact, later Fact) []Fact {
	var kept []Fact
	for _, e := range earlier {
		if left := e; e.From.Before(later.From) {
			if left.Until.IsZero() || left.Until.After(later.From) {
				left.Until = later.From
			}
			kept = append(kept, left)
		}
		if right := e; !later.Until.IsZero() && (e.Until.IsZero() || e.Until.After(later.Until)) {
			if right.From.Before(later.Until) {
				right.From = later.Until
			}
			kept = append(kept, right)
		}
	}
	return append(kept, later)
}

// StandingAt answers how the delegation stands at an instant that is not
// earlier than its newest fact was recorded.
func (p Projection) StandingAt(at time.Time) Standing {
	s := Standing{Version: p.Version}
	ends := p.Term.Through.Ends()
	switch suspension := p.suspensionAt(at); {
	case at.Before(p.AcceptedAt):
		return Standing{Status: StatusUnknown}
	case p.Final != nil && !at.Before(p.Final.From) && p.Final.From.Before(ends):
		s.Status, s.Reason = finalStatus(p.Final.Kind), p.Final.Reason
	case !at.Before(ends):
		s.Status = StatusExpired
	case suspension != nil:
		s.Status, s.Reason = StatusSuspended, suspension.Reason
	case at.Before(p.Term.From.Begins()):
		s.Status = StatusNotYetValid
	default:
		s.Status = StatusValid
	}
	return s
}

// notBefore is the instant of an answer of now: not before anything that was
// read was recorded. A process whose clock is behind another's would else
// answer VALID after it read the other's revocation.
func (p Projection) notBefore(at time.Time) time.Time {
	latest := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	latest(p.AcceptedAt)
	if p.Final != nil {
		latest(p.Final.RecordedAt)
	}
	for _, f := range p.Suspensions {
		latest(f.RecordedAt)
	}
	if p.Title != nil {
		latest(p.Title.RecordedAt)
	}
	return at
}

// suspensionAt returns the suspension of the lowest version that covers at:
// the first ground is the one told.
func (p Projection) suspensionAt(at time.Time) *Fact {
	var first *Fact
	for i, f := range p.Suspensions {
		if f.covers(at) && (first == nil || f.Version < first.Version) {
			first = &p.Suspensions[i]
		}
	}
	return first
}

func finalStatus(k FactKind) ValidityStatus {
	switch k {
	case FactRevoked:
		return StatusRevoked
	case FactRenounced:
		return StatusRenounced
	case FactSuperseded:
		return StatusSuperseded
	case FactEnded:
		return StatusEnded
	case FactAccepted, FactSuspension, FactTitle:
	}
	return StatusUnknown
}
