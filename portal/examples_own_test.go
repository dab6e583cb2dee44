// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"regexp"
	"strings"

	"ininjo/poa"
)

var (
	deliveryPath = regexp.MustCompile(`/endpoints/whe_[0-9a-z]+/deliveries/whd_[0-9a-z]+`)
	inquiryPath  = regexp.MustCompile(`/inquiries/inq_[0-9a-z]+`)
	addressPath  = regexp.MustCompile(`/addresses/adr_[0-9a-z]+`)
)

const leavingEmail = "leaving@example.jp"

// A tour has a delivery, a past check, an address, and a delegator that left.
var _ = onTour(func(w *tour) {
	recipient := w.people["recipient"]
	w.at["delivery"] = deliveryPath.FindString(recipient.open(w.at["endpoint"], 200).body)
	w.at["inquiry"] = inquiryPath.FindString(recipient.open("/inquiries", 200).body)
	w.seal()
	list := recipient.submit(recipient.open("/addresses", 200), "/addresses", url.Values{"email": {"notices@example.jp"}}, 200)
	w.at["address"] = addressPath.FindString(list.body)
	w.at["confirm link"] = w.link("notices@example.jp", poa.MailConfirmAddress)
	w.at["unsubscribe"] = "/unsubscribe/" + poa.UnsubscribeToken(w.data.DB, strings.TrimPrefix(w.at["address"], "/addresses/"))
	leaving := w.register("delegator", leavingEmail)
	account, err := w.data.DB.AccountByEmail(w.tb.Context(), leavingEmail)
	must(w.tb, err)
	w.data.Exec(w.tb, "UPDATE parties SET state = 'ACTIVE', decided_at = applied_at WHERE id = '"+account.PartyID+"'")
	leaving.submit(leaving.open("/closing", 200), "/closing", url.Values{"typed": {"株式会社見本"}}, 200)
	w.at["erased"] = w.link(leavingEmail, poa.MailContractEnded)
	w.at["contract"] = "/staff/contracts/" + w.data.Text(w.tb, "SELECT id FROM parties WHERE state = 'ACTIVE' AND role = 'RECIPIENT' ORDER BY id LIMIT 1")
	w.at["ended contract"] = "/staff/contracts/" + w.data.Text(w.tb, "SELECT id FROM parties WHERE state = 'ENDED' LIMIT 1")
})

