// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// projectionRow is the hot row of an accepted delegation: the fold of its facts
// and the digests that a question compares.
type projectionRow struct {
	bun.BaseModel `bun:"table:projections,alias:p"`

	DelegationID        string          `bun:"delegation_id,pk"`
	AcceptedAt          time.Time       `bun:"accepted_at"`
	ValidFrom           time.Time       `bun:"valid_from"`
	ValidThrough        time.Time       `bun:"valid_through"`
	Version             int             `bun:"version"`
	FinalKind           *string         `bun:"final_kind"`
	FinalAt             *time.Time      `bun:"final_at"`
	FinalReason         *string         `bun:"final_reason"`
	FinalVersion        *int            `bun:"final_version"`
	FinalRecordedAt     *time.Time      `bun:"final_recorded_at"`
	Suspensions         json.RawMessage `bun:"suspensions,type:jsonb"`
	FileSHA256          []byte          `bun:"file_sha256"`
	ContentSHA256       []byte          `bun:"content_sha256"`
	CertificateSHA256   []byte          `bun:"delegate_certificate_sha256"`
	SignatureVerifiedAt time.Time       `bun:"signature_verified_at"`
	Qualification       string          `bun:"qualification"`
	TitleVersion        *int            `bun:"title_version"`
	TitleVerifiedAt     *time.Time      `bun:"title_verified_at"`
	TitleUntil          *time.Time      `bun:"title_until"`
	TitleRecordedAt     *time.Time      `bun:"title_recorded_at"`
}

// suspensionEntry is a stretch of suspension in the projection's JSON.
type suspensionEntry struct {
	Version    int       `json:"version"`
	ID         string    `json:"id"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until,omitzero"`
	RecordedAt time.Time `json:"recordedAt"`
	Reason     string    `json:"reason,omitempty"`
	EventID    string    `json:"eventId"`
}

// project writes the fold of the whole history to the hot row.
func (t *tx) project(ctx context.Context, d delegationRow, facts []poa.Fact, term poa.Term) error {
	row, err := project(d, facts, term)
	if err != nil {
		return err
	}
	_, err = t.q.NewInsert().Model(&row).On("CONFLICT (delegation_id) DO UPDATE").
		Set("version = EXCLUDED.version").
		Set("final_kind = EXCLUDED.final_kind").Set("final_at = EXCLUDED.final_at").Set("final_reason = EXCLUDED.final_reason").
		Set("final_version = EXCLUDED.final_version").Set("final_recorded_at = EXCLUDED.final_recorded_at").
		Set("suspensions = EXCLUDED.suspensions").
		Set("title_version = EXCLUDED.title_version").Set("title_verified_at = EXCLUDED.title_verified_at").
		Set("title_until = EXCLUDED.title_until").Set("title_recorded_at = EXCLUDED.title_recorded_at").Exec(ctx)
	return failed(err, "writing projection")
}

func project(d delegationRow, facts []poa.Fact, term poa.Term) (projectionRow, error) {
	p := poa.Project(facts, term)
	row := projectionRow{DelegationID: d.ID, AcceptedAt: p.AcceptedAt, ValidFrom: day(term.From), ValidThrough: day(term.Through),
		Version: p.Version, FileSHA256: d.FileSHA256, ContentSHA256: d.ContentSHA256, CertificateSHA256: d.CertificateSHA256,
		SignatureVerifiedAt: fromNullTime(d.SignatureVerifiedAt), Qualification: d.Qualification}
	if f := p.Final; f != nil {
		kind, reason := string(f.Kind), string(f.Reason)
		row.FinalKind, row.FinalAt, row.FinalReason, row.FinalVersion, row.FinalRecordedAt = &kind, &f.From, &reason, &f.Version, &f.RecordedAt
	}
	if f := p.Title; f != nil {
		row.TitleVersion, row.TitleVerifiedAt, row.TitleUntil, row.TitleRecordedAt = &f.Version, &f.From, &f.Until, &f.RecordedAt
	}
	entries := make([]suspensionEntry, len(p.Suspensions))
	for i, s := range p.Suspensions {
		entries[i] = suspensionEntry{s.Version, s.SuspensionID, s.From, s.Until, s.RecordedAt, string(s.Reason), s.EventID}
	}
	var err error
	row.Suspensions, err = json.Marshal(entries)
	return row, err
}

// projection turns the row into the domain's. Of the final act it knows all
// but the audit event.
func (r *projectionRow) projection() (poa.Projection, error) {
	p := poa.Projection{AcceptedAt: r.AcceptedAt.UTC(), Version: r.Version,
		Term: poa.Term{From: fromDay(&r.ValidFrom), Through: fromDay(&r.ValidThrough)}}
	if r.FinalKind != nil && r.FinalAt != nil && r.FinalVersion != nil {
		p.Final = &poa.Fact{DelegationID: poa.DelegationID(r.DelegationID), Version: *r.FinalVersion, Kind: poa.FactKind(*r.FinalKind), Stands: true,
			From: r.FinalAt.UTC(), RecordedAt: fromNullTime(r.FinalRecordedAt), Reason: fromNullText[poa.ValidityReason](r.FinalReason)}
	}
	if r.TitleVersion != nil {
		p.Title = &poa.Fact{DelegationID: poa.DelegationID(r.DelegationID), Version: *r.TitleVersion, Kind: poa.FactTitle, Stands: true,
			From: fromNullTime(r.TitleVerifiedAt), Until: fromNullTime(r.TitleUntil), RecordedAt: fromNullTime(r.TitleRecordedAt)}
	}
	var err error
	if len(r.Suspensions) > len("[]") {
		p.Suspensions, err = r.suspended()
	}
	return p, err
}

// suspended are the stretches of suspension.
func (r *projectionRow) suspended() (all []poa.Fact, err error) {
	var entries []suspensionEntry
	if err := json.Unmarshal(r.Suspensions, &entries); err != nil {
		return nil, fmt.Errorf("reading suspensions of a projection: %w", err)
	}
	for _, e := range entries {
		all = append(all, poa.Fact{DelegationID: poa.DelegationID(r.DelegationID), Version: e.Version, Kind: poa.FactSuspension,
			SuspensionID: e.ID, Stands: true, From: e.From.UTC(), Until: e.Until.UTC(), RecordedAt: e.RecordedAt.UTC(),
			Reason: poa.ValidityReason(e.Reason), EventID: e.EventID})
	}
	return all, nil
}

// Projection returns the fold of an accepted delegation's facts.
func (r reader) Projection(ctx context.Context, id poa.DelegationID) (poa.Projection, error) {
	var row projectionRow
	if err := r.q.NewSelect().Model(&row).Where("delegation_id = ?", string(id)).Scan(ctx); err != nil {
		return poa.Projection{}, failed(err, "reading projection")
	}
	return row.projection()
}

// Projections returns those of the delegations.
func (r reader) Projections(ctx context.Context, ids []poa.DelegationID) (map[poa.DelegationID]poa.Projection, error) {
	var rows []projectionRow
	if err := r.q.NewSelect().Model(&rows).Where("delegation_id IN (?)", bun.List(texts(ids))).Scan(ctx); err != nil {
		return nil, failed(err, "reading projections")
	}
	found := make(map[poa.DelegationID]poa.Projection, len(rows))
	for _, row := range rows {
		p, err := row.projection()
		if err != nil {
			return nil, err
		}
		found[poa.DelegationID(row.DelegationID)] = p
	}
	return found, nil
}
