// SPDX-License-Identifier: Apache-2.0

package portal_test

import "net/url"

// A filing claims a title, which waits for a person.
var _ = onTour(func(w *tour) {
	delegator := w.people["delegator"]
	page := delegator.submit(delegator.open("/delegations/new", 200), "/delegations/new", url.Values{
		"delegate.name": {"佐藤 花子"}, "delegate.qualification": {"CERTIFIED_PUBLIC_TAX_ACCOUNTANT"}, "delegate.address": {deputy.Address}, "delegate.identification": {"123456"}, "delegate.email": {delegateEmail},
		"powers": {"契約の締結"}, "limits": {"一件 1,000 万円まで"}, "validThrough": {"2027-05-31"}}, 200)
	w.at["titled"] = delegationPath.FindString(page.path)[len("/delegations/"):]
	w.handIn()
	w.submitSigned(delegator, w.at["titled"])
})

var _ = examples(func(w *tour) []example {
	title := "/staff/titles/" + w.at["titled"]
	return []example{
		page("GET /staff/titles", "reception", "/staff/titles"),
		page("GET /staff/titles", "reception", "/staff/titles?show=checked"),
		pictured(page("GET /staff/titles/{id}", "reception", title), "title"),
		page("GET /staff/titles/{id}", "service_manager", title),
		refused("POST /staff/titles/{id}", "reception", title, title),
		page("GET /staff/bodies", "reception", "/staff/bodies"),
		page("GET /staff/bodies/{qualification}", "service_owner", "/staff/bodies/CERTIFIED_PUBLIC_TAX_ACCOUNTANT"),
		page("GET /staff/bodies/{qualification}", "service_manager", "/staff/bodies/CERTIFIED_PUBLIC_TAX_ACCOUNTANT"),
		refused("POST /staff/bodies/{qualification}", "reception", "/staff/bodies/CERTIFIED_PUBLIC_TAX_ACCOUNTANT", "/staff/bodies/CERTIFIED_PUBLIC_TAX_ACCOUNTANT"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /staff/titles":                  only("reception", "service_owner", "service_manager"),
	"GET /staff/titles/{id}":             only("reception", "service_owner", "service_manager"),
	"POST /staff/titles/{id}":            only("reception"),
	"GET /staff/bodies":                  only("reception", "service_owner", "service_manager"),
	"GET /staff/bodies/{qualification}":  only("reception", "service_owner", "service_manager"),
	"POST /staff/bodies/{qualification}": only("reception", "service_owner"),
})