var _ = examples(func(w *tour) []example {
	endpoint, delivery, inquiry, address := w.at["endpoint"], w.at["delivery"], w.at["inquiry"], w.at["address"]
	return []example{
		page("GET /tokens/{id}/rotate", "recipient", w.at["token"]+"/rotate"),
		refused("POST /tokens/{id}/rotate", "recipient", w.at["token"]+"/rotate", w.at["token"]+"/rotate"),
		page("GET /endpoints/{id}/rotate", "recipient", endpoint+"/rotate"),
		unrefused("POST /endpoints/{id}/rotate", "recipient", endpoint+"/rotate", "an overlap is always chosen"),
		page("GET /endpoints/{id}/resend", "recipient", endpoint+"/resend"),
		refused("POST /endpoints/{id}/resend", "recipient", endpoint+"/resend", endpoint+"/resend"),
		unrefused("POST /endpoints/{id}/catch-up", "recipient", endpoint+"/catch-up", "nothing is typed"),
		page("GET /endpoints/{id}/deliveries/{delivery}", "recipient", delivery),
		unrefused("POST /endpoints/{id}/deliveries/{delivery}", "recipient", delivery, "nothing is typed"),
		file("GET /watches.csv", "recipient", "/watches.csv"),
		unrefused("POST /watches/setting", "recipient", "/watches/setting", "a tick is never wrong"),
		page("GET /watches", "recipient", "/watches?status=ENDED"),
		page("GET /inquiries", "recipient", "/inquiries"),
		page("GET /inquiries", "other recipient", "/inquiries"),
		page("GET /inquiries", "recipient", "/inquiries?from=2030-01-01"),
		file("GET /inquiries.csv", "recipient", "/inquiries.csv"),
		page("GET /inquiries/{id}", "recipient", inquiry),
		file("GET /inquiries/{id}/receipt", "recipient", inquiry+"/receipt"),
		file("GET /inquiries/{id}/proof", "recipient", inquiry+"/proof"),
		page("GET /addresses", "recipient", "/addresses"),
		page("GET /addresses", "delegator", "/addresses"),
		refused("POST /addresses", "recipient", "/addresses", "/addresses"),
		page("GET /addresses/{id}", "recipient", address),
		refused("POST /addresses/{id}", "recipient", address, address),
		unrefused("POST /addresses/{id}/ask", "recipient", address+"/ask", "nothing is typed"),
		page("GET /addresses/{id}/remove", "recipient", address+"/remove"),
		unrefused("POST /addresses/{id}/remove", "recipient", address+"/remove", "nothing is typed"),
		page("GET /l/{token}", "anonymous", w.at["confirm link"]),
		unrefused("POST /l/{token}/confirm", "anonymous", w.at["confirm link"]+"/confirm", "nothing is typed"),
		page("GET /confirmed", "anonymous", "/confirmed"),
		page("GET /unsubscribe/{token}", "anonymous", w.at["unsubscribe"]),
		unrefused("POST /unsubscribe/{token}", "anonymous", w.at["unsubscribe"], "nothing is typed"),
		page("GET /closing", "recipient", "/closing"),
		page("GET /closing", "delegator", "/closing"),
		refused("POST /closing", "recipient", "/closing", "/closing"),
		file("GET /closing/export", "recipient", "/closing/export"),
		page("GET /closed", "anonymous", "/closed"),
		page("GET /erased/{token}", "anonymous", w.at["erased"]),
		unrefused("POST /erased/{token}", "anonymous", w.at["erased"], "nothing is typed"),
		page("GET /staff/contracts/{id}", "reception", w.at["contract"]),
		page("GET /staff/contracts/{id}", "service_owner", w.at["ended contract"]),
		refused("POST /staff/contracts/{id}", "reception", w.at["contract"], w.at["contract"]),
	}
})

var _ = mayReach(map[string]reach{
	"GET /tokens/{id}/rotate":                    own("recipient", parties...),
	"POST /tokens/{id}/rotate":                   own("recipient", parties...),
	"GET /endpoints/{id}/resend":                 own("recipient", parties...),
	"POST /endpoints/{id}/resend":                own("recipient", parties...),
	"POST /endpoints/{id}/catch-up":              own("recipient", parties...),
	"GET /endpoints/{id}/rotate":                 own("recipient", parties...),
	"GET /endpoints/{id}/deliveries/{delivery}":  own("recipient", parties...),
	"POST /endpoints/{id}/deliveries/{delivery}": own("recipient", parties...),
	"GET /watches.csv":                           only(recipients...),
	"POST /watches/setting":                      only(recipients...),
	"GET /inquiries":                             only(recipients...),
	"GET /inquiries.csv":                         only(recipients...),
	"GET /inquiries/{id}":                        own("recipient", recipients...),
	"GET /inquiries/{id}/receipt":                own("recipient", recipients...),
	"GET /inquiries/{id}/proof":                  own("recipient", recipients...),
	"GET /addresses":                             only(parties...),
	"POST /addresses":                            only(parties...),
	"GET /addresses/{id}":                        own("recipient", parties...),
	"POST /addresses/{id}":                       own("recipient", parties...),
	"POST /addresses/{id}/ask":                   own("recipient", parties...),
	"GET /addresses/{id}/remove":                 own("recipient", parties...),
	"POST /addresses/{id}/remove":                own("recipient", parties...),
	"POST /l/{token}/confirm":                    everyone(),
	"GET /confirmed":                             everyone(),
	"GET /unsubscribe/{token}":                   everyone(),
	"POST /unsubscribe/{token}":                  everyone(),
	"GET /closing":                               only(parties...),
	"POST /closing":                              only(parties...),
	"GET /closing/export":                        only(parties...),
	"GET /closed":                                everyone(),
	"GET /erased/{token}":                        everyone(),
	"POST /erased/{token}":                       everyone(),
	"GET /staff/contracts/{id}":                  only("reception", "service_owner"),
	"POST /staff/contracts/{id}":                 only("reception", "service_owner"),
})
