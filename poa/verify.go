// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// MaxFile bounds a signed file that is handed in, in bytes.
const MaxFile = 4 << 20

// examined is what a signed file says by itself, and what was said of its
// certificate: all that is found out before the transaction that stores it.
type examined struct {
	file []byte
	// expected is what had to be signed.
	expected []byte
	// format names how the file was signed, for the record.
	format string
	signed *cms.Signed
	// certificate is that of the profile; where there is a path but other faults it
	// has the identity alone, so that every reason can be told at once.
	certificate jpki.Certificate
	faults      Faults
	at          time.Time
	status      told
	// judged tells that the status was asked for, of whoever there was to ask.
	judged bool
}

// opener finds in a file the CMS and the bytes that it must sign.
type opener func(file, expected []byte) (document.Signature, error)

// bareCMS opens a file that is nothing but a CMS, attached or detached.
func bareCMS(file, expected []byte) (document.Signature, error) {
	return document.Signature{CMS: file, Content: expected}, nil
}

// examine verifies that file is a signature over exactly the expected bytes by
// one certificate of the profile, good at the instant at. Faults name the field.
func (r *Registrar) examine(open opener, format string, file, expected []byte, at time.Time, field string) examined {
	e := examined{file: file, expected: expected, format: format, at: at}
	if len(file) > MaxFile {
		e.faults.Add(CodeFileTooLarge, field, "bound", fmt.Sprint(MaxFile>>20))
		return e
	}
	found, err := open(file, expected)
	if err != nil {
		e.faults.Add(documentCode(err), field)
		return e
	}
	if e.signed, err = cms.Verify(found.CMS, found.Content, cms.DefaultLimits()); err != nil {
		e.faults.Add(closerCode(err, found.CMS, format), field)
		return e
	}
	if !bytes.Equal(e.signed.Content, found.Content) {
		e.faults.Add(CodeDocumentChanged, field)
		return e
	}
	if r.verification.Mode == ModeSP && e.reveals() {
		e.faults.Add(CodeCertificateInSignature, field)
		return e
	}
	if e.certificate, err = r.profile.Check(e.signed.Signer, e.signed.Certificates, at); err != nil {
		e.certificate = jpki.Certificate{Identity: identityOfKnown(e.signed.Signer, err)}
		e.faults = append(e.faults, certificateFaults(err, field)...)
	}
	return e
}

// closerCode is the code of a CMS that does not verify. One that carries another
// content than was drafted is looked at once more by itself, so that its own fault
// is told: attributes of another signature, a content altered after it was signed,
// markup by which a document shows other values than it holds.
func closerCode(refusal error, file []byte, format string) Code {
	if cms.KindOf(refusal) != cms.OtherContent {
		return signatureCode(refusal)
	}
	alone, err := cms.Verify(file, nil, cms.DefaultLimits())
	if cms.KindOf(err) == cms.ReplayedAttributes {
		return CodeAttributesReplayed
	}
	if cms.KindOf(err) == cms.Digest {
		return CodeContentAltered
	}
	f, known := document.Known().ByName(format)
	if err != nil || !known {
		return signatureCode(refusal)
	}
	var markup *document.Fault
	if _, err := f.Parse(alone.Content); errors.As(err, &markup) && slices.Contains(document.Markup(), markup.Kind) {
		return documentCode(markup)
	}
	return signatureCode(refusal)
}

// question is what a source of status is asked about a file without faults.
func (e examined) question() StatusQuestion {
	return StatusQuestion{Certificate: e.signed.Signer, Issuer: e.certificate.Issuer, RootSHA256: e.certificate.RootSHA256,
		SignatureValue: e.signed.SignatureValue, SignedDigest: e.signed.SignedDigest, Hash: e.signed.Hash, At: e.at}
}

// identityOfKnown reads the identity of a certificate that was refused though a
// trusted authority issued it; the zero Identity where there is none to read.
func identityOfKnown(certificate *x509.Certificate, refusal error) jpki.Identity {
	if jpki.KindOf(refusal) == jpki.Untrusted {
		return jpki.Identity{}
	}
	identity, err := jpki.ReadIdentity(certificate)
	if err != nil {
		return jpki.Identity{}
	}
	return identity
}

// signerExpected is who must have signed: a corporation's representative as the
// register names him (3.1.2); a sole proprietor by name, home address (not the
// office) and birth date.
type signerExpected struct {
	name, address string
	birthDate     Date
}

func expectedSigner(owner Delegator) signerExpected {
	says := owner.Confirmation.Says
	expected := signerExpected{name: says.RepresentativeName, address: says.RepresentativeAddress}
	if owner.Kind == SoleProprietor {
		expected.birthDate = says.BirthDate
	}
	return expected
}

