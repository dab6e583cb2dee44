// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type announcementRow struct {
	bun.BaseModel `bun:"table:announcements,alias:a"`

	ID          string     `bun:"id,pk"`
	Kind        string     `bun:"kind"`
	Audience    string     `bun:"audience"`
	Letters     bool       `bun:"letters"`
	TitleJa     string     `bun:"title_ja"`
	TitleEn     string     `bun:"title_en"`
	TextJa      string     `bun:"text_ja"`
	TextEn      string     `bun:"text_en"`
	ClosesOn    *time.Time `bun:"closes_on,type:date"`
	PreparedBy  string     `bun:"prepared_by"`
	PreparedAt  time.Time  `bun:"prepared_at"`
	ReleasedBy  *string    `bun:"released_by"`
	ReleasedAt  *time.Time `bun:"released_at"`
	WithdrawnBy *string    `bun:"withdrawn_by"`
	WithdrawnAt *time.Time `bun:"withdrawn_at"`
	StoppedBy   *string    `bun:"stopped_by"`
	StoppedAt   *time.Time `bun:"stopped_at"`
	FinishedAt  *time.Time `bun:"finished_at"`
	Parties     int        `bun:"parties"`
	Told        int        `bun:"told"`
	Reached     string     `bun:"reached"`
}

func rowOfAnnouncement(t poa.AnnouncementText) announcementRow {
	row := announcementRow{ID: t.ID, Kind: string(t.Kind), Audience: string(t.Audience), Letters: t.Letters, TitleJa: t.TitleJa, TitleEn: t.TitleEn, TextJa: t.TextJa, TextEn: t.TextEn,
		PreparedBy: t.PreparedBy, PreparedAt: t.PreparedAt.UTC(), ReleasedBy: nullText(t.ReleasedBy), ReleasedAt: nullTime(t.ReleasedAt),
		WithdrawnBy: nullText(t.WithdrawnBy), WithdrawnAt: nullTime(t.WithdrawnAt), StoppedBy: nullText(t.StoppedBy), StoppedAt: nullTime(t.StoppedAt),
		FinishedAt: nullTime(t.FinishedAt), Parties: t.Parties, Told: t.Told, Reached: t.Reached}
	if !t.ClosesOn.IsZero() {
		day := time.Date(t.ClosesOn.Year, t.ClosesOn.Month, t.ClosesOn.Day, 0, 0, 0, 0, time.UTC)
		row.ClosesOn = &day
	}
	return row
}

func (r announcementRow) text() poa.AnnouncementText {
	return poa.AnnouncementText{ID: r.ID, Kind: poa.AnnouncementKind(r.Kind), Audience: poa.Audience(r.Audience), Letters: r.Letters, TitleJa: r.TitleJa, TitleEn: r.TitleEn, TextJa: r.TextJa, TextEn: r.TextEn,
		ClosesOn: fromDay(r.ClosesOn), PreparedBy: r.PreparedBy, PreparedAt: r.PreparedAt.UTC(), ReleasedBy: fromNullText[string](r.ReleasedBy), ReleasedAt: fromNullTime(r.ReleasedAt),
		WithdrawnBy: fromNullText[string](r.WithdrawnBy), WithdrawnAt: fromNullTime(r.WithdrawnAt), StoppedBy: fromNullText[string](r.StoppedBy), StoppedAt: fromNullTime(r.StoppedAt),
		FinishedAt: fromNullTime(r.FinishedAt), Parties: r.Parties, Told: r.Told, Reached: r.Reached}
}

// InsertAnnouncement stores a prepared announcement.
func (t *tx) InsertAnnouncement(ctx context.Context, a poa.AnnouncementText) error {
	row := rowOfAnnouncement(a)
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting announcement")
}

// LockAnnouncement reads an announcement and locks its row.
func (t *tx) LockAnnouncement(ctx context.Context, id string) (poa.AnnouncementText, error) {
	var row announcementRow
	err := t.q.NewSelect().Model(&row).Where("id = ?", id).For("NO KEY UPDATE").Scan(ctx)
	return row.text(), failed(err, "locking announcement")
}

// MoveAnnouncement stores release, withdrawal, stop, progress and end. What it
// says is never changed.
func (t *tx) MoveAnnouncement(ctx context.Context, a poa.AnnouncementText) error {
	row := rowOfAnnouncement(a)
	res, err := t.q.NewUpdate().Model(&row).Column("released_by", "released_at", "withdrawn_by", "withdrawn_at", "stopped_by", "stopped_at", "finished_at", "parties", "told", "reached").
		Where("id = ?", a.ID).Exec(ctx)
	return touched(res, err, "moving announcement", poa.ErrNotFound)
}

// Announcement reads an announcement.
func (r reader) Announcement(ctx context.Context, id string) (poa.AnnouncementText, error) {
	var row announcementRow
	err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
	return row.text(), failed(err, "reading announcement")
}

