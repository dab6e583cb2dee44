// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
)

// Kinds and results of checks, as poa writes them into records.
const (
	checkSignature      = "SIGNATURE"
	checkPath           = "CERTIFICATE_PATH"
	checkStatus         = "CERTIFICATE_STATUS"
	checkSignerName     = "SIGNER_NAME"
	checkSignerAddress  = "SIGNER_ADDRESS"
	checkSignerBirth    = "SIGNER_BIRTH_DATE"
	checkSignerCompany  = "SIGNER_COMPANY"
	checkDelegatePath   = "DELEGATE_CERTIFICATE_PATH"
	checkDelegateStatus = "DELEGATE_CERTIFICATE_STATUS"
	checkDelegateName   = "DELEGATE_NAME"

	resultPassed   = "PASSED"
	resultPossible = "POSSIBLE"
	resultFailed   = "FAILED"

	outcomeAccepted = "ACCEPTED"
)

// result is the newest recorded result of a check of one of the kinds, or "".
func (r Record) result(kinds ...string) string {
	result := ""
	for _, c := range r.Checks {
		for _, kind := range kinds {
			if c.Kind == kind {
				result = c.Result
			}
		}
	}
	return result
}

// signature verifies the file's one signature over what was drafted.
func (v *verifier) signature(r Record) (*x509.Certificate, bool) {
	found, err := open(r)
	var signed *cms.Signed
	if err == nil {
		signed, err = cms.Verify(found.CMS, found.Content, cms.DefaultLimits())
	}
	recorded := r.result(checkSignature)
	switch {
	case err != nil:
		v.find(StepSignature, Fail, refusal(err), "recorded", recorded)
	case !bytes.Equal(signed.Content, found.Content):
		v.find(StepSignature, Fail, string(cms.Digest), "recorded", recorded)
	case !bytes.Equal(signed.Signer.Raw, r.Chain[0]):
		v.find(StepSignature, Fail, CodeOtherCertificate)
	case recorded != "" && recorded != resultPassed:
		v.find(StepSignature, Fail, CodeRecordDiffers, "recorded", recorded)
	default:
		v.find(StepSignature, OK, CodeVerified, "algorithm", signed.SignatureAlgorithm, "digest", signed.Digest, "fileSha256", SHA256(r.File))
		return signed.Signer, true
	}
	return nil, false
}

// open finds the CMS in the file as the format has it.
func open(r Record) (document.Signature, error) {
	if r.Format == FormatChallenge {
		return document.Signature{CMS: r.File, Content: r.Drafted}, nil
	}
	format, known := document.Known().ByName(r.Format)
	if !known {
		return document.Signature{}, errors.New("opening file: its format is not known")
	}
	return format.Open(r.File, r.Drafted)
}

// refusal is the kind by which a file was refused.
func refusal(err error) string {
	var f *document.Fault
	switch {
	case cms.KindOf(err) != "":
		return string(cms.KindOf(err))
	case errors.As(err, &f):
		return string(f.Kind)
	}
	return CodeFormatUnknown
}

// platform says what of a signature can be checked without its certificate: the
// digest that the platform was told. All else rests on the platform's word.
func (v *verifier) platform(r Record) {
	sp := r.SP
	values := []string{"verificationId", sp.VerificationID, "fileSha256", sp.FileSHA256, "digest", sp.Hash}
	bound, err := sp.bound()
	switch {
	case err != nil:
		v.find(StepSignature, Fail, refusal(err), values...)
	case !bound:
		v.find(StepSignature, NotVerifiable, CodeDocumentNotBound, values...)
	default:
		v.find(StepSignature, NotVerifiable, CodeRestsOnPlatform, values...)
	}
	v.find(StepPath, NotVerifiable, CodeNoCertificate, "verificationId", sp.VerificationID)
	if r.Expected != nil {
		v.find(StepComparison, NotVerifiable, CodeNoCertificate)
	}
}

// compare compares the signer with whom the record says the register named.
func (v *verifier) compare(r Record, certificate jpki.Certificate) {
	if r.Expected == nil {
		return
	}
	id, want := certificate.Identity, r.Expected
	nameKind := checkSignerName
	if r.Kind == KindDelegate {
		nameKind = checkDelegateName
	}
	name := kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, want.Name)
	if certificate.Company != nil && r.Kind == KindIntake {
		v.company(r, *certificate.Company, name)
		return
	}
	v.comparison(r, nameKind, name)
	if want.Address != "" {
		v.comparison(r, checkSignerAddress, kanji.CompareAddressFlagged(id.Address, id.AddressSubstitutes, want.Address))
	}
	if want.BirthDate == "" {
		return
	}
	result := kanji.MATCH
	if id.BirthDate.String() != want.BirthDate {
		result = kanji.MISMATCH
	}
	v.comparison(r, checkSignerBirth, kanji.Comparison{Result: result})
}

// company compares a certificate of the commercial registry: the company with the
// mandator in what was signed, the name as poa does, where one that differs is
// left to a person (nothing marks substitutes there).
func (v *verifier) company(r Record, company jpki.Company, name kanji.Comparison) {
	same := kanji.Comparison{Result: kanji.MATCH}
	if v.mandator == "" || !company.Has(v.mandator) {
		same.Result = kanji.MISMATCH
	}
	if name.Result == kanji.MISMATCH {
		name.Result = kanji.POSSIBLE
	}
	v.comparison(r, checkSignerCompany, same)
	v.comparison(r, checkSignerName, name)
}

// comparison wants the recorded result to be the one that comes out now. Under
// another table of variants it may be another: that is said, not held against it.
func (v *verifier) comparison(r Record, kind string, c kanji.Comparison) {
	now := map[kanji.Result]string{kanji.MATCH: resultPassed, kanji.POSSIBLE: resultPossible, kanji.MISMATCH: resultFailed}[c.Result]
	recorded := r.result(kind)
	values := []string{"check", kind, "recorded", recorded, "now", now, "reason", c.Reason, "kanjiTable", r.KanjiTable}
	switch {
	case recorded == "":
		v.find(StepComparison, NotVerifiable, CodeNotChecked, values...)
	case recorded == now:
		v.find(StepComparison, OK, CodeVerified, values...)
	case r.KanjiTable != kanji.TableVersion && c.Result != kanji.MISMATCH:
		v.find(StepComparison, NotVerifiable, CodeRecordDiffers, values...)
	default:
		v.find(StepComparison, Fail, CodeRecordDiffers, values...)
	}
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
