// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

// LockPartyState reads a party's state and locks its row.
func (t *tx) LockPartyState(ctx context.Context, id string) (poa.EnrollmentState, error) {
	return t.partyState(ctx, id, "NO KEY UPDATE")
}

// SharePartyState reads a party's state and keeps it as it is until the commit.
func (t *tx) SharePartyState(ctx context.Context, id string) (poa.EnrollmentState, error) {
	return t.partyState(ctx, id, "SHARE")
}

func (t *tx) partyState(ctx context.Context, id, lock string) (poa.EnrollmentState, error) {
	var state string
	err := t.q.NewSelect().TableExpr("parties").Column("state").Where("id = ?", id).For(lock).Scan(ctx, &state)
	return poa.EnrollmentState(state), failed(err, "locking party")
}

// LockDelegations locks every delegation of a delegator that is open or
// accepted, in the order of their IDs.
func (t *tx) LockDelegations(ctx context.Context, delegatorID string) error {
	_, err := t.q.ExecContext(ctx, `SELECT count(*) FROM (SELECT id FROM delegations WHERE delegator_id = ?
		AND state IN ('DRAFTED', 'SUBMITTED', 'ACCEPTED') ORDER BY id FOR NO KEY UPDATE) AS locked`, delegatorID)
	return failed(err, "locking delegations")
}

// endDelegations appends the end to every delegation that stands, as AppendFact
// does for one: version and instant of recording follow the newest fact's, the
// projection is brought up to date, and the outbox has its row. One that ended,
// whose term is over or that was never accepted is left alone. An end that was
// to come later comes now.
const endDelegations = `WITH ended AS (
	INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, reason, event_id)
	SELECT d.id, d.version + 1, 'ENDED', true, ?, greatest(?::timestamptz, last.recorded_at + interval '1 microsecond'), ?, ?
	FROM delegations d JOIN projections p ON p.delegation_id = d.id JOIN facts last ON last.delegation_id = d.id AND last.version = d.version
	WHERE d.delegator_id = ? AND d.state = 'ACCEPTED' AND (p.final_at IS NULL OR p.final_at > ?) AND p.valid_through >= ?
	RETURNING delegation_id, version, effective_from, recorded_at, reason
), bumped AS (
	UPDATE delegations d SET version = e.version FROM ended e WHERE d.id = e.delegation_id
), projected AS (
	UPDATE projections p SET version = e.version, final_kind = 'ENDED', final_at = e.effective_from, final_reason = e.reason,
		final_version = e.version, final_recorded_at = e.recorded_at
	FROM ended e WHERE p.delegation_id = e.delegation_id
)
INSERT INTO outbox (type, delegation_id, delegator_id, version, status, at)
SELECT 'delegation.ended', e.delegation_id, ?, e.version, 'ENDED', ? FROM ended e ORDER BY e.delegation_id`

// EndDelegations ends every delegation of a delegator that stands and closes its
// open filings, in a handful of statements however many there are.
func (t *tx) EndDelegations(ctx context.Context, delegatorID string, reason poa.ValidityReason, eventID string, at time.Time) (int, error) {
	at = micros(at)
	today := poa.DateOf(at).String()
	res, err := t.q.ExecContext(ctx, endDelegations, at, at, string(reason), eventID, delegatorID, at, today, delegatorID, at)
	if err != nil {
		return 0, failed(err, "ending delegations")
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, failed(err, "ending delegations")
	}
	t.published = t.published || n > 0
	_, err = t.q.ExecContext(ctx, `UPDATE delegations SET state = CASE state WHEN 'DRAFTED' THEN 'ABANDONED' ELSE 'WITHDRAWN' END, closed_at = ?
		WHERE delegator_id = ? AND state IN ('DRAFTED', 'SUBMITTED')`, at, delegatorID)
	return int(n), failed(err, "closing filings")
}

