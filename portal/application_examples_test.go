// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"strings"

	"ininjo/poa"
)

// What the pages of applications, changes and questions are seen with: an
// applicant who was asked something, one who withdrew, a change that waits, one
// whose address is not proved, a question to the service.
var _ = onTour(func(w *tour) {
	reception := w.people["reception"]
	w.people["applicant"] = w.register("recipient", "asked-"+applicantEmail)
	path := "/staff/applications/" + w.data.Text(w.tb, "SELECT id FROM parties WHERE role = 'RECIPIENT' AND state = 'APPLIED' AND proved_at IS NOT NULL")
	reception.submit(reception.open(path, 200), path+"/ask", url.Values{"field": {"NAME"}, "text": {strings.Repeat("商号は登記のとおりですか。", 20)}}, 200)
	w.at["asked applicant"] = path

	w.people["withdrawn"] = w.register("delegator", "withdrawn-"+applicantEmail)
	gone := w.people["withdrawn"]
	gone.submit(gone.open("/application/withdraw", 200), "/application/withdraw", nil, 200)

	recipient, other, delegator := w.people["recipient"], w.people["other recipient"], w.people["delegator"]
	page := recipient.submit(recipient.open("/application/change", 200), "/application/change", url.Values{"name": {"株式会社あらた"}, "reason": {"商号変更"}}, 200)
	w.at["change"] = changePath.FindString(page.path)
	desk := "/staff" + strings.TrimPrefix(w.at["change"], "/application")
	reception.submit(reception.open(desk, 200), desk+"/ask", url.Values{"text": {"議事録はありますか"}}, 200)
	other.submit(other.open("/application/change", 200), "/application/change", url.Values{"email": {"moved@example.jp"}, "reason": {"移転"}}, 200)
	w.at["proof link"] = w.link("moved@example.jp", poa.MailAddressProof)
	delegator.submit(delegator.open("/application/questions", 200), "/application/questions", url.Values{"text": {"受付時間を教えてください"}}, 200)
	w.at["asked question"] = "/staff/questions/" + w.data.Text(w.tb, "SELECT id FROM questions WHERE about = 'SERVICE'")
	w.at["party"] = "/staff/applications/" + w.data.Text(w.tb, "SELECT party_id FROM changes WHERE state = 'WAITING'")
})

var _ = examples(func(w *tour) []example {
	change, registered := w.at["change"], w.at["registered"]
	desk := "/staff" + strings.TrimPrefix(change, "/application")
	return []example{
		refused("POST /registered/{role}/{number}/resend", "anonymous", registered, registered+"/resend"),
		page("GET /l/{token}/address", "anonymous", w.at["proof link"]),
		unrefused("POST /l/{token}/address", "anonymous", w.at["proof link"], "nothing is typed"),
		pictured(page("GET /application", "applicant", "/application"), "application", "ja light 390"),
		page("GET /application", "withdrawn", "/application"),
		page("GET /application", "recipient", "/application"),
		page("GET /application/again", "withdrawn", "/application/again"),
		refused("POST /application/again", "withdrawn", "/application/again", "/application/again"),
		page("GET /application/withdraw", "applicant", "/application/withdraw"),
		unrefused("POST /application/withdraw", "applicant", "/application/withdraw", "nothing is typed"),
		refused("POST /application/answer", "applicant", "/application", "/application/answer"),
		page("GET /application/change", "recipient", "/application/change"),
		refused("POST /application/change", "recipient", "/application/change", "/application/change"),
		page("GET /application/changes/{id}", "recipient", change),
		refused("POST /application/changes/{id}/answer", "recipient", change, change+"/answer"),
		page("GET /application/changes/{id}/withdraw", "recipient", change+"/withdraw"),
		unrefused("POST /application/changes/{id}/withdraw", "recipient", change+"/withdraw", "nothing is typed"),
		page("GET /application/questions", "delegator", "/application/questions"),
		refused("POST /application/questions", "delegator", "/application/questions", "/application/questions"),
		page("GET /staff/applications/{id}", "reception", w.at["asked applicant"]),
		page("GET /staff/applications/{id}", "service_owner", w.at["party"]),
		refused("POST /staff/applications/{id}/ask", "reception", w.at["asked applicant"], w.at["asked applicant"]+"/ask"),
		unrefused("POST /staff/applications/{id}/resend", "reception", w.at["applicant recipient"]+"/resend", "nothing is typed"),
		page("GET /staff/enter/{role}", "reception", "/staff/enter/recipient"),
		refused("POST /staff/enter/{role}", "reception", "/staff/enter/recipient", "/staff/enter/recipient"),
		page("GET /staff/applications/{id}/change", "reception", w.at["party"]+"/change"),
		refused("POST /staff/applications/{id}/change", "reception", w.at["party"]+"/change", w.at["party"]+"/change"),
		pictured(page("GET /staff/changes/{id}", "reception", desk), "change"),
		refused("POST /staff/changes/{id}/ask", "reception", desk, desk+"/ask"),
		unrefused("POST /staff/changes/{id}/accept", "reception", desk+"/accept", "nothing is typed"),
		refused("POST /staff/changes/{id}/refuse", "reception", desk, desk+"/refuse"),
		page("GET /staff/questions/{id}", "reception", w.at["asked question"]),
		refused("POST /staff/questions/{id}", "reception", w.at["asked question"], w.at["asked question"]),
	}
})

var _ = mayReach(map[string]reach{
	"POST /registered/{role}/{number}/resend": everyone(),
	"GET /l/{token}/address":                  everyone(),
	"POST /l/{token}/address":                 everyone(),
	"GET /application/again":                  only(parties...),
	"POST /application/again":                 only(parties...),
	"GET /application/withdraw":               only(parties...),
	"POST /application/withdraw":              only(parties...),
	"POST /application/answer":                only(parties...),
	"GET /application/change":                 only(parties...),
	"POST /application/change":                only(parties...),
	"GET /application/changes/{id}":           own("recipient", parties...),
	"POST /application/changes/{id}/answer":   own("recipient", parties...),
	"GET /application/changes/{id}/withdraw":  own("recipient", parties...),
	"POST /application/changes/{id}/withdraw": own("recipient", parties...),
	"GET /application/questions":              only(parties...),
	"POST /application/questions":             only(parties...),
	"POST /staff/applications/{id}/ask":       only("reception"),
	"POST /staff/applications/{id}/resend":    only("reception"),
	"GET /staff/enter/{role}":                 only("reception"),
	"POST /staff/enter/{role}":                only("reception"),
	"GET /staff/applications/{id}/change":     only("reception"),
	"POST /staff/applications/{id}/change":    only("reception"),
	"GET /staff/changes/{id}":                 only("reception", "service_owner", "service_manager"),
	"POST /staff/changes/{id}/ask":            only("reception"),
	"POST /staff/changes/{id}/accept":         only("reception"),
	"POST /staff/changes/{id}/refuse":         only("reception"),
	"GET /staff/questions/{id}":               only("reception", "service_owner", "service_manager"),
	"POST /staff/questions/{id}":              only("reception", "service_owner"),
})
