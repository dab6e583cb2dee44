// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type partyRow struct {
	bun.BaseModel `bun:"table:parties,alias:p"`

	ID        string     `bun:"id,pk"`
	Role      string     `bun:"role"`
	Kind      string     `bun:"kind"`
	State     string     `bun:"state"`
	Number    string     `bun:"number"`
	Sealed    []byte     `bun:"sealed"`
	Language  string     `bun:"language"`
	TermsID   *string    `bun:"terms_id"`
	AppliedAt time.Time  `bun:"applied_at"`
	DecidedAt *time.Time `bun:"decided_at"`
	NameShown bool       `bun:"name_shown"`
	Version   int        `bun:"version"`
	ProvedAt  *time.Time `bun:"proved_at"`
	EnteredBy *string    `bun:"entered_by"`
	CameBy    *string    `bun:"came_by"`
}

type confirmationRow struct {
	bun.BaseModel `bun:"table:confirmations,alias:c"`

	ID           string    `bun:"id,pk"`
	PartyID      string    `bun:"party_id"`
	Document     string    `bun:"document"`
	DocumentDate time.Time `bun:"document_date,type:date"`
	Sealed       []byte    `bun:"sealed"`
	ConfirmedBy  string    `bun:"confirmed_by"`
	ConfirmedAt  time.Time `bun:"confirmed_at"`
}

type partyRefusalRow struct {
	bun.BaseModel `bun:"table:party_refusals,alias:r"`

	PartyID string    `bun:"party_id,pk"`
	Ordinal int       `bun:"ordinal,pk"`
	Code    string    `bun:"code"`
	Field   []string  `bun:"field,array"`
	Sealed  []byte    `bun:"sealed"`
	At      time.Time `bun:"at"`
}

// accountSubject names the data key of a party, or of a member of staff.
func accountSubject(id string) Subject { return Subject{Class: ClassAccount, ID: id} }

func (r reader) toParty(ctx context.Context, row partyRow) (poa.Party, error) {
	p := poa.Party{ID: row.ID, Role: poa.PartyRole(row.Role), Kind: poa.PartyKind(row.Kind), State: poa.EnrollmentState(row.State), Number: row.Number,
		Language: row.Language, TermsID: fromNullText[string](row.TermsID), AppliedAt: row.AppliedAt.UTC(), DecidedAt: fromNullTime(row.DecidedAt), NameShown: row.NameShown,
		Version: row.Version, ProvedAt: fromNullTime(row.ProvedAt), EnteredBy: fromNullText[string](row.EnteredBy), CameBy: fromNullText[poa.CameBy](row.CameBy)}
	err := r.db.seal.OpenJSON(ctx, accountSubject(row.ID), "parties", "sealed", row.ID, row.Sealed, &p.Profile)
	if p.Erased = errors.Is(err, ErrErased); p.Erased {
		return p, nil
	}
	return p, err
}

// openUnlessErased leaves v as it is where the person was erased: what is left
// of the row holds no personal data and still serves statistics and proofs.
func (r reader) openUnlessErased(ctx context.Context, s Subject, table, row string, sealed []byte, v any) error {
	err := r.db.seal.OpenJSON(ctx, s, table, "sealed", row, sealed, v)
	if errors.Is(err, ErrErased) {
		return nil
	}
	return err
}

func (r reader) toConfirmation(ctx context.Context, row confirmationRow) (poa.Confirmation, error) {
	c := poa.Confirmation{ID: row.ID, PartyID: row.PartyID, Document: poa.RegisterDocument(row.Document), DocumentDate: fromDay(&row.DocumentDate),
		ConfirmedBy: row.ConfirmedBy, ConfirmedAt: row.ConfirmedAt.UTC()}
	return c, r.openUnlessErased(ctx, accountSubject(row.PartyID), "confirmations", row.ID, row.Sealed, &c.Says)
}
