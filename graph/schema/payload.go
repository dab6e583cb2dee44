// SPDX-License-Identifier: Apache-2.0

package schema

// DelegationPayload is what came of an act on a delegation.
type DelegationPayload struct {
	Delegation *Delegation
	Errors     []UserError
}

// DonePayload is what came of an act that has nothing to show.
type DonePayload struct{ Errors []UserError }

// SuspensionPayload is what came of an act on a suspension.
type SuspensionPayload struct {
	SuspensionID *string
	Errors       []UserError
}

// DelegatorPayload is what came of an act on a delegator.
type DelegatorPayload struct {
	Delegator *Delegator
	Errors    []UserError
}

// EndpointPayload is what came of an act on a webhook endpoint.
type EndpointPayload struct {
	Endpoint *WebhookEndpoint
	Secret   *string
	Errors   []UserError
}

// ChangePayload is what came of an act on a change of what a party stated.
type ChangePayload struct {
	Change *PartyChange
	Errors []UserError
}

// ResendPayload is what came of an act that sends again.
type ResendPayload struct {
	Resend *WebhookResend
	Errors []UserError
}
