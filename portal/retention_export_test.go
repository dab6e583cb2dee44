// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// retentionSamples are the pages of retention.
func retentionSamples() []Sample {
	var rules []ruleView
	for _, rule := range poa.RetentionRules() {
		rules = append(rules, ruleView{rule, "10 年", "parties"})
	}
	run := poa.Run{ID: "run_1", Kind: poa.RunPrepared, PreparedBy: "stf_2", PreparedAt: sampleAt, Items: 2}
	done := poa.Run{ID: "run_2", Kind: poa.RunPeriodic, PreparedBy: "system", PreparedAt: sampleAt, Items: 1, ReleasedBy: "stf_1", ReleasedAt: sampleAt, FinishedAt: sampleAt}
	archive := poa.Archive{ID: "arc_1", Location: "audit_events_y2025m10.jsonl.zst.age", Rows: 1000, VerifiedAt: sampleAt, DetachedAt: sampleAt, DroppedAt: sampleAt}
	still := poa.Archive{ID: "arc_2", Location: "inquiries_y2025m10.jsonl.zst.age", VerifiedAt: sampleAt}
	ended := archive
	ended.EndedAt = sampleAt
	held := poa.Hold{ID: "hld_1", Subject: poa.SubjectRef{Kind: poa.SubjectDelegation, ID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ"}, Ground: "東京地裁 令和8年(ワ)第1号", SetBy: "stf_1", SetAt: sampleAt}
	lifted := held
	lifted.Ground, lifted.LiftedBy, lifted.LiftedAt, lifted.LiftGround = "", "stf_2", sampleAt, "和解"
	items := []poa.RunItem{{Rule: poa.RecordDelegation, Subject: held.Subject, OverAt: sampleAt, Outcome: poa.ItemHeld}, {Rule: poa.RecordContract, Subject: poa.SubjectRef{Kind: poa.SubjectParty, ID: "dgr_1"}, OverAt: sampleAt}}
	report := runReportView{runView: runView{run, poa.RunWaiting}, Counts: []poa.RunCount{{Rule: poa.RecordDelegation, Outcome: poa.ItemErased, Count: 1}, {Rule: poa.RecordContract, Count: 1}}, Listed: items, More: true, MayRelease: true}
	return []Sample{
		{"retention", "retention", staffWho, retentionView{Rules: rules, Runs: []runView{{run, poa.RunWaiting}, {done, poa.RunFinished}}, Holds: 1, Archives: []poa.Archive{archive, still, ended},
			Health: poa.RetentionHealth{Overdue: time.Hour, LastArchive: sampleAt, LastBackup: sampleAt}}, nil},
		{"retention-empty", "retention", staffWho, retentionView{Rules: rules}, nil},
		{"holds", "holds", staffWho, holdsView{Holds: []poa.Hold{held, lifted}}, []*Form{faulty("hold", "subject", "ground")}},
		{"holds-empty", "holds", staffWho, holdsView{}, nil},
		{"hold-lift", "hold-lift", staffWho, held, []*Form{faulty("lift", "ground")}},
		{"erasure-request", "erasure-request", staffWho, erasureRequestView{}, []*Form{faulty("erasure", "subject", "confirm")}},
		{"run", "run", staffWho, report, nil},
		{"run-lapsed", "run", staffWho, runReportView{runView: runView{done, poa.RunLapsed}}, nil},
		{"run-release", "run-release", staffWho, report, []*Form{faulty("release", "count")}},
	}
}
