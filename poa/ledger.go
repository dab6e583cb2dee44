// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"

	"ininjo/poa/log"
)

// PurposeCheckpoint is what the key of the log serves, in the key set and in the
// database: signed checkpoints of the audit log's tree, and nothing else.
const PurposeCheckpoint = "checkpoint"

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
