// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"slices"

	"ininjo/poa"
)

type lettersView struct {
	State, Reason string
	States        []poa.LetterState
	Reasons       []poa.LetterReason
	Lines         []poa.LetterLine
	Pager         pager
	// Chosen tells that what is listed can be worked on as it stands, so that it
	// is chosen to begin with.
	Chosen bool
}

// listLetters is the queue of notices by post; what waits for its print first.
func (p *portal) listLetters(r *request) error { return p.letters(r) }

func (p *portal) letters(r *request, forms ...*Form) error {
	q := r.URL.Query()
	state := poa.LetterState(q.Get("state"))
	if !q.Has("state") {
		state = poa.LetterWaiting
	}
	if !slices.Contains(poa.LetterStates, state) {
		state = ""
	}
	filter := poa.LetterFilter{State: state}
	if reason := poa.LetterReason(q.Get("reason")); slices.Contains(poa.LetterReasons, reason) {
		filter.Reason = reason
	}
	list, err := p.Notifier.Letters(r.Context(), r.actor, filter, r.pageOf())
	if err != nil {
		return err
	}
	view := lettersView{State: string(state), Reason: string(filter.Reason), States: poa.LetterStates, Reasons: poa.LetterReasons, Lines: list.Items, Pager: pagerOf(r, list),
		Chosen: len(forms) == 0 && (state == poa.LetterWaiting || state == poa.LetterPrinted)}
	if len(forms) == 0 {
		forms = []*Form{newForm("letters")}
	}
	return p.render(r, "letters", view, forms...)
}

func chosenLetters(r *request) poa.LettersInput {
	return poa.LettersInput{IdempotencyKey: r.key(), IDs: r.PostForm["letters"]}
}

// workLetters prints the chosen letters, or marks them as posted: by the button.
func (p *portal) workLetters(r *request) error {
	if r.text("act") == "post" {
		return p.postLetters(r)
	}
	return p.printLetters(r)
}

// printLetters answers with one PDF of the chosen letters.
func (p *portal) printLetters(r *request) error {
	pdf, err := p.Notifier.PrintLetters(r.Context(), r.actor, chosenLetters(r))
	if faults, ok := faultsOf(err); ok {
		return p.letters(r, r.refused("letters", faults))
	}
	if err != nil {
		return err
	}
	return r.attachment("letters.pdf", "application/pdf", pdf)
}

// postLetters records that the chosen letters were posted.
func (p *portal) postLetters(r *request) error {
	err := p.Notifier.PostLetters(r.Context(), r.actor, chosenLetters(r))
	if faults, ok := faultsOf(err); ok {
		return p.letters(r, r.refused("letters", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/letters?state=PRINTED&done=letters-posted")
}

type suppressionsView struct {
	Lines []poa.SuppressionLine
	Pager pager
}

// listSuppressions lists addresses that bounce.
func (p *portal) listSuppressions(r *request) error {
	list, err := p.Notifier.Suppressions(r.Context(), r.actor, r.pageOf())
	if err != nil {
		return err
	}
	return p.render(r, "suppressions", suppressionsView{list.Items, pagerOf(r, list)})
}
