// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// recordIntake writes down a filing with all that was checked of it (3.1.2,
// 4.1.5), in the act's transaction.
func (r *Registrar) recordIntake(ctx context.Context, a *act, d Delegation, owner Delegator, e examined, checks []Check) error {
	record, err := r.recordOf(ctx, a, d, evidence.KindIntake)
	if err != nil {
		return err
	}
	expected := expectedSigner(owner)
	record.Expected = &evidence.Person{Name: expected.name, Address: expected.address}
	if !expected.birthDate.IsZero() {
		record.Expected.BirthDate = expected.birthDate.String()
	}
	record.Checks = evidenceChecks(checks)
	r.describe(&record, e)
	return r.appendEvidence(ctx, a, d, EvidenceFiling, record)
}

// recordDelegate writes down what was checked of a delegate's certificate.
func (r *Registrar) recordDelegate(ctx context.Context, a *act, d Delegation, e examined, checks []Check) error {
	record, err := r.recordOf(ctx, a, d, evidence.KindDelegate)
	if err != nil {
		return err
	}
	record.Expected = &evidence.Person{Name: d.Contents.Delegate.Name}
	record.Checks = evidenceChecks(checks)
	r.describe(&record, e)
	return r.appendEvidence(ctx, a, d, EvidenceDelegate, record)
}

// recordStatus writes down what a source said later.
func (r *Registrar) recordStatus(ctx context.Context, a *act, d Delegation, chain EvidenceChain, answer told, check Check) error {
	record, err := r.recordOf(ctx, a, d, evidence.KindStatus)
	if err != nil {
		return err
	}
	record.Status, record.Checks = evidenceStatus(answer), evidenceChecks([]Check{check})
	return r.appendEvidence(ctx, a, d, chain, record)
}

// recordDecision writes down how a filing was decided, by whom and on what
// ground; the machine has none. Filings from before there was evidence have no
// record to follow.
func (r *Registrar) recordDecision(ctx context.Context, a *act, d Delegation, outcome State, ground string) error {
	_, err := a.LastEvidence(ctx, d.ID, EvidenceFiling)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	record, err := r.recordOf(ctx, a, d, evidence.KindDecision)
	if err != nil {
		return err
	}
	checks, err := a.Checks(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("reading checks: %w", err)
	}
	record.Checks = evidenceChecks(newest(checks))
	record.Decision = &evidence.Decision{Outcome: string(outcome), Ground: ground, By: a.decidedBy(), At: a.now}
	return r.appendEvidence(ctx, a, d, EvidenceFiling, record)
}

// decidedBy is who decided: a delegator's filing is accepted by the machine.
func (a *act) decidedBy() string {
	if a.actor.Kind == ActorDelegator {
		return System.ID
	}
	return a.actor.ID
}

// groundOf is the ground of a refusal as evidence keeps it: codes, and what
// reception wrote.
func groundOf(reasons []Refusal) string {
	var ground string
	for _, reason := range reasons {
		if ground != "" {
			ground += "\n"
		}
		ground += string(reason.Code)
		if reason.Note != "" {
			ground += ": " + reason.Note
		}
	}
	return ground
}

// recordOf begins a record with the versions that were in force.
func (r *Registrar) recordOf(ctx context.Context, a *act, d Delegation, kind evidence.Kind) (evidence.Record, error) {
	published, err := a.Published(ctx)
	if err != nil {
		return evidence.Record{}, fmt.Errorf("reading rules: %w", err)
	}
	record := evidence.Record{Kind: kind, DelegationID: string(d.ID), Mode: evidence.Mode(r.verification.Mode), Instant: a.now,
		Rules: InForce(published, OperatingRules, DateOf(a.now)).Version, Software: r.verification.Software, KanjiTable: kanji.TableVersion}
	return record, nil
}

