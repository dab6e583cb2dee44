// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// shownAttempts bounds the attempts of each delivery in a list.
const shownAttempts = 10

// Inquiry returns the resolver that signs receipts again.
func (r *resolver) Inquiry() schema.InquiryResolver { return &inquiryResolver{r} }

type inquiryResolver struct{ *resolver }

// Inquiries lists a recipient's own inquiries; others, staff included, see none.
func (r *recipientResolver) Inquiries(ctx context.Context, d *schema.Recipient, first *int, after *string, last *int, before *string, filter *schema.InquiryFilter) (*schema.InquiryConnection, error) {
	page, err := pageOf(first, after, last, before)
	if err != nil {
		return nil, err
	}
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	var list poa.List[poa.PastAnswer]
	if f, possible := inquiryFilter(filter); possible && actor.Kind == poa.ActorRecipient && actor.PartyID == d.ID {
		list, err = r.Responder.Inquiries(ctx, actor, f, page)
	}
	nodes := each(list.Items, newInquiry)
	return &schema.InquiryConnection{Nodes: nodes, PageInfo: pageInfo(list),
		Edges: edges(list, nodes, func(cursor string, i schema.Inquiry) schema.InquiryEdge {
			return schema.InquiryEdge{Cursor: cursor, Node: i}
		})}, err
}

// inquiryFilter is false where no inquiry can fit: what was asked about a
// mistyped ID was kept without it.
func inquiryFilter(f *schema.InquiryFilter) (poa.InquiryFilter, bool) {
	if f == nil {
		return poa.InquiryFilter{}, true
	}
	filter := poa.InquiryFilter{From: given(f.From), Until: given(f.Until), TokenID: given(f.TokenID)}
	if f.DelegationID == nil {
		return filter, true
	}
	id, ok := poa.ParseDelegationID(*f.DelegationID)
	filter.DelegationID = id
	return filter, ok
}

func newInquiry(p poa.PastAnswer) schema.Inquiry {
	i := schema.Inquiry{ID: p.InquiryID, DelegationID: optional(p.Question.DelegationID), AsOf: p.AsOf, KnownAt: p.KnownAt, AnsweredAt: p.AnsweredAt,
		TokenID: optional(p.TokenID), Past: p}
	if p.Gone {
		return i
	}
	status := p.Status
	i.Status, i.Reason, i.Version = &status, p.Reason, optional(p.Version)
	i.DocumentMatches, i.DelegateMatches = p.DocumentMatches, p.DelegateMatches
	return i
}

// Receipt signs the receipt of an inquiry again.
func (r *inquiryResolver) Receipt(ctx context.Context, i *schema.Inquiry) (*string, error) {
	if i.Past.Gone {
		return nil, nil
	}
	compact, err := r.Responder.Receipt(ctx, i.Past.Answer)
	return optional(compact), err
}

// InclusionProof proves that an inquiry stands in the audit log.
func (r *inquiryResolver) InclusionProof(ctx context.Context, i *schema.Inquiry) (*string, error) {
	proof, err := r.Responder.ProofOf(ctx, i.Past)
	return optional(proof), err
}

// WatchesWhatItAsks tells a recipient its own setting.
func (r *viewerResolver) WatchesWhatItAsks(ctx context.Context, v *schema.Viewer) (*bool, error) {
	if v.Kind != poa.ActorRecipient {
		return nil, nil
	}
	on, err := r.Records.WatchAsked(ctx, v.Actor)
	return &on, err
}

// shownDeliveries shows a page of deliveries with their attempts, read in one
// statement, and what was posted.
func (r *resolver) shownDeliveries(ctx context.Context, actor poa.Actor, deliveries []poa.Delivery) ([]schema.Delivery, error) {
	page, ids := each(deliveries, newDelivery), each(deliveries, func(d poa.Delivery) string { return d.ID })
	attempts, err := r.Records.AttemptsOf(ctx, actor, ids, shownAttempts)
	if err != nil {
		return nil, err
	}
	posted, err := r.Notifier.Posted(ctx, actor, deliveries)
	for i := range page {
		page[i].AttemptLog = each(attempts[page[i].ID], newAttempt)
		if request, ok := posted[page[i].ID]; ok {
			page[i].Request = newRequest(request)
		}
	}
	return page, err
}

func newRequest(r poa.PostedRequest) *schema.DeliveryRequest {
	return &schema.DeliveryRequest{Body: string(r.Body), Headers: each(r.Headers, func(h poa.EndpointHeader) schema.DeliveryHeader {
		return schema.DeliveryHeader{Name: h.Name, Value: optional(h.Value)}
	})}
}

func newAttempt(a poa.Attempt) schema.DeliveryAttempt {
	return schema.DeliveryAttempt{Number: a.Number, At: a.At, Status: optional(a.Status), Error: optional(a.Error), Milliseconds: int(a.Millis), Answer: optional(a.AnswerText())}
}

// RotateToken gives a token a successor.
func (m *mutationResolver) RotateToken(ctx context.Context, in poa.RotateInput) (*schema.CreateTokenPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	token, secret, err := m.Enrollment.RotateToken(ctx, actor, in)
	faults, err := m.correctable(ctx, err, "tokenId")
	return &schema.CreateTokenPayload{Token: newToken(token), Secret: optional(secret), Errors: faults}, err
}

// ResendDelivery makes one more attempt of a delivery.
func (m *mutationResolver) ResendDelivery(ctx context.Context, in schema.ResendDeliveryInput) (*schema.ResendDeliveryPayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	var d poa.Delivery
	if err = checkKey(in.IdempotencyKey); err == nil {
		d, err = m.Notifier.ResendDelivery(ctx, actor, in.IdempotencyKey, in.DeliveryID)
	}
	faults, err := m.correctable(ctx, err, "deliveryId")
	payload := &schema.ResendDeliveryPayload{Errors: faults}
	if err != nil || d.ID == "" {
		return payload, err
	}
	shown, err := m.shownDeliveries(ctx, actor, []poa.Delivery{d})
	if err != nil {
		return payload, err
	}
	payload.Delivery = &shown[0]
	return payload, err
}

// SetWatchesWhatItAsks keeps a recipient's setting.
func (m *mutationResolver) SetWatchesWhatItAsks(ctx context.Context, in schema.SetWatchesWhatItAsksInput) (*schema.DonePayload, error) {
	actor, err := m.changer(ctx)
	if err != nil {
		return nil, err
	}
	if err = checkKey(in.IdempotencyKey); err == nil {
		err = m.Notifier.SetWatchAsked(ctx, actor, in.IdempotencyKey, in.On)
	}
	return m.done(ctx, err, "on")
}
