// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"ininjo/poa"
)

type resendRow struct {
	bun.BaseModel `bun:"table:resends,alias:r"`

	ID         string     `bun:"id,pk"`
	EndpointID string     `bun:"endpoint_id"`
	PartyID    string     `bun:"party_id"`
	Kind       string     `bun:"kind"`
	Since      time.Time  `bun:"since"`
	Total      int        `bun:"total"`
	Resent     int        `bun:"resent"`
	CreatedAt  time.Time  `bun:"created_at"`
	FinishedAt *time.Time `bun:"finished_at"`
}

func (r resendRow) resend() poa.Resend {
	return poa.Resend{ID: r.ID, EndpointID: r.EndpointID, PartyID: r.PartyID, Kind: poa.ResendKind(r.Kind), Since: r.Since.UTC(), Total: r.Total, Resent: r.Resent,
		CreatedAt: r.CreatedAt.UTC(), FinishedAt: fromNullTime(r.FinishedAt)}
}

// LockStream keeps the numbering leader from giving a party numbers until the
// commit: it draws them from this row.
func (t *tx) LockStream(ctx context.Context, partyID string) error {
	_, err := t.q.ExecContext(ctx, `SELECT 1 FROM streams WHERE party_id = ? FOR NO KEY UPDATE`, partyID)
	return failed(err, "locking a party's sequence")
}

// passing are the notices of a party's present stream that pass a filter; an
// empty one lets all pass.
const passing = ` FROM notices n JOIN streams s ON s.party_id = n.party_id AND s.stream = n.stream
	WHERE n.party_id = e.party_id AND (e.types = '{}' OR n.type = ANY (e.types))`

// RaiseEndpoint sets the last number that passed the endpoint's filter to the
// highest of its party's that does.
func (t *tx) RaiseEndpoint(ctx context.Context, id string) error {
	_, err := t.q.ExecContext(ctx, `UPDATE endpoints e SET last_sequence = greatest(e.last_sequence,
		coalesce((SELECT n.sequence`+passing+` ORDER BY n.sequence DESC LIMIT 1), 0)) WHERE e.id = ?`, id)
	return failed(err, "raising an endpoint's number")
}

// InsertResend begins a resend; ErrConflict where one goes on.
func (t *tx) InsertResend(ctx context.Context, r poa.Resend) error {
	row := resendRow{ID: r.ID, EndpointID: r.EndpointID, PartyID: r.PartyID, Kind: string(r.Kind), Since: r.Since.UTC(), Total: r.Total, CreatedAt: r.CreatedAt.UTC()}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting resend")
}

// LockResend reads a resend and takes its row.
func (t *tx) LockResend(ctx context.Context, id string) (poa.Resend, error) {
	var row resendRow
	if err := t.q.NewSelect().Model(&row).Where("id = ?", id).For("NO KEY UPDATE").Scan(ctx); err != nil {
		return poa.Resend{}, failed(err, "locking resend")
	}
	return row.resend(), nil
}

// Resent counts what was sent again; a time that is not zero finishes it.
func (t *tx) Resent(ctx context.Context, id string, count int, finished time.Time) error {
	update := t.q.NewUpdate().Model((*resendRow)(nil)).Set("resent = resent + ?", count).Where("id = ?", id).Where("finished_at IS NULL")
	if !finished.IsZero() {
		update = update.Set("finished_at = greatest(?::timestamptz, created_at)", finished.UTC())
	}
	_, err := update.Exec(ctx)
	return failed(err, "counting what was sent again")
}

// failedBefore are deliveries that failed for good before a resend began.
const failedBefore = ` FROM deliveries v WHERE v.endpoint_id = ? AND v.party_id = ? AND v.state = 'FAILED' AND v.resend_at IS NULL AND v.last_at >= ? AND v.last_at <= ?`

// missingFrom are notices without a delivery to an endpoint.
const missingFrom = ` FROM endpoints e JOIN streams s ON s.party_id = e.party_id JOIN notices n ON n.party_id = s.party_id AND n.stream = s.stream
	WHERE e.id = ? AND e.party_id = ? AND n.at >= ? AND (e.types = '{}' OR n.type = ANY (e.types))
	AND NOT EXISTS (SELECT FROM deliveries v WHERE v.endpoint_id = e.id AND v.stream = n.stream AND v.sequence = n.sequence)`

