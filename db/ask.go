// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/log"
)

// The asker by a token that holds at $2, by the account of a session, and one of
// whom nothing is asked. Their columns are the same.
const (
	askerByToken = `SELECT t.id AS token_id, t.account_id, t.kind, coalesce(t.party_id, '') AS party_id, a.roles, a.language, t.scope,
		coalesce(p.state = 'ACTIVE', false) AS active, coalesce(p.watch_asked AND p.state = 'ACTIVE' AND t.scope IN ('ALL', 'VALIDITY'), false) AS watches
	FROM api_tokens t JOIN accounts a ON a.id = t.account_id LEFT JOIN parties p ON p.id = t.party_id
	WHERE t.hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND (a.disabled_at IS NULL OR a.disabled_at > $2)`
	askerByAccount = `SELECT '' AS token_id, a.id AS account_id, a.kind, coalesce(a.party_id, '') AS party_id, a.roles, a.language, 'ALL' AS scope,
		coalesce(p.state = 'ACTIVE', false) AS active, coalesce(p.watch_asked AND p.state = 'ACTIVE', false) AS watches
	FROM accounts a LEFT JOIN parties p ON p.id = a.party_id
	WHERE a.id = $1 AND a.created_at <= $2 AND (a.disabled_at IS NULL OR a.disabled_at > $2)`
	askerUnknown = `SELECT '' AS token_id, $1::text AS account_id, 'ANONYMOUS' AS kind, '' AS party_id, ARRAY[]::text[] AS roles, 'ja' AS language,
		'VALIDITY' AS scope, true AS active, false AS watches
	WHERE $2::timestamptz IS NOT NULL`
)

// askSQL checks the credential, reads and audits in one statement: a withdrawn
// token stops with its commit, and what is answered is what was audited. It
// takes the same way for known and unknown IDs. Nothing is inserted for an
// asker who may not ask. For a recipient that watches what it asks about, the
// hot row comes from a function that begins the watch (design.md, rule 14), in
// the order of the IDs.
const askSQL = `WITH asker AS (%s), reading AS (
	SELECT q.*, p.delegation_id IS NOT NULL AS found, p.accepted_at, p.valid_from, p.valid_through, p.version, p.final_kind, p.final_at, p.final_reason,
		p.final_version, p.final_recorded_at, p.suspensions, p.file_sha256, p.content_sha256, p.delegate_certificate_sha256, p.signature_verified_at,
		p.qualification, p.title_version, p.title_verified_at, p.title_until, p.title_recorded_at
	FROM (
		SELECT u.*, k.party_id, k.watches AND NOT u.historical AS watches
		FROM unnest($3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[], $8::boolean[], $9::timestamptz[], $10::bytea[], $11::bytea[], $12::text[])
			WITH ORDINALITY AS u (id, delegation_id, mistyped, asked_at, known_at, historical, answered_at, asked_document, asked_certificate, nonce, ordinal)
		CROSS JOIN asker k ORDER BY u.delegation_id
	) q
	LEFT JOIN LATERAL (
		SELECT * FROM projections WHERE delegation_id = q.delegation_id AND NOT q.watches
		UNION ALL
		SELECT * FROM watch_asked(q.party_id, q.delegation_id, q.answered_at, q.id) WHERE q.watches
	) p ON true
), inserted AS (
	INSERT INTO inquiries (id, answered_at, recipient_id, account_id, token_id, delegation_id, mistyped, asked_at, known_at, historical,
		document_sha256, delegate_certificate_sha256, nonce, version)
	SELECT r.id, r.answered_at, k.party_id, k.account_id, k.token_id, r.delegation_id, r.mistyped, r.asked_at, r.known_at, r.historical,
		r.asked_document, r.asked_certificate, r.nonce, r.version
	FROM reading r CROSS JOIN asker k
	WHERE k.kind IN ('RECIPIENT', 'ANONYMOUS') AND k.active AND k.scope IN ('ALL', 'VALIDITY')
	RETURNING id, answered_at, recipient_id, delegation_id, mistyped, asked_at, known_at, document_sha256, delegate_certificate_sha256, nonce, version
)
SELECT k.kind, k.account_id, k.party_id, k.roles, k.language, k.scope, k.active,
	i.id, i.answered_at, i.recipient_id, i.delegation_id, i.mistyped, i.asked_at, i.known_at, i.document_sha256, i.delegate_certificate_sha256, i.nonce, i.version,
	r.found, r.accepted_at, r.valid_from, r.valid_through, r.version, r.final_kind, r.final_at, r.final_reason, r.final_version, r.final_recorded_at,
	r.suspensions, r.file_sha256, r.content_sha256, r.delegate_certificate_sha256, r.signature_verified_at, r.qualification,
	r.title_version, r.title_verified_at, r.title_until, r.title_recorded_at,
	CASE WHEN r.historical AND i.id IS NOT NULL THEN (SELECT json_agg(f ORDER BY f.version) FROM facts f WHERE f.delegation_id = r.delegation_id) END
FROM reading r CROSS JOIN asker k LEFT JOIN inserted i ON i.id = r.id ORDER BY r.ordinal`

