// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// MaxFile bounds a signed file that is handed in, in bytes.
const MaxFile = 4 << 20

// verifySigned verifies that file is a signature over exactly the expected
// bytes by one certificate of the profile, good at the instant at. It returns
// the signed content's certificate, or the faults of the named field; where the
// certificate has a path but other faults, its identity all the same, so that
// every reason can be told at once.
func verifySigned(profile jpki.Profile, file, expected []byte, at time.Time, field string) (jpki.Certificate, Faults) {
	if len(file) > MaxFile {
		return jpki.Certificate{}, Faults{newFault(CodeFileTooLarge, field, "bound", fmt.Sprint(MaxFile>>20))}
	}
	signed, err := cms.Verify(file, expected, cms.DefaultLimits())
	if err != nil {
		return jpki.Certificate{}, Faults{newFault(signatureCode(err), field)}
	}
	if !bytes.Equal(signed.Content, expected) {
		return jpki.Certificate{}, Faults{newFault(CodeDocumentChanged, field)}
	}
	certificate, err := profile.Check(signed.Signer, signed.Certificates, at)
	if err != nil {
		return jpki.Certificate{Identity: identityOfKnown(signed.Signer, err)}, certificateFaults(err, field)
	}
	return certificate, nil
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

// signatureCode maps the faults of poa/cms to codes of the closed list.
func signatureCode(err error) Code {
	var f cms.Fault
	if !errors.As(err, &f) {
		return CodeFileMalformed
	}
	switch f.Kind {
	case cms.TooLarge, cms.TooDeep, cms.TooManyElements:
		return CodeFileTooLarge
	case cms.NoSigner, cms.NoCertificate, cms.NotSignedData:
		return CodeSignatureMissing
	case cms.NoSignedAttributes, cms.ReplayedAttributes:
		return CodeSignedAttributes
	case cms.SeveralSigners:
		return CodeSeveralSigners
	case cms.Algorithm, cms.WeakDigest, cms.KeyTooShort:
		return CodeAlgorithm
	case cms.Digest, cms.OtherContent:
		return CodeDocumentChanged
	case cms.Signature, cms.ContentType, cms.ForeignContent, cms.NoDigest, cms.KeyIdentifier, cms.ESSCertificate,
		cms.TimeStampRefused, cms.TimeStampNonce, cms.TimeStampImprint, cms.TimeStampESS, cms.TimeStampUsage, cms.TimeStampPeriod, cms.TimeStampUntrusted:
		return CodeSignatureInvalid
	case cms.Malformed, cms.TrailingData, cms.NoContent:
		return CodeFileMalformed
	}
	return CodeFileMalformed
}

// certificateFaults maps every fault of poa/jpki to a code of the closed list.
func certificateFaults(err error, field string) Faults {
	var faults Faults
	for _, f := range jpki.Faults(err) {
		faults.Add(certificateCode(f.Kind), field)
	}
	if len(faults) == 0 {
		faults.Add(CodeCertificateUntrusted, field)
	}
	return faults
}

func certificateCode(kind jpki.Kind) Code {
	switch kind {
	case jpki.Expired:
		return CodeCertificateExpired
	case jpki.NotYetValid:
		return CodeCertificateNotYet
	case jpki.KeyUsage, jpki.IsCA:
		return CodeCertificateUsage
	case jpki.Policy:
		return CodeCertificatePolicy
	case jpki.NoIdentity, jpki.AmbiguousIdentity, jpki.BadBirthDate:
		return CodeCertificateIdentity
	case jpki.Untrusted:
		return CodeCertificateUntrusted
	}
	return CodeCertificateUntrusted
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

// compareSigner compares the certificate's identity with who must have signed.
func compareSigner(id jpki.Identity, want signerExpected, now time.Time) []Check {
	checks := []Check{
		comparisonCheck(CheckSignerName, kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, want.name), now),
		comparisonCheck(CheckSignerAddress, kanji.CompareAddressFlagged(id.Address, id.AddressSubstitutes, want.address), now),
	}
	if want.birthDate.IsZero() {
		return checks
	}
	birth := Check{Kind: CheckSignerBirthDate, Result: CheckPassed, Reason: kanji.ReasonSame, At: now}
	if id.BirthDate.String() != want.birthDate.String() {
		birth.Result, birth.Reason = CheckFailed, kanji.ReasonDifferent
	}
	return append(checks, birth)
}

func comparisonCheck(kind CheckKind, c kanji.Comparison, now time.Time) Check {
	check := Check{Kind: kind, Reason: c.Reason, At: now}
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
		CheckSignerBirthDate: CodeSignerBirthDate, CheckDelegateName: CodeDelegateName}
	var faults Faults
	for _, c := range checks {
		if c.Result == CheckFailed {
			faults.Add(codes[c.Kind], field)
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
