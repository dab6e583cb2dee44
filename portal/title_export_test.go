// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"ininjo/poa"
	"ininjo/poa/kanji"
)

// titleSamples are the pages of checks of titles.
func titleSamples() []Sample {
	body := poa.ProfessionalBody{Qualification: poa.TaxAccountant, Version: 2, NameJA: "日本税理士会連合会", NameEN: "Federation", SearchURL: "https://www.zeirishikensaku.jp/", Keys: poa.TitleKeys,
		NumberPattern: "[0-9]{1,6}", NumberExample: "123456", Uncertain: "桁数は未確認。", Telephone: "03-0000-0000", Usage: "番号を入力する。", Terms: "自動での取得はしない。", ConnectorPerSecond: 1, HandPerDay: 200, RecordedBy: "stf_1", RecordedAt: sampleAt}
	bare := poa.ProfessionalBody{Qualification: poa.CertifiedAccountant, Version: 1, NameJA: "協会", NameEN: "Institute", ConnectorPerSecond: 1, HandPerDay: 200, RecordedBy: "system", RecordedAt: sampleAt}
	title := poa.Title{DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", Qualification: poa.TaxAccountant, State: poa.TitleWaiting, Round: 2, AskAt: sampleAt, DueAt: sampleAt, VerifiedAt: sampleAt}
	day := poa.DateOf(sampleAt)
	c := poa.TitleCase{Title: title, Delegation: sampleDelegation(poa.StateSubmitted), Body: body, Open: true, Disagree: true, Looks: []poa.TitleLook{
		{Number: 2, Round: 2, Machine: true, By: poa.Connector, Standing: poa.SeenSuspended, Name: kanji.MISMATCH, SeenAt: sampleAt, RecordedAt: sampleAt, Seen: poa.TitleSeen{Name: "別人", Number: "1", From: day, Until: day}},
		{Number: 1, Round: 1, By: "stf_1", Standing: poa.SeenRegistered, Name: kanji.MATCH, SamePerson: true, Engaged: true, SeenAt: sampleAt, RecordedAt: sampleAt,
			Seen: poa.TitleSeen{Name: "受任 花子", Number: "123456", Office: "事務所", Page: "https://x.example", AnsweredBy: "係", Dialled: "03", EngagedHow: "電話", EngagedBy: "総務", Remark: "旧姓"}}}}
	second, other, registered, done := c, c, c, c
	second.Disagree, second.Second, second.Looks = false, true, nil
	other.Disagree, other.SecondOfOther = false, true
	registered.Disagree, registered.Registered, registered.Body = false, true, bare
	done.Disagree, done.Open, done.NumberFits, done.State = false, false, true, poa.TitleConfirmed
	faults := faulty("look", "standing", "number", "name", "office", "samePerson", "from", "until", "seenOn", "page", "answeredBy", "dialled", "engaged", "engagedHow", "engagedBy", "remark")
	return []Sample{
		{"titles", "titles", staffWho, titlesView{true, []poa.Title{title}, pager{Total: 1}, sampleAt}, nil},
		{"titles-checked", "titles", staffWho, titlesView{false, []poa.Title{title}, pager{Total: 1}, sampleAt}, nil},
		{"titles-empty", "titles", staffWho, titlesView{Waiting: true}, nil},
		{"title", "title", staffWho, titleView{c, keysOf(c)}, []*Form{faults}},
		{"title-second", "title", staffWho, titleView{second, keysOf(second)}, nil},
		{"title-second-of-other", "title", staffWho, titleView{other, keysOf(other)}, nil},
		{"title-registered", "title", staffWho, titleView{registered, keysOf(registered)}, nil},
		{"title-done", "title", staffWho, titleView{done, keysOf(done)}, nil},
		{"bodies", "bodies", staffWho, bodiesView{[]poa.ProfessionalBody{body, bare}, map[poa.Qualification]poa.RegistryState{poa.TaxAccountant: {Qualification: poa.TaxAccountant, State: "OPEN", Failures: 5}}}, nil},
		{"body", "body", staffWho, bodyView{body, []poa.ProfessionalBody{body, bare}}, []*Form{faulty("body", "nameJa", "nameEn", "searchUrl", "keys", "numberPattern", "numberExample", "uncertain", "telephone", "usage", "terms", "connectorPerSecond", "handPerDay")}},
	}
}
