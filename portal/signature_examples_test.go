// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"

	"ininjo/poa/jpki"
)

// A tour has a filing that a person must look at, one whose certificate is asked
// about, one that is to be signed as XML, and stamped evidence.
var _ = onTour(func(w *tour) {
	delegator, exact := w.people["delegator"], w.signers["signer"]
	w.at["xml"] = w.draftAs(delegator, "XML")
	w.authority.isSilent()
	w.handIn()
	w.at["pending"] = w.draft2(delegator, "")
	w.handIn()
	w.submitSigned(delegator, w.at["pending"])
	w.authority.says(jpki.Good)
	w.signers["signer"] = w.vague()
	w.at["vague"] = w.draft2(delegator, "")
	w.handIn()
	w.submitSigned(delegator, w.at["vague"])
	w.signers["signer"] = exact
	w.authority.says("")
	w.stampAll()
})

var _ = examples(func(w *tour) []example {
	pending, vague := "/staff/filings/"+w.at["pending"], "/staff/filings/"+w.at["vague"]
	of := func(name string) string { return "/delegations/" + w.at[name] }
	return []example{
		page("GET /delegations/{id}", "delegator", of("xml")),
		page("GET /delegations/{id}", "delegator", of("pending")),
		refused("POST /delegations/{id}/file", "delegator", of("xml"), of("xml")+"/file"),
		pictured(page("GET /delegations/{id}/evidence", "delegator", of("accepted")+"/evidence"), "evidence"),
		page("GET /delegations/{id}/evidence", "delegator", of("waiting")+"/evidence"),
		file("GET /delegations/{id}/evidence/file", "delegator", of("accepted")+"/evidence/file"),
		page("GET /staff/filings/{id}", "reception", pending),
		pictured(page("GET /staff/filings/{id}", "reception", vague), "compared"),
		page("GET /staff/evidence/{id}", "reception", "/staff/evidence/"+w.at["accepted"]),
		page("GET /staff/evidence/{id}", "auditor", "/staff/evidence/"+w.at["vague"]),
		file("GET /staff/evidence/{id}/file", "auditor", "/staff/evidence/"+w.at["accepted"]+"/file?chain=DELEGATE"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /delegations/{id}/evidence":      own("delegator", delegators...),
	"GET /delegations/{id}/evidence/file": own("delegator", delegators...),
	"GET /staff/evidence/{id}":            only("reception", "auditor"),
	"GET /staff/evidence/{id}/file":       only("reception", "auditor"),
})

// draftAs drafts in a format.
func (w *world) draftAs(delegator *visitor, format string) string {
	w.tb.Helper()
	return w.draftWith(delegator, url.Values{"format": {format}})
}
