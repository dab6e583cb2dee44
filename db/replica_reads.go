// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"

	"ininjo/poa"
)

// What a replica may serve, outside of transactions: these take the place of the
// reader's own methods. Whatever is not here reads the primary.

// Facts returns the whole history in the order of its versions.
func (d *DB) Facts(ctx context.Context, id poa.DelegationID) ([]poa.Fact, error) {
	return away(ctx, d, func(at place) ([]poa.Fact, error) { return at.Facts(ctx, id) })
}

// Delegations lists delegations. A search needs the primary: its hashes are in an
// unlogged table.
func (d *DB) Delegations(ctx context.Context, f poa.DelegationFilter, o poa.Order, p poa.Page) (poa.List[poa.Delegation], error) {
	if f.Search != "" {
		return d.reader.Delegations(ctx, f, o, p)
	}
	return away(ctx, d, func(at place) (poa.List[poa.Delegation], error) { return at.Delegations(ctx, f, o, p) })
}

// Delegators lists delegators.
func (d *DB) Delegators(ctx context.Context, f poa.PartyFilter, o poa.Order, p poa.Page) (poa.List[poa.Delegator], error) {
	if f.Search != "" {
		return d.reader.Delegators(ctx, f, o, p)
	}
	return away(ctx, d, func(at place) (poa.List[poa.Delegator], error) { return at.Delegators(ctx, f, o, p) })
}

// Recipients lists recipients.
func (d *DB) Recipients(ctx context.Context, f poa.PartyFilter, o poa.Order, p poa.Page) (poa.List[poa.Recipient], error) {
	if f.Search != "" {
		return d.reader.Recipients(ctx, f, o, p)
	}
	return away(ctx, d, func(at place) (poa.List[poa.Recipient], error) { return at.Recipients(ctx, f, o, p) })
}

// Inquiries lists a recipient's inquiries, the newest first.
func (d *DB) Inquiries(ctx context.Context, f poa.InquiryFilter, p poa.Page) (poa.List[poa.InquiryRecord], error) {
	return away(ctx, d, func(at place) (poa.List[poa.InquiryRecord], error) { return at.Inquiries(ctx, f, p) })
}

// ReadingsOf reads again what the inquiries were answered from.
func (d *DB) ReadingsOf(ctx context.Context, records []poa.InquiryRecord) ([]poa.Reading, error) {
	return away(ctx, d, func(at place) ([]poa.Reading, error) { return at.ReadingsOf(ctx, records) })
}

// AuditEvents lists events of the audit log, the newest first.
func (d *DB) AuditEvents(ctx context.Context, f poa.AuditFilter, p poa.Page) (poa.List[poa.AuditEvent], error) {
	return away(ctx, d, func(at place) (poa.List[poa.AuditEvent], error) { return at.AuditEvents(ctx, f, p) })
}

// EachAuditEvent hands over the events of an export. One that broke off at the
// replica is not begun anew: what was handed over would come twice.
func (d *DB) EachAuditEvent(ctx context.Context, f poa.AuditFilter, each func([]poa.AuditEvent) error) error {
	begun, broken := false, error(nil)
	_, err := away(ctx, d, func(at place) (struct{}, error) {
		if begun {
			return struct{}{}, broken
		}
		broken = at.EachAuditEvent(ctx, f, func(events []poa.AuditEvent) error {
			begun = true
			return each(events)
		})
		return struct{}{}, broken
	})
	return err
}
