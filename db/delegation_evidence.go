// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type fileRow struct {
	bun.BaseModel `bun:"table:delegation_files,alias:f"`

	DelegationID string `bun:"delegation_id,pk"`
	Kind         string `bun:"kind,pk"`
	Number       int    `bun:"number,pk"`
	Sealed       []byte `bun:"sealed"`
}

func (t *tx) insertFile(ctx context.Context, id poa.DelegationID, kind poa.FileKind, n int, content []byte) error {
	sealed, err := t.db.seal.Seal(ctx, subjectOf(id), "delegation_files", "sealed", numbered(id, string(kind), number(n)), content)
	if err != nil {
		return err
	}
	row := fileRow{DelegationID: string(id), Kind: string(kind), Number: n, Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting file")
}

// File returns the newest file of the kind, exactly as it was stored.
func (r reader) File(ctx context.Context, id poa.DelegationID, kind poa.FileKind) ([]byte, error) {
	var row fileRow
	err := r.q.NewSelect().Model(&row).Where("delegation_id = ?", string(id)).Where("kind = ?", string(kind)).
		OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading file")
	}
	return r.db.seal.Open(ctx, subjectOf(id), "delegation_files", "sealed", numbered(id, row.Kind, number(row.Number)), row.Sealed)
}

type challengeRow struct {
	bun.BaseModel `bun:"table:challenges,alias:c"`

	ID           string     `bun:"id,pk"`
	DelegationID string     `bun:"delegation_id"`
	Text         []byte     `bun:"text"`
	CreatedAt    time.Time  `bun:"created_at"`
	ExpiresAt    time.Time  `bun:"expires_at"`
	UsedAt       *time.Time `bun:"used_at"`
}

// InsertChallenge stores the text that a delegate is to sign.
func (t *tx) InsertChallenge(ctx context.Context, c poa.Challenge) error {
	row := challengeRow{ID: c.ID, DelegationID: string(c.DelegationID), Text: c.Text, CreatedAt: c.CreatedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC()}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting challenge")
}

// UseChallenge marks a challenge as used: once, and before it is over.
func (t *tx) UseChallenge(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*challengeRow)(nil)).Set("used_at = ?", at.UTC()).
		Where("id = ?", id).Where("used_at IS NULL").Where("expires_at > ?", at.UTC()).Exec(ctx)
	return changed(res, err, "using challenge")
}

// Challenge returns a challenge.
func (r reader) Challenge(ctx context.Context, id string) (poa.Challenge, error) {
	var row challengeRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Challenge{}, failed(err, "reading challenge")
	}
	return poa.Challenge{ID: row.ID, DelegationID: poa.DelegationID(row.DelegationID), Text: row.Text,
		CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), UsedAt: fromNullTime(row.UsedAt)}, nil
}

type certificateRow struct {
	bun.BaseModel `bun:"table:delegate_certificates,alias:h"`

	DelegationID string    `bun:"delegation_id,pk"`
	Number       int       `bun:"number,pk"`
	SHA256       []byte    `bun:"certificate_sha256"`
	Sealed       []byte    `bun:"sealed"`
	At           time.Time `bun:"at"`
}

// certificatePerson is whom a certificate names; it is sealed.
type certificatePerson struct {
	Name            string `json:"name"`
	Address         string `json:"address"`
	BirthDate       string `json:"birthDate"`
	NameSubstitutes string `json:"nameSubstitutes,omitempty"`
}

// InsertHandedIn stores who the delegate's certificate names and the signed
// challenge, and ties the certificate to the delegation (4.1.5). A renewed
// certificate is handed in anew and takes the place of the earlier one.
func (t *tx) InsertHandedIn(ctx context.Context, h poa.HandedIn, file []byte) error {
	if _, err := t.lockRow(ctx, h.DelegationID, "NO KEY UPDATE"); err != nil {
		return err
	}
	earlier, err := t.q.NewSelect().Model((*certificateRow)(nil)).Where("delegation_id = ?", string(h.DelegationID)).Count(ctx)
	if err != nil {
		return failed(err, "counting certificates")
	}
	n := int(earlier) + 1
	sealed, err := t.db.seal.SealJSON(ctx, subjectOf(h.DelegationID), "delegate_certificates", "sealed", numbered(h.DelegationID, number(n)),
		certificatePerson{h.Name, h.Address, h.BirthDate, h.NameSubstitutes})
	if err != nil {
		return err
	}
	row := certificateRow{DelegationID: string(h.DelegationID), Number: n, SHA256: h.CertificateSHA256[:], Sealed: sealed, At: h.At.UTC()}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting certificate")
	}
	if file != nil {
		if err := t.insertFile(ctx, h.DelegationID, poa.FileCertificate, n, file); err != nil {
			return err
		}
	}
	return t.tieCertificate(ctx, h)
}

// tieCertificate writes the digest to the delegation and, once it is accepted,
// to the row that answers are read from.
func (t *tx) tieCertificate(ctx context.Context, h poa.HandedIn) error {
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).
		Set("delegate_certificate_sha256 = ?", h.CertificateSHA256[:]).Set("delegate_certified_at = ?", h.At.UTC()).
		Where("id = ?", string(h.DelegationID)).Exec(ctx)
	if err := changed(res, err, "tying certificate"); err != nil {
		return err
	}
	_, err = t.q.NewUpdate().Model((*projectionRow)(nil)).Set("delegate_certificate_sha256 = ?", h.CertificateSHA256[:]).
		Where("delegation_id = ?", string(h.DelegationID)).Exec(ctx)
	return failed(err, "tying certificate")
}

// UntieCertificate takes the certificate off a draft.
func (t *tx) UntieCertificate(ctx context.Context, id poa.DelegationID) error {
	res, err := t.q.NewUpdate().Model((*delegationRow)(nil)).Set("delegate_certificate_sha256 = NULL").Set("delegate_certified_at = NULL").
		Where("id = ?", string(id)).Where("state = ?", string(poa.StateDrafted)).Where("delegate_certified_at IS NOT NULL").Exec(ctx)
	return changed(res, err, "untying certificate")
}

// HandedIn returns the certificate that was handed in last.
func (r reader) HandedIn(ctx context.Context, id poa.DelegationID) (poa.HandedIn, error) {
	var row certificateRow
	err := r.q.NewSelect().Model(&row).Where("delegation_id = ?", string(id)).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil {
		return poa.HandedIn{}, failed(err, "reading certificate")
	}
	var p certificatePerson
	err = r.db.seal.OpenJSON(ctx, subjectOf(id), "delegate_certificates", "sealed", numbered(id, number(row.Number)), row.Sealed, &p)
	digest, bad := fromDigest(row.SHA256)
	return poa.HandedIn{DelegationID: id, CertificateSHA256: digest, Name: p.Name, Address: p.Address, BirthDate: p.BirthDate,
		NameSubstitutes: p.NameSubstitutes, At: row.At.UTC()}, errors.Join(err, bad)
}
