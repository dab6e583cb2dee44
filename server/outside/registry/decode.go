// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

const (
	// maxAnswer bounds an answer, maxText a text in it (in characters).
	maxAnswer = 64 << 10
	maxText   = 200
	// maxAhead is how far a registry's clock may be ahead of ours.
	maxAhead = 5 * time.Minute
)

// errMalformed stands for every answer that is not of the documented form. It
// quotes nothing: an answer names people.
var errMalformed = errors.New("the answer is not of the documented form")

// answer is the documented form (docs/registry-openapi.yaml).
type answer struct {
	Number        string       `json:"number"`
	Qualification string       `json:"qualification"`
	Standing      string       `json:"standing"`
	Name          string       `json:"name"`
	Office        string       `json:"office"`
	Suspension    *period      `json:"suspension"`
	StruckOffOn   optionalDate `json:"struckOffOn"`
	AsOf          *time.Time   `json:"asOf"`
}

type period struct {
	From  optionalDate `json:"from"`
	Until optionalDate `json:"until"`
}

// optionalDate is a day; null and a missing one are the zero day.
type optionalDate struct{ poa.Date }

// UnmarshalJSON reads a day written YYYY-MM-DD.
func (d *optionalDate) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return errMalformed
	}
	if text == nil {
		return nil
	}
	day, err := poa.ParseDate(*text)
	if err != nil || day.Year < 1900 {
		return errMalformed
	}
	d.Date = day
	return nil
}

// decode reads the answer to a question, as it is at now. Members that are not
// known are passed over.
func decode(body []byte, q poa.RegistryQuestion, now time.Time) (poa.RegistryAnswer, error) {
	var a answer
	if len(body) > maxAnswer || !utf8.Valid(body) || json.Unmarshal(body, &a) != nil {
		return poa.RegistryAnswer{}, errMalformed
	}
	out := poa.RegistryAnswer{Standing: poa.TitleStanding(a.Standing), Number: a.Number, Name: strings.TrimSpace(a.Name), Office: strings.TrimSpace(a.Office)}
	if !a.about(q) || a.AsOf == nil || a.AsOf.Year() < 1900 || a.AsOf.After(now.Add(maxAhead)) || !short(out.Name) || !short(out.Office) {
		return poa.RegistryAnswer{}, errMalformed
	}
	out.AsOf = a.AsOf.UTC()
	named := out.Name != ""
	switch out.Standing {
	case poa.SeenRegistered:
	case poa.SeenSuspended:
		if a.Suspension == nil || a.Suspension.From.IsZero() || !a.Suspension.Until.IsZero() && a.Suspension.Until.Before(a.Suspension.From.Date) {
			return poa.RegistryAnswer{}, errMalformed
		}
		out.From, out.Until = a.Suspension.From.Date, a.Suspension.Until.Date
	case poa.SeenStruckOff:
		if out.From = a.StruckOffOn.Date; out.From.IsZero() || poa.DateOf(now).Before(out.From) {
			return poa.RegistryAnswer{}, errMalformed
		}
	case poa.SeenNotFound:
		return poa.RegistryAnswer{Standing: poa.SeenNotFound, Number: a.Number, AsOf: out.AsOf}, nil
	case poa.SeenUnreachable, poa.SeenNotAsked:
		named = false
	default:
		named = false
	}
	if !named {
		return poa.RegistryAnswer{}, errMalformed
	}
	return out, nil
}

// about reports whether the answer is about what was asked: another's
// registration must never be taken for the delegate's.
func (a answer) about(q poa.RegistryQuestion) bool {
	return a.Qualification == string(q.Qualification) && a.Number != "" && short(a.Number) && fold(a.Number) == fold(q.Number)
}

func fold(number string) string { return strings.Join(strings.Fields(kanji.NFKC(number)), "") }

// short reports whether a text is one line of at most 200 characters that can
// be shown.
func short(s string) bool {
	return utf8.RuneCountInString(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r)
	})
}
