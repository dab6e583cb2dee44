// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// Compared is what a certificate says beside what it was compared with, for the
// person who decides. It is personal data: shown, never recorded.
type Compared struct {
	// Kind is that of the check.
	Kind CheckKind
	// Certificate is the certificate's text, Register that of the register or, for
	// the delegate, of the draft.
	Certificate, Register string
	// Substitutes holds one flag for each character of Certificate, or nothing.
	Substitutes string
	Differences []kanji.Difference
}

// Compared returns what was compared of a filing, to staff who see filings. What
// the signer's certificate says is read from the evidence of the intake, with
// the words of the register that stand there: in mode sp there is none.
func (r *Records) Compared(ctx context.Context, actor Actor, d Delegation) ([]Compared, error) {
	if !seesAll(actor) {
		return nil, ErrNotFound
	}
	var all []Compared
	intake, err := r.intake(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	if intake != nil {
		all = comparedSigner(*intake)
	}
	handed, err := r.store.HandedIn(ctx, d.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return all, nil
	case err != nil:
		return nil, fmt.Errorf("reading the delegate's certificate: %w", err)
	}
	return append(all, comparedName(CheckDelegateName, handed.Name, handed.NameSubstitutes, d.Contents.Delegate.Name)), nil
}

// intake returns the newest record of a filing that holds the signed file; nil
// where there is none, as in mode sp.
func (r *Records) intake(ctx context.Context, id DelegationID) (*evidence.Record, error) {
	records, _, err := r.store.Evidence(ctx, id, EvidenceFiling)
	if err != nil {
		return nil, fmt.Errorf("reading evidence: %w", err)
	}
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Kind != evidence.KindIntake {
			continue
		}
		record, err := evidence.Decode(records[i].Record)
		if err != nil {
			return nil, fmt.Errorf("reading evidence: %w", err)
		}
		if len(record.File) == 0 || record.Expected == nil {
			return nil, nil
		}
		return &record, nil
	}
	return nil, nil
}

// comparedSigner reads the certificate out of the file that was taken; nothing
// where it cannot be read any more.
func comparedSigner(record evidence.Record) []Compared {
	format, known := document.Known().ByName(record.Format)
	if !known {
		return nil
	}
	found, err := format.Open(record.File, record.Drafted)
	if err != nil {
		return nil
	}
	signed, err := cms.Verify(found.CMS, found.Content, cms.DefaultLimits())
	if err != nil {
		return nil
	}
	want := record.Expected
	if identity, err := jpki.ReadIdentity(signed.Signer); err == nil {
		return comparedPerson(identity, *want)
	}
	if company, err := jpki.ReadCompany(signed.Signer); err == nil {
		return []Compared{comparedName(CheckSignerName, company.RepresentativeName, "", want.Name)}
	}
	return nil
}

func comparedPerson(identity jpki.Identity, want evidence.Person) []Compared {
	all := []Compared{comparedName(CheckSignerName, identity.Name, identity.NameSubstitutes, want.Name)}
	if want.Address != "" {
		all = append(all, Compared{Kind: CheckSignerAddress, Certificate: identity.Address, Register: want.Address, Substitutes: identity.AddressSubstitutes,
			Differences: kanji.ExplainAddress(identity.Address, identity.AddressSubstitutes, want.Address)})
	}
	if want.BirthDate != "" {
		birth := Compared{Kind: CheckSignerBirthDate, Certificate: identity.BirthDate.String(), Register: want.BirthDate}
		if birth.Certificate != birth.Register {
			birth.Differences = []kanji.Difference{{Reason: kanji.ReasonDifferent, A: birth.Certificate, B: birth.Register}}
		}
		all = append(all, birth)
	}
	return all
}

func comparedName(kind CheckKind, certificate, substitutes, register string) Compared {
	return Compared{Kind: kind, Certificate: certificate, Substitutes: substitutes, Register: register, Differences: kanji.ExplainName(certificate, substitutes, register)}
}
