// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"ininjo/poa"
)

// dueWindow is how many due deliveries are looked at for what is taken. An
// endpoint's many hide another's few once at most: then its line is full, and it
// is left out.
const dueWindow = 256

// takeDeliveries leases what is due. The condition stands twice: between the look
// and the lock another worker may have taken it.
const takeDeliveries = `WITH due AS (
	SELECT d.id, d.endpoint_id, d.next_at FROM deliveries d
	WHERE d.next_at <= $1 AND (d.leased_until IS NULL OR d.leased_until < $1) AND NOT d.endpoint_id = ANY ($2::text[])
	ORDER BY d.next_at LIMIT $3
), placed AS (
	SELECT id, next_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_at, id) AS place FROM due
), picked AS (
	SELECT d.id FROM deliveries d WHERE d.id IN (SELECT id FROM placed WHERE place <= $4 ORDER BY next_at LIMIT $5)
		AND d.next_at <= $1 AND (d.leased_until IS NULL OR d.leased_until < $1)
	FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE deliveries v SET leased_until = $6 FROM picked WHERE v.id = picked.id
RETURNING v.id, v.endpoint_id, v.party_id, v.stream::text, v.sequence, v.previous, v.change_id, v.state, v.attempts, v.last_status, v.last_error, v.last_at,
	v.delivered_at, v.resend_at, v.next_at, v.head, v.heartbeat, v.leased_until, ` + changeNames

// TakeDeliveries leases due deliveries, the longest waiting first.
func (d *DB) TakeDeliveries(ctx context.Context, t poa.Taking) ([]poa.Delivery, error) {
	except := t.Except
	if except == nil {
		except = []string{}
	}
	var deliveries []poa.Delivery
	err := eachRow(ctx, d.pool, "taking deliveries", func(rows pgx.Rows) error {
		var r deliveryRow
		err := rows.Scan(append([]any{&r.ID, &r.EndpointID, &r.PartyID, &r.Stream, &r.Sequence, &r.Previous, &r.ChangeID, &r.State, &r.Attempts, &r.LastStatus,
			&r.LastError, &r.LastAt, &r.DeliveredAt, &r.ResendAt, &r.NextAt, &r.Head, &r.Heartbeat, &r.LeasedUntil}, r.places()...)...)
		deliveries = append(deliveries, r.delivery())
		return err
	}, takeDeliveries, t.Now.UTC(), except, dueWindow, t.Each, t.Most, t.Until.UTC())
	return deliveries, err
}

// WaitingDeliveries counts deliveries that an attempt is to come for, and tells
// when the longest waiting one is or was due.
func (r reader) WaitingDeliveries(ctx context.Context) (count int, oldest time.Time, err error) {
	var first *time.Time
	err = r.q.NewSelect().Model((*deliveryRow)(nil)).ColumnExpr("count(*), min(next_at)").Where("next_at IS NOT NULL").Scan(ctx, &count, &first)
	return count, fromNullTime(first), failed(err, "counting deliveries")
}

// recordAttempts brings deliveries up to date and stores the attempts that did.
// One that arrived stays so whatever becomes of a resent one, and one that failed
// stays so until it arrives. Where all arrived, nobody waits for the disk: what a
// power cut forgets is delivered again, with the same ID.
const recordAttempts = `WITH s AS (
	SELECT * FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::bigint[], $9::bytea[])
		AS s (id, number, at, status, error, state, next_at, millis, answer)
), recorded AS (
	UPDATE deliveries v SET attempts = s.number, last_status = s.status, last_error = s.error, last_at = s.at,
		resend_at = NULL, leased_until = NULL,
		next_at = CASE WHEN v.state = 'PENDING' AND s.state = 'PENDING'
			AND EXISTS (SELECT FROM endpoints e WHERE e.id = v.endpoint_id AND e.state = 'ACTIVE' AND e.deleted_at IS NULL) THEN s.next_at END,
		state = CASE WHEN v.state = 'DELIVERED' OR v.resend_at IS NOT NULL AND s.state <> 'DELIVERED' THEN v.state ELSE s.state END,
		delivered_at = CASE WHEN v.state <> 'DELIVERED' AND s.state = 'DELIVERED' THEN s.at ELSE v.delivered_at END
	FROM s WHERE v.id = s.id AND v.attempts = s.number - 1 AND (v.state <> 'DELIVERED' OR v.resend_at IS NOT NULL)
	RETURNING s.*
), waited AS (
	SELECT CASE WHEN $10 THEN set_config('synchronous_commit', 'off', true) END
)
INSERT INTO attempts (delivery_id, number, at, status, error, millis, answer)
SELECT id, number, at, status, error, millis, answer FROM recorded, waited`

