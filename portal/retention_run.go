// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"time"

	"ininjo/poa"
)

// shownItems bounds the subjects that a run's page lists; its CSV has all.
const shownItems = 100

type runReportView struct {
	runView
	Counts []poa.RunCount
	Listed []poa.RunItem
	// More tells that the page does not list all.
	More bool
	// MayRelease tells whether the actor may, and is another than who prepared.
	MayRelease bool
}

func (p *portal) run(r *request) (runReportView, error) {
	run, counts, err := p.Retention.Run(r.Context(), r.actor, r.PathValue("run"))
	if err != nil {
		return runReportView{}, err
	}
	items, err := p.Retention.RunItems(r.Context(), r.actor, run.ID, 0, shownItems)
	view := runReportView{runView: runView{run, run.StateAt(p.Clock.Now())}, Counts: counts, Listed: items, More: run.Items > len(items)}
	view.MayRelease = r.actor.May(poa.MayReleaseErasure) && run.PreparedBy != r.actor.ID && run.PreparedBy != poa.System.ID && view.State == poa.RunWaiting
	return view, err
}

// showRun shows a run's report: counts by rule and subjects by ID.
func (p *portal) showRun(r *request) error {
	view, err := p.run(r)
	if err != nil {
		return err
	}
	return p.render(r, "run", view)
}

func (p *portal) showRelease(r *request) error { return p.confirmRelease(r, newForm("release")) }

// confirmRelease is the page on which erasing is confirmed by the number of
// subjects: it cannot be taken back.
func (p *portal) confirmRelease(r *request, f *Form) error {
	if !r.actor.May(poa.MayReleaseErasure) {
		return poa.ErrForbidden
	}
	view, err := p.run(r)
	if err != nil {
		return err
	}
	return p.render(r, "run-release", view, f)
}

// releaseRun releases a run, by another person than the one who prepared it.
func (p *portal) releaseRun(r *request) error {
	view, err := p.run(r)
	if err != nil {
		return err
	}
	if r.text("count") != strconv.Itoa(view.Run.Items) {
		var faults poa.Faults
		faults.Add(poa.CodeInvalid, "count")
		return p.confirmRelease(r, r.refused("release", faults))
	}
	err = p.Retention.ReleaseErasure(r.Context(), r.actor, r.key(), view.ID)
	if faults, ok := faultsOf(err); ok {
		return p.confirmRelease(r, r.refused("release", faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/retention/" + view.ID + "?done=run-released")
}

// downloadRun exports a run's report.
func (p *portal) downloadRun(r *request) error {
	run, _, err := p.Retention.Run(r.Context(), r.actor, r.PathValue("run"))
	if err != nil {
		return err
	}
	var file bytes.Buffer
	rows := csv.NewWriter(&file)
	_ = rows.Write([]string{"run", "ordinal", "rule", "subject kind", "subject", "over since", "outcome", "decided at", "done at"}) // a buffer never fails
	for after := 0; ; {
		items, err := p.Retention.RunItems(r.Context(), r.actor, run.ID, after, 1000)
		if err != nil {
			return err
		}
		for _, i := range items {
			after = i.Ordinal
			_ = rows.Write([]string{i.RunID, strconv.Itoa(i.Ordinal), string(i.Rule), string(i.Subject.Kind), i.Subject.ID, instant(i.OverAt), string(i.Outcome), instant(i.DecidedAt), instant(i.DoneAt)})
		}
		if len(items) == 0 {
			break
		}
	}
	rows.Flush()
	return r.attachment(run.ID+".csv", "text/csv; charset=utf-8", file.Bytes())
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
