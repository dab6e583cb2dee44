// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strings"
	"unicode/utf8"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

// checkRow is a check as a table shows it.
type checkRow struct {
	poa.Check
	// Because are its reasons in words.
	Because []string
	// Over tells that a later check of its kind stands in its place.
	Over bool
}

// checkRows are the checks in their order, each with its reasons in words.
func (t translator) checkRows(checks []poa.Check) []checkRow {
	last := map[poa.CheckKind]int{}
	for i, c := range checks {
		last[c.Kind] = i
	}
	rows := make([]checkRow, len(checks))
	for i, c := range checks {
		rows[i] = checkRow{c, t.because(c), last[c.Kind] != i}
	}
	return rows
}

// because tells each reason of a check once, with the places that it is about.
func (t translator) because(c poa.Check) []string {
	if len(c.Reasons) == 0 {
		if c.Reason == "" {
			return nil
		}
		return []string{t.label("comparison", c.Reason)}
	}
	places, order := map[string][]string{}, []string{}
	for _, each := range c.Reasons {
		code, at, placed := strings.Cut(each, "@")
		if _, seen := places[code]; !seen {
			places[code], order = nil, append(order, code)
		}
		if placed {
			places[code] = append(places[code], at)
		}
	}
	var all []string
	for _, code := range order {
		text := t.label("comparison", code)
		if at := places[code]; len(at) > 0 {
			text += t.text("compared.places", "n", strings.Join(at, t.text("compared.comma")))
		}
		all = append(all, text)
	}
	return all
}

// comparedView is one text of a certificate beside that of the register.
type comparedView struct {
	Kind                  poa.CheckKind
	Result                poa.CheckResult
	Certificate, Register []mark
	Notes                 []note
	// Drafted tells that the other side is the draft, not the register.
	Drafted bool
}

// mark is a piece of a text; Number is that of the note about it, 0 for none.
type mark struct {
	Text       string
	Number     int
	Substitute bool
}

// note is one difference, numbered from 1.
type note struct {
	Number int
	kanji.Difference
}

// comparedViews puts the notes to the places that they are about.
func comparedViews(all []poa.Compared, checks []poa.Check) []comparedView {
	results := map[poa.CheckKind]poa.CheckResult{}
	for _, c := range checks {
		results[c.Kind] = c.Result
	}
	views := make([]comparedView, len(all))
	for i, c := range all {
		view := comparedView{Kind: c.Kind, Result: results[c.Kind], Drafted: c.Kind == poa.CheckDelegateName,
			Certificate: marks(c.Certificate, c.Substitutes, c.Differences, func(d kanji.Difference) (own, other string) { return d.A, d.B }),
			Register:    marks(c.Register, "", c.Differences, func(d kanji.Difference) (own, other string) { return d.B, d.A })}
		for n, d := range c.Differences {
			view.Notes = append(view.Notes, note{n + 1, d})
		}
		views[i] = view
	}
	return views
}

// marks numbers the places of a text that differ. A position counts the
// characters of one side, which in an address may be another place on the other:
// only the very character that differs is marked.
func marks(text, flags string, differences []kanji.Difference, sides func(kanji.Difference) (own, other string)) []mark {
	var list []mark
	shift := 0 // by the prefecture that only the other side has
	for _, d := range differences {
		if own, other := sides(d); d.Reason == kanji.ReasonPrefecture && own == "" {
			shift = utf8.RuneCountInString(other)
		}
	}
	for _, piece := range kanji.Pieces(text, flags) {
		m := mark{Text: piece.Text, Substitute: piece.Substitute}
		for n, d := range differences {
			own, _ := sides(d)
			if at := d.Position - shift; at > 0 && piece.From <= at && at <= piece.Through && strings.Contains(piece.Compared, own) {
				m.Number = n + 1
				break
			}
		}
		if last := len(list) - 1; last >= 0 && m.Number == 0 && !m.Substitute && list[last].Number == 0 && !list[last].Substitute {
			list[last].Text += m.Text
			continue
		}
		list = append(list, m)
	}
	return list
}