// endParty are the statements by which everything of a party's stops. What it
// asked the service (QUESTION) is still answered. Notices go nowhere any more:
// the word of the end itself is mailed in the same transaction.
var endParty = []struct{ what, sql string }{
	{"ending accounts", `UPDATE accounts SET disabled_at = ?1 WHERE party_id = ?0 AND disabled_at IS NULL`},
	{"ending tokens", `UPDATE api_tokens SET revoked_at = ?1 WHERE party_id = ?0 AND revoked_at IS NULL`},
	{"ending endpoints", `UPDATE endpoints SET state = 'DISABLED', disabled_reason = 'CONTRACT_ENDED', disabled_at = ?1 WHERE party_id = ?0 AND deleted_at IS NULL`},
	{"ending watches", `UPDATE watches SET ended_at = ?1 WHERE recipient_id = ?0 AND ended_at IS NULL`},
	{"ending deliveries", `UPDATE deliveries SET state = CASE state WHEN 'PENDING' THEN 'FAILED' ELSE state END, resend_at = NULL, next_at = NULL,
		last_error = CASE state WHEN 'PENDING' THEN 'CONTRACT_ENDED' ELSE last_error END WHERE party_id = ?0 AND (state = 'PENDING' OR next_at IS NOT NULL)`},
	{"ending notices", `UPDATE mail_addresses SET unsubscribed_at = ?1 WHERE party_id = ?0 AND unsubscribed_at IS NULL`},
	{"closing changes", `UPDATE changes SET state = 'WITHDRAWN', decided_at = ?1, decided_by = 'system' WHERE party_id = ?0 AND state IN ('UNPROVED', 'WAITING')`},
	{"closing cases", `UPDATE cases SET closed_at = ?1, closed_by = 'system', outcome = 'CONTRACT_ENDED' WHERE party_id = ?0 AND closed_at IS NULL AND kind <> 'QUESTION'`},
}

// EndParty ends the contract of an active party; ErrConflict where it is none.
func (t *tx) EndParty(ctx context.Context, id string, at time.Time) error {
	res, err := t.q.ExecContext(ctx, `UPDATE parties SET state = 'ENDED', ended_at = ? WHERE id = ? AND state = 'ACTIVE'`, at.UTC(), id)
	if err := changed(res, err, "ending party"); err != nil {
		return err
	}
	for _, each := range endParty {
		if _, err := t.q.ExecContext(ctx, each.sql, id, at.UTC()); err != nil {
			return failed(err, each.what)
		}
	}
	return nil
}

type contractEndRow struct {
	bun.BaseModel `bun:"table:contract_ends,alias:e"`

	PartyID     string     `bun:"party_id,pk"`
	EndedAt     time.Time  `bun:"ended_at"`
	EndedBy     string     `bun:"ended_by"`
	ByKind      string     `bun:"by_kind"`
	Delegations int        `bun:"delegations"`
	LinkHash    []byte     `bun:"link_hash"`
	ConfirmedAt *time.Time `bun:"erasure_confirmed_at"`
}

// InsertContractEnd stores the end of a contract.
func (t *tx) InsertContractEnd(ctx context.Context, e poa.ContractEnd) error {
	row := contractEndRow{PartyID: e.PartyID, EndedAt: e.EndedAt.UTC(), EndedBy: e.EndedBy, ByKind: string(e.ByKind), Delegations: e.Delegations}
	if e.LinkHash != [32]byte{} {
		row.LinkHash = e.LinkHash[:]
	}
	_, err := t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting contract's end")
}

// ConfirmErasure records that the signing application was erased, once.
func (t *tx) ConfirmErasure(ctx context.Context, partyID string, at time.Time) error {
	res, err := t.q.NewUpdate().Model((*contractEndRow)(nil)).Set("erasure_confirmed_at = ?", at.UTC()).
		Where("party_id = ?", partyID).Where("erasure_confirmed_at IS NULL").Exec(ctx)
	return changed(res, err, "confirming erasure")
}

// ContractEnd returns the end of a party's contract.
func (r reader) ContractEnd(ctx context.Context, partyID string) (poa.ContractEnd, error) {
	return r.contractEnd(ctx, "party_id = ?", partyID)
}

// ContractEndByLink returns the end of the contract that a link was mailed for.
func (r reader) ContractEndByLink(ctx context.Context, hash [32]byte) (poa.ContractEnd, error) {
	return r.contractEnd(ctx, "link_hash = ?", hash[:])
}

func (r reader) contractEnd(ctx context.Context, where string, value any) (poa.ContractEnd, error) {
	var row contractEndRow
	if err := r.q.NewSelect().Model(&row).Where(where, value).Scan(ctx); err != nil {
		return poa.ContractEnd{}, failed(err, "reading contract's end")
	}
	hash, err := fromDigest(row.LinkHash)
	if err != nil {
		return poa.ContractEnd{}, fmt.Errorf("reading contract's end: %w", err)
	}
	return poa.ContractEnd{PartyID: row.PartyID, EndedAt: row.EndedAt.UTC(), EndedBy: row.EndedBy, ByKind: poa.ActorKind(row.ByKind),
		Delegations: row.Delegations, LinkHash: hash, ErasureConfirmedAt: fromNullTime(row.ConfirmedAt)}, nil
}
