// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/url"

	"ininjo/poa"
	"ininjo/poa/kanji"
)

// applicationSamples are the pages of registrations, changes and questions in
// their states.
func applicationSamples() []Sample {
	terms := poa.Published{ID: "trm_1", Kind: poa.TermsOfUse, Version: "1.0", Title: "利用約款"}
	found := poa.Lookup{Outcome: poa.LookupClosed, Name: kanji.POSSIBLE, Address: kanji.MISMATCH, At: sampleAt,
		Published: poa.PublishedCorporation{Name: "見本", Address: "大阪", NameImage: true, AddressImage: true, ClosedOn: poa.Date{Year: 2020, Month: 1, Day: 2}}}
	recipient, sole := sampleParty(poa.PartyRecipient, poa.EnrollmentApplied), sampleParty(poa.PartyDelegator, poa.EnrollmentRefused)
	corporation := recipient
	corporation.Kind, corporation.Profile.CorporateNumber, corporation.ProvedAt, corporation.CameBy, corporation.EnteredBy = poa.Corporation, "2040001999902", sampleAt, poa.CameByPost, "stf_2"
	active := corporation
	active.State, active.DecidedAt = poa.EnrollmentActive, sampleAt
	answered := poa.PartyQuestion{ID: "qst_1", About: poa.AboutService, Text: "いつですか\n\nどこですか", AskedAt: sampleAt, Answer: "明日です", AnsweredAt: sampleAt}
	waiting := poa.PartyQuestion{ID: "qst_2", About: poa.AboutApplication, Field: poa.FieldBirthDate, Text: "<いつ>", AskedAt: sampleAt}
	thread := poa.Thread{Questions: []poa.PartyQuestion{answered, waiting}, Case: poa.Case{OpenedAt: sampleAt, DueAt: sampleAt}, Lookup: &found}
	version := versionSample(corporation)
	change := poa.PartyChange{ID: "chg_1", Number: "C-20261123-000001", State: poa.ChangeWaiting, Reason: "転居", RequestedAt: sampleAt, CameBy: poa.CameByHand, EnteredBy: "stf_2", NeedsRegister: true,
		Fields: []poa.FieldChange{{Field: poa.FieldName, Old: "旧", New: "新"}, {Field: poa.FieldNameShown, Old: "no", New: "yes"}, {Field: poa.FieldLanguage, Old: "ja", New: "en"}}}
	refused := change
	refused.State, refused.DecidedAt, refused.Refusals = poa.ChangeRefused, sampleAt, []poa.RefusalReason{{Code: poa.CodeContentUnclear, Note: "不明"}}
	step := func(n int, lookup poa.Lookup) registration {
		return registration{Role: "recipient", Terms: terms, Step: n, Lookup: lookup, Mode: poa.RegistrationRequired, Stated: corporation, Carried: []Option{{"kind", "CORPORATION"}}}
	}
	view := changeView{Change: change, Party: active, Thread: thread, Administers: true, Correctable: []poa.StatedField{poa.FieldName}}
	confirmed := view
	confirmed.Confirmed, confirmed.Confirmation, confirmed.Thread = true, &poa.Confirmation{Document: poa.RegisterCertificate, ConfirmedAt: sampleAt}, poa.Thread{}
	full := applicationView{Party: corporation, Thread: thread, Versions: []poa.PartyVersion{version}, Changes: []poa.PartyChange{change}, Stages: stages(corporation, thread, true), Administers: true}
	withdrawn := applicationView{Party: sampleParty(poa.PartyRecipient, poa.EnrollmentWithdrawn), Administers: true}
	all := []string{"kind", "cameBy", "corporateNumber", "name", "address", "representative.title", "representative.name", "representative.address", "representative.telephone", "representative.birthDate", "filer", "email", "nameShown", "consent"}
	return []Sample{
		{"register-2", "register", nobody, step(2, found), nil}, {"register-2-none", "register", nobody, step(2, poa.Lookup{Outcome: poa.LookupNone}), nil},
		{"register-2-away", "register", nobody, step(2, poa.Lookup{Outcome: poa.LookupUnavailable}), nil}, {"register-2-unknown", "register", nobody, step(2, poa.Lookup{Outcome: poa.LookupNotPublished}), nil},
		{"register-1-faults", "register", nobody, step(1, poa.Lookup{}), []*Form{faulty("register", "kind", "corporateNumber")}}, {"register-3", "register", nobody, step(3, found), []*Form{faulty("register", "nameShown", "consent")}},
		{"registered-recipient", "registered", nobody, registered{"recipient", "R-20261123-000042", poa.RegistrationRequired}, []*Form{faulty("resend", "email")}},
		{"application-asked", "application", recipientWho, full, []*Form{faulty("answer", "text", "correction")}},
		{"application-withdrawn", "application", recipientWho, withdrawn, nil},
		{"again", "again", delegatorWho, againView{Party: sole, Terms: terms, Action: "/application/again"}, nil},
		{"again-corporation", "again", recipientWho, againView{Party: corporation, Terms: terms, Action: "/application/again"}, []*Form{faulty("register", "corporateNumber")}},
		{"enter", "again", staffWho, againView{Party: recipient, Terms: terms, Action: "/staff/enter/recipient", Entering: true, Ways: poa.WaysToCome}, []*Form{faulty("register", all...)}},
		{"enter-closed", "again", staffWho, againView{Party: recipient, Entering: true}, nil},
		{"take-back", "take-back", recipientWho, takeBack{"application", "/application/withdraw", "/application", "R-1"}, nil}, {"take-back-change", "take-back", recipientWho, takeBack{"change", "/x", "/y", "C-1"}, nil},
		{"change-form", "change-form", recipientWho, changeForm{Party: active, Fields: active.StatedFields(), Action: "/application/change", Back: "/application", Mode: poa.RegistrationApproval}, []*Form{faulty("change", "name", "language", "nameShown", "reason")}},
		{"change-form-delegator", "change-form", delegatorWho, changeForm{Party: sole, Fields: sole.StatedFields(), Action: "/application/change", Back: "/application"}, nil},
		{"change-form-at-once", "change-form", recipientWho, changeForm{Party: active, Fields: active.StatedFields(), Mode: poa.RegistrationNone}, nil},
		{"enter-change", "change-form", staffWho, changeForm{Party: active, Fields: active.StatedFields(), Action: "/x", Back: "/y", Entering: true, Ways: poa.WaysToCome}, []*Form{{Scope: "change", Values: url.Values{}, Faults: poa.Faults{{Code: poa.CodeNothingChanged, Field: []string{"fields"}}, {Code: poa.CodeRequired, Field: []string{"cameBy"}}}}}},
		{"change", "change", recipientWho, view, []*Form{faulty("answer", "text")}}, {"change-refused", "change", recipientWho, changeView{Change: refused, Party: active}, nil},
		{"proof", "proof", nobody, "/l/injl_x/address", nil},
		{"questions", "questions", recipientWho, questionsView{[]poa.PartyQuestion{answered}}, []*Form{faulty("ask", "text")}}, {"questions-empty", "questions", recipientWho, questionsView{}, nil},
		{"staff-change", "staff-change", staffWho, view, []*Form{faulty("ask", "field", "text")}}, {"staff-change-confirmed", "staff-change", staffWho, confirmed, []*Form{faulty("refuse", "reasons")}},
		{"staff-change-refused", "staff-change", staffWho, changeView{Change: refused, Party: active}, nil},
		{"staff-question", "staff-question", staffWho, questionView{poa.PartyQuestion{ID: "qst_1", Text: "いつ"}, active}, []*Form{faulty("answer", "text")}}, {"staff-question-answered", "staff-question", staffWho, questionView{answered, active}, nil},
		{"applicant-asked", "applicant", staffWho, applicantView{Party: corporation, Thread: thread, Versions: []poa.PartyVersion{version}, Changes: []poa.PartyChange{refused}, Correctable: poa.CorrectableFields(corporation)}, []*Form{faulty("ask", "field", "text")}},
		{"applicant-active", "applicant", staffWho, applicantView{Party: active}, nil},
	}
}

func versionSample(p poa.Party) poa.PartyVersion {
	return poa.PartyVersion{ID: "ver_1", Version: 1, Cause: poa.VersionApplied, Number: p.Number, Profile: p.Profile, Language: "ja", At: sampleAt}
}