// compareSigner compares whom the certificate names with who must have signed: a
// JPKI certificate by name, address and birth date, one of the commercial
// registry by company and representative.
func compareSigner(c jpki.Certificate, owner Delegator, now time.Time) []Check {
	want := expectedSigner(owner)
	id := c.Identity
	name := comparisonCheck(CheckSignerName, kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, want.name), now)
	if c.Company != nil {
		return []Check{companyCheck(*c.Company, owner, now), unmarked(name)}
	}
	checks := []Check{name,
		comparisonCheck(CheckSignerAddress, kanji.CompareAddressFlagged(id.Address, id.AddressSubstitutes, want.address), now)}
	if want.birthDate.IsZero() {
		return checks
	}
	birth := Check{Kind: CheckSignerBirthDate, Result: CheckPassed, Reason: kanji.ReasonSame, At: now}
	if id.BirthDate.String() != want.birthDate.String() {
		birth.Result, birth.Reason = CheckFailed, kanji.ReasonDifferent
	}
	return append(checks, birth)
}

// companyCheck wants the certificate of the company that was confirmed.
func companyCheck(company jpki.Company, owner Delegator, now time.Time) Check {
	check := Check{Kind: CheckSignerCompany, Result: CheckFailed, Reason: kanji.ReasonDifferent, At: now}
	if owner.Kind == Corporation && company.Has(owner.Confirmation.Says.CorporateNumber) {
		check.Result, check.Reason = CheckPassed, kanji.ReasonSame
	}
	return check
}

// unmarked leaves a name of the commercial registry that differs to a person:
// characters outside JIS levels 1 and 2 stand there as others, and nothing marks
// them (facts of the field 2.7).
func unmarked(name Check) Check {
	if name.Result == CheckFailed {
		name.Result = CheckPossible
	}
	return name
}

func comparisonCheck(kind CheckKind, c kanji.Comparison, now time.Time) Check {
	check := Check{Kind: kind, Reason: c.Reason, Reasons: c.Reasons, At: now}
	switch c.Result {
	case kanji.MATCH:
		check.Result = CheckPassed
	case kanji.POSSIBLE:
		check.Result = CheckPossible
	case kanji.MISMATCH:
		check.Result = CheckFailed
	}
	return check
}

// faultsOf turns failed checks into refusals.
func faultsOf(checks []Check, field string) Faults {
	codes := map[CheckKind]Code{CheckSignerName: CodeSignerName, CheckSignerAddress: CodeSignerAddress,
		CheckSignerBirthDate: CodeSignerBirthDate, CheckSignerCompany: CodeSignerCompany, CheckDelegateName: CodeDelegateName}
	var faults Faults
	for _, c := range checks {
		if code, compared := codes[c.Kind]; compared && c.Result == CheckFailed {
			faults.Add(code, field)
		}
	}
	return faults
}

// content is what stands in the file to be signed: table 4-1, and what the
// service writes by itself (※2).
func (r *Registrar) content(d Delegation) document.Content {
	m, who := d.Contents.Mandator, d.Contents.Delegate
	c := document.Content{DelegationID: string(d.ID), DraftedAt: d.DraftedAt,
		Delegate: document.Delegate{Name: who.Name, Title: who.Title, Qualification: string(who.Qualification), Address: who.Address, IdentificationID: who.Identification},
		Powers:   d.Contents.Powers, Limits: d.Contents.Limits, SubDelegation: d.Contents.SubDelegation,
		ValidFrom: d.ValidFrom.String(), ValidThrough: d.ValidThrough.String(),
		Service: document.Service{Name: r.policy.ServiceName, PolicyURL: r.policy.PolicyURL, PolicyOID: r.policy.PolicyOID, ValidityURL: r.policy.ValidityURL()},
		Status:  document.Status{ListURI: r.policy.StatusListURI(d.StatusList.List), Index: d.StatusList.Index}}
	if m.Kind == SoleProprietor {
		c.Mandator = document.Mandator{Kind: document.KindSoleProprietor, BusinessName: m.Name, PersonName: m.RepresentativeName, BusinessAddress: m.Address, BirthDate: m.BirthDate.String()}
		return c
	}
	c.Mandator = document.Mandator{Kind: document.KindCorporation, CorporateNumber: m.CorporateNumber, Name: m.Name, HeadOffice: m.Address,
		RepresentativeTitle: m.RepresentativeTitle, RepresentativeName: m.RepresentativeName}
	return c
}

func digest(b []byte) [32]byte { return sha256.Sum256(b) }

func hexOf(d [32]byte) string { return hex.EncodeToString(d[:]) }
