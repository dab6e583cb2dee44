// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"

	"ininjo/poa/log"
)

// LogReader reads the audit log's tree.
type LogReader interface {
	// LogNodes reads stored nodes in the order of the spans.
	LogNodes(ctx context.Context, spans []log.Span) ([][][32]byte, error)
	// LogIndex finds the leaf of a row; ErrNotFound until it is sealed.
	LogIndex(ctx context.Context, id string, at time.Time) (int64, error)
	// Checkpoint reads the newest signed checkpoint with its size; ErrNotFound before
	// the first.
	Checkpoint(ctx context.Context) (size int64, signed []byte, err error)
}

// LogCounter counts what is sealed.
type LogCounter interface {
	// Sealed counts a table's rows between two instants, one more than most at the
	// highest, and says whether there are as many leaves; not where there are more.
	Sealed(ctx context.Context, table string, since, until time.Time, most int) (rows int, whole bool, err error)
}

// LogTx adds to the audit log's tree.
type LogTx interface {
	// LockLog reads how far the log is sealed and keeps others from sealing until the
	// transaction ends; false where another does so already.
	LockLog(ctx context.Context) (LogHead, bool, error)
	// Unsealed reads rows of a table from since (zero for the first) to until, in the
	// order of instant (inquiries: by its millisecond) and ID, at most limit. None
	// from the millisecond behind since on may be a leaf yet; of that of since it
	// reads those that are none.
	Unsealed(ctx context.Context, table string, since, until time.Time, limit int) ([]LogEntry, error)
	// Late reads rows between two instants that are no leaves, in the same order, at
	// most limit.
	Late(ctx context.Context, table string, since, until time.Time, limit int) ([]LogEntry, error)
	// AppendLog stores at most 4096 leaves from a position on, and nodes above them.
	AppendLog(ctx context.Context, position int64, entries []LogEntry, nodes []log.Node) error
	// InsertCheckpoint keeps a signed checkpoint.
	InsertCheckpoint(ctx context.Context, size int64, signed []byte, at time.Time) error
	// MoveLogHead keeps how far the log is sealed.
	MoveLogHead(ctx context.Context, head LogHead) error
}
