// SPDX-License-Identifier: Apache-2.0

package db

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// delegationRow is a row of delegations. Contents are in sealed; qualification
// stands beside them because answers to recipients show it.
type delegationRow struct {
	bun.BaseModel `bun:"table:delegations,alias:d"`

	ID                  string     `bun:"id,pk"`
	DelegatorID         string     `bun:"delegator_id"`
	State               string     `bun:"state"`
	Sealed              []byte     `bun:"sealed"`
	Format              string     `bun:"format"`
	FilingMode          string     `bun:"filing_mode"`
	Qualification       string     `bun:"qualification"`
	ValidFrom           time.Time  `bun:"valid_from"`
	ValidThrough        time.Time  `bun:"valid_through"`
	StatusList          int        `bun:"status_list"`
	StatusIndex         int        `bun:"status_index"`
	Replaces            *string    `bun:"replaces"`
	Version             int        `bun:"version"`
	DraftedAt           time.Time  `bun:"drafted_at"`
	DraftSHA256         []byte     `bun:"draft_sha256"`
	Number              *string    `bun:"acknowledgement_number"`
	SubmittedAt         *time.Time `bun:"submitted_at"`
	SignatureVerifiedAt *time.Time `bun:"signature_verified_at"`
	FileSHA256          []byte     `bun:"file_sha256"`
	ContentSHA256       []byte     `bun:"content_sha256"`
	CertificateSHA256   []byte     `bun:"delegate_certificate_sha256"`
	CertifiedAt         *time.Time `bun:"delegate_certified_at"`
	ClosedAt            *time.Time `bun:"closed_at"`
}

func subjectOf(id poa.DelegationID) Subject { return Subject{ClassDelegation, string(id)} }

// numbered names a row by its delegation and its number, for what is sealed.
func numbered(id poa.DelegationID, parts ...string) string {
	row := string(id)
	for _, p := range parts {
		row += "/" + p
	}
	return row
}

func number(n int) string { return strconv.Itoa(n) }

// day writes a day for a column of type date.
func day(d poa.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func (d *DB) sealedDelegation(ctx context.Context, in poa.Delegation) (delegationRow, error) {
	sealed, err := d.seal.SealJSON(ctx, subjectOf(in.ID), "delegations", "sealed", string(in.ID), in.Contents)
	if err != nil {
		return delegationRow{}, err
	}
	return delegationRow{
		ID: string(in.ID), DelegatorID: in.DelegatorID, State: string(in.State), Sealed: sealed, Format: string(cmp.Or(in.Format, poa.DefaultFormat)),
		Qualification: string(in.Contents.Delegate.Qualification), ValidFrom: day(in.ValidFrom), ValidThrough: day(in.ValidThrough),
		StatusList: in.StatusList.List, StatusIndex: in.StatusList.Index, Replaces: nullText(in.Replaces),
		DraftedAt: in.DraftedAt.UTC(), DraftSHA256: in.DraftSHA256[:],
	}, nil
}

// delegation opens a row. Of an erased delegation the contents are empty: what
// became of it is still told.
func (d *DB) delegation(ctx context.Context, r delegationRow) (poa.Delegation, error) {
	out := poa.Delegation{
		ID: poa.DelegationID(r.ID), DelegatorID: r.DelegatorID, State: poa.State(r.State), Format: poa.DocumentFormat(r.Format), Mode: poa.Mode(r.FilingMode),
		ValidFrom: fromDay(&r.ValidFrom), ValidThrough: fromDay(&r.ValidThrough),
		StatusList: poa.StatusListEntry{List: r.StatusList, Index: r.StatusIndex},
		Replaces:   fromNullText[poa.DelegationID](r.Replaces), Version: r.Version, DraftedAt: r.DraftedAt.UTC(),
		DelegateCertifiedAt: fromNullTime(r.CertifiedAt), ClosedAt: fromNullTime(r.ClosedAt),
	}
	err := d.seal.OpenJSON(ctx, subjectOf(out.ID), "delegations", "sealed", r.ID, r.Sealed, &out.Contents)
	if err != nil && !errors.Is(err, ErrErased) {
		return poa.Delegation{}, err
	}
	if out.Erased = err != nil; out.Erased { // what kind of business it was is no personal data, and schemas want it
		if err := d.bun.NewRaw("SELECT kind FROM parties WHERE id = ?", r.DelegatorID).Scan(ctx, &out.Contents.Mandator.Kind); err != nil {
			return poa.Delegation{}, failed(err, "reading an erased delegation")
		}
	}
	var bad [3]error
	out.DraftSHA256, bad[0] = fromDigest(r.DraftSHA256)
	out.FileSHA256, bad[1] = fromDigest(r.FileSHA256)
	out.DelegateCertificateSHA256, bad[2] = fromDigest(r.CertificateSHA256)
	if r.Number != nil {
		out.Acknowledgement = &poa.Acknowledgement{Number: *r.Number, SubmittedAt: fromNullTime(r.SubmittedAt),
			FileSHA256: out.FileSHA256, VerifiedAt: fromNullTime(r.SignatureVerifiedAt)}
	}
	return out, errors.Join(bad[:]...)
}
