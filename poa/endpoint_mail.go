// SPDX-License-Identifier: Apache-2.0

package poa

// Mails about an endpoint that fails: at the first failure, halfway to the end,
// and when it is switched off.
const (
	MailEndpointFailing     MailTemplate = "endpoint-failing"
	MailEndpointFailingHalf MailTemplate = "endpoint-failing-half"
	MailEndpointDisabled    MailTemplate = "endpoint-disabled"
)
