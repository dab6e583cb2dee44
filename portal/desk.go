// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"slices"

	"ininjo/poa"
)

// deskView is the queue, or, for staff who have no part in it, the way to
// their own pages.
type deskView struct {
	Sees bool
	// Kind, Who, Late and Search are the filters as they were asked for; Who is
	// "", "mine" or "unclaimed".
	Kind, Who, Search string
	Late              bool
	Kinds             []poa.CaseKind
	Lines             []poa.CaseLine
	Pager             pager
	// HolidaysEnd tells that the list of holidays is about to end.
	HolidaysEnd bool
}

// Filtered reports whether the queue is narrowed.
func (v deskView) Filtered() bool { return v.Kind != "" || v.Who != "" || v.Late || v.Search != "" }

// showDesk is the one queue of what waits for a person.
func (p *portal) showDesk(r *request) error {
	view := deskView{Sees: r.actor.May(poa.MaySeeCases), Kinds: poa.CaseKinds, HolidaysEnd: poa.HolidaysEnd(p.Clock.Now())}
	if !view.Sees {
		return p.render(r, "desk", view)
	}
	q := r.URL.Query()
	view.Kind, view.Who, view.Search, view.Late = q.Get("kind"), q.Get("who"), q.Get("q"), q.Get("late") == "yes"
	filter := poa.CaseFilter{Late: view.Late, Search: view.Search, Unclaimed: view.Who == "unclaimed", PartyID: q.Get("party")}
	if view.Who == "mine" {
		filter.HeldBy = r.actor.ID
	}
	if kind := poa.CaseKind(view.Kind); slices.Contains(poa.CaseKinds, kind) {
		filter.Kinds = []poa.CaseKind{kind}
	} else {
		view.Kind = ""
	}
	list, err := p.Desk.Cases(r.Context(), r.actor, filter, r.pageOf())
	if err != nil {
		return err
	}
	view.Lines, view.Pager = list.Items, pagerOf(r, list)
	return p.render(r, "desk", view)
}

// Bounded is how many there are, counted no further than the queue's bound.
func (p pager) Bounded() string {
	if p.Total > poa.QueueBound {
		return fmt.Sprintf("%d,%03d+", poa.QueueBound/1000, poa.QueueBound%1000)
	}
	return fmt.Sprint(p.Total)
}

type caseView struct {
	File poa.CaseFile
	// Link leads to the page on which the case is decided, "" where that is here.
	Link string
	// Mine tells that the actor has it in hand, Held that somebody has.
	Mine, Held bool
	// Asked tells that staff entered the question, to be answered here.
	Asked    bool
	Channels []poa.ContactChannel
	History  []happened
}

// happened is one event of a case's history; Text is "" where no text tells it.
type happened struct {
	poa.AuditEvent
	Text string
}

// decidedAt is where a case of the kind is decided.
var decidedAt = map[poa.CaseKind]string{poa.CaseApplication: "/staff/applications/", poa.CaseChange: "/staff/changes/", poa.CaseFiling: "/staff/filings/",
	poa.CaseTitle: "/staff/titles/", poa.CaseQuestion: "/staff/questions/"}

func (p *portal) showCase(r *request) error { return p.caseFile(r) }

func (p *portal) caseFile(r *request, forms ...*Form) error {
	file, err := p.Desk.Case(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	holder := file.Holder(p.Clock.Now())
	view := caseView{File: file, Mine: holder == r.actor.ID, Held: holder != "", Channels: poa.ContactChannels,
		Asked: file.Kind == poa.CaseQuestion && len(file.SubjectID) > 0 && poa.IsID(file.SubjectID, poa.PrefixContact)}
	for _, e := range file.History {
		key, text := "action."+string(e.Action), ""
		if text = p.Text(r.lang, key, nil); text == key {
			text = ""
		}
		view.History = append(view.History, happened{e, text})
	}
	if !view.Asked {
		view.Link = decidedAt[file.Kind] + file.SubjectID
	}
	return p.render(r, "case", view, forms...)
}

// claim is what the acts on a case bind.
func (r *request) claim() poa.ClaimInput {
	return poa.ClaimInput{IdempotencyKey: r.key(), CaseID: r.PathValue("id"), Note: r.text("note")}
}

func (p *portal) claimCase(r *request) error {
	return p.onCase(r, "claim", "case-claimed", p.Desk.Claim(r.Context(), r.actor, r.claim()))
}

func (p *portal) releaseCase(r *request) error {
	return p.onCase(r, "release", "case-released", p.Desk.Release(r.Context(), r.actor, r.claim()))
}

func (p *portal) takeOverCase(r *request) error {
	return p.onCase(r, "take-over", "case-taken-over", p.Desk.TakeOver(r.Context(), r.actor, r.claim()))
}

func (p *portal) noteCase(r *request) error {
	return p.onCase(r, "case-note", "case-noted", p.Desk.Note(r.Context(), r.actor, r.claim()))
}

// answerCase answers a question that staff entered.
func (p *portal) answerCase(r *request) error {
	in := poa.ContactInput{IdempotencyKey: r.key(), CaseID: r.PathValue("id"), Channel: poa.ContactChannel(r.text("channel")), Direction: poa.ContactOut,
		Person: r.text("person"), About: r.text("about")}
	return p.onCase(r, "answer", "case-answered", p.Desk.Answer(r.Context(), r.actor, in))
}

func (p *portal) onCase(r *request, scope, word string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.caseFile(r, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/cases/" + r.PathValue("id") + "?done=" + word)
}
