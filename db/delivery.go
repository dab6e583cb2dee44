// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// deliveryRow holds the notice itself: a test message has no outbox row.
type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:v"`

	ID         string  `bun:"id,pk"`
	EndpointID string  `bun:"endpoint_id"`
	PartyID    string  `bun:"party_id"`
	Stream     *string `bun:"stream"`
	Sequence   int64   `bun:"sequence"`
	Previous   int64   `bun:"previous"`
	ChangeID   int64   `bun:"change_id"`
	changeColumns
	State       string     `bun:"state"`
	Attempts    int        `bun:"attempts"`
	LastStatus  int        `bun:"last_status"`
	LastError   string     `bun:"last_error"`
	LastAt      *time.Time `bun:"last_at"`
	DeliveredAt *time.Time `bun:"delivered_at"`
	ResendAt    *time.Time `bun:"resend_at"`
	NextAt      *time.Time `bun:"next_at"`
	Head        *int64     `bun:"head"`
	Heartbeat   *string    `bun:"heartbeat"`
	LeasedUntil *time.Time `bun:"leased_until"`
}

func (r deliveryRow) delivery() poa.Delivery {
	return poa.Delivery{ID: r.ID, Head: fromNull(r.Head), Heartbeat: fromNullText[string](r.Heartbeat), EndpointID: r.EndpointID, Previous: r.Previous, State: poa.DeliveryState(r.State), Attempts: r.Attempts,
		Notice:     poa.Notice{PartyID: r.PartyID, Stream: fromNullText[string](r.Stream), Sequence: r.Sequence, Change: r.change(r.ChangeID)},
		LastStatus: r.LastStatus, LastError: r.LastError, LastAt: fromNullTime(r.LastAt), DeliveredAt: fromNullTime(r.DeliveredAt),
		ResendAt: fromNullTime(r.ResendAt), NextAt: fromNullTime(r.NextAt), LeasedUntil: fromNullTime(r.LeasedUntil)}
}

// InsertDelivery stores a notice on its way to an endpoint.
func (t *tx) InsertDelivery(ctx context.Context, d poa.Delivery) error {
	return t.InsertDeliveries(ctx, []poa.Delivery{d})
}

var insertDeliveries = `INSERT INTO deliveries (id, endpoint_id, party_id, stream, sequence, previous, change_id, state, next_at, leased_until, head, heartbeat, ` + changeNames + `)
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::timestamptz[],
		$10::timestamptz[], $11::bigint[], $12::text[], ` + changeArraysFrom(13) + `)`

// InsertDeliveries stores notices on their way to endpoints; after the commit
// those who deliver in this process are woken.
func (t *tx) InsertDeliveries(ctx context.Context, deliveries []poa.Delivery) error {
	var s together
	t.insertDeliveries(&s, deliveries)
	return s.send(ctx, t.pgx)
}

func (t *tx) insertDeliveries(s *together, deliveries []poa.Delivery) {
	type delivery = *poa.Delivery
	args := []any{column(deliveries, func(d delivery) string { return d.ID }), column(deliveries, func(d delivery) string { return d.EndpointID }),
		column(deliveries, func(d delivery) string { return d.Notice.PartyID }), column(deliveries, func(d delivery) *string { return nullText(d.Notice.Stream) }),
		column(deliveries, func(d delivery) int64 { return d.Notice.Sequence }), column(deliveries, func(d delivery) int64 { return d.Previous }),
		column(deliveries, func(d delivery) int64 { return d.Notice.ID }), column(deliveries, func(d delivery) string { return string(d.State) }),
		column(deliveries, func(d delivery) *time.Time { return nullTime(d.NextAt) }), column(deliveries, func(d delivery) *time.Time { return nullTime(d.LeasedUntil) }),
		column(deliveries, headOf), column(deliveries, func(d delivery) *string { return nullText(d.Heartbeat) })}
	columns := column(deliveries, func(d delivery) changeColumns { return columnsOf(d.Notice.Change) })
	s.exec("inserting deliveries", insertDeliveries, append(args, changeArrays(columns)...)...)
	t.due = t.due || slices.ContainsFunc(deliveries, func(d poa.Delivery) bool { return d.LeasedUntil.IsZero() })
}

// headOf is a heartbeat's head; others have none.
func headOf(d *poa.Delivery) *int64 {
	if d.Heartbeat == "" {
		return nil
	}
	return &d.Head
}

// Delivery returns a delivery.
func (r reader) Delivery(ctx context.Context, id string) (poa.Delivery, error) {
	var row deliveryRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return poa.Delivery{}, failed(err, "reading delivery")
	}
	return row.delivery(), nil
}

// withoutBeats leaves heartbeats that arrived out of lists: they would be most of
// them.
const withoutBeats = "NOT (type = 'service.heartbeat' AND state = 'DELIVERED')"

// Deliveries lists an endpoint's deliveries, the newest first.
func (r reader) Deliveries(ctx context.Context, endpointID string, limit int) ([]poa.Delivery, error) {
	var rows []deliveryRow
	err := r.q.NewSelect().Model(&rows).Where("endpoint_id = ?", endpointID).Where(withoutBeats).OrderExpr("at DESC, id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading deliveries")
	}
	deliveries := make([]poa.Delivery, len(rows))
	for i, row := range rows {
		deliveries[i] = row.delivery()
	}
	return deliveries, nil
}
