// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"path"
	"regexp"
)

var (
	// askedByTelephone is the case of the applicant with the long name.
	askedByTelephone = regexp.MustCompile(`href="(/staff/cases/[a-z]+_[0-9a-z]+)">[^<]*<span class="visually-hidden"> 株式会社とても`)
	casePath         = regexp.MustCompile(`/staff/cases/[a-z]+_[0-9a-z]+`)
	personPath       = regexp.MustCompile(`/staff/people/[a-z]+_[0-9a-z]+`)
	appointmentPath  = regexp.MustCompile(`/staff/appointments/[a-z]+_[0-9a-z]+`)
	eventPath        = regexp.MustCompile(`/staff/audit/evt_[0-9a-z]+`)
	findingPath      = regexp.MustCompile(`/staff/findings/[a-z]+_[0-9a-z]+`)
)

// The desk has a question, a case that another has in hand, and a review with a
// finding.
var _ = onTour(func(w *tour) {
	reception, owner, auditor := w.people["reception"], w.people["service_owner"], w.people["auditor"]
	contact := reception.open("/staff/contacts/new?party="+path.Base(w.at["applicant delegator"]), 200)
	reception.submit(contact, "/staff/contacts/new", url.Values{"channel": {"TELEPHONE"}, "direction": {"IN"}, "person": {"見本 次郎"}, "about": {"申込の進み具合を尋ねられた"}, "question": {"yes"}}, 200)
	w.at["question"] = askedByTelephone.FindStringSubmatch(reception.open("/staff?kind=QUESTION", 200).body)[1]
	w.at["case"] = casePath.FindString(reception.open("/staff?kind=FILING", 200).body)
	reception.submit(reception.open(w.at["case"], 200), w.at["case"]+"/claim", nil, 200)

	for _, each := range personPath.FindAllString(owner.open("/staff/people", 200).body, -1) {
		if found := appointmentPath.FindString(owner.open(each, 200).body); found != "" {
			w.at["person"], w.at["appointment"] = each, found
		}
		if found := appointmentPath.FindString(w.people["service_manager"].open(each, 200).body); found != "" {
			w.at["auditor's appointment"] = found
		}
	}
	auditor.submit(auditor.open("/staff/reviews", 200), "/staff/reviews", url.Values{"log": {"AUDIT_LOG"}, "from": {"2026-05-01"}, "through": {"2026-05-31"}, "text": {"記録を確かめた"}, "findings": {"手順書の版が古い"}}, 200)
	w.at["finding"] = findingPath.FindString(w.people["service_manager"].open("/staff/reviews", 200).body)
	w.at["event"] = eventPath.FindString(auditor.open("/staff/audit", 200).body)
})

var _ = examples(func(w *tour) []example {
	question, held, person, appointment, proposed := w.at["question"], w.at["case"], w.at["person"], w.at["appointment"], w.at["auditor's appointment"]
	return []example{
		page("GET /staff", "reception", "/staff?q=nobody"),
		page("GET /staff", "auditor", "/staff"),
		page("GET /staff/cases/{id}", "reception", question),
		pictured(page("GET /staff/cases/{id}", "reception", held), "case"),
		page("GET /staff/cases/{id}", "service_owner", held),
		unrefused("POST /staff/cases/{id}/claim", "reception", question+"/claim", "nothing is typed"),
		unrefused("POST /staff/cases/{id}/release", "reception", held+"/release", "nothing is typed"),
		refused("POST /staff/cases/{id}/take-over", "service_owner", held, held+"/take-over"),
		refused("POST /staff/cases/{id}/note", "reception", question, question+"/note"),
		refused("POST /staff/cases/{id}/answer", "service_owner", question, question+"/answer"),
		page("GET /staff/contacts", "reception", "/staff/contacts"),
		page("GET /staff/contacts", "reception", "/staff/contacts?channel=POST"),
		file("GET /staff/contacts.csv", "reception", "/staff/contacts.csv?from=2026-05-20&until=2026-06-10"),
		page("GET /staff/contacts/new", "reception", "/staff/contacts/new?q=見本"),
		refused("POST /staff/contacts/new", "reception", "/staff/contacts/new", "/staff/contacts/new"),
		page("GET /staff/roles", "maintainer", "/staff/roles"),
		page("GET /staff/people/{id}", "service_owner", person),
		refused("POST /staff/people/{id}/appoint", "service_owner", person, person+"/appoint"),
		page("GET /staff/people/{id}/hand-over", "service_owner", person+"/hand-over"),
		refused("POST /staff/people/{id}/hand-over", "service_owner", person+"/hand-over", person+"/hand-over"),
		page("GET /staff/appointments/{id}/dismiss", "service_owner", appointment+"/dismiss"),
		refused("POST /staff/appointments/{id}/dismiss", "service_owner", appointment+"/dismiss", appointment+"/dismiss"),
		page("GET /staff/appointments/{id}/propose", "service_manager", proposed+"/propose"),
		refused("POST /staff/appointments/{id}/propose", "service_manager", proposed+"/propose", proposed+"/propose"),
		file("GET /staff/audit.csv", "auditor", "/staff/audit.csv?from=2026-05-20&until=2026-06-10"),
		page("GET /staff/audit/{id}", "auditor", w.at["event"]),
		page("GET /staff/reviews", "auditor", "/staff/reviews"),
		refused("POST /staff/reviews", "auditor", "/staff/reviews", "/staff/reviews"),
		refused("POST /staff/findings/{id}/answer", "service_manager", "/staff/reviews", w.at["finding"]+"/answer"),
		unrefused("POST /staff/findings/{id}/confirm", "auditor", w.at["finding"]+"/confirm", "nothing is typed"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /staff/cases/{id}":                 only("reception", "service_owner", "service_manager"),
	"POST /staff/cases/{id}/claim":          only("reception", "service_owner"),
	"POST /staff/cases/{id}/release":        only("reception", "service_owner"),
	"POST /staff/cases/{id}/take-over":      only("service_owner"),
	"POST /staff/cases/{id}/note":           only("reception", "service_owner"),
	"POST /staff/cases/{id}/answer":         only("service_owner"), // reception entered the question
	"GET /staff/contacts":                   only("reception", "service_owner", "service_manager"),
	"GET /staff/contacts.csv":               only("reception", "service_owner", "service_manager"),
	"GET /staff/contacts/new":               only("reception", "service_owner"),
	"POST /staff/contacts/new":              only("reception", "service_owner"),
	"GET /staff/roles":                      only(staff...),
	"GET /staff/people/{id}":                only("service_owner", "service_manager", "auditor"),
	"POST /staff/people/{id}/appoint":       only("service_owner"),
	"GET /staff/people/{id}/hand-over":      only("service_owner"),
	"POST /staff/people/{id}/hand-over":     only("service_owner"),
	"GET /staff/appointments/{id}/dismiss":  only("service_owner"),
	"POST /staff/appointments/{id}/dismiss": only("service_owner"),
	"GET /staff/appointments/{id}/propose":  only("service_manager"),
	"POST /staff/appointments/{id}/propose": only("service_manager"),
	"GET /staff/audit.csv":                  only("auditor"),
	"GET /staff/audit/{id}":                 only("auditor", "service_manager"),
	"GET /staff/reviews":                    only("auditor", "service_manager", "service_owner"),
	"POST /staff/reviews":                   only("auditor"),
	"POST /staff/findings/{id}/answer":      only("service_manager"),
	"POST /staff/findings/{id}/confirm":     only("auditor"),
})
