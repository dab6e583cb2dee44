// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

// TestTitleOutcome compares the outcome of random looks with a plain model that
// keeps two sets of persons.
func TestTitleOutcome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var looks []poa.TitleLook
		before := rapid.Bool().Draw(rt, "engaged before")
		says, engaged := map[string]string{}, before
		for range rapid.IntRange(0, 10).Draw(rt, "looks") {
			l := drawLook(rt)
			looks = append(looks, l)
			var want poa.TitleState
			want, engaged = modelLook(says, l, engaged)
			if got := poa.TitleOutcome(looks, before, accepted); got != want {
				rt.Fatalf("outcome %s, model %s of %+v", got, want, looks)
			}
			if want != poa.TitleWaiting {
				return // the round is over
			}
		}
	})
}

func drawLook(rt *rapid.T) poa.TitleLook {
	l := poa.TitleLook{By: rapid.SampledFrom([]string{"a", "b", "c", poa.Connector}).Draw(rt, "by"), Standing: rapid.SampledFrom(poa.TitleStandings).Draw(rt, "standing"), Name: kanji.MATCH}
	if l.Machine = l.By == poa.Connector; !l.Machine {
		l.Engaged = rapid.Bool().Draw(rt, "engaged")
	}
	if rapid.Bool().Draw(rt, "other name") {
		l.Name, l.SamePerson = kanji.MISMATCH, true
	}
	if l.Standing == poa.SeenSuspended && rapid.Bool().Draw(rt, "over") {
		l.Seen.Until = poa.DateOf(accepted.Add(-48 * time.Hour))
	}
	return l
}

// modelLook says what one more look brings.
func modelLook(says map[string]string, l poa.TitleLook, engaged bool) (poa.TitleState, bool) {
	engaged = engaged || l.Engaged
	deaf := l.By == poa.Connector && (l.Name != kanji.MATCH || l.Standing == poa.SeenNotFound)
	over := !l.Seen.Until.IsZero()
	switch {
	case deaf:
	case l.Standing == poa.SeenSuspended && !over:
		return poa.TitleSuspended, engaged
	case l.Standing == poa.SeenStruckOff:
		return poa.TitleStruckOff, engaged
	case l.Standing == poa.SeenRegistered:
		says[l.By] = "yes"
	case l.Standing == poa.SeenNotFound:
		says[l.By] = "no"
	}
	count := map[string]int{}
	for _, word := range says {
		count[word]++
	}
	yes, no := count["yes"], count["no"]
	switch {
	case no > yes && no > 1:
		return poa.TitleUnconfirmed, engaged
	case yes > no && (no == 0 || yes > 1) && engaged:
		return poa.TitleConfirmed, engaged
	}
	return poa.TitleWaiting, engaged
}

// TestTitleAt compares, for random histories, how fresh a title is by the hot
// row, by the facts and by a plain walk over them.
func TestTitleAt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawHistory(rt)
		for range rapid.IntRange(1, 3).Draw(rt, "titles") {
			from := accepted.Add(time.Duration(rapid.IntRange(-48, 24*20).Draw(rt, "verified")) * time.Hour)
			facts = append(facts, poa.Fact{Kind: poa.FactTitle, Stands: true, From: from, Until: from.Add(100 * time.Hour)})
		}
		for i := range facts {
			facts[i].Version, facts[i].RecordedAt = i+1, accepted.Add(time.Duration(i)*time.Microsecond)
			if facts[i].Kind == poa.FactSuspension {
				facts[i].Reason = rapid.SampledFrom([]poa.ValidityReason{poa.ReasonServiceReview, poa.ReasonQualificationSuspended}).Draw(rt, "reason")
			}
		}
		at := accepted.Add(24 * 20 * time.Hour).Add(time.Duration(rapid.IntRange(0, 24*10).Draw(rt, "at")) * time.Hour)
		fresh, when, ok := poa.TitleAt(facts, april, at, at)
		hot, hotWhen, hotOK := poa.Project(facts, april).TitleAt(at)
		if fresh != hot || when != hotWhen || ok != hotOK {
			rt.Fatalf("facts %s %v %v, hot row %s %v %v", fresh, when, ok, hot, hotWhen, hotOK)
		}
		newest := time.Time{}
		for _, f := range facts {
			if f.Kind == poa.FactTitle && f.From.After(newest) {
				newest = f.From
			}
		}
		if ok && (!when.Equal(newest) || fresh == poa.TitleFresh && !at.Before(newest.Add(100*time.Hour))) {
			rt.Fatalf("%s, verified at %v, at %v", fresh, when, at)
		}
	})
}
