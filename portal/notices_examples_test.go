// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"

	"ininjo/poa"
)

// A tour has an endpoint that failed for too long: every page of its party says
// so.
var _ = onTour(func(w *tour) {
	account, err := w.data.DB.AccountByEmail(w.tb.Context(), otherRecipientEmail)
	must(w.tb, err)
	now := w.data.Clock.Now()
	e := poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: account.PartyID, URL: "https://failing.example/hook", State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: now, AddressAt: now}
	must(w.tb, w.data.DB.InTx(w.tb.Context(), func(ctx context.Context, tx poa.Tx) error {
		if err := tx.InsertEndpoint(ctx, e); err != nil {
			return err
		}
		e.State, e.DisabledReason, e.DisabledAt = poa.EndpointDisabled, "FAILING", now
		return tx.UpdateEndpoint(ctx, e)
	}))
})

var _ = examples(func(*tour) []example {
	return []example{
		page("GET /notices", "recipient", "/notices"),
		page("GET /notices", "delegator", "/notices"),
	}
})

var _ = mayReach(map[string]reach{
	"GET /notices": only(parties...),
})
