// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
	"ininjo/poa/evidence"
)

// evidenceRow is a record of evidence, sealed with the delegation's data key.
type evidenceRow struct {
	bun.BaseModel `bun:"table:evidence,alias:e"`

	DelegationID string    `bun:"delegation_id,pk"`
	Chain        string    `bun:"chain,pk"`
	Number       int       `bun:"number,pk"`
	Kind         string    `bun:"kind"`
	SHA256       []byte    `bun:"sha256"`
	Sealed       []byte    `bun:"sealed"`
	At           time.Time `bun:"at"`
}

type stampRow struct {
	bun.BaseModel `bun:"table:evidence_stamps,alias:s"`

	DelegationID string    `bun:"delegation_id,pk"`
	Chain        string    `bun:"chain,pk"`
	Record       int       `bun:"record,pk"`
	Number       int       `bun:"number,pk"`
	Sealed       []byte    `bun:"sealed"`
	Hash         string    `bun:"hash"`
	StampedAt    time.Time `bun:"stamped_at"`
	EndsAt       time.Time `bun:"ends_at"`
}

type evidenceDueRow struct {
	bun.BaseModel `bun:"table:evidence_due,alias:u"`

	DelegationID string     `bun:"delegation_id,pk"`
	Chain        string     `bun:"chain,pk"`
	Record       int        `bun:"record,pk"`
	Stamps       int        `bun:"stamps"`
	Hash         string     `bun:"hash"`
	EndsAt       *time.Time `bun:"ends_at"`
	Since        time.Time  `bun:"since"`
	DueAt        time.Time  `bun:"due_at"`
}

func refOf(id, chain string, n int) poa.EvidenceRef {
	return poa.EvidenceRef{DelegationID: poa.DelegationID(id), Chain: poa.EvidenceChain(chain), Number: n}
}

// placeOf names the row that a record, or a stamp of it, is sealed to.
func placeOf(ref poa.EvidenceRef, more ...string) string {
	return numbered(ref.DelegationID, append([]string{string(ref.Chain), number(ref.Number)}, more...)...)
}

// InsertEvidence appends a record, due to be stamped at once.
func (t *tx) InsertEvidence(ctx context.Context, r poa.EvidenceRecord) error {
	sealed, err := t.db.seal.Seal(ctx, subjectOf(r.DelegationID), "evidence", "sealed", placeOf(r.EvidenceRef), r.Record)
	if err != nil {
		return err
	}
	row := evidenceRow{DelegationID: string(r.DelegationID), Chain: string(r.Chain), Number: r.Number, Kind: string(r.Kind), SHA256: r.SHA256[:], Sealed: sealed, At: r.At.UTC()}
	if _, err := t.q.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed(err, "inserting evidence")
	}
	due := evidenceDueRow{DelegationID: row.DelegationID, Chain: row.Chain, Record: row.Number, Since: row.At, DueAt: row.At}
	_, err = t.q.NewInsert().Model(&due).Exec(ctx)
	return failed(err, "noting evidence to be stamped")
}

// InsertStamp appends a time stamp. Of two at once one is stored.
func (t *tx) InsertStamp(ctx context.Context, s poa.EvidenceStamp, due time.Time) error {
	sealed, err := t.db.seal.Seal(ctx, subjectOf(s.DelegationID), "evidence_stamps", "sealed", placeOf(s.EvidenceRef, number(s.Stamp)), s.Token)
	if err != nil {
		return err
	}
	res, err := t.q.NewUpdate().Model((*evidenceDueRow)(nil)).Set("stamps = ?", s.Stamp).Set("hash = ?", s.Hash).Set("ends_at = ?", s.EndsAt.UTC()).Set("due_at = ?", due.UTC()).
		Where("delegation_id = ?", string(s.DelegationID)).Where("chain = ?", string(s.Chain)).Where("record = ?", s.Number).Where("stamps = ?", s.Stamp-1).Exec(ctx)
	if err := changed(res, err, "noting a time stamp"); err != nil {
		return err
	}
	row := stampRow{DelegationID: string(s.DelegationID), Chain: string(s.Chain), Record: s.Number, Number: s.Stamp, Sealed: sealed, Hash: s.Hash, StampedAt: s.StampedAt.UTC(), EndsAt: s.EndsAt.UTC()}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting time stamp")
}

// LastEvidence returns the newest record of a chain without its bytes.
func (r reader) LastEvidence(ctx context.Context, id poa.DelegationID, chain poa.EvidenceChain) (poa.EvidenceRecord, error) {
	var row evidenceRow
	err := r.q.NewSelect().Model(&row).ExcludeColumn("sealed").Where("delegation_id = ?", string(id)).Where("chain = ?", string(chain)).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil {
		return poa.EvidenceRecord{}, failed(err, "reading evidence")
	}
	return row.record()
}

func (row evidenceRow) record() (poa.EvidenceRecord, error) {
	digest, err := fromDigest(row.SHA256)
	return poa.EvidenceRecord{EvidenceRef: refOf(row.DelegationID, row.Chain, row.Number), Kind: evidence.Kind(row.Kind), SHA256: digest, At: row.At.UTC()}, err
}

