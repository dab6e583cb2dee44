// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"

	"ininjo/poa/evidence"
)

// EvidenceChain names one of the two chains of records that a delegation has.
type EvidenceChain string

// The chains.
const (
	// EvidenceFiling is intake, status and decision of the filing.
	EvidenceFiling EvidenceChain = "FILING"
	// EvidenceDelegate is what concerns the delegate's certificate: for staff alone.
	EvidenceDelegate EvidenceChain = "DELEGATE"
)

// EvidenceRef names a record.
type EvidenceRef struct {
	DelegationID DelegationID  `json:"delegationId"`
	Chain        EvidenceChain `json:"chain"`
	// Number counts the records of the chain from 1.
	Number int `json:"number"`
}

// EvidenceRecord is a record of poa/evidence as it is stored: sealed, never
// changed.
type EvidenceRecord struct {
	EvidenceRef
	Kind   evidence.Kind
	SHA256 [32]byte
	Record []byte
	At     time.Time
}

// EvidenceStamp is a time stamp over a record and the stamps before it.
type EvidenceStamp struct {
	EvidenceRef
	// Stamp counts the stamps of the record from 1.
	Stamp int
	Token []byte
	// Hash is the name of the digest that the stamp is over.
	Hash string
	// StampedAt is the authority's time, EndsAt the earliest end of a certificate on
	// the stamp's path.
	StampedAt, EndsAt time.Time
}

// EvidenceDue is when a record is to be stamped next.
type EvidenceDue struct {
	EvidenceRef
	// Stamps is how many it has, Hash the digest of the newest, EndsAt its end.
	Stamps int
	Hash   string
	EndsAt time.Time
	// Since is when the record was written.
	Since time.Time
	DueAt time.Time
}

// EvidenceTx appends evidence. Nothing of it is ever changed or deleted by the
// program.
type EvidenceTx interface {
	// InsertEvidence appends a record, to be stamped at once. The caller holds the
	// delegation's lock.
	InsertEvidence(ctx context.Context, r EvidenceRecord) error
	// InsertStamp appends a stamp and says when the next is due; ErrConflict where
	// the record has one of that number.
	InsertStamp(ctx context.Context, s EvidenceStamp, due time.Time) error
}

// EvidenceReader reads evidence.
type EvidenceReader interface {
	// LastEvidence returns the newest record of a chain without its bytes;
	// ErrNotFound where there is none.
	LastEvidence(ctx context.Context, id DelegationID, chain EvidenceChain) (EvidenceRecord, error)
	// Evidence returns the records of a chain with their stamps, oldest first.
	Evidence(ctx context.Context, id DelegationID, chain EvidenceChain) ([]EvidenceRecord, []EvidenceStamp, error)
	// EvidenceOf returns one record with its stamps, oldest first.
	EvidenceOf(ctx context.Context, ref EvidenceRef) (EvidenceRecord, []EvidenceStamp, error)
	// DueEvidence returns records that are to be stamped by the instant, or whose
	// newest stamp is over one of the digests, the longest due first.
	DueEvidence(ctx context.Context, by time.Time, weak []string, limit int) ([]EvidenceDue, error)
	// EvidenceState counts what waits, for those who watch over the service.
	EvidenceState(ctx context.Context, now time.Time) (EvidenceState, error)
}

// EvidenceState is how the stamps of evidence stand.
type EvidenceState struct {
	// Unstamped records have no stamp yet; Oldest is since when the oldest of them
	// waits, zero where there is none.
	Unstamped int64
	Oldest    time.Time
	// Overdue stamps were to be renewed and were not; Ended are those whose
	// certificate ended meanwhile.
	Overdue, Ended int64
}
