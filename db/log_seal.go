// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/log"
)

// sealable is a table whose rows are leaves, as SQL names it: by the driver
// itself, since there are as many rows as there are answers.
type sealable struct {
	from, at, id, columns string
	// prefix is that of its IDs.
	prefix string
	read   pgx.RowToFunc[poa.LogEntry]
}

var sealables = map[string]sealable{
	log.TableAudit: {from: "audit_events e", at: "e.at", id: "e.id", prefix: poa.PrefixEvent,
		columns: "e.id, e.at, e.actor_kind, e.actor_id, e.action, e.subject_id, e.outcome, e.data",
		read: func(row pgx.CollectableRow) (poa.LogEntry, error) {
			var r auditRow
			err := row.Scan(&r.ID, &r.At, &r.ActorKind, &r.ActorID, &r.Action, &r.SubjectID, &r.Outcome, &r.Data)
			return poa.LogEntry{ID: r.ID, At: r.At, Leaf: r.leafHash()}, err
		}},
	log.TableInquiries: {from: "inquiries i", at: "i.answered_at", id: "i.id", prefix: poa.PrefixInquiry,
		columns: "i.id, i.answered_at, i.recipient_id, i.delegation_id, i.asked_at, i.known_at, i.document_sha256, i.delegate_certificate_sha256, i.nonce, i.version, i.mistyped",
		read: func(row pgx.CollectableRow) (poa.LogEntry, error) {
			var r inquiryRow
			err := row.Scan(&r.ID, &r.AnsweredAt, &r.RecipientID, &r.DelegationID, &r.AskedAt, &r.KnownAt, &r.Document, &r.Certificate, &r.Nonce, &r.Version, &r.Mistyped)
			return poa.LogEntry{ID: r.ID, At: r.AnsweredAt, Leaf: r.leafHash()}, err
		}},
}

// stretch is the rows of a table between two instants, in SQL, with what it names.
type stretch struct {
	sealable
	where, order string
	args         pgx.NamedArgs
}

// queryer is a session, or a pool of them.
type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// stretchOf goes by the primary key of inquiries, the only index that they have:
// their IDs begin with their instant, but for those of before there was a tree.
func stretchOf(ctx context.Context, q queryer, table string, since, until time.Time, limit int) (stretch, error) {
	of := sealables[table]
	s := stretch{sealable: of, where: of.at + " >= @since AND " + of.at + " < @until", order: of.at + ", " + of.id,
		args: pgx.NamedArgs{"since": since.UTC(), "until": until.UTC(), "limit": limit, "first": of.prefix, "past": of.prefix + "~", "firstID": nil, "pastID": nil}}
	if table != log.TableInquiries {
		return s, nil
	}
	s.args["firstID"], s.args["pastID"] = poa.FirstInquiryID(since), poa.FirstInquiryID(until.Add(time.Millisecond))
	var idsSince time.Time
	if err := q.QueryRow(ctx, "SELECT ids_since FROM log_head").Scan(&idsSince); err != nil {
		return s, err
	}
	if !since.Before(idsSince) {
		s.where += " AND i.id >= @firstID AND i.id < @pastID"
		s.order = of.id
	}
	return s, nil
}

// runsThere are the runs with entries of a stretch, and at most one before it: they
// are in order and apart.
const runsThere = "log_runs r WHERE r.first_id < @pastID AND r.first_id >= coalesce((SELECT max(b.first_id) FROM log_runs b WHERE b.first_id <= @firstID), '')"

// notSealed wants rows of a stretch that are no leaves. OFFSET 0 has each looked up
// by the index, whatever the statistics say of tables that grow as fast as these.
func (s stretch) notSealed() string {
	return "(NOT EXISTS (SELECT FROM log_leaves l WHERE l.at = " + s.at + " AND l.entry_id = " + s.id + " OFFSET 0) AND " +
		s.id + " NOT IN (SELECT unnest(r.entry_ids) FROM " + runsThere + "))"
}

// entries reads the rows for which the condition holds as well, and works out
// their leaves.
func (t *tx) entries(ctx context.Context, s stretch, condition string) ([]poa.LogEntry, error) {
	// Planned for these instants: without them a plan would be for any stretch.
	rows, err := t.pgx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %s AND %s ORDER BY %s LIMIT @limit", s.columns, s.from, s.where, condition, s.order), pgx.QueryExecModeDescribeExec, s.args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, s.read)
}

// Unsealed reads what comes next.
func (t *tx) Unsealed(ctx context.Context, table string, since, until time.Time, limit int) ([]poa.LogEntry, error) {
	begins := since.Truncate(time.Millisecond)
	s, err := stretchOf(ctx, t.pgx, table, begins, until, limit)
	if err != nil {
		return nil, failed(err, "reading how far the log is sealed")
	}
	s.args["behind"] = begins.Add(time.Millisecond).UTC()
	entries, err := t.entries(ctx, s, "("+s.at+" >= @behind OR "+s.notSealed()+")")
	return entries, failed(err, "reading rows to seal")
}

// Late reads what is no leaf.
func (t *tx) Late(ctx context.Context, table string, since, until time.Time, limit int) ([]poa.LogEntry, error) {
	s, err := stretchOf(ctx, t.pgx, table, since, until, limit)
	if err != nil {
		return nil, failed(err, "reading how far the log is sealed")
	}
	entries, err := t.entries(ctx, s, s.notSealed())
	return entries, failed(err, "reading rows that came late")
}

// Sealed counts, which takes a tenth of the time of looking for each row's leaf. Of
// runs that reach into the stretch or out of it the IDs are read. Rows are counted in
// their order: it is what has the index used for a stretch of any length.
func (d *DB) Sealed(ctx context.Context, table string, since, until time.Time, most int) (rows int, whole bool, err error) {
	s, err := stretchOf(ctx, d.pool, table, since, until, most+1)
	if err != nil {
		return 0, false, failed(err, "reading how far the log is sealed")
	}
	s.args["least"], s.args["beyond"], s.args["most"] = poa.LeastInquiryID(since), poa.LeastInquiryID(until), most
	var leaves int
	err = d.pool.QueryRow(ctx, fmt.Sprintf(`WITH counted AS MATERIALIZED (SELECT count(*) AS rows FROM (SELECT FROM %s WHERE %s ORDER BY %s LIMIT @limit) AS x)
		SELECT rows, CASE WHEN rows > @most THEN -1 ELSE
			(SELECT count(*) FROM log_leaves WHERE at >= @since AND at < @until AND entry_id COLLATE "C" >= @first AND entry_id COLLATE "C" < @past) +
			(SELECT coalesce(sum(CASE WHEN r.first_id >= @least AND r.last_id < @beyond THEN r.size
				ELSE (SELECT count(*) FROM unnest(r.entry_ids) AS u (id) WHERE u.id COLLATE "C" >= @least AND u.id COLLATE "C" < @beyond) END), 0) FROM %s) END
		FROM counted`,
		s.from, s.where, s.order, runsThere), pgx.QueryExecModeDescribeExec, s.args).Scan(&rows, &leaves)
	return rows, rows == leaves, failed(err, "counting what is sealed")
}
