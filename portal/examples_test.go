// SPDX-License-Identifier: Apache-2.0

package portal_test

// Pages that need no account.
var _ = examples(func(w *tour) []example {
	answer, renounce, document := w.at["answer link"], w.at["renounce link"], publishedPath.FindString(w.people["anonymous"].open("/repository", 200).body)
	return []example{
		pictured(page("GET /{$}", "anonymous", "/"), "home", "ja light 390"),
		page("GET /{$}", "delegator", "/"),
		elsewhere("GET /favicon.ico", "anonymous", "/favicon.ico"),
		page("GET /repository", "anonymous", "/repository"),
		page("GET /repository/{id}", "anonymous", document),
		page("GET /register/{role}", "anonymous", "/register/delegator"),
		pictured(page("GET /register/{role}", "anonymous", "/register/recipient"), "register"),
		refused("POST /register/{role}", "anonymous", "/register/delegator", "/register/delegator"),
		pictured(refused("POST /register/{role}", "anonymous", "/register/recipient", "/register/recipient"), "register-refused"),
		page("GET /registered/{role}/{number}", "anonymous", w.at["registered"]),
		pictured(page("GET /sign-in", "anonymous", "/sign-in"), "sign-in"),
		refused("POST /sign-in", "anonymous", "/sign-in", "/sign-in"),
		unrefused("POST /sign-out", "anonymous", "/sign-out", "nothing is typed"),
		page("GET /l/{token}", "anonymous", w.at["password link"]),
		pictured(page("GET /l/{token}", "anonymous", answer), "delegate", "ja light 390"),
		page("GET /l/{token}", "anonymous", renounce),
		{Pattern: "GET /l/{token}", Who: "anonymous", Path: "/l/injl_none", Status: 404},
		refused("POST /l/{token}", "anonymous", w.at["password link"], w.at["password link"]),
		unrefused("POST /l/{token}/challenge", "anonymous", answer+"/challenge", "nothing is typed"),
		page("GET /l/{token}/challenge/{id}", "anonymous", w.at["challenge"]),
		file("GET /l/{token}/challenge/{id}/file", "anonymous", w.at["challenge"]+"/file"),
		refused("POST /l/{token}/challenge/{id}", "anonymous", w.at["challenge"], w.at["challenge"]),
		page("GET /l/{token}/decline", "anonymous", answer+"/decline"),
		refused("POST /l/{token}/decline", "anonymous", answer+"/decline", answer+"/decline"),
		page("GET /l/{token}/renounce", "anonymous", renounce+"/renounce"),
		refused("POST /l/{token}/renounce", "anonymous", renounce+"/renounce", renounce+"/renounce"),
		page("GET /answered/{what}", "anonymous", "/answered/declined"),
		{Pattern: "GET /{$}", Who: "anonymous", Path: "/nothing-here", Status: 404},
		{Pattern: "GET /staff", Who: "delegator", Path: "/staff", Status: 403},
	}
})

var _ = mayReach(map[string]reach{
	"GET /{$}":                           everyone(),
	"GET /favicon.ico":                   everyone(),
	"GET /repository":                    everyone(),
	"GET /repository/{id}":               everyone(),
	"GET /register/{role}":               everyone(),
	"POST /register/{role}":              everyone(),
	"GET /registered/{role}/{number}":    everyone(),
	"GET /sign-in":                       everyone(),
	"POST /sign-in":                      everyone(),
	"POST /sign-out":                     everyone(),
	"GET /l/{token}":                     everyone(), // who holds the link is who it was sent to
	"POST /l/{token}":                    everyone(),
	"POST /l/{token}/challenge":          everyone(),
	"GET /l/{token}/challenge/{id}":      everyone(),
	"GET /l/{token}/challenge/{id}/file": everyone(),
	"POST /l/{token}/challenge/{id}":     everyone(),
	"GET /l/{token}/decline":             everyone(),
	"POST /l/{token}/decline":            everyone(),
	"GET /l/{token}/renounce":            everyone(),
	"POST /l/{token}/renounce":           everyone(),
	"GET /answered/{what}":               everyone(),
})