// RecordAttempts brings deliveries up to date and stores the attempts that did,
// with one statement however many there are, together with the commit. After a delivery arrived nothing
// but a wanted resend changes it any more.
func (t *tx) RecordAttempts(ctx context.Context, settled []poa.Settled) error {
	answers := make([][]byte, len(settled))
	for i, s := range settled {
		var err error
		if answers[i], err = t.sealedAnswer(ctx, s); err != nil {
			return err
		}
	}
	type attempt = *poa.Settled
	t.last.exec("recording attempts", recordAttempts,
		column(settled, func(s attempt) string { return s.DeliveryID }), column(settled, func(s attempt) int { return s.Number }),
		column(settled, func(s attempt) time.Time { return s.At.UTC() }), column(settled, func(s attempt) int { return s.Status }),
		column(settled, func(s attempt) string { return s.Error }), column(settled, func(s attempt) string { return string(s.State) }),
		column(settled, func(s attempt) *time.Time { return nullTime(s.NextAt) }), column(settled, func(s attempt) int64 { return s.Millis }),
		answers, onlyArrived(settled))
	return nil
}

func onlyArrived(settled []poa.Settled) bool {
	return !slices.ContainsFunc(settled, func(s poa.Settled) bool { return s.State != poa.DeliveryDelivered })
}

// sealedAnswer seals what was answered under the party's key; nil for nothing,
// and for a party that was erased meanwhile.
func (t *tx) sealedAnswer(ctx context.Context, s poa.Settled) ([]byte, error) {
	if len(s.Answer) == 0 {
		return nil, nil
	}
	sealed, err := t.db.seal.Seal(ctx, accountOf(s.PartyID), "attempts", "answer", attemptKey(s.DeliveryID, s.Number), s.Answer)
	if errors.Is(err, errNoKey) || errors.Is(err, ErrErased) {
		return nil, nil
	}
	return sealed, err
}

// ReleaseDeliveries gives up leases: the deliveries are due again at once, or when
// their endpoint's pause is over.
func (t *tx) ReleaseDeliveries(ctx context.Context, ids []string) error {
	_, err := t.q.ExecContext(ctx, `UPDATE deliveries v SET leased_until = NULL, next_at = greatest(v.next_at, e.paused_until)
		FROM endpoints e WHERE e.id = v.endpoint_id AND v.id IN (?) AND v.next_at IS NOT NULL`, bun.List(ids))
	return failed(err, "releasing deliveries")
}

// PutOff lets what waits for an endpoint and is not under way wait until the
// instant.
func (t *tx) PutOff(ctx context.Context, endpointID string, now, until time.Time) error {
	_, err := t.q.ExecContext(ctx, `UPDATE deliveries SET next_at = ? WHERE endpoint_id = ? AND next_at IS NOT NULL AND next_at < ? AND (leased_until IS NULL OR leased_until < ?)`,
		until.UTC(), endpointID, until.UTC(), now.UTC())
	return failed(err, "putting deliveries off")
}

// HoldDeliveries lets what waits for an endpoint wait without a time.
func (t *tx) HoldDeliveries(ctx context.Context, endpointID string) error {
	_, err := t.q.ExecContext(ctx, `UPDATE deliveries SET next_at = NULL, leased_until = NULL, resend_at = NULL WHERE endpoint_id = ? AND next_at IS NOT NULL`, endpointID)
	return failed(err, "holding deliveries")
}

// ResumeDeliveries makes what waits for an endpoint due.
func (t *tx) ResumeDeliveries(ctx context.Context, endpointID string, at time.Time) error {
	_, err := t.q.ExecContext(ctx, `UPDATE deliveries SET next_at = ? WHERE endpoint_id = ? AND state = 'PENDING' AND next_at IS NULL`, at.UTC(), endpointID)
	t.due = true
	return failed(err, "resuming deliveries")
}
