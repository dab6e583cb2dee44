// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/log"
)

// PurposeCheckpoint is what the key of the log serves, in the key set and in the
// database: signed checkpoints of the audit log's tree, and nothing else.
const PurposeCheckpoint = "checkpoint"

// SealLog has the audit log sealed into its tree.
type SealLog struct{}

// Kind names the job.
func (SealLog) Kind() string { return "seal_log" }

const (
	// sealSettle is how old a row is before it is sealed, so that rows that commit
	// a little later are found in their order.
	sealSettle = 10 * time.Second
	// sealOverlap is how far back each round looks again for rows that committed
	// late, sealSweep how far once in sealSweepEvery.
	sealOverlap    = 2 * time.Minute
	sealSweep      = 48 * time.Hour
	sealSweepEvery = 24 * time.Hour
	// sealBatch bounds the leaves of one transaction.
	sealBatch = 10_000
)

// LogEntry is a row of the audit log or an inquiry, as a leaf.
type LogEntry struct {
	ID   string
	At   time.Time
	Leaf [32]byte
}

// LogHead is how far the log is sealed.
type LogHead struct {
	Size int64
	// Through is the instant up to which each table (log.TableAudit,
	// log.TableInquiries) was sealed; zero before the first time.
	Through map[string]time.Time
	// SweptAt is when it was looked far back for rows that committed late.
	SweptAt time.Time
}

// SealWith lets the log be sealed, with keys that sign its checkpoints. Without
// one it is not.
func (r *Records) SealWith(issuer string, keys ...ed25519.PrivateKey) {
	r.logOrigin, r.logKeys = log.OriginOf(issuer), keys
}

// SealLog adds what was recorded since to the log's tree, at most a batch, and
// signs its head (6.2.1, 6.2.4: nobody changes the audit log unseen). It returns
// how many leaves were added; call it until it returns 0. Of several processes one
// seals at a time.
func (r *Records) SealLog(ctx context.Context) (int, error) {
	if len(r.logKeys) == 0 {
		return 0, nil
	}
	sealed := 0
	err := r.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		head, ours, err := tx.LockLog(ctx)
		if err != nil || !ours {
			return err
		}
		now := r.clock.Now()
		sweep := now.Sub(head.SweptAt) >= sealSweepEvery
		back := sealOverlap
		if sweep {
			back = sealSweep
		}
		for _, table := range []string{log.TableAudit, log.TableInquiries} {
			since := head.Through[table]
			if !since.IsZero() {
				since = since.Add(-back)
			}
			entries, err := tx.Unsealed(ctx, table, since, now.Add(-sealSettle), sealBatch)
			if err != nil {
				return err
			}
			through := now.Add(-sealSettle)
			if len(entries) == sealBatch { // more may wait behind
				through, sweep = entries[len(entries)-1].At, false
			}
			if head.Through[table].Before(through) {
				head.Through[table] = through
			}
			if head.Size, err = r.append(ctx, tx, head.Size, entries); err != nil {
				return err
			}
			sealed += len(entries)
		}
		if sweep {
			head.SweptAt = now
		}
		return r.signHead(ctx, tx, head, sealed > 0, now)
	})
	if err != nil {
		return 0, fmt.Errorf("sealing the log: %w", err)
	}
	return sealed, nil
}

// append stores leaves and the nodes that become full with them.
func (r *Records) append(ctx context.Context, tx Tx, size int64, entries []LogEntry) (int64, error) {
	if len(entries) == 0 {
		return size, nil
	}
	leaves := make([][32]byte, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf
	}
	grown, err := log.Grown(size, leaves, func(spans []log.Span) ([][][32]byte, error) { return tx.LogNodes(ctx, spans) })
	if err != nil {
		return size, err
	}
	return size + int64(len(entries)), tx.AppendLog(ctx, size, entries, grown)
}

// signHead keeps how far the log is sealed, and a signed checkpoint where it grew.
func (r *Records) signHead(ctx context.Context, tx Tx, head LogHead, grew bool, now time.Time) error {
	if !grew {
		return tx.MoveLogHead(ctx, head)
	}
	root, err := log.Root(head.Size, func(spans []log.Span) ([][][32]byte, error) { return tx.LogNodes(ctx, spans) })
	if err != nil {
		return err
	}
	signed, err := log.SignCheckpoint(log.Checkpoint{Origin: r.logOrigin, Size: head.Size, Root: root}, r.logKeys...)
	if err != nil {
		return err
	}
	if err := tx.InsertCheckpoint(ctx, head.Size, signed, now); err != nil {
		return err
	}
	return tx.MoveLogHead(ctx, head)
}

// Checkpoint returns the newest signed checkpoint of the log, for everybody.
// Before the first one it is ErrNotFound.
func (r *Records) Checkpoint(ctx context.Context) ([]byte, error) {
	_, signed, err := r.store.Checkpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoint: %w", err)
	}
	return signed, nil
}

// InclusionProof proves that an inquiry of the actor's own stands in the log: from
// the leaf hash of its receipt to the newest checkpoint (C2SP tlog-proof). It is
// empty until the inquiry is sealed, which takes a minute or two.
func (r *Responder) InclusionProof(ctx context.Context, actor Actor, inquiryID string) (string, error) {
	past, err := r.Inquiry(ctx, actor, inquiryID)
	if err != nil {
		return "", err
	}
	return r.ProofOf(ctx, past)
}

// ProofOf is InclusionProof of an inquiry that the actor was shown.
func (r *Responder) ProofOf(ctx context.Context, past PastAnswer) (string, error) {
	index, err := r.store.LogIndex(ctx, past.InquiryID, past.AnsweredAt)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding an inquiry in the log: %w", err)
	}
	size, signed, err := r.store.Checkpoint(ctx)
	if err != nil {
		return "", fmt.Errorf("reading checkpoint: %w", err)
	}
	hashes, err := log.Prove(size, index, func(spans []log.Span) ([][][32]byte, error) { return r.store.LogNodes(ctx, spans) })
	if err != nil {
		return "", err
	}
	return string(log.Proof{Index: index, Hashes: hashes, Checkpoint: signed}.Encode()), nil
}