// Evidence returns the records of a chain with their stamps, oldest first.
func (r reader) Evidence(ctx context.Context, id poa.DelegationID, chain poa.EvidenceChain) ([]poa.EvidenceRecord, []poa.EvidenceStamp, error) {
	return r.evidence(ctx, refOf(string(id), string(chain), 0))
}

// EvidenceOf returns one record with its stamps, oldest first.
func (r reader) EvidenceOf(ctx context.Context, ref poa.EvidenceRef) (poa.EvidenceRecord, []poa.EvidenceStamp, error) {
	records, stamps, err := r.evidence(ctx, ref)
	if err == nil && len(records) == 0 {
		err = poa.ErrNotFound
	}
	if err != nil {
		return poa.EvidenceRecord{}, nil, err
	}
	return records[0], stamps, nil
}

// evidence reads the record of the number, or every one for 0.
func (r reader) evidence(ctx context.Context, ref poa.EvidenceRef) ([]poa.EvidenceRecord, []poa.EvidenceStamp, error) {
	of := func(q *bun.SelectQuery, column string) *bun.SelectQuery {
		q = q.Where("delegation_id = ?", string(ref.DelegationID)).Where("chain = ?", string(ref.Chain))
		if ref.Number > 0 {
			q = q.Where("? = ?", bun.Ident(column), ref.Number)
		}
		return q
	}
	var rows []evidenceRow
	if err := of(r.q.NewSelect().Model(&rows), "number").OrderExpr("number").Scan(ctx); err != nil {
		return nil, nil, failed(err, "reading evidence")
	}
	var stamped []stampRow
	if err := of(r.q.NewSelect().Model(&stamped), "record").OrderExpr("record, number").Scan(ctx); err != nil {
		return nil, nil, failed(err, "reading time stamps")
	}
	records, stamps := make([]poa.EvidenceRecord, len(rows)), make([]poa.EvidenceStamp, len(stamped))
	for i, row := range rows {
		var err error
		if records[i], err = row.record(); err != nil {
			return nil, nil, err
		}
		if records[i].Record, err = r.db.seal.Open(ctx, subjectOf(ref.DelegationID), "evidence", "sealed", placeOf(records[i].EvidenceRef), row.Sealed); err != nil {
			return nil, nil, err
		}
	}
	for i, row := range stamped {
		s := poa.EvidenceStamp{EvidenceRef: refOf(row.DelegationID, row.Chain, row.Record), Stamp: row.Number, Hash: row.Hash, StampedAt: row.StampedAt.UTC(), EndsAt: row.EndsAt.UTC()}
		var err error
		if s.Token, err = r.db.seal.Open(ctx, subjectOf(ref.DelegationID), "evidence_stamps", "sealed", placeOf(s.EvidenceRef, number(s.Stamp)), row.Sealed); err != nil {
			return nil, nil, err
		}
		stamps[i] = s
	}
	return records, stamps, nil
}

// notErased leaves out what belongs to an erased delegation: its rows go in a
// moment.
const notErased = "NOT EXISTS (SELECT FROM destroyed_keys k WHERE k.class = 'delegation' AND k.subject_id = u.delegation_id)"

// DueEvidence returns records that are to be stamped by an instant, or whose
// newest stamp is over a weak digest, the longest due first.
func (r reader) DueEvidence(ctx context.Context, by time.Time, weak []string, limit int) ([]poa.EvidenceDue, error) {
	var rows []evidenceDueRow
	q := r.q.NewSelect().Model(&rows).Where(notErased).OrderExpr("u.due_at, u.delegation_id, u.chain, u.record").Limit(int64(limit))
	if len(weak) == 0 {
		q = q.Where("u.due_at <= ?", by.UTC())
	} else {
		q = q.Where("(u.due_at <= ? OR u.hash IN (?))", by.UTC(), bun.List(weak))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, failed(err, "reading evidence to be stamped")
	}
	due := make([]poa.EvidenceDue, len(rows))
	for i, row := range rows {
		due[i] = poa.EvidenceDue{EvidenceRef: refOf(row.DelegationID, row.Chain, row.Record), Stamps: row.Stamps, Hash: row.Hash, EndsAt: fromNullTime(row.EndsAt),
			Since: row.Since.UTC(), DueAt: row.DueAt.UTC()}
	}
	return due, nil
}

// EvidenceState counts what waits for a stamp.
func (r reader) EvidenceState(ctx context.Context, now time.Time) (poa.EvidenceState, error) {
	var row struct {
		Unstamped int64
		Oldest    *time.Time
		Overdue   int64
		Ended     int64
	}
	err := r.q.NewRaw(`SELECT count(*) FILTER (WHERE stamps = 0) AS unstamped, min(since) FILTER (WHERE stamps = 0) AS oldest,
		count(*) FILTER (WHERE stamps > 0) AS overdue, count(*) FILTER (WHERE ends_at <= ?0) AS ended
		FROM evidence_due u WHERE due_at <= ?0 AND `+notErased, now.UTC()).Scan(ctx, &row)
	if err != nil {
		return poa.EvidenceState{}, failed(err, "counting evidence to be stamped")
	}
	return poa.EvidenceState{Unstamped: row.Unstamped, Oldest: fromNullTime(row.Oldest), Overdue: row.Overdue, Ended: row.Ended}, nil
}
