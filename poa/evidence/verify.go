// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/x509"
	"slices"
	"strconv"
	"strings"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/jpki"
)

// Verify makes every check again from the records' own bytes, as of the instants
// at which they were made, and judges the time stamps as of at. An error means
// that the bundle is none; whatever is wrong with a record is a finding.
func (b Bundle) Verify(trust Trust, at time.Time) (Report, error) {
	if err := b.check(); err != nil {
		return Report{}, err
	}
	v := &verifier{trust: trust, at: at, report: Report{At: at.UTC(), Records: len(b.Records)}}
	for i, stamped := range b.Records {
		v.record(i+1, stamped)
	}
	v.report.conclude()
	return v.report, nil
}

// verifier goes through the records of one bundle.
type verifier struct {
	trust    Trust
	at       time.Time
	report   Report
	number   int
	previous string // SHA-256 of the record before
	// signer and issuer are the certificate that the chain is about, as the newest
	// record with a file has it; nil where none was kept.
	signer, issuer *x509.Certificate
	// statusResult is the newest recorded result about its status.
	statusResult string
	// mandator is the corporate number in what was signed, empty where there is none.
	mandator string
}

func (v *verifier) find(step Step, result Result, code string, values ...string) {
	f := Finding{Record: v.number, Step: step, Result: result, Code: code}
	for i := 0; i+1 < len(values); i += 2 {
		if values[i+1] == "" {
			continue
		}
		if f.Values == nil {
			f.Values = map[string]string{}
		}
		f.Values[values[i]] = values[i+1]
	}
	v.report.Findings = append(v.report.Findings, f)
}

func (v *verifier) record(number int, stamped Stamped) {
	v.number = number
	r, err := Decode(stamped.Record)
	if err != nil {
		v.find(StepRecord, Fail, CodeUnreadable, "fault", string(KindOf(err)))
	} else {
		v.find(StepRecord, OK, CodeVerified, "kind", string(r.Kind), "mode", string(r.Mode), "instant", instant(r.Instant), "rules", r.Rules,
			"kanjiTable", r.KanjiTable, "software", r.Software)
		v.chain(r)
		v.content(r)
	}
	v.previous = SHA256(stamped.Record)
	v.stamps(r, stamped)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// chain wants the record to name the one before it, and the same delegation.
func (v *verifier) chain(r Record) {
	if v.report.DelegationID == "" {
		v.report.DelegationID = r.DelegationID
	}
	switch {
	case v.previous == "" && r.Previous != "":
		v.find(StepChain, Fail, CodeBeginningMissing)
	case v.previous != r.Previous:
		v.find(StepChain, Fail, CodeBroken)
	case v.report.DelegationID != r.DelegationID:
		v.find(StepChain, Fail, CodeOtherDelegation)
	default:
		v.find(StepChain, OK, CodeVerified)
	}
}

// content makes the record's own checks again.
func (v *verifier) content(r Record) {
	if r.Kind == KindIntake || r.Kind == KindDelegate {
		v.filed(r)
	}
	for _, s := range r.Status {
		v.status(r, s)
	}
	if len(r.Status) == 0 && (r.Kind == KindIntake || r.Kind == KindDelegate) {
		v.noStatus(r)
	}
	if r.Decision != nil {
		v.decision(r)
	} else if result := r.statusResult(); result != "" {
		v.statusResult = result
	}
}

// filed checks a signed file, or what is kept of it in mode sp.
func (v *verifier) filed(r Record) {
	v.signer, v.issuer = nil, nil
	if r.Mode == ModeSP {
		v.document(r, r.SP.Document)
		v.platform(r)
		return
	}
	v.document(r, r.Drafted)
	signer, ok := v.signature(r)
	if !ok {
		return
	}
	if certificate, ok := v.path(r, signer); ok {
		v.signer, v.issuer = signer, certificate.Issuer
		v.compare(r, certificate)
	}
}

// document wants what was signed to be of the record's delegation.
func (v *verifier) document(r Record, signed []byte) {
	if r.Format == FormatChallenge {
		if !slices.Contains(strings.Split(string(signed), "\n"), "delegation: "+r.DelegationID) {
			v.find(StepDocument, Fail, CodeOtherDelegation)
			return
		}
		v.find(StepDocument, OK, CodeVerified, "format", r.Format)
		return
	}
	v.mandator = ""
	format, known := document.Known().ByName(r.Format)
	if !known {
		v.find(StepDocument, Fail, CodeFormatUnknown, "format", r.Format)
		return
	}
	content, err := format.Parse(signed)
	switch {
	case err != nil:
		v.find(StepDocument, Fail, CodeDocumentUnknown, "format", r.Format)
	case content.DelegationID != r.DelegationID:
		v.find(StepDocument, Fail, CodeOtherDelegation)
	default:
		v.mandator = content.Mandator.CorporateNumber
		v.find(StepDocument, OK, CodeVerified, "format", r.Format)
	}
}

// path judges the certificate by the roots of the one who verifies, as of the
// record's instant.
func (v *verifier) path(r Record, signer *x509.Certificate) (jpki.Certificate, bool) {
	profile := v.profile(r)
	if profile.Roots == nil && len(profile.Methods) == 0 {
		v.find(StepPath, NotVerifiable, CodeNoRoots, "root", r.Root)
		return jpki.Certificate{}, false
	}
	var others []*x509.Certificate
	for _, der := range r.Chain {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			others = append(others, certificate)
		}
	}
	certificate, err := profile.Check(signer, others, r.Instant)
	recorded := r.result(checkPath, checkDelegatePath)
	switch {
	case err != nil:
		v.find(StepPath, Fail, kindsOf(err), "recorded", recorded)
		return certificate, false
	case r.Root != hexOf(certificate.RootSHA256[:]):
		v.find(StepPath, Fail, CodeOtherRoot)
		return certificate, false
	case r.Policy != certificate.Policy || recorded != "" && recorded != resultPassed:
		v.find(StepPath, Fail, CodeRecordDiffers, "recorded", recorded)
		return certificate, false
	}
	v.find(StepPath, OK, CodeVerified, "root", r.Root, "policy", certificate.Policy, "method", string(certificate.Method),
		"notBefore", instant(certificate.NotBefore), "notAfter", instant(certificate.NotAfter))
	return certificate, true
}

// profile fills in the record's policies where the one who verifies names none.
func (v *verifier) profile(r Record) jpki.Profile {
	profile := v.trust.Profile
	if len(profile.Policies) == 0 {
		profile.Policies = r.Policies
	}
	profile.Methods = slices.Clone(profile.Methods)
	for i := range profile.Methods {
		if len(profile.Methods[i].Policies) == 0 {
			profile.Methods[i].Policies = r.Policies
		}
	}
	return profile
}

func kindsOf(err error) string {
	var kinds []string
	for _, f := range jpki.Faults(err) {
		kinds = append(kinds, string(f.Kind))
	}
	return strings.Join(kinds, " ")
}

func count(n int) string { return strconv.Itoa(n) }
