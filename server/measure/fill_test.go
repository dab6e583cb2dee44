// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// most is how many delegations' IDs questions are taken from: the whole of a
// small database, a sample from all over a large one.
const most = 1_000_000

// fill makes two parties, a token and the delegations, unless an earlier run
// did, and empties the audit log of questions.
func (w *world) fill(tb testing.TB, delegations int) {
	tb.Helper()
	if w.count(tb, "SELECT count(*) FROM parties WHERE id = 'rcp_bench'") == 0 {
		w.exec(tb, parties)
	}
	if w.count(tb, "SELECT count(*) FROM (SELECT FROM projections LIMIT 1) AS p") == 0 {
		progress("loading %d delegations into %s", delegations, w.dir)
		w.load(tb, delegations)
		progress("loaded")
	}
	w.exec(tb, "TRUNCATE inquiries")
	w.newToken(tb)
	step := max(1, delegations/most)
	for i := 0; i < delegations; i += step {
		w.ids = append(w.ids, idOf(i))
	}
}

// parties are a delegator and a recipient with an account. Nothing of theirs is
// unsealed when a question is answered.
const parties = `INSERT INTO parties (id, role, kind, state, number, sealed, language, applied_at, decided_at, name_shown)
	VALUES ('dgr_bench', 'DELEGATOR', 'CORPORATION', 'ACTIVE', 'A-1', '\x00', 'ja', now(), now(), false),
	       ('rcp_bench', 'RECIPIENT', 'CORPORATION', 'ACTIVE', 'B-1', '\x00', 'ja', now(), now(), false);
	INSERT INTO accounts (id, party_id, kind, roles, sealed, email_hash, language, created_at, member)
	VALUES ('acc_bench', 'rcp_bench', 'RECIPIENT', '{}', '\x00', '\x00', 'ja', now(), 'ADMINISTRATOR')`

// symbols is Crockford's base 32.
const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// idOf is the ID of the delegation of a number: as random as others, and the
// same in the next run.
func idOf(number int) poa.DelegationID {
	random := rand.New(rand.NewPCG(uint64(number), 1))
	bits := [2]uint64{random.Uint64(), random.Uint64()}
	table := checks()
	id, check := make([]byte, 0, 29), byte(0)
	for i := range 24 {
		value := bits[i/12] >> (5 * (i % 12)) & 31
		id, check = append(id, symbols[value]), check^table[i][value]
		if i%5 == 4 {
			id = append(id, '-')
		}
	}
	return poa.DelegationID(append(id, symbols[check]))
}

// checks tells what each value at each place adds to the check character, which
// is linear. It is found by trying: making ten million IDs by trying is too slow.
var checks = sync.OnceValue(func() (table [24][32]byte) {
	for i := range table {
		for value := range table[i] {
			body := []byte(strings.Repeat("0", 25))
			body[i] = symbols[value]
			for check := range symbols {
				body[24] = symbols[check]
				if _, ok := poa.ParseDelegationID(string(body)); ok {
					table[i][value] = byte(check)
				}
			}
		}
	}
	return table
})

func TestIDsOfTheBenchmarks(t *testing.T) {
	t.Parallel()
	for i := range 1000 {
		if id, ok := poa.ParseDelegationID(string(idOf(i))); !ok || id != idOf(i) {
			t.Fatalf("%s is none", idOf(i))
		}
	}
}

// load copies the IDs and lets PostgreSQL make the rows around them. Checks of
// foreign keys are off, what CHECK and UNIQUE refuse is refused.
func (w *world) load(tb testing.TB, delegations int) {
	tb.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.url())
	must(tb, err)
	defer conn.Close(ctx)
	run := func(statement string, args ...any) {
		_, err := conn.Exec(ctx, statement, args...)
		must(tb, err)
	}
	run("SET session_replication_role = replica")
	run("CREATE UNLOGGED TABLE bench_ids (i integer, id text)")
	next := 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"bench_ids"}, []string{"i", "id"}, pgx.CopyFromFunc(func() ([]any, error) {
		if next == delegations {
			return nil, nil
		}
		next++
		return []any{int32(next - 1), string(idOf(next - 1))}, nil
	}))
	must(tb, err)
	for _, statement := range loading {
		run(statement)
	}
}

// loading are the statements that make rows of the IDs. Every tenth delegation
// is revoked.
var loading = []string{
	`INSERT INTO status_lists (list) SELECT 1 + i FROM generate_series(0, (SELECT max(i) FROM bench_ids) >> 20) AS i`,
	`INSERT INTO status_list_entries (list, index) SELECT 1 + (i >> 20), i & 1048575 FROM bench_ids`,
	`INSERT INTO delegations (id, delegator_id, state, sealed, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256,
		acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at)
	SELECT id, 'dgr_bench', 'ACCEPTED', '\x00', d::date, d::date + 730, 1 + (i >> 20), i & 1048575, 1 + (i % 10 / 9), d, z, 'X-' || i, d, d, z, z, z, d, d
	FROM bench_ids, (SELECT now() - interval '30 days' AS d, decode(repeat('00', 32), 'hex') AS z) AS same`,
	`INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, event_id)
	SELECT id, 1, 'ACCEPTED', true, d, d, 'evt_' || i FROM bench_ids, (SELECT now() - interval '30 days' AS d) AS same`,
	`INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, event_id)
	SELECT id, 2, 'REVOKED', true, d, d, 'evt_' || i FROM bench_ids, (SELECT now() - interval '20 days' AS d) AS same WHERE i % 10 = 9`,
	`INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at,
		final_kind, final_at, final_reason, final_version, final_recorded_at)
	SELECT id, d, d::date, d::date + 730, 1 + (i % 10 / 9), z, z, z, d, CASE WHEN i % 10 = 9 THEN 'REVOKED' END, CASE WHEN i % 10 = 9 THEN r END,
		CASE WHEN i % 10 = 9 THEN '' END, CASE WHEN i % 10 = 9 THEN 2 END, CASE WHEN i % 10 = 9 THEN r END
	FROM bench_ids, (SELECT now() - interval '30 days' AS d, now() - interval '20 days' AS r, decode(repeat('00', 32), 'hex') AS z) AS same`,
	`DROP TABLE bench_ids`,
	`VACUUM (ANALYZE)`,
	`CHECKPOINT`,
}
