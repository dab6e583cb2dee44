// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/evidence"
)

// Actions on evidence.
const (
	ActionEvidenceStamped Action = "evidence.stamped"
	ActionEvidenceRead    Action = "evidence.read"
)

// StampEvidence has a record stamped by the time-stamping authority.
type StampEvidence struct {
	EvidenceRef
	// Stamp is the number of the stamp that is to be: 1 the first, then renewals.
	Stamp int `json:"stamp"`
}

// Kind names the job.
func (StampEvidence) Kind() string { return "evidence.stamp" }

// RenewEvidence has stamps renewed before they end, and records stamped that
// have none yet.
type RenewEvidence struct{}

// Kind names the job.
func (RenewEvidence) Kind() string { return "evidence.renew" }

// StampEvidence stamps a record over itself and all its earlier stamps. An error
// means that there was no stamp now. Stamping twice does nothing, nor does it
// where no authority is configured or the delegation was erased.
func (r *Registrar) StampEvidence(ctx context.Context, job StampEvidence) error {
	if r.verification.Stamper == nil {
		return nil // RenewEvidence finds it once there is one
	}
	record, stamps, err := r.store.EvidenceOf(ctx, job.EvidenceRef)
	if errors.Is(err, ErrNotFound) || err == nil && len(stamps) >= job.Stamp {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	stamp, err := r.stamped(ctx, record, stamps)
	if err != nil {
		return err
	}
	_, err = r.perform(ctx, System, ActionEvidenceStamped, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.subject = string(job.DelegationID)
		a.note("record", string(job.Chain)+"/"+strconv.Itoa(job.Number))
		a.note("stamp", strconv.Itoa(stamp.Stamp))
		a.note("hash", stamp.Hash)
		return a.subject, a.InsertStamp(ctx, stamp, r.renewAt(stamp))
	})
	if errors.Is(err, ErrConflict) {
		return nil // another process was first
	}
	return err
}

// stamped asks for the next stamp of a record and verifies it.
func (r *Registrar) stamped(ctx context.Context, record EvidenceRecord, stamps []EvidenceStamp) (EvidenceStamp, error) {
	hash := r.stampHash(r.clock.Now())
	imprint := evidence.Imprint(hash, record.Record, tokensOf(stamps))
	token, err := r.verification.Stamper.Stamp(ctx, imprint, hash)
	if err != nil {
		return EvidenceStamp{}, fmt.Errorf("asking for a time stamp: %w", err)
	}
	verified, err := cms.VerifyTimeStamp(token, imprint, hash, r.verification.StampRoots)
	if err != nil {
		return EvidenceStamp{}, fmt.Errorf("verifying a time stamp: %w", err)
	}
	return EvidenceStamp{EvidenceRef: record.EvidenceRef, Stamp: len(stamps) + 1, Token: token, Hash: hash.String(), StampedAt: verified.Time, EndsAt: verified.NotAfter}, nil
}

func tokensOf(stamps []EvidenceStamp) [][]byte {
	tokens := make([][]byte, len(stamps))
	for i, s := range stamps {
		tokens[i] = s.Token
	}
	return tokens
}

// weakFrom says from when on each digest no longer protects.
func (p Policy) weakFrom() map[crypto.Hash]time.Time {
	if p.WeakFrom != nil {
		return p.WeakFrom
	}
	return nil
}

// weakAt reports whether a digest must not be leaned on at an instant any more,
// with the time that renewing takes.
func (r *Registrar) weakAt(h crypto.Hash, now time.Time) bool {
	from, ends := r.policy.weakFrom()[h]
	return ends && !now.Before(from.Add(-r.policy.StampAhead))
}

// stampHash is the digest of a new stamp: the one that is set, or the next
// stronger one that still protects.
func (r *Registrar) stampHash(now time.Time) crypto.Hash {
	all := []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}
	for _, h := range all[max(slices.Index(all, r.policy.StampHash), 0):] {
		if !r.weakAt(h, now) {
			return h
		}
	}
	return crypto.SHA512
}

// renewAt is when a stamp is to be renewed: in the time ahead of its end, at a
// moment that depends on the delegation, so that what was stamped together does
// not fall due together.
func (r *Registrar) renewAt(s EvidenceStamp) time.Time {
	ends := s.EndsAt
	for h, from := range r.policy.weakFrom() {
		if h.String() == s.Hash && from.Before(ends) {
			ends = from
		}
	}
	ahead := min(r.policy.StampAhead, ends.Sub(s.StampedAt)/2)
	f := fnv.New32a()
	_, _ = f.Write([]byte(s.DelegationID)) // never fails
	spread := time.Duration(float64(ahead) / 2 * float64(f.Sum32()) / (1 << 32))
	return exactly(ends.Add(-ahead - spread))
}

// renewBatch is how many stamps one round of renewal asks for, and renewEvery how
// long the jobs of a round are spread over.
const (
	renewBatch  = 3000
	renewSpread = 30 * time.Minute
)

// RenewEvidence enqueues the stamps that are due and returns how many: first
// stamps that are missing, and renewals before a certificate ends or a digest
// weakens. Two processes at once enqueue each once.
func (r *Registrar) RenewEvidence(ctx context.Context) (int, error) {
	if r.verification.Stamper == nil {
		return 0, nil
	}
	now := r.clock.Now()
	due, err := r.store.DueEvidence(ctx, now, r.weakNames(now), renewBatch)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	err = r.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		for i, each := range due {
			at := now.Add(renewSpread * time.Duration(i) / renewBatch)
			if err := tx.Enqueue(ctx, StampEvidence{EvidenceRef: each.EvidenceRef, Stamp: each.Stamps + 1}, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("enqueuing time stamps: %w", err)
	}
	return len(due), nil
}

// weakNames lists the digests whose stamps are to be renewed whatever their
// certificates say, where there is a stronger one.
func (r *Registrar) weakNames(now time.Time) []string {
	var names []string
	for _, h := range slices.Sorted(maps.Keys(r.policy.weakFrom())) {
		if r.weakAt(h, now) && h != r.stampHash(now) {
			names = append(names, h.String())
		}
	}
	return names
}

// EvidenceState tells how the stamps stand, for those who watch over the service.
func (r *Registrar) EvidenceState(ctx context.Context) (EvidenceState, error) {
	return r.store.EvidenceState(ctx, r.clock.Now())
}
