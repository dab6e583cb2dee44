// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"slices"
	"time"

	"ininjo/poa/kanji"
)

// roundOf are the looks of one round, the oldest first.
func roundOf(looks []TitleLook, round int) []TitleLook {
	var own []TitleLook
	for _, l := range looks {
		if l.Round == round {
			own = append(own, l)
		}
	}
	return own
}

// counts reports whether a look says something of the delegate. What a
// connector says of another name, and that it finds nobody, is for a person.
func (l TitleLook) counts() bool {
	if l.Machine {
		return l.Standing.tells() && l.Name == kanji.MATCH
	}
	return l.Standing.tells() || l.Standing == SeenNotFound
}

// passed reports whether a suspension was over at the instant: then it is no
// ground against the delegate any more.
func (l TitleLook) passed(now time.Time) bool {
	return l.Standing == SeenSuspended && !l.Seen.Until.IsZero() && !now.Before(l.Seen.Until.Ends())
}

// outdated reports whether a registration was seen before the newest word of an
// earlier round against the delegate: what came later stands. A person's word
// for a day counts as of the whole day.
func (l TitleLook) outdated(looks []TitleLook) bool {
	if l.Standing != SeenRegistered {
		return false
	}
	return slices.ContainsFunc(looks, func(earlier TitleLook) bool {
		against := earlier.Round < l.Round && earlier.counts() && earlier.Standing != SeenRegistered && !earlier.passed(l.SeenAt)
		if l.Machine {
			return against && l.SeenAt.Before(earlier.SeenAt)
		}
		return against && DateOf(l.SeenAt).Before(DateOf(earlier.SeenAt))
	})
}

// TitleOutcome is what the looks of a round come to at an instant; WAITING while
// they do not suffice. Suspended and struck off count at once. Of registered and
// not found each person's newest word counts: registered alone suffices, not
// found wants two persons; where they disagree, two who agree and are more. A
// registration confirms only together with the engagement.
func TitleOutcome(looks []TitleLook, engaged bool, now time.Time) TitleState {
	words := map[string]TitleStanding{}
	for _, l := range looks {
		engaged = engaged || l.Engaged
		switch {
		case !l.counts() || l.passed(now):
		case l.Standing == SeenSuspended:
			return TitleSuspended
		case l.Standing == SeenStruckOff:
			return TitleStruckOff
		default:
			words[l.By] = l.Standing
		}
	}
	found, missing := 0, 0
	for _, word := range words {
		if word == SeenRegistered {
			found++
		} else {
			missing++
		}
	}
	switch {
	case missing >= 2 && missing > found:
		return TitleUnconfirmed
	case engaged && (found >= 1 && missing == 0 || found >= 2 && found > missing):
		return TitleConfirmed
	}
	return TitleWaiting
}

// verified is when the round's newest registration was seen.
func verified(looks []TitleLook) time.Time {
	var at time.Time
	for _, l := range looks {
		if l.counts() && l.Standing == SeenRegistered && l.SeenAt.After(at) {
			at = l.SeenAt
		}
	}
	return at
}
