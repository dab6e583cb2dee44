// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"fmt"
	"time"

	"ininjo/poa"
)

// revokeSlowly revokes in a transaction of its own that holds the delegation's
// row until it is released.
func (o *office) revokeSlowly(d poa.Delegation, locked chan<- struct{}, release <-chan struct{}) error {
	return o.store.InTx(o.tb.Context(), func(ctx context.Context, tx poa.Tx) error {
		d, err := tx.LockDelegation(ctx, d.ID)
		close(locked)
		if err != nil {
			return err
		}
		<-release
		fact := poa.Fact{DelegationID: d.ID, Kind: poa.FactRevoked, Stands: true, From: o.clock.Now(), EventID: "evt_slow"}
		_, err = tx.AppendFact(ctx, fact, poa.Term{From: d.ValidFrom, Through: d.ValidThrough}, o.clock.Now())
		return err
	})
}

// untilWaiting returns once a session of the test's database waits for a lock.
func (o *office) untilWaiting() {
	o.tb.Helper()
	machine := poa.SystemClock{}
	deadline := machine.Now().Add(20 * time.Second)
	for o.data.Text(o.tb, "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == "0" {
		if machine.Now().After(deadline) {
			o.tb.Fatal("nobody waits for a lock")
		}
	}
}

// publishChange inserts an outbox row as an act would.
func (o *office) publishChange(c poa.Change) error {
	return o.store.InTx(o.tb.Context(), func(ctx context.Context, tx poa.Tx) error { return tx.Publish(ctx, c) })
}

// manyDelegations is SQL that copies an accepted delegation n times.
func manyDelegations(d poa.Delegation, n int) string {
	ids := fmt.Sprintf(`SELECT 'ZZZZZ-' || s || '-' || lpad(i::text, 5, '0') || '-00000-00000' AS id, i FROM generate_series(1, %d) AS i,
		(SELECT lpad((count(*) %% 100000)::text, 5, '0') AS s FROM delegations) AS c`, n)
	return fmt.Sprintf(`CREATE TEMP TABLE copies AS %[1]s;
		INSERT INTO status_lists (list) SELECT 1000 + (SELECT count(*) FROM status_lists);
		INSERT INTO status_list_entries (list, index) SELECT (SELECT max(list) FROM status_lists), i FROM copies;
		INSERT INTO delegations (id, delegator_id, state, sealed, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256,
			acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at)
		SELECT c.id, d.delegator_id, 'ACCEPTED', d.sealed, d.valid_from, d.valid_through, (SELECT max(list) FROM status_lists), c.i, 1, d.drafted_at, d.draft_sha256,
			'X-' || c.id, d.submitted_at, d.signature_verified_at, d.file_sha256, d.content_sha256, d.delegate_certificate_sha256, d.delegate_certified_at, d.accepted_at
		FROM delegations d, copies c WHERE d.id = '%[2]s';
		INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, event_id) SELECT c.id, 1, 'ACCEPTED', true, f.effective_from, f.recorded_at, f.event_id
		FROM facts f, copies c WHERE f.delegation_id = '%[2]s' AND f.version = 1;
		INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at)
		SELECT c.id, p.accepted_at, p.valid_from, p.valid_through, 1, p.file_sha256, p.content_sha256, p.delegate_certificate_sha256, p.signature_verified_at
		FROM projections p, copies c WHERE p.delegation_id = '%[2]s';
		DROP TABLE copies`, ids, d.ID)
}
