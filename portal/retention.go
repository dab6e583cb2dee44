// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"strconv"
	"strings"

	"ininjo/poa"
)

type retentionView struct {
	Rules    []ruleView
	Runs     []runView
	Holds    int
	Archives []poa.Archive
	Health   poa.RetentionHealth
	Pager    pager
}

// ruleView is a rule with its period in words.
type ruleView struct {
	poa.RetentionRule
	Lasts  string
	Tables string
}

// runView is a run with its state now.
type runView struct {
	poa.Run
	State poa.RunState
}

// shownArchives bounds the archives that the page lists; the audit command lists
// all of them.
const shownArchives = 24

// showRetention shows the table of rules, what holds, the runs and the archives.
func (p *portal) showRetention(r *request) error { return p.retention(r, nil) }

func (p *portal) retention(r *request, f *Form) error {
	runs, err := p.Retention.Runs(r.Context(), r.actor, r.pageOf())
	if err != nil {
		return err
	}
	holds, err := p.Retention.Holds(r.Context(), r.actor, poa.Page{First: 1})
	if err != nil {
		return err
	}
	view := retentionView{Holds: holds.Total, Pager: pagerOf(r, runs)}
	if view.Archives, err = p.Retention.Archives(r.Context(), r.actor); err != nil {
		return err
	}
	view.Archives = view.Archives[:min(len(view.Archives), shownArchives)]
	if view.Health, err = p.Retention.Health(r.Context()); err != nil {
		return err
	}
	for _, run := range runs.Items {
		view.Runs = append(view.Runs, runView{run, run.StateAt(p.Clock.Now())})
	}
	for _, rule := range poa.RetentionRules() {
		view.Rules = append(view.Rules, ruleView{rule, p.lasts(r.lang, rule), strings.Join(poa.TablesOf(rule.Kind), ", ")})
	}
	if f == nil {
		return p.render(r, "retention", view)
	}
	return p.render(r, "retention", view, f)
}

// lasts writes a rule's period in words.
func (p *portal) lasts(lang string, rule poa.RetentionRule) string {
	for _, part := range []struct {
		n   int
		key string
	}{{rule.Period.Years, "period.years"}, {rule.Period.Months, "period.months"}, {rule.Period.Days, "period.days"}} {
		if part.n > 0 {
			return p.Text(lang, part.key, map[string]string{"n": strconv.Itoa(part.n)})
		}
	}
	if rule.End == poa.EndKeep {
		return p.Text(lang, "period.open", nil)
	}
	return p.Text(lang, "period.none", nil)
}

// prepareErasure prepares a run: a dry run that erases nothing.
func (p *portal) prepareErasure(r *request) error {
	id, err := p.Retention.PrepareErasure(r.Context(), r.actor, r.key())
	if faults, ok := faultsOf(err); ok {
		return p.retention(r, r.refused("prepare", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/retention/" + id + "?done=run-prepared")
}

type holdsView struct {
	Holds []poa.Hold
	Pager pager
}

// listHolds lists legal holds.
func (p *portal) listHolds(r *request) error {
	return p.holds(r, newForm("hold", "subject", r.URL.Query().Get("subject")))
}

func (p *portal) holds(r *request, f *Form) error {
	list, err := p.Retention.Holds(r.Context(), r.actor, r.pageOf())
	if err != nil {
		return err
	}
	return p.render(r, "holds", holdsView{list.Items, pagerOf(r, list)}, f)
}

// setHold sets a legal hold.
func (p *portal) setHold(r *request) error {
	_, err := p.Retention.SetHold(r.Context(), r.actor, poa.HoldInput{Key: r.key(), Subject: r.text("subject"), Ground: r.text("ground")})
	if faults, ok := faultsOf(err); ok {
		return p.holds(r, r.refused("hold", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/retention/holds?done=hold-set")
}

func (p *portal) showLift(r *request) error { return p.lift(r, newForm("lift")) }

func (p *portal) lift(r *request, f *Form) error {
	if !r.actor.May(poa.MayHold) {
		return poa.ErrForbidden
	}
	hold, err := p.Retention.Hold(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "hold-lift", hold, f)
}

// liftHold lifts a hold.
func (p *portal) liftHold(r *request) error {
	err := p.Retention.LiftHold(r.Context(), r.actor, r.key(), r.PathValue("id"), r.text("ground"))
	if faults, ok := faultsOf(err); ok {
		return p.lift(r, r.refused("lift", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/retention/holds?done=hold-lifted")
}

type erasureRequestView struct{}

func (p *portal) showErasureRequest(r *request) error {
	if !r.actor.May(poa.MayPrepareErasure) {
		return poa.ErrForbidden
	}
	return p.render(r, "erasure-request", erasureRequestView{}, newForm("erasure"))
}

// eraseOnRequest prepares the early erasure of a subject because the person
// asked (2.8). Its ID is typed twice; another person releases it.
func (p *portal) eraseOnRequest(r *request) error {
	var faults poa.Faults
	if r.text("confirm") != r.text("subject") {
		faults.Add(poa.CodeInvalid, "confirm")
	}
	id := ""
	err := faults.Err()
	if !r.actor.May(poa.MayPrepareErasure) {
		return poa.ErrForbidden
	}
	if err == nil {
		id, err = p.Retention.EraseOnRequest(r.Context(), r.actor, r.key(), r.text("subject"))
	}
	if faults, ok := faultsOf(err); ok {
		return p.render(r, "erasure-request", erasureRequestView{}, r.refused("erasure", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/retention/" + id + "?done=erasure-asked")
}
