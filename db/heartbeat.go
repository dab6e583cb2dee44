// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"ininjo/poa"
)

// dueHeartbeats takes now and the span in seconds. An endpoint's slot begins at
// an offset of its own in each span, so that not all are sent at one moment; one
// that is new waits for its first.
const dueHeartbeats = `SELECT e.id AS endpoint_id, e.party_id, b.slot, coalesce(s.stream::text, '') AS stream, coalesce(s.sequence, 0) AS sequence, e.last_sequence AS previous
	FROM endpoints e
	CROSS JOIN LATERAL (SELECT mod(hashtext(e.id)::bigint + 2147483648, ?1) AS lag) o
	CROSS JOIN LATERAL (SELECT to_timestamp(floor((extract(epoch FROM ?0::timestamptz) - o.lag) / ?1) * ?1 + o.lag) AS slot) b
	LEFT JOIN streams s ON s.party_id = e.party_id
	LEFT JOIN heartbeats h ON h.endpoint_id = e.id
	WHERE e.state = 'ACTIVE' AND e.deleted_at IS NULL AND coalesce(h.slot, e.created_at) < b.slot
		AND NOT EXISTS (SELECT FROM deliveries v WHERE v.id = h.delivery_id AND v.state = 'PENDING')
	ORDER BY e.id LIMIT ?2`

// DueHeartbeats lists active endpoints that are owed a heartbeat.
func (t *tx) DueHeartbeats(ctx context.Context, now time.Time, every time.Duration, limit int) ([]poa.DueHeartbeat, error) {
	var rows []struct {
		EndpointID string
		PartyID    string
		Slot       time.Time
		Stream     string
		Sequence   int64
		Previous   int64
	}
	if err := t.q.NewRaw(dueHeartbeats, now.UTC(), int64(max(1, every/time.Second)), limit).Scan(ctx, &rows); err != nil {
		return nil, failed(err, "reading due heartbeats")
	}
	due := make([]poa.DueHeartbeat, len(rows))
	for i, row := range rows {
		due[i] = poa.DueHeartbeat{EndpointID: row.EndpointID, PartyID: row.PartyID, Slot: row.Slot.UTC(), Head: poa.Head{Stream: row.Stream, Sequence: row.Sequence}, Previous: row.Previous}
	}
	return due, nil
}

// ClaimHeartbeat takes an endpoint's slot. It locks no row of the endpoint's: the
// leader that numbers is not kept waiting.
func (t *tx) ClaimHeartbeat(ctx context.Context, endpointID string, slot time.Time, deliveryID string) (bool, error) {
	res, err := t.q.ExecContext(ctx, `INSERT INTO heartbeats (endpoint_id, slot, delivery_id) VALUES (?, ?, ?)
		ON CONFLICT (endpoint_id) DO UPDATE SET slot = excluded.slot, delivery_id = excluded.delivery_id WHERE heartbeats.slot < excluded.slot`, endpointID, slot.UTC(), deliveryID)
	if err != nil {
		return false, failed(err, "claiming heartbeat")
	}
	n, err := res.RowsAffected()
	return n > 0, failed(err, "claiming heartbeat")
}