var (
	askByToken   = fmt.Sprintf(askSQL, askerByToken)
	askByAccount = fmt.Sprintf(askSQL, askerByAccount)
	askByNobody  = fmt.Sprintf(askSQL, askerUnknown)
)

// Ask checks the credential, reads the delegations and inserts the audit rows
// of the inquiries in one statement. It returns after the server said that the
// statement's transaction is over, hence durable: rows alone can arrive before
// that. Questions of now by a token share their statement with others that wait;
// what reads facts, begins a watch or comes with another credential has one of
// its own.
func (d *DB) Ask(ctx context.Context, c poa.Credential, inquiries []poa.Inquiry) ([]poa.Reading, error) {
	if len(inquiries) == 0 {
		return nil, nil
	}
	if c.Anonymous || c.AccountID != "" || slices.ContainsFunc(inquiries, func(q poa.Inquiry) bool { return q.Historical || q.AtGiven || q.KnownAtGiven }) {
		return d.askAlone(ctx, c, inquiries)
	}
	readings, later, err := d.asked.ask(ctx, c.TokenHash, inquiries)
	if err != nil || len(later) == 0 {
		return readings, err
	}
	watched := make([]poa.Inquiry, len(later))
	for i, place := range later {
		watched[i] = inquiries[place]
	}
	begun, err := d.askAlone(ctx, c, watched)
	if err != nil {
		return nil, err
	}
	for i, place := range later {
		readings[place] = begun[i]
	}
	return readings, nil
}

// askAlone asks in a statement of the request's own.
func (d *DB) askAlone(ctx context.Context, c poa.Credential, inquiries []poa.Inquiry) ([]poa.Reading, error) {
	statement, credential := askByAccount, any(c.AccountID)
	switch {
	case c.Anonymous:
		statement, credential = askByNobody, "anonymous"
	case c.AccountID == "":
		statement, credential = askByToken, c.TokenHash[:]
	}
	args := append([]any{credential, inquiries[0].AnsweredAt.UTC()}, askArguments(inquiries)...)
	rows, err := d.asked.alone.Query(ctx, statement, args...)
	if err != nil {
		return nil, aloneFailed(ctx, err)
	}
	readings, err := pgx.CollectRows(rows, scanReading) // closes the rows, which waits for the end of the transaction
	if err != nil {
		return nil, aloneFailed(ctx, err)
	}
	if len(readings) == 0 { // the credential does not hold
		readings = make([]poa.Reading, len(inquiries))
	}
	return readings, nil
}

// aloneFailed leaves the caller's own end as it is.
func aloneFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failed(err, "asking")
	}
	return groupFailed(err)
}

// askArguments turns the inquiries into one array for each column. Of the moment
// asked about and the state of knowledge only what was given is kept: the
// receipt is signed again from the row.
func askArguments(inquiries []poa.Inquiry) []any {
	n := len(inquiries)
	ids, delegations, nonces := make([]string, n), make([]*string, n), make([]string, n)
	mistyped, historical := make([]bool, n), make([]bool, n)
	asked, known, answered := make([]*time.Time, n), make([]*time.Time, n), make([]time.Time, n)
	documents, certificates := make([][]byte, n), make([][]byte, n)
	for i, q := range inquiries {
		ids[i], delegations[i], nonces[i] = q.ID, nullText(q.DelegationID), q.Nonce
		mistyped[i], historical[i] = q.Mistyped, q.Historical
		if q.AtGiven {
			asked[i] = nullTime(q.At)
		}
		if q.KnownAtGiven {
			known[i] = nullTime(q.KnownAt)
		}
		answered[i] = q.AnsweredAt.UTC()
		documents[i], certificates[i] = nullBytes(q.DocumentSHA256), nullBytes(q.DelegateCertificateSHA256)
	}
	return []any{ids, delegations, mistyped, asked, known, historical, answered, documents, certificates, nonces}
}

func nullBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// askRow is a row that askSQL returns: asker, inquiry as inserted, hot row.
type askRow struct {
	kind, accountID, partyID, language, scope string
	roles                                     []string
	active                                    bool

	id, recipientID, delegationID, nonce *string
	answeredAt, askedAt, knownAt         *time.Time
	mistyped                             *bool
	document, certificate                []byte
	versionRead                          *int

	found                                 bool
	acceptedAt, from, through, verifiedAt *time.Time
	version                               *int
	qualification                         *string
	projection                            projectionRow
	facts                                 []byte
}

func scanReading(rows pgx.CollectableRow) (poa.Reading, error) {
	var r askRow
	p := &r.projection
	err := rows.Scan(&r.kind, &r.accountID, &r.partyID, &r.roles, &r.language, &r.scope, &r.active,
		&r.id, &r.answeredAt, &r.recipientID, &r.delegationID, &r.mistyped, &r.askedAt, &r.knownAt, &r.document, &r.certificate, &r.nonce, &r.versionRead,
		&r.found, &r.acceptedAt, &r.from, &r.through, &r.version, &p.FinalKind, &p.FinalAt, &p.FinalReason, &p.FinalVersion, &p.FinalRecordedAt,
		&p.Suspensions, &p.FileSHA256, &p.ContentSHA256, &p.CertificateSHA256, &r.verifiedAt, &r.qualification,
		&p.TitleVersion, &p.TitleVerifiedAt, &p.TitleUntil, &p.TitleRecordedAt, &r.facts)
	if err != nil {
		return poa.Reading{}, err
	}
	return r.reading()
}

// reading tells an asker who may not ask nothing but who it is.
func (r askRow) reading() (poa.Reading, error) {
	out := poa.Reading{Scope: poa.TokenScope(r.scope), Active: r.active,
		Asker: poa.Actor{Kind: poa.ActorKind(r.kind), ID: r.accountID, PartyID: r.partyID, Roles: fromTexts[poa.Role](r.roles), Language: r.language}}
	if r.id == nil {
		return out, nil
	}
	out.LeafHash = log.InquiryLeafHash(r.inquiry())
	if !r.found {
		return out, nil
	}
	return r.withDelegation(out)
}

func (r askRow) withDelegation(out poa.Reading) (poa.Reading, error) {
	p := r.projection
	p.DelegationID, p.AcceptedAt, p.Version = fromNullText[string](r.delegationID), fromNullTime(r.acceptedAt), *r.version
	p.ValidFrom, p.ValidThrough = *r.from, *r.through
	var err error
	if out.Projection, err = p.projection(); err != nil {
		return poa.Reading{}, err
	}
	out.Found, out.FileSHA256, out.ContentSHA256, out.DelegateCertificateSHA256 = true, p.FileSHA256, p.ContentSHA256, p.CertificateSHA256
	out.SignatureVerifiedAt, out.Qualification = fromNullTime(r.verifiedAt), fromNullText[poa.Qualification](r.qualification)
	if r.facts == nil {
		return out, nil
	}
	var facts []factRow
	if err := json.Unmarshal(r.facts, &facts); err != nil {
		return poa.Reading{}, fmt.Errorf("reading facts: %w", err)
	}
	out.Facts = factsOf(facts)
	return out, nil
}

// inquiry is the audit row as it was returned, for its leaf hash.
func (r askRow) inquiry() log.InquiryRow {
	return log.InquiryRow{InquiryID: *r.id, At: fromNullTime(r.answeredAt), RecipientID: fromNullText[string](r.recipientID),
		DelegationID: fromNullText[string](r.delegationID), AskedAt: r.askedAt, KnownAt: r.knownAt, DocumentSHA256: hex.EncodeToString(r.document),
		DelegateCertificateSHA256: hex.EncodeToString(r.certificate), Nonce: fromNullText[string](r.nonce), Version: r.versionRead,
		AnsweredAt: fromNullTime(r.answeredAt), Mistyped: r.mistyped != nil && *r.mistyped}
}
