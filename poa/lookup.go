// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"time"

	"ininjo/poa/kanji"
)

// CorporateNumbers finds what the National Tax Agency publishes of a corporate
// number: ErrNotFound where nothing is published; any other error means that it
// cannot be told now. Implemented outside the building, within a few seconds.
type CorporateNumbers interface {
	Find(ctx context.Context, number string) (PublishedCorporation, error)
}

// PublishedCorporation is what is published of a corporate number. It holds no
// representative and no sole proprietor.
type PublishedCorporation struct {
	Number  string `json:"number"`
	Name    string `json:"name"`
	Address string `json:"address"`
	// NameImage and AddressImage tell that a character is published as an image
	// only: the text is not the whole of it.
	NameImage    bool `json:"nameImage,omitempty"`
	AddressImage bool `json:"addressImage,omitempty"`
	// ClosedOn is the day on which the record was closed; zero while it is open.
	ClosedOn Date `json:"closedOn,omitzero"`
}

// LookupOutcome is what came of looking a corporate number up.
type LookupOutcome string

// Outcomes of looking up.
const (
	LookupNone         LookupOutcome = "NOT_LOOKED_UP" // no client is set up, or there is no number
	LookupUnavailable  LookupOutcome = "UNAVAILABLE"
	LookupNotPublished LookupOutcome = "NOT_PUBLISHED"
	LookupPublished    LookupOutcome = "PUBLISHED"
	LookupClosed       LookupOutcome = "CLOSED"
)

// Lookup is what was published when a corporate number was stated, compared
// with what was stated. A person of reception looks at it; it decides nothing.
type Lookup struct {
	Outcome   LookupOutcome
	Published PublishedCorporation // sealed
	// Name and Address are the comparisons, empty where nothing is published.
	Name, Address kanji.Result
	At            time.Time
}

// Found reports whether there is something to compare with.
func (l Lookup) Found() bool { return l.Outcome == LookupPublished || l.Outcome == LookupClosed }

// LookUpWith lets corporate numbers be looked up; without it only their check
// digit is checked.
func (e *Enrollment) LookUpWith(c CorporateNumbers) { e.numbers = c }

// LookUp finds what is published of a corporate number, for the applicant to
// compare. It never fails: what cannot be told now is left to reception.
func (e *Enrollment) LookUp(ctx context.Context, number string) Lookup {
	l := Lookup{Outcome: LookupNone, At: e.clock.Now()}
	if e.numbers == nil || !ValidCorporateNumber(number) {
		return l
	}
	published, err := e.numbers.Find(ctx, number)
	switch {
	case errors.Is(err, ErrNotFound):
		l.Outcome = LookupNotPublished
	case err != nil:
		l.Outcome = LookupUnavailable
	case published.ClosedOn.IsZero():
		l.Outcome, l.Published = LookupPublished, published
	default:
		l.Outcome, l.Published = LookupClosed, published
	}
	return l
}

// compared holds what was stated against what is published.
func (l Lookup) compared(name, address string) Lookup {
	if !l.Found() {
		return l
	}
	l.Name = published(kanji.CompareName(name, l.Published.Name), l.Published.NameImage)
	l.Address = published(kanji.CompareAddress(address, l.Published.Address), l.Published.AddressImage)
	return l
}

// published leaves to a person what is published with an image in it.
func published(c kanji.Comparison, image bool) kanji.Result {
	if image && c.Reason != kanji.ReasonEmpty {
		return kanji.POSSIBLE
	}
	return c.Result
}
