// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// Delegator reads a delegator with the newest confirmation.
func (r reader) Delegator(ctx context.Context, id string) (poa.Delegator, error) {
	p, err := r.party(ctx, id, poa.PartyDelegator)
	if err != nil {
		return poa.Delegator{}, err
	}
	newest, err := r.newestConfirmations(ctx, []string{id})
	if err != nil {
		return poa.Delegator{}, err
	}
	return poa.Delegator{Party: p, Confirmation: newest[id]}, nil
}

// Recipient reads a recipient.
func (r reader) Recipient(ctx context.Context, id string) (poa.Recipient, error) {
	p, err := r.party(ctx, id, poa.PartyRecipient)
	return poa.Recipient{Party: p}, err
}

func (r reader) party(ctx context.Context, id string, role poa.PartyRole) (poa.Party, error) {
	var row partyRow
	if err := r.q.NewSelect().Model(&row).Where("id = ? AND role = ?", id, string(role)).Scan(ctx); err != nil {
		return poa.Party{}, failed(err, "reading party")
	}
	return r.toParty(ctx, row)
}

// newestConfirmations returns the newest confirmation of each party that has one.
func (r reader) newestConfirmations(ctx context.Context, partyIDs []string) (map[string]*poa.Confirmation, error) {
	newest := map[string]*poa.Confirmation{}
	if len(partyIDs) == 0 {
		return newest, nil
	}
	var rows []confirmationRow
	err := r.q.NewSelect().Model(&rows).DistinctOn("party_id").Where("party_id IN (?)", bun.List(partyIDs)).
		OrderExpr("party_id, confirmed_at DESC, id DESC").Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading confirmations")
	}
	for _, row := range rows {
		c, err := r.toConfirmation(ctx, row)
		if err != nil {
			return nil, err
		}
		newest[row.PartyID] = &c
	}
	return newest, nil
}

// Delegators lists delegators.
func (r reader) Delegators(ctx context.Context, f poa.PartyFilter, o poa.Order, p poa.Page) (poa.List[poa.Delegator], error) {
	parties, err := r.parties(ctx, poa.PartyDelegator, f, o, p)
	if err != nil {
		return poa.List[poa.Delegator]{}, err
	}
	ids := make([]string, len(parties.Items))
	for i, party := range parties.Items {
		ids[i] = party.ID
	}
	newest, err := r.newestConfirmations(ctx, ids)
	if err != nil {
		return poa.List[poa.Delegator]{}, err
	}
	return mapList(parties, func(party poa.Party) poa.Delegator {
		return poa.Delegator{Party: party, Confirmation: newest[party.ID]}
	}), nil
}

// Recipients lists recipients.
func (r reader) Recipients(ctx context.Context, f poa.PartyFilter, o poa.Order, p poa.Page) (poa.List[poa.Recipient], error) {
	parties, err := r.parties(ctx, poa.PartyRecipient, f, o, p)
	return mapList(parties, func(party poa.Party) poa.Recipient { return poa.Recipient{Party: party} }), err
}

// parties lists by the instant of application, whatever the order's field: it
// is the only one that parties have.
func (r reader) parties(ctx context.Context, role poa.PartyRole, f poa.PartyFilter, o poa.Order, p poa.Page) (poa.List[poa.Party], error) {
	filtered := func(rows *[]partyRow) *bun.SelectQuery {
		q := r.q.NewSelect().Model(rows).Where("p.role = ?", string(role))
		if len(f.IDs) > 0 {
			q = q.Where("p.id IN (?)", bun.List(f.IDs))
		}
		if len(f.States) > 0 {
			q = q.Where("p.state IN (?)", bun.List(texts(f.States)))
		}
		if f.Kind != "" {
			q = q.Where("p.kind = ?", string(f.Kind))
		}
		return r.matching(q, searchParties, "p.id", f.Search)
	}
	place := func(row partyRow) cursor { return cursor{At: row.AppliedAt.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "p.applied_at", id: "p.id", ascending: o.Ascending}, p, place, r.toParty)
}

// mapList turns the items of a list into others.
func mapList[A, B any](l poa.List[A], turn func(A) B) poa.List[B] {
	mapped := poa.List[B]{Cursors: l.Cursors, HasNext: l.HasNext, HasPrevious: l.HasPrevious, Total: l.Total, Items: make([]B, len(l.Items))}
	for i, item := range l.Items {
		mapped.Items[i] = turn(item)
	}
	return mapped
}

// PartyRefusals returns why an application was refused.
func (r reader) PartyRefusals(ctx context.Context, partyID string) ([]poa.Refusal, error) {
	var rows []partyRefusalRow
	if err := r.q.NewSelect().Model(&rows).Where("party_id = ?", partyID).Order("ordinal").Scan(ctx); err != nil {
		return nil, failed(err, "reading refusals")
	}
	refusals := make([]poa.Refusal, len(rows))
	for i, row := range rows {
		refusals[i] = poa.Refusal{Code: poa.Code(row.Code), Field: fromTexts[string](row.Field), At: row.At.UTC()}
		if err := r.openUnlessErased(ctx, accountSubject(partyID), "party_refusals", refusalRowKey(partyID, row.Ordinal), row.Sealed, &refusals[i].Note); err != nil {
			return nil, err
		}
	}
	return refusals, nil
}
