// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"ininjo/poa"
	"ininjo/poa/log"
)

type logHeadRow struct {
	bun.BaseModel `bun:"table:log_head,alias:h"`

	Size             int64      `bun:"size"`
	AuditThrough     *time.Time `bun:"audit_through"`
	InquiriesThrough *time.Time `bun:"inquiries_through"`
	SweptAt          *time.Time `bun:"swept_at"`
}

// LockLog locks the row that says how far the log is sealed.
func (t *tx) LockLog(ctx context.Context) (poa.LogHead, bool, error) {
	var row logHeadRow
	err := t.q.NewSelect().Model(&row).For("NO KEY UPDATE SKIP LOCKED").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return poa.LogHead{}, false, nil
	}
	if err != nil {
		return poa.LogHead{}, false, failed(err, "locking the log")
	}
	return poa.LogHead{Size: row.Size, SweptAt: fromNullTime(row.SweptAt),
		Through: map[string]time.Time{log.TableAudit: fromNullTime(row.AuditThrough), log.TableInquiries: fromNullTime(row.InquiriesThrough)}}, true, nil
}

// MoveLogHead keeps how far the log is sealed.
func (t *tx) MoveLogHead(ctx context.Context, h poa.LogHead) error {
	row := logHeadRow{Size: h.Size, AuditThrough: nullTime(h.Through[log.TableAudit]), InquiriesThrough: nullTime(h.Through[log.TableInquiries]), SweptAt: nullTime(h.SweptAt)}
	res, err := t.q.NewUpdate().Model(&row).Where("h.size <= ?", h.Size).Exec(ctx)
	return changed(res, err, "moving the log's head")
}

// InsertCheckpoint keeps a signed checkpoint.
func (t *tx) InsertCheckpoint(ctx context.Context, size int64, signed []byte, at time.Time) error {
	_, err := t.q.NewRaw("INSERT INTO log_checkpoints (size, at, signed) VALUES (?, ?, ?)", size, at.UTC(), signed).Exec(ctx)
	return failed(err, "keeping checkpoint")
}

// Checkpoint reads the newest one.
func (r reader) Checkpoint(ctx context.Context) (size int64, signed []byte, err error) {
	err = r.q.NewRaw("SELECT size, signed FROM log_checkpoints ORDER BY size DESC LIMIT 1").Scan(ctx, &size, &signed)
	return size, signed, failed(err, "reading checkpoint")
}

// LogIndex finds a leaf: one alone, or in the run that it must stand in.
func (r reader) LogIndex(ctx context.Context, id string, at time.Time) (int64, error) {
	var position int64
	err := r.q.NewRaw(`SELECT position FROM log_leaves WHERE at = ? AND entry_id = ?
		UNION ALL SELECT r.position + array_position(r.entry_ids, ?) - 1 FROM (SELECT * FROM log_runs WHERE first_id <= ? ORDER BY first_id DESC LIMIT 1) r
		WHERE ? = ANY (r.entry_ids)`, at.UTC(), id, id, id, id).Scan(ctx, &position)
	return position, failed(err, "finding a leaf")
}

const (
	// Of a run that reaches out of the span the part in it is read. None is longer
	// than 4096 leaves (log_runs_size).
	leavesSQL = `SELECT s.n, l.position, l.leaf AS hashes FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS s (n, first, past)
			JOIN log_leaves l ON l.position >= s.first AND l.position < s.past
		UNION ALL SELECT s.n, p.first, substring(r.leaves FROM (32 * (p.first - r.position))::int + 1 FOR (32 * (p.past - p.first))::int)
			FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS s (n, first, past)
			JOIN log_runs r ON r.position > s.first - 4096 AND r.position < s.past AND r.position + r.size > s.first
			CROSS JOIN LATERAL (SELECT greatest(s.first, r.position) AS first, least(s.past, r.position + r.size) AS past) p
		ORDER BY 1, 2`
	nodesSQL = `SELECT s.n, x.hash AS hashes FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::smallint[]) AS s (n, first, past, level)
		JOIN log_nodes x ON x.level = s.level AND x.index >= s.first AND x.index < s.past ORDER BY s.n, x.index`
)

// LogNodes reads stored nodes: leaves in one statement, those above in another.
func (r reader) LogNodes(ctx context.Context, spans []log.Span) ([][][32]byte, error) {
	var which, first, past, levels [2][]int64
	for i, s := range spans {
		kind := min(s.Level, 1)
		which[kind], first[kind], past[kind], levels[kind] = append(which[kind], int64(i)), append(first[kind], s.From), append(past[kind], s.To), append(levels[kind], int64(s.Level))
	}
	found := make([][][32]byte, len(spans))
	for kind, statement := range []string{leavesSQL, nodesSQL} {
		if len(which[kind]) == 0 {
			continue
		}
		args := []any{pgdialect.Array(which[kind]), pgdialect.Array(first[kind]), pgdialect.Array(past[kind])}
		if kind == 0 {
			args = append(args, args...)
		} else {
			args = append(args, pgdialect.Array(levels[kind]))
		}
		var rows []struct {
			N, Position int64
			Hashes      []byte
		}
		if err := r.q.NewRaw(statement, args...).Scan(ctx, &rows); err != nil {
			return nil, failed(err, "reading the log's tree")
		}
		for _, row := range rows {
			if len(row.Hashes)%32 != 0 {
				return nil, fmt.Errorf("reading the log's tree: hashes have %d bytes", len(row.Hashes))
			}
			for hash := range slices.Chunk(row.Hashes, 32) {
				found[row.N] = append(found[row.N], [32]byte(hash))
			}
		}
	}
	return found, nil
}
