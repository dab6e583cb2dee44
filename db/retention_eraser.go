// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/log"
)

// lockArchive is held by the one process that archives.
const lockArchive = 7310004

var _ poa.Eraser = (*DB)(nil)

// DestroyKey destroys a subject's data key; again, it does nothing.
func (d *DB) DestroyKey(ctx context.Context, ref poa.SubjectRef) error {
	return d.seal.Destroy(ctx, subjectKey(ref))
}

// DestroyListed destroys data keys that stand in the list.
func (d *DB) DestroyListed(ctx context.Context, keys []poa.DestroyedKey) error {
	for _, key := range keys {
		if err := d.seal.Destroy(ctx, Subject{Class: Class(key.Class), ID: key.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Alone runs fn while no other process does; false where one does.
func (d *DB) Alone(ctx context.Context, fn func(context.Context) error) (bool, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return false, failed(err, "taking a session")
	}
	defer conn.Release()
	var alone bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockArchive).Scan(&alone); err != nil || !alone {
		return false, failed(err, "looking whether another process archives")
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if _, err := conn.Exec(bounded, "SELECT pg_advisory_unlock($1)", lockArchive); err != nil {
			_ = conn.Conn().Close(bounded) // which unlocks
		}
	}()
	return true, fn(ctx)
}

// Begun lists the files that were begun and have no manifest.
func (d *DB) Begun(ctx context.Context) ([]string, error) {
	var names []string
	err := d.q.NewRaw("SELECT w.location FROM archive_writings w WHERE NOT EXISTS (SELECT FROM archive_manifests m WHERE m.location = w.location) ORDER BY 1").Scan(ctx, &names)
	return names, failed(err, "reading begun archives")
}

// DestroyedKeys returns the list of destroyed keys, the oldest first.
func (d *DB) DestroyedKeys(ctx context.Context) ([]poa.DestroyedKey, error) {
	var rows []struct {
		Class     string
		SubjectID string
		At        time.Time
	}
	if err := d.q.NewRaw("SELECT class, subject_id, at FROM destroyed_keys ORDER BY at, class, subject_id").Scan(ctx, &rows); err != nil {
		return nil, failed(err, "reading destroyed keys")
	}
	keys := make([]poa.DestroyedKey, len(rows))
	for i, row := range rows {
		keys[i] = poa.DestroyedKey{Class: row.Class, ID: row.SubjectID, At: row.At.UTC()}
	}
	return keys, nil
}

// CountMonth counts what a month holds.
func (d *DB) CountMonth(ctx context.Context, m poa.Month) (int64, error) {
	month, err := monthOf(m)
	if err != nil {
		return 0, err
	}
	var n int64
	err = d.pool.QueryRow(ctx, "SELECT count(*) FROM "+month.table+month.where, m.From, m.Until).Scan(&n)
	return n, failed(err, "counting a month")
}

// monthRead is how a month of an audit table is read.
type monthRead struct {
	table, columns, where, order string
	line                         func(pgx.CollectableRow, *log.ArchiveWriter) error
}

func monthOf(m poa.Month) (monthRead, error) {
	switch m.Table {
	case log.TableAudit:
		return monthRead{"audit_events", "id, at, actor_kind, actor_id, party_id, action, subject_id, outcome, data::text", " WHERE at >= $1 AND at < $2", " ORDER BY at, id COLLATE \"C\"", auditLine}, nil
	case log.TableInquiries:
		return monthRead{"inquiries", `id, answered_at, recipient_id, account_id, token_id, delegation_id, mistyped, asked_at, known_at, historical,
			document_sha256, delegate_certificate_sha256, nonce, version`, " WHERE answered_at >= $1 AND answered_at < $2", " ORDER BY answered_at, id COLLATE \"C\"", inquiryLine}, nil
	default:
		return monthRead{}, fmt.Errorf("reading a month: %s has no form of an archive: add one to poa/log/archive.go", m.Table)
	}
}

// ReadMonth writes every row of a month, in the order of instant and ID, from
// one snapshot.
func (d *DB) ReadMonth(ctx context.Context, m poa.Month, to *log.ArchiveWriter) error {
	month, err := monthOf(m)
	if err != nil {
		return err
	}
	rows, err := d.pool.Query(ctx, "SELECT "+month.columns+" FROM "+month.table+month.where+month.order, m.From, m.Until)
	if err != nil {
		return failed(err, "reading a month")
	}
	defer rows.Close()
	for rows.Next() {
		if err := month.line(rows, to); err != nil {
			return err
		}
	}
	return failed(rows.Err(), "reading a month")
}

func auditLine(row pgx.CollectableRow, to *log.ArchiveWriter) error {
	var l log.AuditLine
	if err := row.Scan(&l.ID, &l.At, &l.ActorKind, &l.ActorID, &l.PartyID, &l.Action, &l.SubjectID, &l.Outcome, &l.Data); err != nil {
		return failed(err, "reading a month")
	}
	l.At = l.At.UTC()
	return to.Audit(l)
}

func inquiryLine(row pgx.CollectableRow, to *log.ArchiveWriter) error {
	var l log.InquiryLine
	var document, certificate []byte
	err := row.Scan(&l.ID, &l.AnsweredAt, &l.RecipientID, &l.AccountID, &l.TokenID, &l.DelegationID, &l.Mistyped, &l.AskedAt, &l.KnownAt, &l.Historical,
		&document, &certificate, &l.Nonce, &l.Version)
	if err != nil {
		return failed(err, "reading a month")
	}
	l.AnsweredAt, l.DocumentSHA256, l.DelegateCertificateSHA256 = l.AnsweredAt.UTC(), hex.EncodeToString(document), hex.EncodeToString(certificate)
	for _, at := range []*time.Time{l.AskedAt, l.KnownAt} {
		if at != nil {
			*at = at.UTC()
		}
	}
	return to.Inquiry(l)
}
