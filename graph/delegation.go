// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"encoding/hex"
	"errors"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Delegation returns a delegation that the caller may see.
func (q *queryResolver) Delegation(ctx context.Context, id string) (*schema.Delegation, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	return q.delegation(ctx, actor, id)
}

// delegation is nil where there is none to see.
func (r *resolver) delegation(ctx context.Context, actor poa.Actor, id string) (*schema.Delegation, error) {
	d, err := r.Records.Delegation(ctx, actor, id)
	if errors.Is(err, poa.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.one(actor, d), nil
}

// Delegations lists delegations that the caller may see.
func (q *queryResolver) Delegations(ctx context.Context, first *int, after *string, last *int, before *string, filter *poa.DelegationFilter, by *schema.DelegationOrder) (*schema.DelegationConnection, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(first, after, last, before)
	if err != nil {
		return nil, err
	}
	list, err := q.Records.Delegations(ctx, actor, given(filter), orderOf(given(by).Field, given(by).Direction), page)
	if err != nil {
		return nil, err
	}
	return q.delegationConnection(actor, list), nil
}

func (r *resolver) delegationConnection(actor poa.Actor, list poa.List[poa.Delegation]) *schema.DelegationConnection {
	beside := &beside{resolver: r, actor: actor, page: list.Items}
	nodes := each(list.Items, func(d poa.Delegation) schema.Delegation { return newDelegation(d, beside) })
	return &schema.DelegationConnection{Nodes: nodes, PageInfo: pageInfo(list), TotalCount: list.Total,
		Edges: edges(list, nodes, func(cursor string, d schema.Delegation) schema.DelegationEdge {
			return schema.DelegationEdge{Cursor: cursor, Node: d}
		})}
}

// one is a page of one delegation.
func (r *resolver) one(actor poa.Actor, d poa.Delegation) *schema.Delegation {
	shown := newDelegation(d, &beside{resolver: r, actor: actor, page: []poa.Delegation{d}})
	return &shown
}

func newDelegation(d poa.Delegation, beside schema.Beside) schema.Delegation {
	return schema.Delegation{ID: string(d.ID), State: d.State, Mandator: newMandator(d.Contents.Mandator), Delegate: newDelegate(d.Contents.Delegate),
		Powers: d.Contents.Powers, Limits: d.Contents.Limits, SubDelegation: d.Contents.SubDelegation,
		ValidFrom: d.ValidFrom, ValidThrough: d.ValidThrough, DraftSHA256: hexOf(d.DraftSHA256), SignedFileSHA256: optionalHex(d.FileSHA256),
		Acknowledgement: newAcknowledgement(d.Acknowledgement), DelegateCertifiedAt: d.DelegateCertifiedAt,
		DelegateCertificateSHA256: optionalHex(d.DelegateCertificateSHA256),
		StatusList:                &schema.StatusListEntry{List: d.StatusList.List, Index: d.StatusList.Index},
		Version:                   optional(d.Version), Replaces: optional(string(d.Replaces)), DraftedAt: d.DraftedAt, ClosedAt: d.ClosedAt, Erased: d.Erased,
		DelegatorID: d.DelegatorID, Beside: beside,
		Format: d.Format, DraftMediaType: d.Format.MediaType(), SignedFileAbsence: absenceOf(d)}
}

func newMandator(m poa.Mandator) *schema.Mandator {
	return &schema.Mandator{Kind: m.Kind, CorporateNumber: optional(m.CorporateNumber), Name: m.Name, Address: m.Address,
		RepresentativeTitle: optional(m.RepresentativeTitle), RepresentativeName: m.RepresentativeName, BirthDate: optional(m.BirthDate)}
}

func newDelegate(d poa.Delegate) *schema.Delegate {
	return &schema.Delegate{Name: d.Name, Title: optional(d.Title), Qualification: optional(d.Qualification), Address: d.Address,
		Identification: d.Identification, Email: d.Email}
}

func newAcknowledgement(a *poa.Acknowledgement) *schema.Acknowledgement {
	if a == nil {
		return nil
	}
	return &schema.Acknowledgement{Number: a.Number, SubmittedAt: a.SubmittedAt, VerifiedAt: a.VerifiedAt, FileSha256: hexOf(a.FileSHA256)}
}

func hexOf(b [32]byte) string { return hex.EncodeToString(b[:]) }

// optionalHex is nil for the zero digest: there is no file.
func optionalHex(b [32]byte) *string {
	if b == [32]byte{} {
		return nil
	}
	return optional(hexOf(b))
}

// absenceOf tells why there is no signed file; nil where there is one.
func absenceOf(d poa.Delegation) *schema.SignedFileAbsence {
	switch {
	case d.Acknowledgement == nil:
		return optional(schema.SignedFileAbsenceNotFiled)
	case d.Erased:
		return optional(schema.SignedFileAbsenceErased)
	case d.Mode == poa.ModeSP:
		return optional(schema.SignedFileAbsenceNotKept)
	}
	return nil
}
