// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type contactRow struct {
	bun.BaseModel `bun:"table:contacts,alias:t"`

	ID        string    `bun:"id,pk"`
	Channel   string    `bun:"channel"`
	Direction string    `bun:"direction"`
	PartyID   *string   `bun:"party_id"`
	CaseID    *string   `bun:"case_id"`
	At        time.Time `bun:"at"`
	EnteredBy string    `bun:"entered_by"`
	EnteredAt time.Time `bun:"entered_at"`
	Sealed    []byte    `bun:"sealed"`
}

// contactWords are what of a contact is sealed.
type contactWords struct {
	Person string `json:"person"`
	About  string `json:"about"`
}

// InsertContact adds a line to the log of contacts.
func (t *tx) InsertContact(ctx context.Context, c poa.Contact) error {
	sealed, err := t.sealNew(ctx, partyOrOwn(c.PartyID, c.ID), "contacts", c.ID, contactWords{c.Person, c.About})
	if err != nil {
		return fmt.Errorf("inserting contact: %w", err)
	}
	row := contactRow{ID: c.ID, Channel: string(c.Channel), Direction: string(c.Direction), PartyID: nullText(c.PartyID), CaseID: nullText(c.CaseID),
		At: c.At.UTC(), EnteredBy: c.EnteredBy, EnteredAt: c.EnteredAt.UTC(), Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting contact")
}

func (r reader) toContact(ctx context.Context, row contactRow) (poa.Contact, error) {
	c := poa.Contact{ID: row.ID, Channel: poa.ContactChannel(row.Channel), Direction: poa.ContactDirection(row.Direction), PartyID: fromNullText[string](row.PartyID),
		CaseID: fromNullText[string](row.CaseID), At: row.At.UTC(), EnteredBy: row.EnteredBy, EnteredAt: row.EnteredAt.UTC()}
	var words contactWords
	if err := r.openUnlessErased(ctx, partyOrOwn(c.PartyID, c.ID), "contacts", c.ID, row.Sealed, &words); err != nil {
		return poa.Contact{}, err
	}
	c.Person, c.About = words.Person, words.About
	return c, nil
}

// Contacts lists contacts, newest first.
func (r reader) Contacts(ctx context.Context, f poa.ContactFilter, p poa.Page) (poa.List[poa.Contact], error) {
	filtered := func(rows *[]contactRow) *bun.SelectQuery { return r.contactsFiltered(r.q.NewSelect().Model(rows), f) }
	place := func(row contactRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "t.at", id: "t.id"}, p, place, r.toContact)
}

func (r reader) contactsFiltered(q *bun.SelectQuery, f poa.ContactFilter) *bun.SelectQuery {
	if f.PartyID != "" {
		q = q.Where("t.party_id = ?", f.PartyID)
	}
	switch {
	case f.CaseID != "" && f.OrID != "":
		q = q.Where("(t.case_id = ? OR t.id = ?)", f.CaseID, f.OrID)
	case f.CaseID != "":
		q = q.Where("t.case_id = ?", f.CaseID)
	}
	if f.Channel != "" {
		q = q.Where("t.channel = ?", string(f.Channel))
	}
	if f.Direction != "" {
		q = q.Where("t.direction = ?", string(f.Direction))
	}
	if !f.From.IsZero() {
		q = q.Where("t.at >= ?", f.From.UTC())
	}
	if !f.Until.IsZero() {
		q = q.Where("t.at < ?", f.Until.UTC())
	}
	return r.ofParties(q, "t.party_id", f.Search)
}

// exportBatch is how many rows an export reads at once.
const exportBatch = 500

// EachContact hands on the contacts, oldest first, a batch at a time.
func (r reader) EachContact(ctx context.Context, f poa.ContactFilter, each func([]poa.Contact) error) error {
	filtered := func(rows *[]contactRow) *bun.SelectQuery { return r.contactsFiltered(r.q.NewSelect().Model(rows), f) }
	place := func(row contactRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	return batches(ctx, filtered, ordering{column: "t.at", id: "t.id", ascending: true}, place, r.toContact, each)
}

// batches reads all rows of a query in order, a batch at a time, and hands each
// batch on: nothing is held open meanwhile.
func batches[R, T any](ctx context.Context, filtered func(*[]R) *bun.SelectQuery, o ordering, place func(R) cursor,
	convert func(context.Context, R) (T, error), each func([]T) error,
) error {
	var from *cursor
	for {
		var rows []R
		q := filtered(&rows)
		if from != nil {
			q = beyond(q, o, o.ascending, *from)
		}
		if err := q.OrderExpr("? ASC, ? ASC", bun.Ident(o.column), bun.Ident(o.id)).Limit(exportBatch).Scan(ctx); err != nil {
			return failed(err, "reading a batch")
		}
		items := make([]T, len(rows))
		for i, row := range rows {
			var err error
			if items[i], err = convert(ctx, row); err != nil {
				return err
			}
		}
		if len(items) > 0 {
			if err := each(items); err != nil {
				return err
			}
			last := place(rows[len(rows)-1])
			from = &last
		}
		if len(rows) < exportBatch {
			return nil
		}
	}
}

// AuditEvent reads one audit event.
func (r reader) AuditEvent(ctx context.Context, id string) (poa.AuditEvent, error) {
	var row auditRow
	if err := r.q.NewSelect().Model(&row).Where("e.id = ?", id).Scan(ctx); err != nil {
		return poa.AuditEvent{}, failed(err, "reading audit event")
	}
	return toAuditEvent(ctx, row)
}

// EachAuditEvent hands on the events, oldest first, a batch at a time.
func (r reader) EachAuditEvent(ctx context.Context, f poa.AuditFilter, each func([]poa.AuditEvent) error) error {
	filtered := func(rows *[]auditRow) *bun.SelectQuery { return auditFiltered(r.q.NewSelect().Model(rows), f) }
	place := func(row auditRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	return batches(ctx, filtered, ordering{column: "e.at", id: "e.id", ascending: true}, place, toAuditEvent, each)
}
