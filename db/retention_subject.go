// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa"
)

// textUnlessErased opens a sealed text; "" where the person was erased.
func (r reader) textUnlessErased(ctx context.Context, s Subject, table, row string, sealed []byte) (string, error) {
	text, err := r.db.seal.Open(ctx, s, table, "sealed", row, sealed)
	if errors.Is(err, ErrErased) {
		return "", nil
	}
	return string(text), err
}

// subjectsSQL reads what the rules ask of the subjects of a kind that are not
// erased. The columns are the same for all.
var subjectsSQL = map[poa.SubjectKind]string{
	poa.SubjectDelegation: `SELECT d.id, d.delegator_id AS party_id, '' AS role, d.state, d.submitted_at AS received_at, d.closed_at, d.valid_through, p.final_at,
			NULL::timestamptz AS ended_at, 0 AS delegations
		FROM delegations d LEFT JOIN projections p ON p.delegation_id = d.id
		WHERE NOT EXISTS (SELECT FROM destroyed_keys k WHERE k.class = 'delegation' AND k.subject_id = d.id)`,
	poa.SubjectParty: `SELECT d.id, '' AS party_id, d.role, d.state, d.applied_at AS received_at,
			CASE WHEN d.state = 'WITHDRAWN' AND d.proved_at IS NULL AND d.entered_by IS NULL THEN d.decided_at END AS closed_at, NULL::date AS valid_through,
			NULL::timestamptz AS final_at, d.ended_at,
			(SELECT count(*)::integer FROM delegations x WHERE x.delegator_id = d.id
				AND NOT EXISTS (SELECT FROM destroyed_keys k WHERE k.class = 'delegation' AND k.subject_id = x.id)) AS delegations
		FROM parties d WHERE NOT EXISTS (SELECT FROM destroyed_keys k WHERE k.class = 'account' AND k.subject_id = d.id)`,
	poa.SubjectStaff: `SELECT d.id, '' AS party_id, '' AS role, '' AS state, NULL::timestamptz AS received_at, NULL::timestamptz AS closed_at,
			NULL::date AS valid_through, NULL::timestamptz AS final_at, d.disabled_at AS ended_at, 0 AS delegations
		FROM accounts d WHERE d.party_id IS NULL AND NOT EXISTS (SELECT FROM destroyed_keys k WHERE k.class = 'account' AND k.subject_id = d.id)`,
	poa.SubjectArchive: `SELECT d.id, '' AS party_id, '' AS role, '' AS state, NULL::timestamptz AS received_at, NULL::timestamptz AS closed_at,
			NULL::date AS valid_through, NULL::timestamptz AS final_at, d.detached_at AS ended_at, 0 AS delegations
		FROM archive_manifests d WHERE d.ended_at IS NULL`,
}

type retainedRow struct {
	ID           string
	PartyID      string
	Role         string
	State        string
	ReceivedAt   *time.Time
	ClosedAt     *time.Time
	ValidThrough *time.Time
	FinalAt      *time.Time
	EndedAt      *time.Time
	Delegations  int
}

func (r retainedRow) subject(kind poa.SubjectKind) poa.RetainedSubject {
	return poa.RetainedSubject{SubjectRef: poa.SubjectRef{Kind: kind, ID: r.ID}, PartyID: r.PartyID, Role: poa.PartyRole(r.Role), State: r.State,
		ReceivedAt: fromNullTime(r.ReceivedAt), ClosedAt: fromNullTime(r.ClosedAt), ValidThrough: fromDay(r.ValidThrough), FinalAt: fromNullTime(r.FinalAt),
		EndedAt: fromNullTime(r.EndedAt), Delegations: r.Delegations}
}

// RetainedSubject reads what the rules ask of a subject; ErrNotFound where it is
// not there or erased.
func (r reader) RetainedSubject(ctx context.Context, ref poa.SubjectRef) (poa.RetainedSubject, error) {
	var row retainedRow
	if err := r.q.NewRaw(subjectsSQL[ref.Kind]+" AND d.id = ?", ref.ID).Scan(ctx, &row); err != nil {
		return poa.RetainedSubject{}, failed(err, "reading subject")
	}
	return row.subject(ref.Kind), nil
}

// RetainedSubjects lists subjects that are not erased, in the order of their IDs.
func (r reader) RetainedSubjects(ctx context.Context, kind poa.SubjectKind, after string, limit int) ([]poa.RetainedSubject, error) {
	if subjectsSQL[kind] == "" {
		return nil, fmt.Errorf("reading subjects: %q is no kind", kind)
	}
	var rows []retainedRow
	if err := r.q.NewRaw(subjectsSQL[kind]+" AND d.id > ? ORDER BY d.id LIMIT ?", after, limit).Scan(ctx, &rows); err != nil {
		return nil, failed(err, "reading subjects")
	}
	subjects := make([]poa.RetainedSubject, len(rows))
	for i, row := range rows {
		subjects[i] = row.subject(kind)
	}
	return subjects, nil
}
