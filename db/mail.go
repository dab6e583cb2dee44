// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"ininjo/poa"
)

type mailRow struct {
	bun.BaseModel `bun:"table:mails,alias:m"`

	ID           string     `bun:"id,pk"`
	PartyID      *string    `bun:"party_id"`
	DelegationID *string    `bun:"delegation_id"`
	Sealed       []byte     `bun:"sealed"`
	Template     string     `bun:"template"`
	Language     string     `bun:"language"`
	CreatedAt    time.Time  `bun:"created_at"`
	SentAt       *time.Time `bun:"sent_at"`
	ChangeID     *int64     `bun:"change_id"`

	FailedAt       *time.Time `bun:"failed_at"`
	Failure        string     `bun:"failure"`
	FailureStatus  string     `bun:"failure_status"`
	AnnouncementID *string    `bun:"announcement_id"`
}

// mailSecrets is what of a message is sealed.
type mailSecrets struct {
	To     string            `json:"to"`
	Values map[string]string `json:"values,omitempty"`
}

// mailSubject tells whose data key seals a message: the party's, where it goes
// to a party, else the delegation's, which covers its delegate.
func mailSubject(partyID string, id poa.DelegationID) Subject {
	if partyID != "" {
		return accountOf(partyID)
	}
	return subjectOf(id)
}

// InsertMail stores a message for the job that sends it.
func (t *tx) InsertMail(ctx context.Context, m poa.Mail) error {
	return t.InsertMails(ctx, []poa.Mail{m})
}

// InsertMails stores messages for the jobs that send them.
func (t *tx) InsertMails(ctx context.Context, mails []poa.Mail) error {
	rows := make([]mailRow, len(mails))
	for i, m := range mails {
		subject := mailSubject(m.PartyID, m.DelegationID)
		if err := t.db.seal.Create(ctx, subject); err != nil {
			return err
		}
		sealed, err := t.db.seal.SealJSON(ctx, subject, "mails", "sealed", m.ID, mailSecrets{m.To, m.Values})
		if err != nil {
			return err
		}
		rows[i] = mailRow{ID: m.ID, PartyID: nullText(m.PartyID), DelegationID: nullText(m.DelegationID), Sealed: sealed,
			Template: string(m.Template), Language: m.Language, CreatedAt: m.CreatedAt.UTC(), ChangeID: nullNumber(m.ChangeID),
			AnnouncementID: nullText(m.AnnouncementID)}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting mails")
}

// MarkMailSent records that a message went out, once.
func (t *tx) MarkMailSent(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*mailRow)(nil)).Set("sent_at = ?", at.UTC()).Where("id = ?", id).Where("sent_at IS NULL").Exec(ctx)
	return changed(res, err, "marking mail as sent")
}

// Mail returns a message.
func (r reader) Mail(ctx context.Context, id string) (poa.Mail, error) {
	var row mailRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Mail{}, failed(err, "reading mail")
	}
	m := poa.Mail{ID: row.ID, PartyID: fromNullText[string](row.PartyID), DelegationID: fromNullText[poa.DelegationID](row.DelegationID),
		Template: poa.MailTemplate(row.Template), Language: row.Language, CreatedAt: row.CreatedAt.UTC(), SentAt: fromNullTime(row.SentAt),
		Failure: poa.MailFailure(row.Failure), Status: row.FailureStatus, FailedAt: fromNullTime(row.FailedAt), AnnouncementID: fromNullText[string](row.AnnouncementID)}
	var s mailSecrets
	err := r.db.seal.OpenJSON(ctx, mailSubject(m.PartyID, m.DelegationID), "mails", "sealed", id, row.Sealed, &s)
	m.To, m.Values = s.To, s.Values
	return m, err
}

type mailAddressRow struct {
	bun.BaseModel `bun:"table:mail_addresses,alias:y"`

	ID          string     `bun:"id,pk"`
	PartyID     string     `bun:"party_id"`
	Sealed      []byte     `bun:"sealed"`
	Language    string     `bun:"language"`
	CreatedAt   time.Time  `bun:"created_at"`
	ConfirmedAt *time.Time `bun:"confirmed_at"`

	Types          []string   `bun:"types,array"`
	UnsubscribedAt *time.Time `bun:"unsubscribed_at"`
}

// InsertMailAddress stores an address for a party's notices.
func (t *tx) InsertMailAddress(ctx context.Context, a poa.MailAddress) error {
	if err := t.db.seal.Create(ctx, accountOf(a.PartyID)); err != nil {
		return err
	}
	sealed, err := t.db.seal.Seal(ctx, accountOf(a.PartyID), "mail_addresses", "sealed", a.ID, []byte(a.Email))
	if err != nil {
		return err
	}
	row := mailAddressRow{ID: a.ID, PartyID: a.PartyID, Sealed: sealed, Language: a.Language, CreatedAt: a.CreatedAt.UTC(), ConfirmedAt: nullTime(a.ConfirmedAt),
		Types: texts(a.Types), UnsubscribedAt: nullTime(a.UnsubscribedAt)}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting mail address")
}

