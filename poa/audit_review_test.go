// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func TestReviews(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	desk, ctx, manager := o.desk(), t.Context(), o.appoint(o.serviceOwner, "manager@ininjo.example", poa.RoleServiceManager)
	today := poa.DateOf(o.clock.Now())
	overdue := func() (late []poa.ReviewedLog) {
		_, standing, err := desk.Reviews(ctx, manager)
		must(t, err)
		for _, s := range standing {
			if s.Overdue {
				late = append(late, s.Log)
			}
		}
		return late
	}
	if got := overdue(); len(got) != 2 {
		t.Errorf("never reviewed, and overdue is %v", got)
	}
	in := poa.ReviewInput{IdempotencyKey: newKey(), Log: poa.ReviewAudit, From: today.AddDays(-30), Through: today.AddDays(1), Text: "抽出して照合した", Findings: []string{"夜間の操作"}}
	wantCode(t, desk.ReviewLog(ctx, o.auditor, in), poa.CodeFuture)
	in.Through = today
	must(t, desk.ReviewLog(ctx, o.auditor, in))
	if got := overdue(); !slices.Equal(got, []poa.ReviewedLog{poa.ReviewAuthentication}) {
		t.Errorf("overdue is %v", got)
	}
	reviews, _, err := desk.Reviews(ctx, manager)
	must(t, err)
	finding := reviews[0].Findings[0]
	act := func(answer string) poa.FindingInput {
		return poa.FindingInput{IdempotencyKey: newKey(), FindingID: finding.ID, Answer: answer}
	}
	wantCode(t, desk.ConfirmFinding(ctx, o.auditor, act("")), poa.CodeConflict)
	wantCode(t, desk.AnswerFinding(ctx, manager, act("")), poa.CodeRequired)
	must(t, desk.AnswerFinding(ctx, manager, act("手順を改めた")))
	wantCode(t, desk.AnswerFinding(ctx, manager, act("もう一度")), poa.CodeConflict)
	must(t, desk.ConfirmFinding(ctx, o.auditor, act("")))
	reviews, _, err = desk.Reviews(ctx, o.serviceOwner)
	must(t, err)
	if f := reviews[0].Findings[0]; f.State != poa.FindingConfirmed || f.Answer != "手順を改めた" || f.AnsweredBy != manager.ID || f.ConfirmedBy != o.auditor.ID || f.Text != "夜間の操作" {
		t.Errorf("%+v", f)
	}
	o.clock.Advance(32 * 24 * time.Hour)
	if got := overdue(); len(got) != 2 {
		t.Errorf("a month later overdue is %v", got)
	}
}

func TestAuditIsReadAndExtracted(t *testing.T) {
	t.Parallel()
	o := newHouse(t)
	ctx, now := t.Context(), o.clock.Now()
	_, err := o.records.AuditEvents(ctx, o.reception, poa.AuditFilter{}, poa.Page{})
	wantCode(t, err, poa.CodeForbidden)
	list, err := o.records.AuditEvents(ctx, o.auditor, poa.AuditFilter{ActorID: o.reception.ID, Outcome: poa.OutcomeRefused}, poa.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Action != poa.ActionAuditRead || list.Items[0].Outcome != "FORBIDDEN" {
		t.Fatalf("%+v, %v", list, err)
	}
	event, err := o.records.AuditEvent(ctx, o.auditor, list.Items[0].ID)
	if diff := cmp.Diff(list.Items[0], event); err != nil || diff != "" {
		t.Error(err, diff)
	}
	o.clock.Advance(time.Second)
	list, err = o.records.AuditEvents(ctx, o.auditor, poa.AuditFilter{Actions: []poa.Action{poa.ActionAuditRead}, ActorID: o.auditor.ID}, poa.Page{})
	if err != nil || len(list.Items) != 3 || list.Items[0].Data["actor"] != o.auditor.ID {
		t.Errorf("readings are not recorded: %+v, %v", list.Items, err)
	}
	wantCode(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{From: now, Until: now.Add(32 * 24 * time.Hour)}, nil), poa.CodePeriodTooLong)
	wantCode(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{Until: now}, nil), poa.CodeRequired)
	var last time.Time
	n := 0
	must(t, o.records.ExportAudit(ctx, o.auditor, poa.AuditFilter{From: now.Add(-time.Hour), Until: now.Add(time.Hour)}, func(events []poa.AuditEvent) error {
		for _, e := range events {
			if e.At.Before(last) {
				t.Error("not in order")
			}
			last, n = e.At, n+1
		}
		return nil
	}))
	if total := o.counts()["audit_events"]; n != total {
		t.Errorf("extracted %d of %d events", n, total)
	}
}
