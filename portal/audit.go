// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"encoding/hex"
	"encoding/json"
	"strings"

	"ininjo/poa"
)

type auditView struct {
	From, Until, Action, Actor, Subject, Outcome string
	Events                                       []poa.AuditEvent
	Pager                                        pager
	// CSV leads to the period as a file, "" where no period is chosen.
	CSV string
}

// Filtered reports whether the list is narrowed.
func (v auditView) Filtered() bool {
	return v.From+v.Until+v.Action+v.Actor+v.Subject+v.Outcome != ""
}

// listAudit lists audit events, newest first; the reading is itself recorded
// (6.2.1).
func (p *portal) listAudit(r *request) error {
	filter, view, faults := r.auditFilter()
	page := r.pageOf()
	page.CountTo = poa.QueueBound
	list, err := p.Records.AuditEvents(r.Context(), r.actor, filter, page)
	if err != nil {
		return err
	}
	view.Events, view.Pager = list.Items, pagerOf(r, list)
	return p.render(r, "audit", view, r.asked("audit", faults)...)
}

func (r *request) auditFilter() (poa.AuditFilter, auditView, poa.Faults) {
	q := r.URL.Query()
	var faults poa.Faults
	view := auditView{From: q.Get("from"), Until: q.Get("until"), Action: q.Get("action"), Actor: q.Get("actor"), Subject: q.Get("subject"), Outcome: q.Get("outcome")}
	filter := poa.AuditFilter{SubjectID: strings.TrimSpace(view.Subject), ActorID: strings.TrimSpace(view.Actor), Outcome: strings.TrimSpace(view.Outcome)}
	if id, ok := poa.ParseDelegationID(filter.SubjectID); ok {
		filter.SubjectID = string(id)
	}
	if action := strings.TrimSpace(view.Action); action != "" {
		filter.Actions = []poa.Action{poa.Action(action)}
	}
	filter.From, filter.Until = r.period(&faults)
	if r.actor.May(poa.MayExportAudit) && view.From != "" && view.Until != "" && len(faults) == 0 {
		view.CSV = "/staff/audit.csv?" + q.Encode()
	}
	return filter, view, faults
}

// exportAudit writes a period of the log as CSV; the export is itself recorded.
func (p *portal) exportAudit(r *request) error {
	filter, _, faults := r.auditFilter()
	if err := faults.Err(); err != nil {
		return err
	}
	head := []string{"at_utc", "at_jst", "actor_kind", "actor", "party", "action", "subject", "outcome", "data", "id", "leaf_hash"}
	return p.stream(r, "audit.csv", head, func(write func(...string)) error {
		return p.Records.ExportAudit(r.Context(), r.actor, filter, func(events []poa.AuditEvent) error {
			for _, e := range events {
				data, err := json.Marshal(e.Data)
				if err != nil {
					return err
				}
				write(utcOf(e.At), jst(e.At), string(e.ActorKind), e.ActorID, e.PartyID, string(e.Action), e.SubjectID, e.Outcome, string(data), e.ID, hex.EncodeToString(e.LeafHash[:]))
			}
			return nil
		})
	})
}

// showAuditEvent shows one event with its leaf hash.
func (p *portal) showAuditEvent(r *request) error {
	event, err := p.Records.AuditEvent(r.Context(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.render(r, "audit-event", event)
}

type reviewsView struct {
	Reviews  []poa.Review
	Standing []poa.Overdue
	Logs     []poa.ReviewedLog
}

func (p *portal) listReviews(r *request) error { return p.reviews(r) }

func (p *portal) reviews(r *request, forms ...*Form) error {
	reviews, standing, err := p.Desk.Reviews(r.Context(), r.actor)
	if err != nil {
		return err
	}
	return p.render(r, "reviews", reviewsView{reviews, standing, poa.ReviewedLogs}, forms...)
}

// review records the auditor's review of a period (6.2.2); each line of the
// findings becomes a task of the manager's.
func (p *portal) review(r *request) error {
	var faults poa.Faults
	in := poa.ReviewInput{IdempotencyKey: r.key(), Log: poa.ReviewedLog(r.text("log")), From: r.date("from", &faults), Through: r.date("through", &faults),
		Text: r.text("text"), Findings: r.lines("findings")}
	err := faults.Err()
	if err == nil {
		err = p.Desk.ReviewLog(r.Context(), r.actor, in)
	}
	return p.reviewed(r, "review", "reviewed", err)
}

func (p *portal) answerFinding(r *request) error {
	in := poa.FindingInput{IdempotencyKey: r.key(), FindingID: r.PathValue("id"), Answer: r.text("findingAnswer")}
	return p.reviewed(r, "finding-"+in.FindingID, "finding-answered", p.Desk.AnswerFinding(r.Context(), r.actor, in))
}

func (p *portal) confirmFinding(r *request) error {
	in := poa.FindingInput{IdempotencyKey: r.key(), FindingID: r.PathValue("id")}
	return p.reviewed(r, "finding-"+in.FindingID, "finding-confirmed", p.Desk.ConfirmFinding(r.Context(), r.actor, in))
}

func (p *portal) reviewed(r *request, scope, word string, err error) error {
	if faults, ok := faultsOf(err); ok {
		return p.reviews(r, r.refused(scope, faults))
	}
	if err != nil {
		return err
	}
	return r.redirect("/staff/reviews?done=" + word)
}
