// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"ininjo/poa"
)

type endpointRow struct {
	bun.BaseModel `bun:"table:endpoints,alias:e"`

	ID             string     `bun:"id,pk"`
	PartyID        string     `bun:"party_id"`
	Sealed         []byte     `bun:"sealed"`
	Types          []string   `bun:"types,array"`
	State          string     `bun:"state"`
	PreviousUntil  *time.Time `bun:"previous_until"`
	CreatedAt      time.Time  `bun:"created_at"`
	DisabledReason string     `bun:"disabled_reason"`
	VerifiedAt     *time.Time `bun:"verified_at"`
	AddressAt      time.Time  `bun:"address_at"`
	MaxInFlight    int        `bun:"max_in_flight"`
	RatePerSecond  int        `bun:"rate_per_second"`
	FailingSince   *time.Time `bun:"failing_since"`
	Failures       int        `bun:"failures"`
	Warned         int        `bun:"warned"`
	WarnedAt       *time.Time `bun:"warned_at"`
	PausedUntil    *time.Time `bun:"paused_until"`
	DisabledAt     *time.Time `bun:"disabled_at"`
}

// endpointSecrets is what of an endpoint is sealed: its address can name a
// person, its secrets sign, its headers and its key let in.
type endpointSecrets struct {
	URL            string                 `json:"url"`
	Secret         string                 `json:"secret"`
	PreviousSecret string                 `json:"previousSecret,omitempty"`
	Description    string                 `json:"description,omitempty"`
	Headers        []poa.EndpointHeader   `json:"headers,omitempty"`
	Certificate    *poa.ClientCertificate `json:"certificate,omitempty"`
	Envelopes      []poa.EnvelopeChange   `json:"envelopes,omitempty"`
}

func accountOf(partyID string) Subject { return Subject{ClassAccount, partyID} }

func (t *tx) sealedEndpoint(ctx context.Context, e poa.Endpoint) (endpointRow, error) {
	if err := t.db.seal.Create(ctx, accountOf(e.PartyID)); err != nil {
		return endpointRow{}, err
	}
	if e.AddressAt.IsZero() {
		e.AddressAt = e.CreatedAt
	}
	sealed, err := t.db.seal.SealJSON(ctx, accountOf(e.PartyID), "endpoints", "sealed", e.ID,
		endpointSecrets{e.URL, e.Secret, e.PreviousSecret, e.Description, e.Headers, e.Certificate, e.Envelopes})
	return endpointRow{ID: e.ID, PartyID: e.PartyID, Sealed: sealed, Types: texts(e.Types), State: string(e.State),
		PreviousUntil: nullTime(e.PreviousUntil), CreatedAt: e.CreatedAt.UTC(), DisabledReason: e.DisabledReason,
		VerifiedAt: nullTime(e.VerifiedAt), AddressAt: e.AddressAt.UTC(), MaxInFlight: e.MaxInFlight, RatePerSecond: e.RatePerSecond,
		FailingSince: nullTime(e.FailingSince), Failures: e.Failures, Warned: e.Warned, WarnedAt: nullTime(e.WarnedAt), PausedUntil: nullTime(e.PausedUntil),
		DisabledAt: nullTime(e.DisabledAt)}, err
}

func (d *DB) endpoint(ctx context.Context, r endpointRow) (poa.Endpoint, error) {
	var s endpointSecrets
	err := d.seal.OpenJSON(ctx, accountOf(r.PartyID), "endpoints", "sealed", r.ID, r.Sealed, &s)
	return poa.Endpoint{ID: r.ID, PartyID: r.PartyID, URL: s.URL, Types: fromTexts[poa.NoticeType](r.Types), State: poa.EndpointState(r.State),
		Secret: s.Secret, PreviousSecret: s.PreviousSecret, PreviousUntil: fromNullTime(r.PreviousUntil), Description: s.Description,
		CreatedAt: r.CreatedAt.UTC(), DisabledReason: r.DisabledReason, VerifiedAt: fromNullTime(r.VerifiedAt), AddressAt: r.AddressAt.UTC(),
		MaxInFlight: r.MaxInFlight, RatePerSecond: r.RatePerSecond, FailingSince: fromNullTime(r.FailingSince), Failures: r.Failures,
		Warned: r.Warned, WarnedAt: fromNullTime(r.WarnedAt), PausedUntil: fromNullTime(r.PausedUntil), DisabledAt: fromNullTime(r.DisabledAt),
		EndpointSettings: poa.EndpointSettings{Headers: s.Headers, Certificate: s.Certificate, Envelopes: s.Envelopes}}, err
}

// InsertEndpoint stores an endpoint.
func (t *tx) InsertEndpoint(ctx context.Context, e poa.Endpoint) error {
	row, err := t.sealedEndpoint(ctx, e)
	if err != nil {
		return err
	}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting endpoint")
}

// UpdateEndpoint stores an endpoint's new address, filter, state and secrets.
func (t *tx) UpdateEndpoint(ctx context.Context, e poa.Endpoint) error {
	row, err := t.sealedEndpoint(ctx, e)
	if err != nil {
		return err
	}
	res, err := t.q.NewUpdate().Model(&row).Column("sealed", "types", "state", "previous_until", "disabled_reason", "verified_at", "address_at",
		"max_in_flight", "rate_per_second", "failing_since", "failures", "warned", "warned_at", "paused_until", "disabled_at").
		Where("id = ?", e.ID).Where("party_id = ?", e.PartyID).Where("deleted_at IS NULL").Exec(ctx)
	return touched(res, err, "updating endpoint", poa.ErrNotFound)
}

