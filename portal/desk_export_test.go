// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// deskSamples are the pages of the desk, in every state.
func deskSamples() []Sample {
	return append(append(caseSamples(), contactSamples()...), append(peopleSamples(), auditSamples()...)...)
}

func caseSamples() []Sample {
	reception := poa.Actor{Kind: poa.ActorStaff, ID: "stf_1", Roles: []poa.Role{poa.RoleReception}}
	owner := poa.Actor{Kind: poa.ActorStaff, ID: "stf_2", Roles: []poa.Role{poa.RoleServiceOwner}}
	manager := poa.Actor{Kind: poa.ActorStaff, ID: "stf_3", Roles: []poa.Role{poa.RoleServiceManager}}
	operator := poa.Actor{Kind: poa.ActorStaff, ID: "stf_4", Roles: []poa.Role{poa.RoleServiceOperator}}
	c := poa.Case{ID: "cas_1", Kind: poa.CaseFiling, SubjectID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", PartyID: "dgr_1", OpenedAt: sampleAt, DueAt: sampleAt, ClaimedBy: "stf_1", ClaimedUntil: sampleAt}
	line := poa.CaseLine{Case: c, PartyName: "株式会社見本商事", HolderName: "受付 一郎", IsLate: true, Waited: 75 * time.Hour}
	question := line
	question.Kind, question.SubjectID, question.PartyID, question.PartyName, question.IsLate = poa.CaseQuestion, poa.NewID(poa.PrefixContact), "", "", false
	closed := line
	closed.ClosedAt, closed.ClosedBy, closed.Outcome, closed.EnteredBy = sampleAt, "system", "ACCEPTED", "stf_1"
	contact := poa.Contact{ID: "con_1", Channel: poa.ContactTelephone, Direction: poa.ContactIn, At: sampleAt, EnteredBy: "stf_1", Person: "見本 太郎", About: "申込の進み具合"}
	file := poa.CaseFile{CaseLine: line, Notes: []poa.CaseNote{{By: "stf_1", At: sampleAt, Text: "折り返し待ち"}}, Contacts: []poa.Contact{contact}, Names: map[string]string{"stf_1": "受付 一郎"}}
	events := []happened{{poa.AuditEvent{Action: poa.ActionSubmitted, ActorKind: poa.ActorDelegator, ActorID: "acc_1", At: sampleAt}, "登録を申請した"}, {poa.AuditEvent{Action: "title.checked", ActorID: "stf_1", At: sampleAt}, ""}}
	asked, done := file, file
	asked.CaseLine, asked.Notes, asked.Contacts, done.CaseLine = question, nil, nil, closed
	return []Sample{
		{"desk", "desk", reception, deskView{Sees: true, Kinds: poa.CaseKinds, Lines: []poa.CaseLine{line, question}, Pager: pager{Total: poa.QueueBound + 1, Next: "/staff?after=x"}, HolidaysEnd: true, Late: true}, nil},
		{"desk-nothing", "desk", owner, deskView{Sees: true, Kinds: poa.CaseKinds}, nil},
		{"desk-none-found", "desk", manager, deskView{Sees: true, Kinds: poa.CaseKinds, Who: "mine"}, nil},
		{"desk-elsewhere", "desk", operator, deskView{}, nil},
		{"case", "case", reception, caseView{File: file, Link: "/staff/filings/x", Mine: true, Held: true, History: events}, []*Form{faulty("case-note", "note")}},
		{"case-taken", "case", owner, caseView{File: file, Link: "/staff/filings/x", Held: true, History: events}, []*Form{faulty("take-over", "note")}},
		{"case-held", "case", reception, caseView{File: file, Link: "/staff/filings/x", Held: true}, []*Form{faulty("claim")}},
		{"case-watched", "case", manager, caseView{File: file, Link: "/staff/filings/x"}, nil},
		{"case-asked", "case", reception, caseView{File: asked, Asked: true}, []*Form{faulty("answer", "channel", "person", "about")}},
		{"case-closed", "case", reception, caseView{File: done, Link: "/staff/filings/x"}, nil},
	}
}

func contactSamples() []Sample {
	reception := poa.Actor{Kind: poa.ActorStaff, ID: "stf_1", Roles: []poa.Role{poa.RoleReception}}
	party := sampleParty(poa.PartyDelegator, poa.EnrollmentActive)
	line := poa.ContactLine{Contact: poa.Contact{ID: "con_1", Channel: poa.ContactEmail, Direction: poa.ContactOut, PartyID: "dgr_1", CaseID: "cas_1", At: sampleAt, Person: "見本 太郎", About: "書類の送付"}, PartyName: "見本屋", EnteredByName: "受付 一郎"}
	other := line
	other.PartyID, other.CaseID = "", ""
	lists := contactsView{Channels: poa.ContactChannels, Directions: poa.ContactDirections}
	full, wrong := lists, lists
	full.Lines, full.CSV, full.Party, full.Channel = []poa.ContactLine{line, other}, "/staff/contacts.csv?from=x", &party, "EMAIL"
	return []Sample{
		{"contacts", "contacts", reception, full, nil},
		{"contacts-empty", "contacts", reception, lists, nil},
		{"contacts-wrong", "contacts", reception, wrong, []*Form{faulty("contacts", "from", "until")}},
		{"contact", "contact", reception, contactView{}, []*Form{faulty("contact", "channel", "direction", "at", "person", "about", "question")}},
		{"contact-found", "contact", reception, contactView{Search: "見本", Found: []poa.Party{party}, Party: &party, CaseID: "cas_1"}, nil},
		{"contact-none", "contact", reception, contactView{Search: "見本"}, nil},
	}
}

func peopleSamples() []Sample {
	owner := poa.Actor{Kind: poa.ActorStaff, ID: "stf_2", Roles: []poa.Role{poa.RoleServiceOwner}}
	manager := poa.Actor{Kind: poa.ActorStaff, ID: "stf_3", Roles: []poa.Role{poa.RoleServiceManager}}
	checked := poa.Fitness{Items: poa.FitnessItems, Declared: true, On: poa.Date{Year: 2026, Month: 11, Day: 1}, By: "stf_2", At: sampleAt, Note: "人事票により確認"}
	held := poa.Appointment{ID: "apt_1", AccountID: "stf_1", Role: poa.RoleReception, From: sampleAt, AppointedBy: "stf_2", Fitness: checked}
	past := held
	past.Until, past.DismissedBy, past.Ground = sampleAt, "stf_2", "異動"
	watching := poa.Appointment{ID: "apt_2", AccountID: "stf_5", Role: poa.RoleAuditor, From: sampleAt, AppointedBy: "migration", ProposedBy: "stf_3"}
	leading := poa.Appointment{ID: "apt_3", AccountID: "stf_2", Role: poa.RoleServiceOwner, From: sampleAt, AppointedBy: "system", Fitness: checked}
	reception := poa.Person{Account: poa.Account{ID: "stf_1", Name: "受付 一郎", Email: "r@example.jp"}, Held: []poa.Appointment{held}, Past: []poa.Appointment{past}}
	auditor := poa.Person{Account: poa.Account{ID: "stf_5", Name: "監査 次郎"}, Held: []poa.Appointment{watching}}
	unproposed := auditor
	unproposed.Held = []poa.Appointment{{ID: "apt_2", AccountID: "stf_5", Role: poa.RoleAuditor, From: sampleAt, AppointedBy: "stf_2"}}
	leader := poa.Person{Account: poa.Account{ID: "stf_2", Name: "責任 三郎"}, Held: []poa.Appointment{leading}}
	gone := poa.Person{Account: poa.Account{ID: "stf_6"}}
	names := map[string]string{"stf_2": "責任 三郎", "stf_3": "管理 四郎"}
	people := []poa.Person{leader, reception, auditor, gone}
	fitness := []string{"fitness.items", "fitness.declared", "fitness.checkedOn", "fitness.note"}
	return []Sample{
		{"people", "people", owner, peopleView{people, &poa.Account{Name: "受付 一郎", TOTPSecret: "ABCDEFGH"}, "otpauth://totp/x"}, []*Form{faulty("people", append([]string{"name", "email", "roles"}, fitness...)...)}},
		{"people-watched", "people", manager, peopleView{People: people}, nil},
		{"person", "person", owner, personView{reception, names, false}, []*Form{faulty("appoint", append([]string{"roles"}, fitness...)...)}},
		{"person-own", "person", owner, personView{leader, names, true}, nil},
		{"person-auditor", "person", manager, personView{unproposed, names, false}, nil},
		{"person-proposed", "person", manager, personView{auditor, names, false}, nil},
		{"person-gone", "person", owner, personView{gone, names, false}, nil},
		{"dismiss", "dismiss", owner, dismissView{auditor, watching}, []*Form{faulty("dismiss", "name", "ground")}},
		{"dismiss-unproposed", "dismiss", owner, dismissView{unproposed, unproposed.Held[0]}, nil},
		{"propose", "propose", manager, dismissView{auditor, watching}, []*Form{faulty("propose", "name", "ground")}},
		{"hand-over", "hand-over", owner, personView{reception, names, false}, []*Form{faulty("hand-over", append([]string{"name", "ground"}, fitness...)...)}},
		{"roles", "roles", staffWho, rolesView{poa.Grants(), poa.RoleRules(), poa.Exclusions(), poa.NeedsTwo(), poa.Roles}, nil},
	}
}

func auditSamples() []Sample {
	auditor := poa.Actor{Kind: poa.ActorStaff, ID: "stf_5", Roles: []poa.Role{poa.RoleAuditor}}
	manager := poa.Actor{Kind: poa.ActorStaff, ID: "stf_3", Roles: []poa.Role{poa.RoleServiceManager}}
	event := poa.AuditEvent{ID: "evt_1", At: sampleAt, ActorKind: poa.ActorDelegator, ActorID: "acc_1", PartyID: "dgr_1", Action: poa.ActionDrafted, SubjectID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", Outcome: "DONE", Data: map[string]string{"draftSha256": "00"}}
	refusal := event
	refusal.Outcome = "FORBIDDEN"
	day := poa.Date{Year: 2026, Month: 10, Day: 1}
	review := poa.Review{ID: "rev_1", Log: poa.ReviewAudit, From: day, Through: day.AddDays(30), By: "stf_5", At: sampleAt, Text: "抽出して照合した", Findings: []poa.Finding{
		{ID: "fnd_1", State: poa.FindingOpen, Text: "夜間の操作"}, {ID: "fnd_2", State: poa.FindingAnswered, Text: "記録の不足", Answer: "手順を改めた"}, {ID: "fnd_3", State: poa.FindingConfirmed, Text: "古い権限", Answer: "外した"}}}
	bare := poa.Review{ID: "rev_2", Log: poa.ReviewAuthentication, From: day, Through: day, At: sampleAt, Text: "異常なし"}
	standing := []poa.Overdue{{Log: poa.ReviewAudit, Through: day.AddDays(30)}, {Log: poa.ReviewAuthentication, Overdue: true}}
	return []Sample{
		{"audit", "audit", auditor, auditView{Events: []poa.AuditEvent{event, refusal}, CSV: "/staff/audit.csv?from=x", Outcome: "REFUSED"}, nil},
		{"audit-watched", "audit", manager, auditView{Events: []poa.AuditEvent{event}}, []*Form{faulty("audit", "from", "until")}},
		{"audit-unbounded", "audit", auditor, auditView{Events: []poa.AuditEvent{event}}, nil},
		{"audit-empty", "audit", auditor, auditView{}, nil},
		{"audit-event", "audit-event", auditor, event, nil},
		{"audit-refusal", "audit-event", auditor, refusal, nil},
		{"reviews", "reviews", auditor, reviewsView{[]poa.Review{review, bare}, standing, poa.ReviewedLogs}, []*Form{faulty("review", "log", "from", "through", "text", "findings")}},
		{"reviews-manager", "reviews", manager, reviewsView{[]poa.Review{review}, standing, poa.ReviewedLogs}, []*Form{faulty("finding-fnd_1", "findingAnswer")}},
		{"reviews-empty", "reviews", auditor, reviewsView{nil, standing, poa.ReviewedLogs}, nil},
	}
}
