// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

var (
	accepted = time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)
	april    = poa.Term{From: poa.Date{Year: 2026, Month: 4, Day: 10}, Through: poa.Date{Year: 2026, Month: 4, Day: 20}}
)

func day(d, hour int) time.Time { return time.Date(2026, 4, d, hour, 0, 0, 0, time.UTC) }

// history numbers facts and records each an hour after the one before.
func history(facts ...poa.Fact) []poa.Fact {
	for i := range facts {
		facts[i].Version = i + 1
		facts[i].RecordedAt = accepted.Add(time.Duration(i) * time.Hour)
		if facts[i].Kind != poa.FactSuspension {
			facts[i].Stands = true
		}
	}
	return facts
}

func TestStandingAt(t *testing.T) {
	t.Parallel()
	suspend := func(id string, stands bool, from, until time.Time) poa.Fact {
		return poa.Fact{Kind: poa.FactSuspension, SuspensionID: id, Stands: stands, From: from, Until: until, Reason: poa.ReasonServiceReview}
	}
	begin := poa.Fact{Kind: poa.FactAccepted, From: accepted}
	final := func(k poa.FactKind, from time.Time) poa.Fact { return poa.Fact{Kind: k, From: from} }
	rows := []struct {
		name  string
		facts []poa.Fact
		at    time.Time
		want  poa.ValidityStatus
	}{
		{"nothing is known of what was never accepted", nil, day(12, 0), poa.StatusUnknown},
		{"before its acceptance it is unknown", history(begin), accepted.Add(-time.Microsecond), poa.StatusUnknown},
		{"accepted before the term starts", history(begin), day(9, 14), poa.StatusNotYetValid},
		{"the first day begins at midnight in Japan", history(begin), day(9, 15), poa.StatusValid},
		{"the last day is part of the term", history(begin), day(20, 14), poa.StatusValid},
		{"after the last day in Japan", history(begin), day(20, 15), poa.StatusExpired},
		{"revoked", history(begin, final(poa.FactRevoked, day(12, 0))), day(12, 0), poa.StatusRevoked},
		{"revoked in future", history(begin, final(poa.FactRevoked, day(12, 0))), day(11, 0), poa.StatusValid},
		{"a final act after the end of the term does not count", history(begin, final(poa.FactEnded, day(21, 0))), day(22, 0), poa.StatusExpired},
		{"a final act before the end counts after it too", history(begin, final(poa.FactRenounced, day(12, 0))), day(22, 0), poa.StatusRenounced},
		{"revoked before its term", history(begin, final(poa.FactRevoked, day(3, 0))), day(4, 0), poa.StatusRevoked},
		{"an earlier final act overrides a future one", history(begin, final(poa.FactSuperseded, day(15, 0)), final(poa.FactRevoked, day(12, 0))), day(16, 0), poa.StatusRevoked},
		{"suspended", history(begin, suspend("a", true, day(11, 0), time.Time{})), day(12, 0), poa.StatusSuspended},
		{"suspended before its term", history(begin, suspend("a", true, day(2, 0), time.Time{})), day(3, 0), poa.StatusSuspended},
		{"resumed", history(begin, suspend("a", true, day(11, 0), time.Time{}), suspend("a", false, day(13, 0), time.Time{})), day(13, 0), poa.StatusValid},
		{"one of two suspensions resumed", history(begin, suspend("a", true, day(11, 0), time.Time{}), suspend("b", true, day(11, 0), time.Time{}), suspend("a", false, day(13, 0), time.Time{})), day(14, 0), poa.StatusSuspended},
		{"expired comes before suspended", history(begin, suspend("a", true, day(11, 0), time.Time{})), day(25, 0), poa.StatusExpired},
		{"revoked comes before suspended", history(begin, suspend("a", true, day(11, 0), time.Time{}), final(poa.FactRevoked, day(12, 0))), day(12, 0), poa.StatusRevoked},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := poa.StandingAt(row.facts, april, row.at, day(30, 0)); got.Status != row.want {
				t.Errorf("got %s, want %s", got.Status, row.want)
			}
		})
	}
	t.Run("what was recorded later is not known earlier", func(t *testing.T) {
		t.Parallel()
		facts := history(begin, final(poa.FactRevoked, day(12, 0)))
		if got := poa.StandingAt(facts, april, day(13, 0), facts[1].RecordedAt.Add(-time.Microsecond)); got.Status != poa.StatusValid || got.Version != 1 {
			t.Errorf("before it was recorded: %+v", got)
		}
		if got := poa.StandingAt(facts, april, day(13, 0), facts[1].RecordedAt); got.Status != poa.StatusRevoked || got.Version != 2 {
			t.Errorf("once it was recorded: %+v", got)
		}
	})
}

