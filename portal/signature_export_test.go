// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"time"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/kanji"
)

// sampleCompared has a difference of every kind: a form of a character, a
// substitute, a part that one side leaves out, and none.
func sampleCompared() []comparedView {
	compare := func(kind poa.CheckKind, certificate, flags, register string) poa.Compared {
		explain := kanji.ExplainName
		if kind == poa.CheckSignerAddress {
			explain = kanji.ExplainAddress
		}
		return poa.Compared{Kind: kind, Certificate: certificate, Substitutes: flags, Register: register, Differences: explain(certificate, flags, register)}
	}
	return comparedViews([]poa.Compared{compare(poa.CheckSignerName, "髙嶋　一郞", "00010", "高島 一郎"), compare(poa.CheckSignerAddress, "東京都千代田区霞ヶ関１－１－１", "", "千代田区霞が関一丁目1番1号見本ビル3階"),
		compare(poa.CheckSignerBirthDate, "1970-04-01", "", "1970-04-01"), compare(poa.CheckDelegateName, "受任　花子", "", "受任 花子")}, sampleDetails().Checks)
}

func sampleEvidence(mode poa.Mode) evidenceView {
	ref := poa.EvidenceRef{DelegationID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", Chain: poa.EvidenceFiling, Number: 1}
	stamps := []poa.EvidenceStamp{{EvidenceRef: ref, Stamp: 1, Hash: "SHA-256", StampedAt: sampleAt, EndsAt: sampleAt}, {EvidenceRef: ref, Stamp: 2, Hash: "SHA-512", StampedAt: sampleAt, EndsAt: sampleAt}}
	intake := recordView{poa.EvidenceEntry{Ref: ref, Record: evidence.Record{Kind: evidence.KindIntake, Instant: sampleAt, Rules: "1.0", KanjiTable: kanji.TableVersion, Mode: evidence.Mode(mode),
		Status: []evidence.Status{{Source: "OCSP", AskedAt: sampleAt}}}, Stamps: stamps}, sampleAt}
	decision := recordView{poa.EvidenceEntry{Ref: poa.EvidenceRef{Chain: poa.EvidenceFiling, Number: 2}, Record: evidence.Record{Kind: evidence.KindDecision, Instant: sampleAt, Decision: &evidence.Decision{Outcome: "ACCEPTED", Ground: "電話で確認した"}}}, time.Time{}}
	delegate := recordView{poa.EvidenceEntry{Ref: poa.EvidenceRef{Chain: poa.EvidenceDelegate, Number: 1}, Record: evidence.Record{Kind: evidence.KindDelegate, Instant: sampleAt}}, time.Time{}}
	return evidenceView{ID: ref.DelegationID, Base: "/staff/evidence/x", Back: "/staff/filings/x", Chains: []chainView{{poa.EvidenceFiling, mode, []recordView{intake, decision}, "/x"}, {poa.EvidenceDelegate, mode, []recordView{delegate}, "/y"}}}
}

// signatureSamples are the states of signing, certificates and evidence.
func signatureSamples() []Sample {
	pdf, pending, sp, link := sampleView(poa.StateDrafted), sampleView(poa.StateSubmitted), sampleView(poa.StateSubmitted), linkView{Base: "/l/injl_x", Delegation: sampleDelegation(poa.StateDrafted)}
	pdf.Format, sp.Format, sp.Mode = poa.FormatPDF, poa.FormatPDF, poa.ModeSP
	pdf.Draft = draftName(pdf.Delegation)
	pending.Waits = []poa.StatusWait{{Since: sampleAt, AskedBy: sampleAt, Until: sampleAt}, {Delegate: true, Since: sampleAt, AskedBy: sampleAt, Until: sampleAt}}
	pending.Details.Checks = []poa.Check{{Kind: poa.CheckStatus, Result: poa.CheckNotChecked, Reason: poa.ReasonStatusUnavailable, At: sampleAt}, {Kind: poa.CheckSignerName, Result: poa.CheckPossible, Reason: kanji.ReasonSubstitute, Reasons: []string{"VARIANT_FORM@1", "SUBSTITUTE_CHARACTER@2", "VARIANT_FORM@4"}, At: sampleAt},
		{Kind: poa.CheckStatus, Result: poa.CheckPassed, Reason: "OCSP", At: sampleAt}}
	refused, waiting := link, link
	refused.Delegation.DelegateCertifiedAt, refused.Certificate = time.Time{}, &poa.Check{Kind: poa.CheckDelegateStatus, Result: poa.CheckFailed, Reason: "REVOKED", At: sampleAt}
	waiting.Waits = pending.Waits[1:]
	return []Sample{
		{"delegation-sign-pdf", "delegation", delegatorWho, pdf, nil},
		{"delegation-sign-pdf-faults", "delegation", delegatorWho, pdf, []*Form{faulty("submit", "signedFile")}},
		{"delegation-pending", "delegation", delegatorWho, pending, nil},
		{"delegation-sp", "delegation", delegatorWho, sp, nil},
		{"filing-pending", "filing", staffWho, filingView{delegationView: pending}, nil},
		{"filing-sp", "filing", staffWho, filingView{delegationView: sp}, nil},
		{"delegate-refused", "delegate", nobody, refused, nil},
		{"delegate-pending", "delegate", nobody, waiting, nil},
		{"evidence", "evidence", staffWho, sampleEvidence(poa.ModeDemo), nil},
		{"evidence-sp", "evidence", delegatorWho, sampleEvidence(poa.ModeSP), nil},
		{"evidence-none", "evidence", delegatorWho, evidenceView{ID: "7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ", Base: "/x", Back: "/y"}, nil},
	}
}

// Marked is a text with its marks in brackets, as a page shows those of a
// comparison.
func Marked(c poa.Compared) (certificate, register string) {
	view := comparedViews([]poa.Compared{c}, nil)[0]
	flat := func(list []mark) (out string) {
		for _, m := range list {
			text := m.Text
			if m.Substitute {
				text += "*"
			}
			if m.Number > 0 {
				text = fmt.Sprintf("[%s]%d", text, m.Number)
			}
			out += text
		}
		return out
	}
	return flat(view.Certificate), flat(view.Register)
}
