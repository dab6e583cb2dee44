// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"ininjo/graph/schema"
	"ininjo/poa"
	"ininjo/poa/evidence"
)

// Evidence returns what was checked of a filing, to those who may read it.
func (q *queryResolver) Evidence(ctx context.Context, id string, chain poa.EvidenceChain) (*schema.Evidence, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	view, err := q.Records.Evidence(ctx, actor, id, chain)
	if errors.Is(err, poa.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first := view.Records[0].Record
	shown := &schema.Evidence{DelegationID: string(view.DelegationID), Chain: view.Chain, Mode: schema.VerificationMode(strings.ToUpper(string(first.Mode))),
		Format: first.Format, Records: each(view.Records, newEvidenceRecord), Bundle: view.Bundle}
	return shown, nil
}

func newEvidenceRecord(e poa.EvidenceEntry) schema.EvidenceRecord {
	return schema.EvidenceRecord{Kind: e.Record.Kind, At: e.Record.Instant, Sha256: hex.EncodeToString(e.SHA256[:]),
		Checks: each(e.Record.Checks, func(c evidence.Check) schema.Check {
			return newCheck(poa.Check{Kind: poa.CheckKind(c.Kind), Result: poa.CheckResult(c.Result), Reason: c.Reason, Reasons: c.Reasons, At: c.At})
		}),
		Statuses: each(e.Record.Status, func(s evidence.Status) schema.CertificateStatus {
			return schema.CertificateStatus{Source: s.Source, Standing: s.Standing, AskedAt: s.AskedAt, RevokedAt: optional(s.RevokedAt), Reason: optional(s.Reason), VerificationID: optional(s.VerificationID)}
		}),
		Rules: optional(e.Record.Rules), KanjiTable: optional(e.Record.KanjiTable), RootSha256: optional(e.Record.Root),
		Stamps: each(e.Stamps, func(s poa.EvidenceStamp) schema.EvidenceStamp {
			return schema.EvidenceStamp{StampedAt: s.StampedAt, Hash: s.Hash, EndsAt: s.EndsAt}
		})}
}