// TestProjection compares the projection with the fold of the facts, and both
// with a plain model that walks over every fact, for random histories.
func TestProjection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawHistory(rt)
		at := accepted.Add(time.Duration(rapid.IntRange(-24, 24*30).Draw(rt, "at")) * time.Hour)
		known := facts[len(facts)-1].RecordedAt.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "known")) * time.Hour)
		p := poa.Project(facts, april).StandingAt(at)
		f := poa.StandingAt(facts, april, at, known)
		m := model(facts, april, at)
		if p != f && !(p.Status == poa.StatusUnknown && f.Status == poa.StatusUnknown) {
			rt.Fatalf("projection %+v, facts %+v at %v of %+v", p, f, at, facts)
		}
		if p.Status != m {
			rt.Fatalf("projection %s, model %s at %v of %+v", p.Status, m, at, facts)
		}
	})
}

// drawHistory draws what the acts allow: a final act takes effect before any
// recorded one.
func drawHistory(rt *rapid.T) []poa.Fact {
	facts := []poa.Fact{{Kind: poa.FactAccepted, From: accepted, Stands: true}}
	ends := accepted.Add(1000 * time.Hour)
	for range rapid.IntRange(0, 8).Draw(rt, "facts") {
		from := accepted.Add(time.Duration(rapid.IntRange(0, 24*28).Draw(rt, "from")) * time.Hour)
		if kind := rapid.SampledFrom([]poa.FactKind{poa.FactSuspension, poa.FactSuspension, poa.FactRevoked, poa.FactRenounced, poa.FactSuperseded, poa.FactEnded}).Draw(rt, "kind"); kind != poa.FactSuspension {
			if from.Before(ends) {
				ends = from
				facts = append(facts, poa.Fact{Kind: kind, From: from, Stands: true})
			}
			continue
		}
		f := poa.Fact{Kind: poa.FactSuspension, SuspensionID: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "suspension"), Stands: rapid.Bool().Draw(rt, "stands"), From: from}
		if rapid.Bool().Draw(rt, "bounded") {
			f.Until = from.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
		}
		facts = append(facts, f)
	}
	for i := range facts {
		facts[i].Version, facts[i].RecordedAt = i+1, accepted.Add(time.Duration(i)*time.Microsecond)
	}
	return facts
}

// model answers by walking over the facts in order, with everything known.
func model(facts []poa.Fact, term poa.Term, at time.Time) poa.ValidityStatus {
	if at.Before(accepted) {
		return poa.StatusUnknown
	}
	status, endedAt, suspended := poa.StatusValid, term.Through.Ends(), map[string]bool{}
	over := false
	for _, f := range facts {
		if f.Kind.Final() && !at.Before(f.From) && f.From.Before(endedAt) {
			endedAt, over = f.From, true
			status = map[poa.FactKind]poa.ValidityStatus{poa.FactRevoked: poa.StatusRevoked, poa.FactRenounced: poa.StatusRenounced,
				poa.FactSuperseded: poa.StatusSuperseded, poa.FactEnded: poa.StatusEnded}[f.Kind]
		}
		if f.Kind == poa.FactSuspension && !at.Before(f.From) && (f.Until.IsZero() || at.Before(f.Until)) {
			suspended[f.SuspensionID] = f.Stands
		}
	}
	switch {
	case over:
		return status
	case !at.Before(term.Through.Ends()):
		return poa.StatusExpired
	case suspended["a"] || suspended["b"]:
		return poa.StatusSuspended
	case at.Before(term.From.Begins()):
		return poa.StatusNotYetValid
	}
	return poa.StatusValid
}
