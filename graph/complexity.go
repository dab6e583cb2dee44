// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"time"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Costs beside those of lists. A field costs 1, a page its size times what each
// entry costs.
const (
	defaultPage = 20
	// fileCost keeps the files of one reply within its bound.
	fileCost = 1000
	// bodyCost is for a published text of at most 500,000 characters.
	bodyCost = 100
	// shownRecords is more than the records of evidence that a delegation has.
	shownRecords = 5
	// shownResends is how many acts of sending again an endpoint shows.
	shownResends = 10
	// endsCost is for the statements that each delegation's ends take, shownEnds more
	// ends than one has.
	endsCost, shownEnds = 20, 4
	// receiptCost is for a signature.
	receiptCost = 5
)

func listed(child int, first, last *int) int {
	size := defaultPage
	for _, asked := range []*int{first, last} {
		if asked != nil {
			size = min(max(*asked, 1), poa.MaxPage)
		}
	}
	return 1 + size*child
}

// complexities tells what each list and each large field costs.
func complexities() schema.ComplexityRoot {
	var c schema.ComplexityRoot
	c.Query.Validity = func(child int, _ string, _, _ *time.Time, _, _, _ *string) int { return 1 + child }
	c.Query.Validities = func(child int, ids []string) int { return 1 + min(len(ids), poa.MaxInquiries+1)*child }
	c.Query.Delegations = func(child int, first *int, _ *string, last *int, _ *string, _ *poa.DelegationFilter, _ *schema.DelegationOrder) int {
		return listed(child, first, last)
	}
	c.Query.Delegators = func(child int, first *int, _ *string, last *int, _ *string, _ *poa.PartyFilter, _ *schema.PartyOrder) int {
		return listed(child, first, last)
	}
	c.Query.Recipients = c.Query.Delegators
	c.Query.AuditEvents = func(child int, first *int, _ *string, last *int, _ *string, _ *schema.AuditEventFilter) int {
		return listed(child, first, last)
	}
	c.Query.Published = func(child int, _ *poa.DocumentKind, first *int, _ *string) int { return listed(child, first, nil) }
	c.Viewer.Events = func(child int, first *int, _ *string) int { return listed(child, first, nil) }
	c.Delegation.EndNotices = func(child int) int { return endsCost + shownEnds*child }
	c.EndNotice.Named = func(child int) int { return listed(child, nil, nil) }
	c.Viewer.Watches = func(child int, first *int) int { return listed(child, first, nil) }
	c.Viewer.Endpoints = func(child int) int { return 1 + poa.MaxEndpoints*child }
	c.WebhookEndpoint.Deliveries = c.Viewer.Watches
	c.WebhookEndpoint.Resends = func(child int) int { return 1 + shownResends*child }
	c.Delegator.Changes = func(child int) int { return listed(child, nil, nil) }
	c.Delegator.Questions, c.Recipient.Changes, c.Recipient.Questions = c.Delegator.Changes, c.Delegator.Changes, c.Delegator.Changes
	c.Delegation.DraftFile = func(int) int { return fileCost }
	c.Delegation.SignedFile = c.Delegation.DraftFile
	c.Evidence.Bundle = func(int) int { return 5 * fileCost }
	c.EvidenceRecord.Checks = func(child int) int { return listed(child, nil, nil) }
	c.Evidence.Records = func(child int) int { return 1 + shownRecords*child }
	c.PublishedDocument.Body = func(int) int { return bodyCost }
	c.Recipient.Inquiries = func(child int, first *int, _ *string, last *int, _ *string, _ *schema.InquiryFilter) int {
		return listed(child, first, last)
	}
	c.Delivery.AttemptLog = func(child int) int { return 1 + shownAttempts*child }
	c.Inquiry.Receipt = func(int) int { return receiptCost }
	c.Inquiry.InclusionProof = c.Inquiry.Receipt
	c.Validity.Receipt = func(int) int { return receiptCost }
	return c
}
