// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type attemptRow struct {
	bun.BaseModel `bun:"table:attempts,alias:t"`

	DeliveryID string    `bun:"delivery_id,pk"`
	Number     int       `bun:"number,pk"`
	At         time.Time `bun:"at"`
	Status     int       `bun:"status"`
	Error      string    `bun:"error"`
	Millis     int64     `bun:"millis"`
	// Answer is sealed: an endpoint may answer whatever it likes.
	Answer []byte `bun:"answer"`
}

func attemptKey(deliveryID string, number int) string {
	return deliveryID + "/" + strconv.Itoa(number)
}

// ResendDelivery lets one more attempt of a delivery be made; ErrConflict where
// one is to come already.
func (t *tx) ResendDelivery(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*deliveryRow)(nil)).Set("resend_at = ?", at.UTC()).Set("next_at = ?", at.UTC()).
		Where("id = ?", id).Where("state <> ?", string(poa.DeliveryPending)).Where("resend_at IS NULL").Exec(ctx)
	t.due = true
	return changed(res, err, "resending delivery")
}

// DeliveryPage lists an endpoint's deliveries, the newest first.
func (r reader) DeliveryPage(ctx context.Context, endpointID string, p poa.Page) (poa.List[poa.Delivery], error) {
	filtered := func(rows *[]deliveryRow) *bun.SelectQuery {
		return r.q.NewSelect().Model(rows).Where("v.endpoint_id = ?", endpointID)
	}
	place := func(row deliveryRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	convert := func(_ context.Context, row deliveryRow) (poa.Delivery, error) { return row.delivery(), nil }
	return paged(ctx, filtered, ordering{column: "v.at", id: "v.id", uncounted: true}, p, place, convert)
}

// Attempts lists the newest attempts of each of a party's deliveries, the newest
// first.
func (r reader) Attempts(ctx context.Context, partyID string, deliveryIDs []string, each int) (map[string][]poa.Attempt, error) {
	found := map[string][]poa.Attempt{}
	if len(deliveryIDs) == 0 {
		return found, nil
	}
	var rows []attemptRow
	newest := r.q.NewSelect().Model((*attemptRow)(nil)).ColumnExpr("t.*").ColumnExpr("row_number() OVER (PARTITION BY t.delivery_id ORDER BY t.number DESC) AS place").
		Join("JOIN deliveries AS v ON v.id = t.delivery_id AND v.party_id = ?", partyID).Where("t.delivery_id IN (?)", bun.List(deliveryIDs))
	err := r.q.NewSelect().TableExpr("(?) AS t", newest).Column("delivery_id", "number", "at", "status", "error", "millis", "answer").
		Where("place <= ?", each).OrderExpr("delivery_id, number DESC").Scan(ctx, &rows)
	if err != nil {
		return nil, failed(err, "reading attempts")
	}
	for _, row := range rows {
		a := poa.Attempt{DeliveryID: row.DeliveryID, Number: row.Number, At: row.At.UTC(), Status: row.Status, Error: row.Error, Millis: row.Millis}
		if len(row.Answer) > 0 {
			if a.Answer, err = r.db.seal.Open(ctx, accountOf(partyID), "attempts", "answer", attemptKey(row.DeliveryID, row.Number), row.Answer); err != nil {
				return nil, err
			}
		}
		found[row.DeliveryID] = append(found[row.DeliveryID], a)
	}
	return found, nil
}
