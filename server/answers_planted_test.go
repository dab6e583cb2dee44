// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
)

// noon is an instant of the stories in the checker's own tests; the term of one
// that ends that day ends at 15:00 UTC.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// TestCheckerFindsPlantedContradictions breaks answers, one way each: a checker
// that finds nothing in a run is worth something only if it finds these.
func TestCheckerFindsPlantedContradictions(t *testing.T) {
	t.Parallel()
	today := poa.DateOf(noon)
	s := story{id: "A", term: poa.Term{From: today.AddDays(-9), Through: today}, changes: []change{
		{kind: changeAccepted, begun: after(1), done: after(2)},
		{kind: changeSuspended, begun: after(10), done: after(11), suspension: "s", from: after(20), until: after(30)},
		{kind: changeResumed, begun: after(24), done: after(25), suspension: "s"},
		{kind: changeRevoked, begun: after(40), done: after(41)},
	}}
	ends := today.Ends().Sub(noon).Seconds()
	ending := story{id: "B", term: s.term, changes: s.changes[:1]}
	for name, c := range map[string]struct {
		story          story
		sent, received float64
		status         poa.ValidityStatus
		version        int
		wrong          bool
	}{
		"nothing before it is accepted":            {s, 0, 0.5, poa.StatusUnknown, 0, false},
		"either while it is accepted":              {s, 1.5, 1.6, poa.StatusUnknown, 0, false},
		"either while it is accepted, the other":   {s, 1.5, 1.6, poa.StatusValid, 1, false},
		"valid before it was accepted":             {s, 0, 0.5, poa.StatusValid, 1, true},
		"unknown after it was accepted":            {s, 3, 3.1, poa.StatusUnknown, 0, true},
		"the suspension is still ahead":            {s, 12, 12.1, poa.StatusValid, 2, false},
		"suspended ahead of its time":              {s, 12, 12.1, poa.StatusSuspended, 2, true},
		"suspended in its time":                    {s, 21, 21.1, poa.StatusSuspended, 2, false},
		"valid though suspended":                   {s, 21, 21.1, poa.StatusValid, 2, true},
		"either as the suspension begins":          {s, 19.9, 20.1, poa.StatusValid, 2, false},
		"either as the suspension begins, other":   {s, 19.9, 20.1, poa.StatusSuspended, 2, false},
		"resumed":                                  {s, 26, 26.1, poa.StatusValid, 3, false},
		"suspended before the lift that it knows":  {s, 24.2, 24.9, poa.StatusSuspended, 3, false},
		"suspended though resumed, which it knows": {s, 26, 26.1, poa.StatusSuspended, 3, true},
		"suspended though resumed":                 {s, 26, 26.1, poa.StatusSuspended, 2, true},
		"valid while it is revoked":                {s, 40.5, 40.6, poa.StatusValid, 3, false},
		"stale: valid after the revocation":        {s, 41.1, 41.2, poa.StatusValid, 3, true},
		"stale: valid with the revocation known":   {s, 41.1, 41.2, poa.StatusValid, 4, true},
		"revoked, the question was sent before":    {s, 39, 45, poa.StatusRevoked, 4, false},
		"revoked before anybody revoked":           {s, 35, 39, poa.StatusRevoked, 4, true},
		"valid in the last second of its term":     {ending, ends - 1, ends - 0.5, poa.StatusValid, 1, false},
		"either as the term ends":                  {ending, ends - 1, ends + 1, poa.StatusExpired, 1, false},
		"expired in the last second of its term":   {ending, ends - 1, ends - 0.5, poa.StatusExpired, 1, true},
		"valid after its term":                     {ending, ends + 0.5, ends + 1, poa.StatusValid, 1, true},
		"a change that nobody made":                {ending, ends + 0.5, ends + 1, poa.StatusExpired, 2, true},
	} {
		r := validityAnswer{sent: after(c.sent), received: after(c.received), status: c.status, version: c.version}
		if fault := c.story.contradiction(r); (fault != "") != c.wrong {
			t.Errorf("%s: the checker says %q", name, fault)
		}
	}
}

