// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"

	"ininjo/poa/evidence"
)

// MayReadEvidence lets staff read the evidence of a filing (6.2.9).
const MayReadEvidence Permission = "READ_EVIDENCE"

// EvidenceView is the evidence of a delegation as its readers are given it.
type EvidenceView struct {
	DelegationID DelegationID
	Chain        EvidenceChain
	Records      []EvidenceEntry
	// Bundle is what `ininjo verify evidence` checks with no database.
	Bundle []byte
}

// EvidenceEntry is one record with its time stamps.
type EvidenceEntry struct {
	Ref    EvidenceRef
	SHA256 [32]byte
	Record evidence.Record
	Stamps []EvidenceStamp
}

// Evidence returns a chain of a delegation's evidence: to reception and the
// auditor either chain, to the delegator that of its own filings, without a
// person's ground. Reading it is audited. Missing and not-yours look the same.
func (r *Records) Evidence(ctx context.Context, actor Actor, text string, chain EvidenceChain) (EvidenceView, error) {
	if err := r.mayReadEvidence(ctx, actor, chain); err != nil {
		return EvidenceView{}, err
	}
	id, ok := ParseDelegationID(text)
	if !ok {
		return EvidenceView{}, ErrNotFound
	}
	d, err := r.store.Delegation(ctx, id)
	if err != nil {
		return EvidenceView{}, err
	}
	if actor.Kind != ActorStaff && d.DelegatorID != actor.PartyID {
		return EvidenceView{}, ErrNotFound
	}
	records, stamps, err := r.store.Evidence(ctx, id, chain)
	if err != nil {
		return EvidenceView{}, fmt.Errorf("reading evidence: %w", err)
	}
	if len(records) == 0 {
		return EvidenceView{}, ErrNotFound
	}
	view, err := evidenceView(id, chain, records, stamps, actor.Kind == ActorStaff)
	if err != nil {
		return EvidenceView{}, err
	}
	_, err = r.perform(ctx, actor, ActionEvidenceRead, "", nil, func(_ context.Context, a *act) (string, error) {
		a.note("chain", string(chain))
		a.note("sha256", hexOf(digest(view.Bundle)))
		return string(id), nil
	})
	return view, err
}

func (r *Records) mayReadEvidence(ctx context.Context, actor Actor, chain EvidenceChain) error {
	switch {
	case actor.Kind == "" || actor.Kind == ActorAnonymous:
		return ErrUnauthenticated
	case actor.Kind == ActorStaff:
		return r.permit(ctx, actor, MayReadEvidence, ActionEvidenceRead)
	case actor.Kind == ActorDelegator && chain == EvidenceFiling:
		return actor.requireMember(MemberReader)
	}
	return ErrNotFound
}

// evidenceView makes the view of a chain. The ground on which a person accepted is
// for staff alone: for others the chain ends before that decision, which cuts no
// record off from the ones that it rests on. Reasons of a refusal are told anyway.
func evidenceView(id DelegationID, chain EvidenceChain, records []EvidenceRecord, stamps []EvidenceStamp, grounds bool) (EvidenceView, error) {
	view := EvidenceView{DelegationID: id, Chain: chain}
	var bundle evidence.Bundle
	for _, each := range records {
		entry := EvidenceEntry{Ref: each.EvidenceRef, SHA256: each.SHA256}
		for _, s := range stamps {
			if s.Number == each.Number {
				entry.Stamps = append(entry.Stamps, s)
			}
		}
		var err error
		if entry.Record, err = evidence.Decode(each.Record); err != nil {
			return EvidenceView{}, fmt.Errorf("reading evidence: %w", err)
		}
		if decided := entry.Record.Decision; !grounds && decided != nil && decided.Outcome == string(StateAccepted) && decided.Ground != "" {
			break
		}
		view.Records = append(view.Records, entry)
		bundle.Records = append(bundle.Records, evidence.Stamped{Record: each.Record, Tokens: tokensOf(entry.Stamps)})
	}
	var err error
	if view.Bundle, err = evidence.EncodeBundle(bundle); err != nil {
		return EvidenceView{}, fmt.Errorf("writing evidence: %w", err)
	}
	return view, nil
}
