// SPDX-License-Identifier: Apache-2.0

package portal_test

var _ = examples(func(*tour) []example {
	return []example{
		page("GET /notices", "recipient", "/notices"),
		page("GET /notices", "delegator", "/notices"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /notices": only(parties...),
})
