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

func deliveryRowOf(d poa.Delivery) deliveryRow {
	row := deliveryRow{ID: d.ID, EndpointID: d.EndpointID, PartyID: d.Notice.PartyID, Stream: nullText(d.Notice.Stream), Sequence: d.Notice.Sequence,
		Previous: d.Previous, ChangeID: d.Notice.ID, changeColumns: columnsOf(d.Notice.Change), State: string(d.State), Attempts: d.Attempts,
		LastStatus: d.LastStatus, LastError: d.LastError, LastAt: nullTime(d.LastAt), DeliveredAt: nullTime(d.DeliveredAt),
		NextAt: nullTime(d.NextAt), LeasedUntil: nullTime(d.LeasedUntil)}
	if d.Heartbeat != "" {
		row.Head, row.Heartbeat = &d.Head, &d.Heartbeat
	}
	return row
}

// InsertDelivery stores a notice on its way to an endpoint.
func (t *tx) InsertDelivery(ctx context.Context, d poa.Delivery) error {
	return t.InsertDeliveries(ctx, []poa.Delivery{d})
}

// InsertDeliveries stores notices on their way to endpoints; after the commit
// those who deliver in this process are woken.
func (t *tx) InsertDeliveries(ctx context.Context, deliveries []poa.Delivery) error {
	rows := make([]deliveryRow, len(deliveries))
	for i, d := range deliveries {
		rows[i] = deliveryRowOf(d)
	}
	if _, err := t.q.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return failed(err, "inserting deliveries")
	}
	t.due = t.due || slices.ContainsFunc(deliveries, func(d poa.Delivery) bool { return d.LeasedUntil.IsZero() })
	return nil
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
