// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
	"ininjo/poa/log"
)

type auditRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:e"`

	ID        string          `bun:"id,pk"`
	At        time.Time       `bun:"at,pk"`
	ActorKind string          `bun:"actor_kind"`
	ActorID   string          `bun:"actor_id"`
	PartyID   *string         `bun:"party_id"`
	Action    string          `bun:"action"`
	SubjectID *string         `bun:"subject_id"`
	Outcome   string          `bun:"outcome"`
	Data      json.RawMessage `bun:"data,type:json"`
}

// partyDetail is the detail under which the party stands in an event's data, so
// that the leaf hash covers it.
const partyDetail = "partyId"

// Audit inserts the event of the act. A failing insert fails the act.
func (t *tx) Audit(ctx context.Context, e poa.AuditEvent) error {
	return t.AuditAll(ctx, []poa.AuditEvent{e})
}

// AuditAll inserts events of acts that share a transaction.
func (t *tx) AuditAll(ctx context.Context, events []poa.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([]auditRow, len(events))
	for i, e := range events {
		data, err := auditData(e)
		if err != nil {
			return err
		}
		rows[i] = auditRow{ID: e.ID, At: e.At.UTC(), ActorKind: string(e.ActorKind), ActorID: e.ActorID, PartyID: nullText(e.PartyID), Action: string(e.Action),
			SubjectID: nullText(e.SubjectID), Outcome: e.Outcome, Data: data}
	}
	_, err := t.q.NewInsert().Model(&rows).Exec(ctx)
	return failed(err, "inserting audit events")
}

// auditData is the canonical JSON of an event's details: names in order,
// without spaces. It is kept as text, since the leaf hash covers its bytes.
func auditData(e poa.AuditEvent) (json.RawMessage, error) {
	details := make(map[string]string, len(e.Data)+1)
	for name, value := range e.Data {
		details[name] = value
	}
	if e.PartyID != "" {
		details[partyDetail] = e.PartyID
	}
	data, err := json.Marshal(details)
	if err != nil {
		return nil, fmt.Errorf("encoding audit event: %w", err)
	}
	return data, nil
}

// toAuditEvent computes the leaf hash of the row as returned.
func toAuditEvent(_ context.Context, row auditRow) (poa.AuditEvent, error) {
	e := poa.AuditEvent{ID: row.ID, At: row.At.UTC(), ActorKind: poa.ActorKind(row.ActorKind), ActorID: row.ActorID, PartyID: fromNullText[string](row.PartyID),
		Action: poa.Action(row.Action), SubjectID: fromNullText[string](row.SubjectID), Outcome: row.Outcome}
	if err := json.Unmarshal(row.Data, &e.Data); err != nil {
		return poa.AuditEvent{}, fmt.Errorf("decoding audit event: %w", err)
	}
	if delete(e.Data, partyDetail); len(e.Data) == 0 {
		e.Data = nil
	}
	e.LeafHash = row.leafHash()
	return e, nil
}

func (row auditRow) leafHash() [32]byte {
	return log.LeafHash(log.Row{EventID: row.ID, At: row.At, ActorKind: row.ActorKind, ActorID: row.ActorID, Action: row.Action,
		SubjectID: fromNullText[string](row.SubjectID), Outcome: row.Outcome, Data: row.Data})
}

// AuditEvents lists audit events, newest first.
func (r reader) AuditEvents(ctx context.Context, f poa.AuditFilter, p poa.Page) (poa.List[poa.AuditEvent], error) {
	filtered := func(rows *[]auditRow) *bun.SelectQuery { return auditFiltered(r.q.NewSelect().Model(rows), f) }
	place := func(row auditRow) cursor { return cursor{At: row.At.UTC(), ID: row.ID} }
	return paged(ctx, filtered, ordering{column: "e.at", id: "e.id"}, p, place, toAuditEvent)
}

func auditFiltered(q *bun.SelectQuery, f poa.AuditFilter) *bun.SelectQuery {
	if f.SubjectID != "" {
		q = q.Where("e.subject_id = ?", f.SubjectID)
	}
	if f.ActorID != "" {
		q = q.Where("e.actor_id = ?", f.ActorID)
	}
	if len(f.Actions) > 0 {
		q = q.Where("e.action IN (?)", bun.List(texts(f.Actions)))
	}
	switch f.Outcome {
	case "":
	case poa.OutcomeRefused:
		q = q.Where("e.outcome <> ?", poa.OutcomeDone)
	default:
		q = q.Where("e.outcome = ?", f.Outcome)
	}
	if !f.From.IsZero() {
		q = q.Where("e.at >= ?", f.From.UTC())
	}
	if !f.Until.IsZero() {
		q = q.Where("e.at < ?", f.Until.UTC())
	}
	return q
}
