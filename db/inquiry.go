// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
	"ininjo/poa/log"
)

// inquiryRow is the audit row of an inquiry.
type inquiryRow struct {
	bun.BaseModel `bun:"table:inquiries,alias:i"`

	ID           string     `bun:"id,pk"`
	AnsweredAt   time.Time  `bun:"answered_at,pk"`
	RecipientID  string     `bun:"recipient_id"`
	AccountID    string     `bun:"account_id"`
	TokenID      string     `bun:"token_id"`
	DelegationID *string    `bun:"delegation_id"`
	Mistyped     bool       `bun:"mistyped"`
	AskedAt      *time.Time `bun:"asked_at"`
	KnownAt      *time.Time `bun:"known_at"`
	Historical   bool       `bun:"historical"`
	Document     []byte     `bun:"document_sha256"`
	Certificate  []byte     `bun:"delegate_certificate_sha256"`
	Nonce        string     `bun:"nonce"`
	Version      *int       `bun:"version"`
}

// record computes the leaf hash of the row as returned.
func (r inquiryRow) record() poa.InquiryRecord {
	record := poa.InquiryRecord{Inquiry: poa.Inquiry{ID: r.ID, DelegationID: fromNullText[poa.DelegationID](r.DelegationID), Mistyped: r.Mistyped,
		At: fromNullTime(r.AskedAt), KnownAt: fromNullTime(r.KnownAt), AtGiven: r.AskedAt != nil, KnownAtGiven: r.KnownAt != nil, Historical: r.Historical,
		AnsweredAt: r.AnsweredAt.UTC(), DocumentSHA256: r.Document, DelegateCertificateSHA256: r.Certificate, Nonce: r.Nonce},
		RecipientID: r.RecipientID, AccountID: r.AccountID, TokenID: r.TokenID}
	if r.Version != nil {
		record.Version = *r.Version
	}
	record.LeafHash = r.leafHash()
	return record
}

func (r inquiryRow) leafHash() [32]byte {
	return log.InquiryLeafHash(log.InquiryRow{InquiryID: r.ID, At: r.AnsweredAt.UTC(), RecipientID: r.RecipientID,
		DelegationID: fromNullText[string](r.DelegationID), AskedAt: r.AskedAt, KnownAt: r.KnownAt, DocumentSHA256: hex.EncodeToString(r.Document),
		DelegateCertificateSHA256: hex.EncodeToString(r.Certificate), Nonce: r.Nonce, Version: r.Version, AnsweredAt: r.AnsweredAt.UTC(), Mistyped: r.Mistyped})
}

// Inquiries lists a recipient's inquiries, the newest first. They are not
// counted: a recipient may have asked millions of times.
func (r reader) Inquiries(ctx context.Context, f poa.InquiryFilter, p poa.Page) (poa.List[poa.InquiryRecord], error) {
	order := ordering{column: "i.answered_at", id: "i.id"}
	w, err := order.window(p)
	if err != nil {
		return poa.List[poa.InquiryRecord]{}, err
	}
	var rows []inquiryRow
	q, outer := inquiriesThat(f)(r.q.NewSelect(), "i.answered_at").Where("i.recipient_id = ?", f.RecipientID), w
	if f.ID == "" { // one alone is found by the primary key
		mark, err := readMark(ctx, r.q, "")
		if err != nil {
			return poa.List[poa.InquiryRecord]{}, failed(err, "reading the index of inquiries")
		}
		q, outer.from = mark.asked(r.q, f, w), nil // its parts are narrowed
	}
	if err := outer.narrow(q.Model(&rows), order).Scan(ctx); err != nil {
		return poa.List[poa.InquiryRecord]{}, failed(err, "reading inquiries")
	}
	place := func(row inquiryRow) cursor { return cursor{At: row.AnsweredAt.UTC(), ID: row.ID} }
	convert := func(_ context.Context, row inquiryRow) (poa.InquiryRecord, error) { return row.record(), nil }
	return cut(ctx, rows, w, 0, place, convert)
}

// inquiriesThat keeps the inquiries that fit the filter, but for whose they are;
// the column is where their instant stands.
func inquiriesThat(f poa.InquiryFilter) func(q *bun.SelectQuery, instant string) *bun.SelectQuery {
	return func(q *bun.SelectQuery, instant string) *bun.SelectQuery {
		for column, value := range map[string]string{"i.id": f.ID, "i.delegation_id": string(f.DelegationID), "i.token_id": f.TokenID, "i.account_id": f.AccountID} {
			if value != "" {
				q = q.Where("? = ?", bun.Ident(column), value)
			}
		}
		if !f.From.IsZero() {
			q = q.Where("? >= ?", bun.Ident(instant), f.From.UTC())
		}
		if !f.Until.IsZero() {
			q = q.Where("? < ?", bun.Ident(instant), f.Until.UTC())
		}
		return q
	}
}

// ReadingsOf reads again what the inquiries were answered from: the facts of
// their delegations in one statement and what never changes of them in another,
// however many inquiries there are.
func (r reader) ReadingsOf(ctx context.Context, records []poa.InquiryRecord) ([]poa.Reading, error) {
	readings := make([]poa.Reading, len(records))
	var ids []string
	for _, record := range records {
		if record.Version > 0 {
			ids = append(ids, string(record.DelegationID))
		}
	}
	if len(ids) == 0 {
		return readings, nil
	}
	facts, err := r.factsByDelegation(ctx, ids)
	if err != nil {
		return nil, err
	}
	var rows []projectionRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, failed(err, "reading projections")
	}
	hot := map[string]projectionRow{}
	for _, row := range rows {
		hot[row.DelegationID] = row
	}
	for i, record := range records {
		row, found := hot[string(record.DelegationID)]
		if found && record.Version > 0 {
			readings[i] = row.readingAt(facts[row.DelegationID], record)
		}
	}
	return readings, nil
}

func (r reader) factsByDelegation(ctx context.Context, ids []string) (map[string][]poa.Fact, error) {
	var rows []factRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(ids)).OrderExpr("delegation_id, version").Scan(ctx); err != nil {
		return nil, failed(err, "reading facts")
	}
	facts := map[string][]poa.Fact{}
	for _, row := range rows {
		facts[row.DelegationID] = append(facts[row.DelegationID], row.fact())
	}
	return facts, nil
}

// readingAt is what was read at the inquiry's version: later facts are left out.
func (p projectionRow) readingAt(facts []poa.Fact, record poa.InquiryRecord) poa.Reading {
	var known []poa.Fact
	for _, f := range facts {
		if f.Version <= record.Version {
			known = append(known, f)
		}
	}
	term := poa.Term{From: fromDay(&p.ValidFrom), Through: fromDay(&p.ValidThrough)}
	out := poa.Reading{Found: len(known) > 0, Projection: poa.Project(known, term), FileSHA256: p.FileSHA256, ContentSHA256: p.ContentSHA256,
		DelegateCertificateSHA256: p.CertificateSHA256, SignatureVerifiedAt: p.SignatureVerifiedAt.UTC(), Qualification: poa.Qualification(p.Qualification)}
	if record.Historical {
		out.Facts = known
	}
	return out
}
