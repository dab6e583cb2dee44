// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"errors"
	"sync"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// beside loads what belongs to the delegations of a page, for all of them at
// once when the first field asks.
type beside struct {
	resolver *resolver
	actor    poa.Actor
	page     []poa.Delegation

	detailsOnce sync.Once
	details     map[poa.DelegationID]poa.Details
	detailsErr  error

	ownersOnce sync.Once
	owners     map[string]poa.Delegator
	ownersErr  error
}

// Details returns what belongs to one delegation of the page.
func (b *beside) Details(ctx context.Context, id poa.DelegationID) (poa.Details, error) {
	b.detailsOnce.Do(func() { b.details, b.detailsErr = b.resolver.Records.DetailsOf(ctx, b.actor, b.page) })
	return b.details[id], b.detailsErr
}

// Delegator returns a delegator of the page, the zero one where the actor may
// not see it.
func (b *beside) Delegator(ctx context.Context, id string) (poa.Delegator, error) {
	b.ownersOnce.Do(func() { b.owners, b.ownersErr = b.loadOwners(ctx) })
	return b.owners[id], b.ownersErr
}

// File returns a file of a delegation of the page.
func (b *beside) File(ctx context.Context, id poa.DelegationID, kind poa.FileKind) ([]byte, error) {
	return b.resolver.Records.File(ctx, b.actor, string(id), kind)
}

func (b *beside) loadOwners(ctx context.Context) (map[string]poa.Delegator, error) {
	var ids []string
	owners := map[string]poa.Delegator{}
	for _, d := range b.page {
		if _, seen := owners[d.DelegatorID]; !seen {
			owners[d.DelegatorID] = poa.Delegator{}
			ids = append(ids, d.DelegatorID)
		}
	}
	list, err := b.resolver.Records.Delegators(ctx, b.actor, poa.PartyFilter{IDs: ids}, poa.Order{}, poa.Page{First: poa.MaxPage})
	for _, owner := range list.Items {
		owners[owner.ID] = owner
	}
	return owners, err
}

// Status tells how the delegation stands now.
func (*delegationResolver) Status(ctx context.Context, d *schema.Delegation) (poa.ValidityStatus, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return details.Standing.Status, err
}

// Reason tells more of the status.
func (*delegationResolver) Reason(ctx context.Context, d *schema.Delegation) (*poa.ValidityReason, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return optional(details.Standing.Reason), err
}

// Delegator returns whose delegation it is, nil to those who may not see it.
func (*delegationResolver) Delegator(ctx context.Context, d *schema.Delegation) (*schema.Delegator, error) {
	owner, err := d.Beside.Delegator(ctx, d.DelegatorID)
	return newDelegator(owner), err
}

// DraftFile returns the bytes to sign.
func (*delegationResolver) DraftFile(ctx context.Context, d *schema.Delegation) ([]byte, error) {
	if d.Erased {
		return []byte{}, nil
	}
	return d.Beside.File(ctx, poa.DelegationID(d.ID), poa.FileDraft)
}

// SignedFile returns the file as filed.
func (*delegationResolver) SignedFile(ctx context.Context, d *schema.Delegation) ([]byte, error) {
	if d.SignedFileAbsence != nil {
		return nil, nil
	}
	return d.Beside.File(ctx, poa.DelegationID(d.ID), poa.FileSigned)
}

// DelegateCertificate returns what the delegate's certificate says, to staff.
func (r *delegationResolver) DelegateCertificate(ctx context.Context, d *schema.Delegation) (*schema.DelegateCertificate, error) {
	actor, _, err := r.actor(ctx)
	if err != nil || d.DelegateCertifiedAt.IsZero() {
		return nil, err
	}
	h, err := r.Records.HandedIn(ctx, actor, poa.DelegationID(d.ID))
	if errors.Is(err, poa.ErrNotFound) {
		return nil, nil
	}
	return &schema.DelegateCertificate{Name: h.Name, Address: h.Address, BirthDate: h.BirthDate, HandedInAt: h.At}, err
}

// History returns the facts, oldest version first.
func (*delegationResolver) History(ctx context.Context, d *schema.Delegation) ([]schema.Fact, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return each(details.Facts, newFact), err
}

// ReplacedBy returns the ID of the accepted replacement.
func (*delegationResolver) ReplacedBy(ctx context.Context, d *schema.Delegation) (*string, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return optional(string(details.Replacement)), err
}

// Qualification returns how fresh the confirmation of the delegate's title is.
func (*delegationResolver) Qualification(ctx context.Context, d *schema.Delegation) (*schema.QualificationStanding, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return newQualification(details.Title), err
}

// Refusals returns why the filing was refused.
func (r *delegationResolver) Refusals(ctx context.Context, d *schema.Delegation) ([]schema.Refusal, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return r.refusals(ctx, details.Refusals), err
}

func (r *resolver) refusals(ctx context.Context, refusals []poa.Refusal) []schema.Refusal {
	return each(refusals, func(f poa.Refusal) schema.Refusal {
		return schema.Refusal{Code: f.Code, Field: f.Field, Message: r.text(ctx, f.Code, nil), Note: optional(f.Note), At: f.At}
	})
}

// Checks returns what was checked.
func (*delegationResolver) Checks(ctx context.Context, d *schema.Delegation) ([]schema.Check, error) {
	details, err := d.Beside.Details(ctx, poa.DelegationID(d.ID))
	return each(details.Checks, newCheck), err
}

func newFact(f poa.Fact) schema.Fact {
	return schema.Fact{Version: f.Version, Kind: f.Kind, SuspensionID: optional(f.SuspensionID), Stands: f.Stands, From: f.From,
		Until: optional(f.Until), RecordedAt: f.RecordedAt, Reason: optional(f.Reason)}
}

func newCheck(c poa.Check) schema.Check {
	return schema.Check{Kind: c.Kind, Result: c.Result, Reason: optional(c.Reason), Reasons: append([]string{}, c.Reasons...), Note: optional(c.Note), At: c.At}
}