// Pages of delegators.
var _ = examples(func(w *tour) []example {
	of := func(state string) string { return "/delegations/" + w.at[state] }
	return []example{
		page("GET /application", "delegator", "/application"),
		pictured(page("GET /delegations", "delegator", "/delegations"), "delegations"),
		page("GET /delegations", "other delegator", "/delegations"),
		page("GET /delegations", "delegator", "/delegations?q=nobody"),
		page("GET /delegations/new", "delegator", "/delegations/new"),
		page("GET /delegations/new", "delegator", "/delegations/new?replaces="+w.at["accepted"]),
		refused("POST /delegations/new", "delegator", "/delegations/new", "/delegations/new"),
		pictured(page("GET /delegations/{id}", "delegator", of("accepted")), "delegation", "en dark 390"),
		page("GET /delegations/{id}", "delegator", of("submitted")),
		pictured(page("GET /delegations/{id}", "delegator", of("certified")), "sign", "ja light 390"),
		page("GET /delegations/{id}", "delegator", of("waiting")),
		file("GET /delegations/{id}/draft", "delegator", of("waiting")+"/draft"),
		file("GET /delegations/{id}/signed", "delegator", of("accepted")+"/signed"),
		elsewhere("GET /delegations/{id}/file", "delegator", of("certified")+"/file"),
		refused("POST /delegations/{id}/file", "delegator", of("certified"), of("certified")+"/file"),
		page("GET /delegations/{id}/withdraw", "delegator", of("submitted")+"/withdraw"),
		refused("POST /delegations/{id}/withdraw", "delegator", of("submitted")+"/withdraw", of("submitted")+"/withdraw"),
		pictured(page("GET /delegations/{id}/revoke", "delegator", of("accepted")+"/revoke"), "revoke"),
		refused("POST /delegations/{id}/revoke", "delegator", of("accepted")+"/revoke", of("accepted")+"/revoke"),
		elsewhere("GET /delegations/{id}/link", "delegator", of("waiting")+"/link"),
		unrefused("POST /delegations/{id}/link", "delegator", of("waiting")+"/link", "nothing is typed"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /application":                only(parties...),
	"GET /delegations":                only(delegators...),
	"GET /delegations/new":            only(delegators...),
	"POST /delegations/new":           only(delegators...),
	"GET /delegations/{id}":           own("delegator", delegators...),
	"GET /delegations/{id}/draft":     own("delegator", delegators...),
	"GET /delegations/{id}/signed":    own("delegator", delegators...),
	"GET /delegations/{id}/file":      only(delegators...), // leads to the delegation's page, whosever it is
	"POST /delegations/{id}/file":     own("delegator", delegators...),
	"GET /delegations/{id}/withdraw":  own("delegator", delegators...),
	"POST /delegations/{id}/withdraw": own("delegator", delegators...),
	"GET /delegations/{id}/revoke":    own("delegator", delegators...),
	"POST /delegations/{id}/revoke":   own("delegator", delegators...),
	"GET /delegations/{id}/link":      only(delegators...),
	"POST /delegations/{id}/link":     own("delegator", delegators...),
})

// Pages of accounts.
var _ = examples(func(w *tour) []example {
	return []example{
		pictured(page("GET /recipient", "recipient", "/recipient"), "recipient"),
		page("GET /check", "recipient", "/check?id="+w.at["accepted"]),
		pictured(answered("POST /check", "recipient", "/check?id="+w.at["accepted"], "/check"), "check", "ja light 390", "print"),
		refused("POST /check", "recipient", "/check", "/check"),
		page("GET /check/list", "recipient", "/check/list"),
		refused("POST /check/list", "recipient", "/check/list", "/check/list"),
		page("GET /check/receipt", "recipient", "/check/receipt"),
		unrefused("POST /check/receipt", "recipient", "/check/receipt", "nothing is typed"),
		page("GET /watches", "recipient", "/watches"),
		page("GET /watches", "other recipient", "/watches"),
		refused("POST /watches", "recipient", "/watches", "/watches"),
		page("GET /watches/end", "recipient", "/watches/end"),
		unrefused("POST /watches/end", "recipient", "/watches/end", "nothing is typed"),
		page("GET /tokens", "recipient", "/tokens"),
		page("GET /tokens", "other recipient", "/tokens"),
		refused("POST /tokens", "recipient", "/tokens", "/tokens"),
		page("GET /tokens/{id}/revoke", "recipient", w.at["token"]+"/revoke"),
		unrefused("POST /tokens/{id}/revoke", "recipient", w.at["token"]+"/revoke", "nothing is typed"),
		page("GET /endpoints", "recipient", "/endpoints"),
		page("GET /endpoints", "other recipient", "/endpoints"),
		refused("POST /endpoints", "recipient", "/endpoints", "/endpoints"),
		pictured(page("GET /endpoints/{id}", "recipient", w.at["endpoint"]), "endpoint"),
		refused("POST /endpoints/{id}", "recipient", w.at["endpoint"], w.at["endpoint"]),
		unrefused("POST /endpoints/{id}/test", "recipient", w.at["endpoint"]+"/test", "nothing is typed"),
		page("GET /endpoints/{id}/delete", "recipient", w.at["endpoint"]+"/delete"),
		refused("POST /endpoints/{id}/delete", "recipient", w.at["endpoint"]+"/delete", w.at["endpoint"]+"/delete"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /recipient":              only(recipients...),
	"GET /check":                  only(recipients...),
	"POST /check":                 only(recipients...),
	"GET /check/list":             only(recipients...),
	"POST /check/list":            only(recipients...),
	"GET /check/receipt":          only(recipients...),
	"POST /check/receipt":         only(recipients...),
	"GET /watches":                only(recipients...),
	"POST /watches":               only(recipients...),
	"GET /watches/end":            only(recipients...),
	"POST /watches/end":           only(recipients...),
	"GET /tokens":                 only(parties...),
	"POST /tokens":                only(parties...),
	"GET /tokens/{id}/revoke":     own("recipient", parties...),
	"POST /tokens/{id}/revoke":    own("recipient", parties...),
	"GET /endpoints":              only(parties...),
	"POST /endpoints":             only(parties...),
	"GET /endpoints/{id}":         own("recipient", parties...),
	"POST /endpoints/{id}":        own("recipient", parties...),
	"POST /endpoints/{id}/test":   own("recipient", parties...),
	"POST /endpoints/{id}/rotate": own("recipient", parties...),
	"GET /endpoints/{id}/delete":  own("recipient", parties...),
	"POST /endpoints/{id}/delete": own("recipient", parties...),
})

// Pages of staff.
var _ = examples(func(w *tour) []example {
	applicant, filing := w.at["applicant delegator"], "/staff/filings/"+w.at["submitted"]
	return []example{
		pictured(page("GET /staff", "reception", "/staff"), "desk", "en dark 1280", "ja light 390"),
		page("GET /staff", "maintainer", "/staff"),
		page("GET /staff/applications", "reception", "/staff/applications?role=recipient"),
		page("GET /staff/applications", "reception", "/staff/applications?role=delegator&state=ENDED"),
		pictured(page("GET /staff/applications/{id}", "reception", applicant), "applicant"),
		page("GET /staff/applications/{id}", "reception", w.at["applicant recipient"]),
		refused("POST /staff/applications/{id}/confirm", "reception", applicant, applicant+"/confirm"),
		refused("POST /staff/applications/{id}/accept", "reception", applicant, applicant+"/accept"),
		refused("POST /staff/applications/{id}/refuse", "reception", applicant, applicant+"/refuse"),
		page("GET /staff/filings", "reception", "/staff/filings"),
		pictured(page("GET /staff/filings/{id}", "reception", filing), "filing"),
		page("GET /staff/filings/{id}", "reception", "/staff/filings/"+w.at["accepted"]),
		file("GET /staff/filings/{id}/signed", "reception", filing+"/signed"),
		refused("POST /staff/filings/{id}/accept", "reception", filing, filing+"/accept"),
		refused("POST /staff/filings/{id}/refuse", "reception", filing, filing+"/refuse"),
		page("GET /staff/audit", "auditor", "/staff/audit"),
		page("GET /staff/audit", "auditor", "/staff/audit?subject=nothing"),
		page("GET /staff/queues", "maintainer", "/staff/queues"),
		page("GET /staff/people", "service_owner", "/staff/people"),
		refused("POST /staff/people", "service_owner", "/staff/people", "/staff/people"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /staff":                            only(staff...),
	"GET /staff/applications":               only("reception", "service_owner", "service_manager"),
	"GET /staff/applications/{id}":          only("reception", "service_owner", "service_manager"),
	"POST /staff/applications/{id}/confirm": only("reception"),
	"POST /staff/applications/{id}/accept":  only("reception"),
	"POST /staff/applications/{id}/refuse":  only("reception"),
	"GET /staff/filings":                    only("reception", "service_owner", "service_manager"),
	"GET /staff/filings/{id}":               only("reception", "service_owner", "service_manager"),
	"GET /staff/filings/{id}/signed":        only("reception", "service_owner", "service_manager"),
	"POST /staff/filings/{id}/accept":       only("reception"),
	"POST /staff/filings/{id}/refuse":       only("reception"),
	"GET /staff/audit":                      only("auditor", "service_manager"),
	"GET /staff/queues":                     only(staff...),
	"GET /staff/people":                     only("service_owner", "service_manager", "auditor"),
	"POST /staff/people":                    only("service_owner"),
})
