// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"ininjo/poa/evidence"
)

// askAgain asks a platform once more about the signer's certificate before a
// person accepts a filing, which may be days after it was filed: lists of revoked
// certificates come about daily, so that a revocation of before the filing may be
// told only now (facts of the field 2.3). The platform knows the certificate by
// its own name, so that mode sp can ask as well. Where it cannot tell, its word at
// the filing stands. Other sources are not asked.
func (r *Registrar) askAgain(ctx context.Context, in DecideFilingInput) (told, error) {
	id, ok := ParseDelegationID(in.DelegationID)
	if !ok || !in.Accept || r.verification.Status == nil {
		return told{}, nil
	}
	d, err := r.store.Delegation(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && d.State != StateSubmitted {
		return told{}, nil // which the transaction will say
	}
	if err != nil {
		return told{}, fmt.Errorf("reading delegation: %w", err)
	}
	q, named, err := r.questionByName(ctx, id)
	if err != nil || !named {
		return told{}, err
	}
	return r.ask(ctx, q)
}

// questionByName asks by the name that a platform gave the signer's certificate
// when it was filed; false where none did.
func (r *Registrar) questionByName(ctx context.Context, id DelegationID) (StatusQuestion, bool, error) {
	q := StatusQuestion{At: r.clock.Now()}
	records, _, err := r.store.Evidence(ctx, id, EvidenceFiling)
	if err != nil {
		return q, false, fmt.Errorf("reading evidence: %w", err)
	}
	for _, kept := range records {
		record, err := evidence.Decode(kept.Record)
		if err != nil {
			return q, false, fmt.Errorf("reading evidence: %w", err)
		}
		for _, status := range record.Status {
			if status.CertificateID != "" {
				q.CertificateID = status.CertificateID
			}
		}
		if root, err := hex.DecodeString(record.Root); err == nil && len(root) == len(q.RootSHA256) {
			q.RootSHA256 = [32]byte(root)
		}
	}
	return q, q.CertificateID != "", nil
}
