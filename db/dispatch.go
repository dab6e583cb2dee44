// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

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
	WHERE d.next_at <= ?0 AND (d.leased_until IS NULL OR d.leased_until < ?0) AND NOT d.endpoint_id = ANY (?1::text[])
	ORDER BY d.next_at LIMIT ?2
), placed AS (
	SELECT id, next_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_at, id) AS place FROM due
), picked AS (
	SELECT d.id FROM deliveries d WHERE d.id IN (SELECT id FROM placed WHERE place <= ?3 ORDER BY next_at LIMIT ?4)
		AND d.next_at <= ?0 AND (d.leased_until IS NULL OR d.leased_until < ?0)
	FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE deliveries v SET leased_until = ?5 FROM picked WHERE v.id = picked.id RETURNING v.*`

// TakeDeliveries leases due deliveries, the longest waiting first.
func (r reader) TakeDeliveries(ctx context.Context, t poa.Taking) ([]poa.Delivery, error) {
	var rows []deliveryRow
	except := t.Except
	if except == nil {
		except = []string{}
	}
	err := r.q.NewRaw(takeDeliveries, t.Now.UTC(), pgdialect.Array(except), dueWindow, t.Each, t.Most, t.Until.UTC()).Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "taking deliveries")
	}
	deliveries := make([]poa.Delivery, len(rows))
	for i, row := range rows {
		deliveries[i] = row.delivery()
	}
	return deliveries, nil
}

// WaitingDeliveries counts deliveries that an attempt is to come for, and tells
// when the longest waiting one is or was due.
func (r reader) WaitingDeliveries(ctx context.Context) (count int, oldest time.Time, err error) {
	var first *time.Time
	err = r.q.NewSelect().Model((*deliveryRow)(nil)).ColumnExpr("count(*), min(next_at)").Where("next_at IS NOT NULL").Scan(ctx, &count, &first)
	return count, fromNullTime(first), failed(err, "counting deliveries")
}

// settledRow is an attempt on its way into its delivery.
type settledRow struct {
	ID     string     `bun:"id"`
	Number int        `bun:"number"`
	At     time.Time  `bun:"at,type:timestamptz"`
	Status int        `bun:"status"`
	Error  string     `bun:"error"`
	State  string     `bun:"state"`
	NextAt *time.Time `bun:"next_at,type:timestamptz"`
}

// recordAttempts brings deliveries up to date. One that arrived stays so whatever
// becomes of a resent one, and one that failed stays so until it arrives.
const recordAttempts = `UPDATE deliveries v SET attempts = s.number, last_status = s.status, last_error = s.error, last_at = s.at,
	resend_at = NULL, leased_until = NULL,
	next_at = CASE WHEN v.state = 'PENDING' AND s.state = 'PENDING' AND e.state = 'ACTIVE' AND e.deleted_at IS NULL THEN s.next_at END,
	state = CASE WHEN v.state = 'DELIVERED' OR v.resend_at IS NOT NULL AND s.state <> 'DELIVERED' THEN v.state ELSE s.state END,
	delivered_at = CASE WHEN v.state <> 'DELIVERED' AND s.state = 'DELIVERED' THEN s.at ELSE v.delivered_at END
	FROM s JOIN deliveries w ON w.id = s.id JOIN endpoints e ON e.id = w.endpoint_id
	WHERE v.id = s.id AND v.attempts = s.number - 1 AND (v.state <> 'DELIVERED' OR v.resend_at IS NOT NULL)
	RETURNING v.id`

// RecordAttempts brings deliveries up to date and stores the attempts that did,
// with two statements however many there are. After a delivery arrived nothing
// but a wanted resend changes it any more.
func (t *tx) RecordAttempts(ctx context.Context, settled []poa.Settled) error {
	rows := make([]settledRow, len(settled))
	for i, s := range settled {
		rows[i] = settledRow{ID: s.DeliveryID, Number: s.Number, At: s.At.UTC(), Status: s.Status, Error: s.Error, State: string(s.State), NextAt: nullTime(s.NextAt)}
	}
	if onlyArrived(settled) {
		// What a power cut forgets here is delivered again, with the same ID.
		if _, err := t.q.ExecContext(ctx, "SET LOCAL synchronous_commit = off"); err != nil {
			return failed(err, "recording attempts")
		}
	}
	var fresh []string
	if err := t.q.NewRaw("WITH s (id, number, at, status, error, state, next_at) AS (?) "+recordAttempts, t.q.NewValues(&rows)).Scan(ctx, &fresh); err != nil {
		return failed(err, "recording attempts")
	}
	recorded := make(map[string]bool, len(fresh))
	for _, id := range fresh {
		recorded[id] = true
	}
	attempts := make([]attemptRow, 0, len(fresh))
	for _, s := range settled {
		if !recorded[s.DeliveryID] {
			continue
		}
		answer, err := t.sealedAnswer(ctx, s)
		if err != nil {
			return err
		}
		attempts = append(attempts, attemptRow{DeliveryID: s.DeliveryID, Number: s.Number, At: s.At.UTC(), Status: s.Status, Error: s.Error, Millis: s.Millis, Answer: answer})
	}
	if len(attempts) == 0 {
		return nil
	}
	_, err := t.q.NewInsert().Model(&attempts).Exec(ctx)
	return failed(err, "inserting attempts")
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