// Announcements lists announcements, the newest first.
func (r reader) Announcements(ctx context.Context, p poa.Page) (poa.List[poa.AnnouncementText], error) {
	filtered := func(rows *[]announcementRow) *bun.SelectQuery { return r.q.NewSelect().Model(rows) }
	place := func(row announcementRow) cursor { return cursor{At: row.PreparedAt.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "a.prepared_at", id: "a.id"}, p, place,
		func(_ context.Context, row announcementRow) (poa.AnnouncementText, error) { return row.text(), nil })
}

// maxRunning bounds the announcements that are told at once.
const maxRunning = 100

// AnnouncementsRunning lists those that are released, and neither stopped nor at
// their end, the oldest first.
func (r reader) AnnouncementsRunning(ctx context.Context) ([]string, error) {
	var ids []string
	err := r.q.NewSelect().Model((*announcementRow)(nil)).Column("id").Where("released_at IS NOT NULL AND finished_at IS NULL AND stopped_at IS NULL").
		OrderExpr("released_at, id").Limit(maxRunning).Scan(ctx, &ids)
	return ids, failed(err, "reading announcements")
}

// audienceRoles are the roles of an audience.
func audienceRoles(a poa.Audience) []string {
	switch a {
	case poa.AudienceDelegators:
		return []string{string(poa.PartyDelegator)}
	case poa.AudienceRecipients:
		return []string{string(poa.PartyRecipient)}
	default:
		return []string{string(poa.PartyDelegator), string(poa.PartyRecipient)}
	}
}

// CountAudience counts the parties under contract of an audience.
func (r reader) CountAudience(ctx context.Context, a poa.Audience) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM parties WHERE state = 'ACTIVE' AND role IN (?)`, bun.List(audienceRoles(a))).Scan(&n)
	return n, failed(err, "counting parties")
}

// Audience lists parties under contract behind an ID, in the order of their IDs.
func (t *tx) Audience(ctx context.Context, a poa.Audience, after string, limit int) ([]poa.AudienceParty, error) {
	var found []poa.AudienceParty
	err := t.q.NewRaw(`SELECT id, language FROM parties WHERE state = 'ACTIVE' AND role IN (?) AND id > ? ORDER BY id LIMIT ?`, bun.List(audienceRoles(a)), after, limit).Scan(ctx, &found)
	return found, failed(err, "reading audience")
}

type toldRow struct {
	bun.BaseModel `bun:"table:announcement_parties,alias:p"`

	AnnouncementID string    `bun:"announcement_id,pk"`
	PartyID        string    `bun:"party_id,pk"`
	At             time.Time `bun:"at"`
	Mails          int       `bun:"mails"`
}

// InsertTold stores who was told, each once: a second time is a conflict.
func (t *tx) InsertTold(ctx context.Context, announcementID string, told []poa.Informed, at time.Time) error {
	rows := make([]toldRow, len(told))
	for i, each := range told {
		rows[i] = toldRow{AnnouncementID: announcementID, PartyID: each.PartyID, At: at.UTC(), Mails: each.Mails}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "recording who was told")
}

// MarkMailed records that a message of an announcement was handed over.
func (t *tx) MarkMailed(ctx context.Context, announcementID, partyID string, at time.Time) error {
	return t.markTold(ctx, "mailed_at", announcementID, partyID, at)
}

// MarkLetter records that the party gets the announcement by post.
func (t *tx) MarkLetter(ctx context.Context, announcementID, partyID string, at time.Time) error {
	return t.markTold(ctx, "letter_at", announcementID, partyID, at)
}

// markTold sets the instant of a channel, the first one.
func (t *tx) markTold(ctx context.Context, column, announcementID, partyID string, at time.Time) error {
	_, err := t.q.ExecContext(ctx, `UPDATE announcement_parties SET ? = ? WHERE announcement_id = ? AND party_id = ? AND ? IS NULL`,
		bun.Ident(column), at.UTC(), announcementID, partyID, bun.Ident(column))
	return failed(err, "recording a channel")
}

// Reach counts who was reached by which channel. Whose messages all failed is no
// longer counted as mailed.
func (r reader) Reach(ctx context.Context, announcementID string) (poa.Reach, error) {
	var reach poa.Reach
	err := r.q.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE mailed_at IS NOT NULL AND letter_at IS NULL), count(letter_at), count(posted_at),
			count(*) FILTER (WHERE posted_at IS NULL AND (letter_at IS NOT NULL OR mails > 0 AND mailed_at IS NULL)),
			(SELECT count(DISTINCT v.party_id) FROM deliveries v WHERE v.announcement_id = ? AND v.state = 'DELIVERED')
		FROM announcement_parties WHERE announcement_id = ?`, announcementID, announcementID).
		Scan(&reach.Told, &reach.Mailed, &reach.Letters, &reach.Posted, &reach.Waiting, &reach.Webhooks)
	return reach, failed(err, "counting who was reached")
}