// DeleteEndpoint takes an endpoint away; its row stays, so that deliveries
// under way find an end.
func (t *tx) DeleteEndpoint(ctx context.Context, id, partyID string) error {
	res, err := t.q.NewUpdate().Model((*endpointRow)(nil)).Set("deleted_at = ?", t.db.clock.Now().UTC()).
		Where("id = ?", id).Where("party_id = ?", partyID).Where("deleted_at IS NULL").Exec(ctx)
	return touched(res, err, "deleting endpoint", poa.ErrNotFound)
}

// VerifyEndpoint marks an endpoint as verified by a test that was sent at sent,
// unless its address changed since then or it was verified before.
func (t *tx) VerifyEndpoint(ctx context.Context, id string, sent, at time.Time) error {
	_, err := t.q.NewUpdate().Model((*endpointRow)(nil)).Set("verified_at = greatest(?::timestamptz, address_at)", at.UTC()).
		Where("id = ?", id).Where("address_at <= ?", sent.UTC()).Where("verified_at IS NULL").Exec(ctx)
	return failed(err, "verifying endpoint")
}

// Endpoint returns an endpoint that was not deleted.
func (r reader) Endpoint(ctx context.Context, id string) (poa.Endpoint, error) {
	var row endpointRow
	if err := r.q.NewSelect().Model(&row).Where("id = ?", id).Where("deleted_at IS NULL").Scan(ctx); err != nil {
		return poa.Endpoint{}, failed(err, "reading endpoint")
	}
	return r.db.endpoint(ctx, row)
}

// LockEndpoint is Endpoint with the row locked until the commit.
func (t *tx) LockEndpoint(ctx context.Context, id string) (poa.Endpoint, error) {
	var row endpointRow
	if err := t.q.NewSelect().Model(&row).Where("id = ?", id).Where("deleted_at IS NULL").For("NO KEY UPDATE").Scan(ctx); err != nil {
		return poa.Endpoint{}, failed(err, "locking endpoint")
	}
	return t.db.endpoint(ctx, row)
}

// Endpoints lists a party's endpoints, the oldest first.
func (r reader) Endpoints(ctx context.Context, partyID string) ([]poa.Endpoint, error) {
	var rows []endpointRow
	err := r.q.NewSelect().Model(&rows).Where("party_id = ?", partyID).Where("deleted_at IS NULL").OrderExpr("created_at, id").Scan(ctx)
	if err != nil {
		return nil, failed(err, "reading endpoints")
	}
	endpoints := make([]poa.Endpoint, len(rows))
	for i, row := range rows {
		if endpoints[i], err = r.db.endpoint(ctx, row); err != nil {
			return nil, err
		}
	}
	return endpoints, nil
}

// endpointNames are the columns of an endpoint, in the order of its places.
const endpointNames = `id, party_id, sealed, types, state, previous_until, created_at, disabled_reason, verified_at, address_at, max_in_flight,
	rate_per_second, failing_since, failures, warned, warned_at, paused_until, disabled_at`

func (r *endpointRow) places() []any {
	return []any{&r.ID, &r.PartyID, &r.Sealed, &r.Types, &r.State, &r.PreviousUntil, &r.CreatedAt, &r.DisabledReason, &r.VerifiedAt, &r.AddressAt,
		&r.MaxInFlight, &r.RatePerSecond, &r.FailingSince, &r.Failures, &r.Warned, &r.WarnedAt, &r.PausedUntil, &r.DisabledAt}
}

const activeEndpoints = `SELECT ` + endpointNames + ` FROM endpoints WHERE id = ANY ($1::text[]) AND state = 'ACTIVE' AND deleted_at IS NULL`

// ActiveEndpoints returns those of the endpoints that are delivered to. One
// whose party was erased meanwhile is none.
func (d *DB) ActiveEndpoints(ctx context.Context, ids []string) (map[string]poa.Endpoint, error) {
	endpoints := make(map[string]poa.Endpoint, len(ids))
	err := eachRow(ctx, d.pool, "reading active endpoints", func(rows pgx.Rows) error {
		var r endpointRow
		if err := rows.Scan(r.places()...); err != nil {
			return err
		}
		e, err := d.endpoint(ctx, r)
		if err == nil {
			endpoints[e.ID] = e
		}
		return unlessErased(err)
	}, activeEndpoints, ids)
	return endpoints, err
}

// FailingEndpoints returns active endpoints that fail since halfway without the
// second mail, or since end.
func (r reader) FailingEndpoints(ctx context.Context, halfway, end time.Time, limit int) ([]string, error) {
	var ids []string
	err := r.q.NewSelect().Model((*endpointRow)(nil)).Column("id").Where("state = 'ACTIVE'").Where("deleted_at IS NULL").
		Where("failing_since <= ? AND (warned < 2 OR failing_since <= ?)", halfway.UTC(), end.UTC()).OrderExpr("id").Limit(int64(limit)).Scan(ctx, &ids)
	return ids, failed(err, "reading failing endpoints")
}