// CountResend counts what a resend would send, up to a bound.
func (t *tx) CountResend(ctx context.Context, r poa.Resend, bound int) (int, error) {
	total := 0
	add := func(query string, args ...any) error {
		n := 0
		err := t.q.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1`+query+` LIMIT ?) AS found`, append(args, bound)...).Scan(&n)
		total += n
		return failed(err, "counting what is sent again")
	}
	if r.Kind != poa.ResendMissing {
		if err := add(failedBefore, r.EndpointID, r.PartyID, r.Since.UTC(), r.CreatedAt.UTC()); err != nil {
			return 0, err
		}
	}
	if r.Kind != poa.ResendFailed {
		if err := add(missingFrom, r.EndpointID, r.PartyID, r.Since.UTC()); err != nil {
			return 0, err
		}
	}
	return min(total, bound), nil
}

// ResendFailed makes deliveries due that failed for good before the resend began,
// the longest failed first, and returns how many.
func (t *tx) ResendFailed(ctx context.Context, r poa.Resend, due time.Time, limit int) (int, error) {
	res, err := t.q.ExecContext(ctx, `UPDATE deliveries SET resend_at = ?, next_at = ? WHERE id IN (SELECT v.id`+failedBefore+`
		ORDER BY v.last_at, v.sequence LIMIT ? FOR NO KEY UPDATE)`, r.CreatedAt.UTC(), due.UTC(), r.EndpointID, r.PartyID, r.Since.UTC(), r.CreatedAt.UTC(), limit)
	if err != nil {
		return 0, failed(err, "sending failed deliveries again")
	}
	t.due = true
	n, err := res.RowsAffected()
	return int(n), err
}

// MissingNotices returns notices of the resend's party and its present stream
// that pass the filter and have no delivery to the endpoint, in the order of
// their numbers, each with the number before it that passes.
func (t *tx) MissingNotices(ctx context.Context, r poa.Resend, types []poa.NoticeType, limit int) ([]poa.Delivery, error) {
	var rows []struct {
		noticeRow
		Previous int64 `bun:"previous"`
	}
	filter := append([]string{}, texts(types)...)
	err := t.q.NewRaw(`SELECT m.*, coalesce((SELECT p.sequence FROM notices p WHERE p.party_id = m.party_id AND p.stream = m.stream AND p.sequence < m.sequence
			AND (?::text[] = '{}' OR p.type = ANY (?::text[])) ORDER BY p.sequence DESC LIMIT 1), 0) AS previous
		FROM (SELECT n.*`+missingFrom+` ORDER BY n.sequence LIMIT ?) AS m ORDER BY m.sequence`,
		pgdialect.Array(filter), pgdialect.Array(filter), r.EndpointID, r.PartyID, r.Since.UTC(), limit).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading missing notices")
	}
	missing := make([]poa.Delivery, len(rows))
	for i, row := range rows {
		missing[i] = poa.Delivery{Previous: row.Previous, Notice: poa.Notice{PartyID: row.PartyID, Stream: row.Stream, Sequence: row.Sequence, Change: row.change(row.ChangeID)}}
	}
	return missing, nil
}

// Resend returns a resend.
func (r reader) Resend(ctx context.Context, id string) (poa.Resend, error) {
	var row resendRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Resend{}, failed(err, "reading resend")
	}
	return row.resend(), nil
}

// Resends lists an endpoint's resends, the newest first.
func (r reader) Resends(ctx context.Context, endpointID string, limit int) ([]poa.Resend, error) {
	var rows []resendRow
	err := r.q.NewSelect().Model(&rows).Where("endpoint_id = ?", endpointID).OrderExpr("created_at DESC, id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading resends")
	}
	resends := make([]poa.Resend, len(rows))
	for i, row := range rows {
		resends[i] = row.resend()
	}
	return resends, nil
}

// TroubledEndpoints lists a party's endpoints that fail, or that the service
// switched off. Nothing sealed is opened: it is asked for every page.
func (r reader) TroubledEndpoints(ctx context.Context, partyID string) ([]poa.TroubledEndpoint, error) {
	var rows []endpointRow
	err := r.q.NewSelect().Model(&rows).Column("id", "state").Where("party_id = ?", partyID).Where("deleted_at IS NULL").
		Where("failing_since IS NOT NULL OR state = 'DISABLED'").Where("state = 'ACTIVE' OR disabled_reason <> 'OWNER'").OrderExpr("created_at, id").Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading endpoints in trouble")
	}
	troubled := make([]poa.TroubledEndpoint, len(rows))
	for i, row := range rows {
		troubled[i] = poa.TroubledEndpoint{ID: row.ID, State: poa.EndpointState(row.State)}
	}
	return troubled, nil
}