// describe writes the examined file into a record: whole, or in mode sp without
// its certificates.
func (r *Registrar) describe(record *evidence.Record, e examined) {
	record.Instant, record.Format, record.Status = e.at, e.format, evidenceStatus(e.status)
	record.Policy, record.Root = e.certificate.Policy, hexOf(e.certificate.RootSHA256)
	for _, rules := range append([]jpki.Rules{{Roots: r.profile.Roots, Policies: r.profile.Policies}}, r.profile.Methods...) {
		record.Policies = append(record.Policies, rules.Policies...)
		if rules.Roots == nil {
			continue
		}
		for _, root := range rules.Roots.Certificates() {
			record.Roots = append(record.Roots, hexOf(sha256.Sum256(root.Raw)))
		}
	}
	if r.verification.Mode == ModeSP {
		record.SP = &evidence.SP{Document: e.expected, SignedAttributes: e.signed.Attributes, SignatureValue: e.signed.SignatureValue, SignedDigest: e.signed.SignedDigest, Hash: e.signed.Digest,
			VerificationID: e.status.answer.VerificationID, FileSHA256: hexOf(digest(e.file))}
		if !bytes.Equal(e.signed.Content, e.expected) { // a PDF is signed together with the increment that signs it
			record.SP.Content = e.signed.Content
		}
		return
	}
	record.File, record.Drafted = e.file, e.expected
	for _, certificate := range e.certificate.Chain {
		record.Chain = append(record.Chain, certificate.Raw)
	}
}

func evidenceStatus(t told) []evidence.Status {
	if t.answer == nil {
		return nil
	}
	s := t.answer
	return []evidence.Status{{Source: s.Source, Standing: string(s.Standing), AskedAt: t.at, RevokedAt: s.RevokedAt, Reason: s.Reason, ProducedAt: s.ProducedAt,
		ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate, VerificationID: s.VerificationID, CertificateID: s.CertificateID, Nonce: s.Nonce, Raw: s.Raw}}
}

func evidenceChecks(checks []Check) []evidence.Check {
	list := make([]evidence.Check, len(checks))
	for i, c := range checks {
		list[i] = evidence.Check{Kind: string(c.Kind), Result: string(c.Result), Reason: c.Reason, Reasons: c.Reasons, At: c.At}
	}
	return list
}

// appendEvidence chains a record to the one before it and has it stamped. The
// delegation is locked: its chains grow by one act at a time.
func (r *Registrar) appendEvidence(ctx context.Context, a *act, d Delegation, chain EvidenceChain, record evidence.Record) error {
	last, err := a.LastEvidence(ctx, d.ID, chain)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("reading evidence: %w", err)
	}
	if err == nil {
		record.Previous = hexOf(last.SHA256)
	}
	b, err := evidence.Encode(record)
	if err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	ref := EvidenceRef{DelegationID: d.ID, Chain: chain, Number: last.Number + 1}
	if err := a.InsertEvidence(ctx, EvidenceRecord{EvidenceRef: ref, Kind: record.Kind, SHA256: digest(b), Record: b, At: a.now}); err != nil {
		return fmt.Errorf("appending evidence: %w", err)
	}
	if r.verification.Stamper == nil {
		return nil // it waits for one, see RenewEvidence
	}
	return a.Enqueue(ctx, StampEvidence{EvidenceRef: ref, Stamp: 1}, time.Time{})
}

// filed returns the record of the file that a chain rests on: the newest intake,
// or the certificate that was handed in last.
func (r *Registrar) filed(ctx context.Context, id DelegationID, chain EvidenceChain) (evidence.Record, error) {
	records, _, err := r.store.Evidence(ctx, id, chain)
	if err != nil {
		return evidence.Record{}, fmt.Errorf("reading evidence: %w", err)
	}
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Kind == evidence.KindIntake || records[i].Kind == evidence.KindDelegate {
			return evidence.Decode(records[i].Record)
		}
	}
	return evidence.Record{}, fmt.Errorf("reading evidence: the chain %s has no file", chain)
}
