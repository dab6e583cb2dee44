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

// fill empties the audit log of questions with what follows it, makes a token and
// draws the IDs that questions are about.
func (w *world) fill(tb testing.TB, delegations int) {
	tb.Helper()
	w.exec(tb, "TRUNCATE inquiries, inquiry_index, log_leaves, log_runs, log_nodes, log_checkpoints",
		"DELETE FROM river.river_job", // those of a program that was killed count as running until they are rescued
		"UPDATE log_head SET size = 0, audit_through = NULL, inquiries_through = NULL, swept_at = NULL", "UPDATE inquiry_index_mark SET until = 'epoch', id = ''")
	w.newToken(tb)
	step := max(1, delegations/most)
	for n := range delegations / step { // by tens, so that every tenth is revoked as in the whole
		w.ids = append(w.ids, idOf(n/10*10*step+n%10))
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
	run(parties)
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
		progress("  %.60s", strings.Join(strings.Fields(statement), " "))
	}
}

// loading are the statements that make rows of the IDs, in the order of the IDs,
// so that the large indexes grow at their end. Every tenth delegation is revoked.
var loading = []string{
	`CREATE UNLOGGED TABLE bench_rows AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, i, id FROM bench_ids ORDER BY id`,
	`DROP TABLE bench_ids`,
	`INSERT INTO status_lists (list) SELECT 1 + i FROM generate_series(0, (SELECT max(n) FROM bench_rows) >> 20) AS i`,
	`INSERT INTO status_list_entries (list, index) SELECT 1 + (n >> 20), n & 1048575 FROM bench_rows`,
	`INSERT INTO delegations (id, delegator_id, state, sealed, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256,
		acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at)
	SELECT id, 'dgr_bench', 'ACCEPTED', '\x00', d::date, d::date + 730, 1 + (n >> 20), n & 1048575, 1 + (i % 10 / 9), d, z, 'X-' || lpad(n::text, 9, '0'), d, d, z, z, z, d, d
	FROM bench_rows, (SELECT now() - interval '30 days' AS d, decode(repeat('00', 32), 'hex') AS z) AS same`,
	`INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, event_id)
	SELECT id, v, CASE v WHEN 1 THEN 'ACCEPTED' ELSE 'REVOKED' END, true, d + v * interval '1 day', d + v * interval '1 day', 'evt_' || n
	FROM bench_rows, (SELECT now() - interval '31 days' AS d) AS same, LATERAL generate_series(1, 1 + i % 10 / 9) AS v`,
	`INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at,
		final_kind, final_at, final_reason, final_version, final_recorded_at)
	SELECT id, d, d::date, d::date + 730, 1 + (i % 10 / 9), z, z, z, d, CASE WHEN i % 10 = 9 THEN 'REVOKED' END, CASE WHEN i % 10 = 9 THEN r END,
		CASE WHEN i % 10 = 9 THEN '' END, CASE WHEN i % 10 = 9 THEN 2 END, CASE WHEN i % 10 = 9 THEN r END
	FROM bench_rows, (SELECT now() - interval '30 days' AS d, now() - interval '29 days' AS r, decode(repeat('00', 32), 'hex') AS z) AS same`,
	`DROP TABLE bench_rows`,
	`VACUUM (ANALYZE)`,
}
