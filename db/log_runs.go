// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
	"ininjo/poa/log"
)

// Leaves of inquiries that come in the order of their IDs are stored by the run:
// a row for what one transaction seals. What does not go on behind the youngest run
// is a row of log_leaves: audit events, what committed late, IDs of old.

// logRun is a stretch of entries that goes into a run, and where it begins in the tree.
type logRun struct {
	position int64
	entries  []poa.LogEntry
}

// runs parts entries into those that go on behind the youngest ID of all runs, and
// the others, each with its position.
func runs(position int64, entries []poa.LogEntry, youngest string) (in []logRun, alone []logRun) {
	going := false
	for i, e := range entries {
		goesOn := e.ID > youngest && strings.HasPrefix(e.ID, poa.PrefixInquiry) && poa.BeginsWithInstant(e.ID, e.At)
		to := &alone
		if goesOn {
			to, youngest = &in, e.ID
		}
		if n := len(*to); i == 0 || goesOn != going || n == 0 {
			*to = append(*to, logRun{position: position + int64(i)})
		}
		last := &(*to)[len(*to)-1]
		last.entries, going = append(last.entries, e), goesOn
	}
	return in, alone
}

// AppendLog stores leaves and nodes. A position that is taken is an error: nothing
// in the log is ever replaced.
func (t *tx) AppendLog(ctx context.Context, position int64, entries []poa.LogEntry, nodes []log.Node) error {
	var youngest string
	if err := t.pgx.QueryRow(ctx, "SELECT coalesce(max(last_id), '') FROM log_runs WHERE first_id = (SELECT max(first_id) FROM log_runs)").Scan(&youngest); err != nil {
		return failed(err, "reading the youngest run")
	}
	in, alone := runs(position, entries, youngest)
	for _, run := range in {
		if err := t.insertRun(ctx, run); err != nil {
			return failed(err, "sealing a run")
		}
	}
	var leaves [][]any
	for _, run := range alone {
		for i, e := range run.entries {
			leaves = append(leaves, []any{run.position + int64(i), e.ID, e.At.UTC(), e.Leaf[:]})
		}
	}
	if err := t.copyRows(ctx, "log_leaves", []string{"position", "entry_id", "at", "leaf"}, leaves); err != nil {
		return failed(err, "sealing")
	}
	var above [][]any
	for _, n := range nodes {
		above = append(above, []any{int16(n.Level), n.Index, n.Hash[:]}) //nolint:gosec // a multiple of 8 below 64
	}
	return failed(t.copyRows(ctx, "log_nodes", []string{"level", "index", "hash"}, above), "storing nodes of the log")
}

func (t *tx) insertRun(ctx context.Context, run logRun) error {
	ids, leaves := make([]string, len(run.entries)), make([]byte, 0, 32*len(run.entries))
	for i, e := range run.entries {
		ids[i], leaves = e.ID, append(leaves, e.Leaf[:]...)
	}
	_, err := t.pgx.Exec(ctx, "INSERT INTO log_runs (position, size, first_id, last_id, entry_ids, leaves) VALUES ($1, $2, $3, $4, $5, $6)",
		run.position, len(ids), ids[0], ids[len(ids)-1], ids, leaves)
	return err
}

func (t *tx) copyRows(ctx context.Context, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := t.pgx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
	return err
}