// ConfirmMailAddress records that an address was confirmed, once.
func (t *tx) ConfirmMailAddress(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*mailAddressRow)(nil)).Set("confirmed_at = ?", at.UTC()).
		Where("id = ?", id).Where("confirmed_at IS NULL").Exec(ctx)
	return changed(res, err, "confirming mail address")
}

// MailAddresses lists a party's addresses, the oldest first.
func (r reader) MailAddresses(ctx context.Context, partyID string) ([]poa.MailAddress, error) {
	var rows []mailAddressRow
	if err := r.q.NewSelect().Model(&rows).Where("party_id = ?", partyID).OrderExpr("created_at, id").Scan(ctx); err != nil {
		return nil, failed(err, "reading mail addresses")
	}
	addresses := make([]poa.MailAddress, len(rows))
	for i, row := range rows {
		var err error
		if addresses[i], err = r.toMailAddress(ctx, row); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

const mailAddressesOf = `SELECT id, party_id, sealed, language, created_at, confirmed_at, types, unsubscribed_at FROM mail_addresses
	WHERE party_id = ANY ($1::text[]) ORDER BY created_at, id`

func (r reader) scanMailAddress(ctx context.Context, rows pgx.Rows) (poa.MailAddress, error) {
	var row mailAddressRow
	err := rows.Scan(&row.ID, &row.PartyID, &row.Sealed, &row.Language, &row.CreatedAt, &row.ConfirmedAt, &row.Types, &row.UnsubscribedAt)
	if err != nil {
		return poa.MailAddress{}, err
	}
	return r.toMailAddress(ctx, row)
}

// MailAddressesOf lists the addresses of each of the parties, the oldest first.
// Those of a party that was erased are none.
func (t *tx) MailAddressesOf(ctx context.Context, partyIDs []string) (map[string][]poa.MailAddress, error) {
	addresses := map[string][]poa.MailAddress{}
	err := eachRow(ctx, t.pgx, "reading mail addresses", func(rows pgx.Rows) error {
		a, err := t.scanMailAddress(ctx, rows)
		if err == nil {
			addresses[a.PartyID] = append(addresses[a.PartyID], a)
		}
		return unlessErased(err)
	}, mailAddressesOf, partyIDs)
	return addresses, err
}

// MailAddress returns an address.
func (r reader) MailAddress(ctx context.Context, id string) (poa.MailAddress, error) {
	var row mailAddressRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.MailAddress{}, failed(err, "reading mail address")
	}
	return r.toMailAddress(ctx, row)
}

func (r reader) toMailAddress(ctx context.Context, row mailAddressRow) (poa.MailAddress, error) {
	email, err := r.db.seal.Open(ctx, accountOf(row.PartyID), "mail_addresses", "sealed", row.ID, row.Sealed)
	return poa.MailAddress{ID: row.ID, PartyID: row.PartyID, Email: string(email), Language: row.Language, ConfirmedAt: fromNullTime(row.ConfirmedAt),
		CreatedAt: row.CreatedAt.UTC(), Types: fromTexts[poa.NoticeType](row.Types), UnsubscribedAt: fromNullTime(row.UnsubscribedAt)}, err
}

// UpdateMailAddress stores language, kinds of notices and unsubscription.
func (t *tx) UpdateMailAddress(ctx context.Context, a poa.MailAddress) error {
	row := mailAddressRow{ID: a.ID, Language: a.Language, Types: texts(a.Types), UnsubscribedAt: nullTime(a.UnsubscribedAt)}
	res, err := t.q.NewUpdate().Model(&row).Column("language", "types", "unsubscribed_at").Where("id = ?", a.ID).Exec(ctx)
	return touched(res, err, "updating mail address", poa.ErrNotFound)
}

// DeleteMailAddress deletes an address: it is needed no longer (2.8 (10)).
func (t *tx) DeleteMailAddress(ctx context.Context, id, partyID string) error {
	res, err := t.q.NewDelete().Model((*mailAddressRow)(nil)).Where("id = ?", id).Where("party_id = ?", partyID).Exec(ctx)
	return touched(res, err, "deleting mail address", poa.ErrNotFound)
}

// UnsubscribeMAC is the keyed hash by which a link to unsubscribe an address
// proves itself.
func (r reader) UnsubscribeMAC(addressID string) []byte {
	return r.db.seal.Hash("unsubscribe", addressID)
}

// MailsSince counts a party's mails of a kind since the instant.
func (r reader) MailsSince(ctx context.Context, partyID string, template poa.MailTemplate, since time.Time) (int, error) {
	n, err := r.q.NewSelect().Model((*mailRow)(nil)).Where("party_id = ?", partyID).Where("created_at > ?", since.UTC()).
		Where("template = ?", string(template)).Count(ctx)
	return int(n), failed(err, "counting mails")
}
