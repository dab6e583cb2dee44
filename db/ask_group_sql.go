// SPDX-License-Identifier: Apache-2.0

package db

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// askGroupSQL checks the tokens of a group, reads and audits in one statement:
// a withdrawn token stops with its commit, and what is answered is what was
// audited. Each token is looked up once, each inquiry judged at its own instant.
// Nothing is inserted for an asker who may not ask, and nothing for one that
// watches what it asks about and does not watch this yet: that waits for changes
// under way (design.md, rule 14), which nobody else must do. A row with a negative
// ordinal tells of an asker, the others of inquiries. An array may be shorter than
// there are inquiries: it is null for those behind its end. What the caller did
// not give a digest for, no digest is read to compare it with.
//
// PostgreSQL plans it once, with the statistics of that moment. OFFSET 0 has each
// token found by the index on its hash, where a join read all tokens while they are
// few. The LEFT JOIN of askers, whose condition coalesce keeps from being made an
// inner one, has their hash table built of the few askers and not of the inquiries.
const askGroupSQL = `WITH asker AS MATERIALIZED (
	SELECT c.number, t.id AS token_id, t.account_id, t.kind, coalesce(t.party_id, '') AS party_id, t.scope, t.expires_at, a.disabled_at, s.active,
		t.kind = 'RECIPIENT' AND s.active AND t.scope IN ('ALL', 'VALIDITY') AS may, coalesce(p.watch_asked, false) AS watches
	FROM unnest($1::bytea[]) WITH ORDINALITY AS c (hash, number)
	CROSS JOIN LATERAL (SELECT * FROM api_tokens WHERE hash = c.hash AND revoked_at IS NULL OFFSET 0) t
	JOIN accounts a ON a.id = t.account_id LEFT JOIN parties p ON p.id = t.party_id
	CROSS JOIN LATERAL (SELECT coalesce(p.state = 'ACTIVE', false) AS active) s
), asked AS (
	SELECT u.*, k.watches AND u.delegation_id IS NOT NULL AND NOT EXISTS (SELECT FROM watches w WHERE w.recipient_id = k.party_id AND w.delegation_id = u.delegation_id AND w.ended_at IS NULL) AS later
	FROM unnest($2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::bytea[], $8::text[])
		WITH ORDINALITY AS u (asker, id, delegation_id, answered_at, asked_document, asked_certificate, nonce, ordinal)
	LEFT JOIN asker k ON k.number = u.asker
	WHERE coalesce(k.expires_at > u.answered_at AND (k.disabled_at IS NULL OR k.disabled_at > u.answered_at), false)
), reading AS MATERIALIZED (
	SELECT q.*, p.accepted_at, p.valid_from, p.valid_through, %s AS version, p.final_kind, p.final_at, p.final_reason, p.final_version, p.final_recorded_at, p.suspensions,
		CASE WHEN q.asked_document IS NOT NULL THEN p.file_sha256 END AS file_sha256, CASE WHEN q.asked_document IS NOT NULL THEN p.content_sha256 END AS content_sha256,
		CASE WHEN q.asked_certificate IS NOT NULL THEN p.delegate_certificate_sha256 END AS delegate_certificate_sha256,
		p.signature_verified_at, p.qualification, p.title_version, p.title_verified_at, p.title_until, p.title_recorded_at
	FROM asked q LEFT JOIN %s
), inserted AS (
	INSERT INTO inquiries (id, answered_at, recipient_id, account_id, token_id, delegation_id, mistyped, historical,
		document_sha256, delegate_certificate_sha256, nonce, version)
	SELECT r.id, r.answered_at, k.party_id, k.account_id, k.token_id, r.delegation_id, r.delegation_id IS NULL, false, r.asked_document, r.asked_certificate, coalesce(r.nonce, ''), r.version
	FROM reading r JOIN asker k ON k.number = r.asker WHERE k.may AND NOT r.later
)
SELECT -number AS ordinal, kind, account_id, party_id, scope, active, may, NULL::boolean AS later, NULL::integer AS version, NULL::timestamptz, NULL::date, NULL::date,
	NULL::text, NULL::timestamptz, NULL::text, NULL::integer, NULL::timestamptz, NULL::jsonb, NULL::bytea, NULL::bytea, NULL::bytea,
	NULL::timestamptz, NULL::text, NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
FROM asker
UNION ALL
SELECT ordinal, NULL, NULL, NULL, NULL, NULL, NULL, later, version, accepted_at, valid_from, valid_through,
	final_kind, final_at, final_reason, final_version, final_recorded_at, suspensions, file_sha256, content_sha256, delegate_certificate_sha256,
	signature_verified_at, qualification, title_version, title_verified_at, title_until, title_recorded_at
FROM reading`

// askerColumns are how many columns of a row tell of an asker, behind the ordinal;
// the others tell of an inquiry.
const askerColumns = 6

// few is how many inquiries a statement has at most that takes the same time for
// known and unknown IDs. Nobody can tell the one from the other in a larger one,
// where the time is that of all, but who asks about many at once and is told.
const few = 4

// The statement for many reads a row for each ID that is known; that for few
// reads one for an unknown ID as well, its neighbour's, and shows it to nobody.
var (
	askManySQL = fmt.Sprintf(askGroupSQL, "p.version", "projections p ON p.delegation_id = q.delegation_id")
	askFewSQL  = fmt.Sprintf(askGroupSQL, "CASE WHEN p.delegation_id = q.delegation_id THEN p.version END",
		"LATERAL (SELECT * FROM projections n WHERE n.delegation_id >= q.delegation_id ORDER BY n.delegation_id LIMIT 1) p ON true")
)

// binaryFormat is that of all parameters and columns.
var binaryFormat = []int16{pgx.BinaryFormatCode}

// array writes an array in PostgreSQL's binary format: dimensions, whether there
// are nulls, the elements' type, their number, the first one's index, and each
// element behind its length.
type array struct {
	buffer []byte
	count  uint32
}

const arrayHeader = 20

func newArray(element uint32, size int) *array {
	b := make([]byte, 0, arrayHeader+size)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint32(b, element)
	b = binary.BigEndian.AppendUint32(b, 0)
	return &array{buffer: binary.BigEndian.AppendUint32(b, 1)}
}

func (a *array) text(s string) {
	a.length(uint32(len(s)))
	a.buffer = append(a.buffer, s...)
}

func (a *array) bytes(b []byte) {
	a.length(uint32(len(b)))
	a.buffer = append(a.buffer, b...)
}

// at writes the element with the index, and null for those before it that are not
// there; nothing where b is empty.
func (a *array) at(index int, b []byte) {
	if len(b) == 0 {
		return
	}
	for int(a.count) < index {
		a.null()
	}
	a.bytes(b)
}

func (a *array) number32(n uint32) {
	a.length(4)
	a.buffer = binary.BigEndian.AppendUint32(a.buffer, n)
}

// instant writes microseconds since 2000.
func (a *array) instant(t time.Time) {
	a.length(8)
	a.buffer = binary.BigEndian.AppendUint64(a.buffer, uint64(t.UnixMicro()-epochMicro))
}

func (a *array) null() {
	a.length(^uint32(0))
	a.buffer[7] = 1
}

func (a *array) length(n uint32) {
	a.count++
	a.buffer = binary.BigEndian.AppendUint32(a.buffer, n)
}

func (a *array) done() []byte {
	binary.BigEndian.PutUint32(a.buffer[12:], a.count)
	return a.buffer
}
