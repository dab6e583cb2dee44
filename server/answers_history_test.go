// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"time"

	"ininjo/poa"
)

// The checker of answers: it knows what was committed when, by the watch of who
// committed it, and says of each answer whether some state between its question
// and its arrival justifies it. It shares no code with the program.

// changeKind is what happens to a delegation.
type changeKind string

const (
	changeAccepted  changeKind = "accepted"
	changeRevoked   changeKind = "revoked"
	changeSuspended changeKind = "suspended"
	changeResumed   changeKind = "resumed"
)

// change is one committed change of a delegation. Begun is the instant before its
// commit was asked for and done the one after it was acknowledged, by the clock
// that all processes of the test share.
type change struct {
	kind        changeKind
	begun, done time.Time
	// from is when it takes effect; zero means with its commit. Until ends a
	// suspension by itself; zero means never.
	from, until time.Time
	// suspension names what is suspended or resumed.
	suspension string
}

// story is a delegation and all that happened to it, in order: one writer at a
// time changes it. Its n-th change is its version n.
type story struct {
	id      poa.DelegationID
	term    poa.Term
	changes []change
}

// validityAnswer is one answer: who gave it and when, by the same clock.
type validityAnswer struct {
	story          int
	process        int
	sent, received time.Time
	status         poa.ValidityStatus
	version        int
	inquiry        string
	answeredAt     time.Time
	nonce          string
}

// statusAt is how a delegation stands at an instant when the first so many of its
// changes are known (design.md, rule 2). What takes effect with its commit has
// taken effect wherever it is known, but for one case: an answer about an instant
// before a suspension was lifted may know that it was lifted since. The lift's own
// instant is one between begun and done; late takes the last of them.
func (s story) statusAt(known int, at time.Time, late bool) poa.ValidityStatus {
	if known == 0 {
		return poa.StatusUnknown
	}
	open := map[string]bool{}
	revoked := false
	for _, c := range s.changes[:known] {
		effective := c.from.IsZero() || !at.Before(c.from)
		switch c.kind {
		case changeRevoked:
			revoked = revoked || effective && (c.from.IsZero() || c.from.Before(s.term.Through.Ends()))
		case changeSuspended:
			open[c.suspension] = effective && (c.until.IsZero() || at.Before(c.until))
		case changeResumed:
			open[c.suspension] = open[c.suspension] && (!effective || late && at.Before(c.done))
		case changeAccepted:
		}
	}
	suspended := false
	for _, each := range open {
		suspended = suspended || each
	}
	switch {
	case revoked:
		return poa.StatusRevoked
	case !at.Before(s.term.Through.Ends()):
		return poa.StatusExpired
	case suspended:
		return poa.StatusSuspended
	case at.Before(s.term.From.Begins()):
		return poa.StatusNotYetValid
	}
	return poa.StatusValid
}

// moments are the instants between two that can differ in status: both ends, and
// around each at which something begins or ends by the clock.
func (s story) moments(from, until time.Time) []time.Time {
	moments := []time.Time{from, until}
	turns := []time.Time{s.term.From.Begins(), s.term.Through.Ends()}
	for _, c := range s.changes {
		turns = append(turns, c.from, c.until)
	}
	for _, turn := range turns {
		if turn.After(from) && !turn.After(until) {
			moments = append(moments, turn.Add(-time.Microsecond), turn)
		}
	}
	return moments
}

// contradiction says why an answer cannot be, or nothing: no state that was
// committed before it came, and not replaced before it was asked for, gives it.
func (s story) contradiction(r validityAnswer) string {
	must, may := 0, 0 // so many changes it has to know, and can know
	for i, c := range s.changes {
		if c.done.Before(r.sent) {
			must = i + 1
		}
		if c.begun.Before(r.received) {
			may = i + 1
		}
	}
	if r.version < must || r.version > may {
		return fmt.Sprintf("it knows %d changes: %d were committed before it was asked for, %d began before it came", r.version, must, may)
	}
	seen := []poa.ValidityStatus{}
	for _, at := range s.moments(r.sent.Add(-2*time.Microsecond), r.received) { // the program's instants are whole microseconds
		for _, late := range []bool{false, true} {
			status := s.statusAt(r.version, at, late)
			if status == r.status {
				return ""
			}
			seen = append(seen, status)
		}
	}
	return fmt.Sprintf("it says %s, with %d changes known it was %v between %s and %s", r.status, r.version, slices.Compact(seen), r.sent.Format(time.RFC3339Nano), r.received.Format(time.RFC3339Nano))
}

// audited is an answer's row in the audit log of questions.
type audited struct {
	delegation poa.DelegationID
	version    int
	answeredAt time.Time
	nonce      string
}

// contradictions checks all answers, alone, against one another and against
// their audit rows.
func contradictions(stories []story, answers []validityAnswer, log map[string]audited) []string {
	var found []string
	tell := func(r validityAnswer, format string, args ...any) {
		found = append(found, fmt.Sprintf("process %d about %s: ", r.process, stories[r.story].id)+fmt.Sprintf(format, args...))
	}
	ids := map[string]bool{}
	for _, r := range answers {
		if fault := stories[r.story].contradiction(r); fault != "" {
			tell(r, "%s", fault)
		}
		if ids[r.inquiry] {
			tell(r, "two answers bear %s", r.inquiry)
		}
		ids[r.inquiry] = true
		row, there := log[r.inquiry]
		switch {
		case !there:
			tell(r, "%s is in no audit row", r.inquiry)
		case row != audited{stories[r.story].id, r.version, r.answeredAt, r.nonce}:
			tell(r, "its audit row says %v, it said version %d at %v, nonce %q", row, r.version, r.answeredAt, r.nonce)
		}
	}
	for _, r := range forgotten(answers) {
		tell(r, "it knows %d changes, and more were told before it was asked for", r.version)
	}
	return found
}

// forgotten are answers that know less than one that had come before they were
// asked for, from whatever process.
func forgotten(answers []validityAnswer) []validityAnswer {
	var found []validityAnswer
	bySent, byReceived := slices.Clone(answers), slices.Clone(answers)
	slices.SortStableFunc(bySent, func(a, b validityAnswer) int { return a.sent.Compare(b.sent) })
	slices.SortStableFunc(byReceived, func(a, b validityAnswer) int { return a.received.Compare(b.received) })
	told, next := map[int]int{}, 0
	for _, r := range bySent {
		for ; next < len(byReceived) && byReceived[next].received.Before(r.sent); next++ {
			earlier := byReceived[next]
			told[earlier.story] = max(told[earlier.story], earlier.version)
		}
		if r.version < told[r.story] {
			found = append(found, r)
		}
	}
	return found
}
