// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// Freshness tells how fresh the confirmation of a title is.
type Freshness string

// How fresh the confirmation of a title is.
const (
	TitleFresh Freshness = "CONFIRMED" // verified, and verified again in time
	TitleStale Freshness = "STALE"     // verified once, but not again in time
)

// QualificationStanding is a delegate's qualification as its body confirmed it.
// That the body suspended or struck off is the reason of a status; its grounds
// stay inside.
type QualificationStanding struct {
	Qualification Qualification
	Standing      Freshness
	VerifiedAt    time.Time
}

// TitleAt tells how fresh the confirmation is at an instant that is not earlier
// than the newest fact was recorded; false where there is none, or where the
// body's word stands against the delegate: that is told by the status. No job
// needs to have run for a confirmation to become stale.
func (p Projection) TitleAt(at time.Time) (Freshness, time.Time, bool) {
	if p.Title == nil || at.Before(p.Title.From) {
		return "", time.Time{}, false
	}
	fresh := TitleStale
	if p.Title.covers(at) {
		fresh = TitleFresh
	}
	for _, s := range p.Suspensions {
		switch {
		case !s.Reason.ofTitle() || at.Before(s.From):
		case s.covers(at):
			return "", time.Time{}, false
		case s.From.After(p.Title.From):
			fresh = TitleStale // suspended since: what was verified before counts no more
		}
	}
	return fresh, p.Title.From, true
}

// TitleAt is the same from the history, for any instant and state of knowledge.
func TitleAt(facts []Fact, term Term, at, knownAt time.Time) (Freshness, time.Time, bool) {
	var known []Fact
	for _, f := range facts {
		if f.RecordedAt.After(knownAt) || f.Kind == FactTitle && f.From.After(at) {
			continue
		}
		known = append(known, f)
	}
	return Project(known, term).TitleAt(at)
}

// ofTitle reports whether a reason is one that the checks of titles give.
func (r ValidityReason) ofTitle() bool {
	return r == ReasonQualificationSuspended || r == ReasonQualificationStruckOff || r == ReasonUnconfirmed
}

// standing is what is shown of a title; nil where nothing was confirmed.
func (q Qualification) standing(fresh Freshness, at time.Time, ok bool) *QualificationStanding {
	if q == "" || !ok {
		return nil
	}
	return &QualificationStanding{Qualification: q, Standing: fresh, VerifiedAt: at}
}