// TestCheckerFindsMissingAudit plants faults of the audit log, and answers that
// know less than an earlier one.
func TestCheckerFindsMissingAudit(t *testing.T) {
	t.Parallel()
	today := poa.DateOf(noon)
	stories := []story{{id: "A", term: poa.Term{From: today.AddDays(-9), Through: today}, changes: []change{
		{kind: changeAccepted, begun: after(1), done: after(2)}, {kind: changeRevoked, begun: after(10), done: after(20)}}}}
	known := validityAnswer{sent: after(12), received: after(13), status: poa.StatusRevoked, version: 2, inquiry: "1", answeredAt: after(12), nonce: "n"}
	later := validityAnswer{sent: after(14), received: after(15), status: poa.StatusRevoked, version: 2, inquiry: "2", answeredAt: after(14), nonce: "m"}
	forgetful := later
	forgetful.status, forgetful.version = poa.StatusValid, 1 // could be by itself: the commit is not acknowledged
	row := func(r validityAnswer) audited { return audited{"A", r.version, r.answeredAt, r.nonce} }
	changed := row(later)
	changed.nonce = "another"
	older := row(later)
	older.version = 1
	for name, c := range map[string]struct {
		answers []validityAnswer
		log     map[string]audited
		faults  int
	}{
		"as it should be":                {[]validityAnswer{known, later}, map[string]audited{"1": row(known), "2": row(later)}, 0},
		"a row is missing":               {[]validityAnswer{known, later}, map[string]audited{"1": row(known)}, 1},
		"a row of another question":      {[]validityAnswer{known, later}, map[string]audited{"1": row(known), "2": changed}, 1},
		"a row of another version":       {[]validityAnswer{known, later}, map[string]audited{"1": row(known), "2": older}, 1},
		"the same inquiry twice":         {[]validityAnswer{known, known}, map[string]audited{"1": row(known)}, 1},
		"an answer that forgot":          {[]validityAnswer{known, forgetful}, map[string]audited{"1": row(known), "2": row(forgetful)}, 1},
		"the same, though not forgetful": {[]validityAnswer{forgetful}, map[string]audited{"2": row(forgetful)}, 0},
	} {
		if found := contradictions(stories, c.answers, c.log); len(found) != c.faults {
			t.Errorf("%s: the checker found %q", name, found)
		}
	}
}

// TestCheckerAgainstAnyHistory draws a history and a moment: what a program that
// reads at that moment answers is never a contradiction, and what one answers that
// reads before the last acknowledged change always is one, where it differs.
func TestCheckerAgainstAnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		today := poa.DateOf(noon)
		s := story{id: "A", term: poa.Term{From: today.AddDays(-rapid.IntRange(-1, 9).Draw(t, "from")), Through: today.AddDays(rapid.IntRange(1, 2).Draw(t, "through"))}}
		at, open := 0.0, ""
		for i := range rapid.IntRange(1, 8).Draw(t, "changes") {
			at += rapid.Float64Range(0.1, 9).Draw(t, "pause")
			c := change{kind: changeAccepted, begun: after(at)}
			at += rapid.Float64Range(0.1, 2).Draw(t, "commit")
			c.done = after(at)
			switch {
			case i == 0:
			case open == "":
				open = fmt.Sprint(i)
				c.kind, c.suspension = changeSuspended, open
			default:
				c.kind, c.suspension, open = changeResumed, open, ""
			}
			s.changes = append(s.changes, c)
		}
		read := rapid.Float64Range(0, at+5).Draw(t, "read")
		known := 0
		for _, c := range s.changes {
			if c.begun.Before(after(read)) && (c.done.Before(after(read)) || rapid.Bool().Draw(t, "committed already")) {
				known++
			} else {
				break
			}
		}
		sent, received := after(read-rapid.Float64Range(0, 3).Draw(t, "before")), after(read+rapid.Float64Range(0.001, 3).Draw(t, "after"))
		honest := validityAnswer{sent: sent, received: received, status: s.statusAt(known, after(read), false), version: known}
		if fault := s.contradiction(honest); fault != "" {
			t.Fatalf("an honest answer is called a contradiction: %s", fault)
		}
		if known > 0 && s.changes[known-1].done.Before(sent) {
			stale := honest
			stale.version, stale.status = known-1, s.statusAt(known-1, after(read), false)
			if s.contradiction(stale) == "" {
				t.Fatal("a stale answer passes")
			}
		}
	})
}
