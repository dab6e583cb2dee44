// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"crypto"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/cms"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
)

func TestAFilingIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, w.intake(t))}}, w.trust(t), filedAt.Add(time.Hour))
	if report.Result != evidence.OK || report.DelegationID != delegation {
		t.Fatalf("got %s: %s", report.Result, told(report))
	}
	var steps []evidence.Step
	for _, f := range report.Findings {
		steps = append(steps, f.Step)
	}
	want := []evidence.Step{evidence.StepRecord, evidence.StepChain, evidence.StepDocument, evidence.StepSignature, evidence.StepPath,
		evidence.StepComparison, evidence.StepComparison, evidence.StepComparison, evidence.StepStatus, evidence.StepTimeStamp}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
}

// TestEvidenceOutlivesItsCertificates verifies in 2036 what was filed in 2026:
// the signer's certificate, its root and two authorities for time stamps have
// ended, and two renewals were made in time.
func TestEvidenceOutlivesItsCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, poatest.WithValidity(filedAt.AddDate(0, 0, -1), filedAt.AddDate(3, 0, 0)))
	trust, pool := w.trust(t), w.tsa.Roots()
	var authorities []*poatest.TSA
	for i := range 3 {
		from := filedAt.AddDate(4*i, 0, -1)
		ca := poatest.MustCA(t, from.AddDate(0, 0, 1), poatest.WithOrganization("TSA"), poatest.WithRootValidity(from, from.AddDate(5, 0, 0)))
		authorities = append(authorities, poatest.MustTSA(t, ca, poatest.WithTSAValidity(from, from.AddDate(4, 6, 0))))
		pool.AddCert(ca.Root)
	}
	trust.TimeStampRoots = pool
	s := renew(t, authorities[0], crypto.SHA256, evidence.Stamped{Record: encode(t, w.intake(t))}, filedAt.Add(time.Minute))
	s = renew(t, authorities[1], crypto.SHA384, s, filedAt.AddDate(4, 1, 0))
	late := s
	s = renew(t, authorities[2], crypto.SHA512, s, filedAt.AddDate(8, 1, 0))
	at := time.Date(2036, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		stamped evidence.Stamped
		weak    map[crypto.Hash]time.Time
		want    string
	}{
		{"two renewals", s, nil, ""},
		{"SHA-256 became weak after its renewal", s, map[crypto.Hash]time.Time{crypto.SHA256: filedAt.AddDate(5, 0, 0)}, ""},
		{"SHA-256 became weak before its renewal", s, map[crypto.Hash]time.Time{crypto.SHA256: filedAt.AddDate(3, 0, 0)}, "FAIL TIME_STAMP RENEWED_AFTER_WEAK"},
		{"SHA-512 is weak now", s, map[crypto.Hash]time.Time{crypto.SHA512: at}, "FAIL TIME_STAMP TIME_STAMP_WEAK"},
		{"no second renewal", late, nil, "FAIL TIME_STAMP TIME_STAMP_ENDED"},
		{"a renewal too late", renew(t, authorities[2], crypto.SHA256, late, filedAt.AddDate(8, 9, 0)), nil, "FAIL TIME_STAMP RENEWED_LATE"},
		{"stamps in another order", evidence.Stamped{Record: s.Record, Tokens: [][]byte{s.Tokens[1], s.Tokens[0], s.Tokens[2]}}, nil, "FAIL TIME_STAMP TIME_STAMP_INVALID"},
		{"the first stamp is missing", evidence.Stamped{Record: s.Record, Tokens: s.Tokens[1:]}, nil, "FAIL TIME_STAMP TIME_STAMP_INVALID"},
		{"a stamp in the middle is missing", evidence.Stamped{Record: s.Record, Tokens: [][]byte{s.Tokens[0], s.Tokens[2]}}, nil, "FAIL TIME_STAMP TIME_STAMP_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trust := trust
			trust.WeakFrom = c.weak
			report := verify(t, evidence.Bundle{Records: []evidence.Stamped{c.stamped}}, trust, at)
			if told(report) != c.want || report.Passed() != (c.want == "") {
				t.Errorf("got %s: %s", report.Result, told(report))
			}
		})
	}
}

func TestWhatIsWrongWithARecordIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newWorld(t)
	otherName := "山田太郎"
	for _, c := range []struct {
		name   string
		change func(*evidence.Record)
		want   string
	}{
		{"a byte of the file", func(r *evidence.Record) { r.File = flip(r.File, len(r.File)-3) }, "FAIL SIGNATURE SIGNATURE, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"a byte of the draft", func(r *evidence.Record) { r.Drafted = bytes.Replace(r.Drafted, []byte("契約"), []byte("解約"), 1) }, "FAIL SIGNATURE OTHER_CONTENT, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"another delegation's draft", func(r *evidence.Record) { r.DelegationID = "X" }, "FAIL DOCUMENT OTHER_DELEGATION"},
		{"an unknown format", func(r *evidence.Record) { r.Format = "DOC" }, "FAIL DOCUMENT FORMAT_UNKNOWN, FAIL SIGNATURE FORMAT_UNKNOWN, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"another certificate", func(r *evidence.Record) { r.Chain = [][]byte{other.signer.Certificate.Raw, r.Chain[1]} }, "FAIL SIGNATURE OTHER_CERTIFICATE, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"another root", func(r *evidence.Record) { r.Root = hexSHA256(other.ca.Root.Raw) }, "FAIL CERTIFICATE OTHER_ROOT, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"another policy", func(r *evidence.Record) { r.Policy = jpki.PolicyCard }, "FAIL CERTIFICATE RECORD_DIFFERS, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"an instant after the certificate", func(r *evidence.Record) {
			r.Instant, r.Status, r.Checks = filedAt.AddDate(6, 0, 0), nil, nil
		}, "FAIL CERTIFICATE EXPIRED, NOT_VERIFIABLE STATUS NO_STATUS"},
		{"a recorded failure that is none", func(r *evidence.Record) { r.Checks[1].Result = "FAILED" }, "FAIL SIGNATURE RECORD_DIFFERS, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT"},
		{"another name in the register", func(r *evidence.Record) { r.Expected.Name = otherName }, "FAIL COMPARISON RECORD_DIFFERS"},
		{"another address in the register", func(r *evidence.Record) { r.Expected.Address += "9" }, "FAIL COMPARISON RECORD_DIFFERS"},
		{"another birth date in the register", func(r *evidence.Record) { r.Expected.BirthDate = "1980-02-18" }, "FAIL COMPARISON RECORD_DIFFERS"},
		{"an older table that matched less", func(r *evidence.Record) { r.KanjiTable, r.Checks[4].Result = "2020-01-01", "POSSIBLE" }, "NOT_VERIFIABLE COMPARISON RECORD_DIFFERS"},
		{"no status", func(r *evidence.Record) { r.Status, r.Checks[3].Result = nil, "NOT_CHECKED" }, "NOT_VERIFIABLE STATUS NO_STATUS"},
		{"a status that the list does not give", func(r *evidence.Record) { r.Status[0].ThisUpdate = r.Status[0].ThisUpdate.Add(time.Hour) }, "FAIL STATUS RECORD_DIFFERS"},
		{"a byte of the list", func(r *evidence.Record) { r.Status[0].Raw = flip(r.Status[0].Raw, len(r.Status[0].Raw)-3) }, "FAIL STATUS STATUS_SIGNATURE"},
		{"a list that was stale", func(r *evidence.Record) { r.Status[0].AskedAt = filedAt.AddDate(0, 0, 3) }, "FAIL STATUS STATUS_STALE"},
		{"a status without an answer", func(r *evidence.Record) { r.Status = nil }, "FAIL STATUS RECORD_DIFFERS"},
		{"an answer of long before", func(r *evidence.Record) { r.Status = []evidence.Status{w.listed(t, filedAt.AddDate(-1, 0, 0))} }, "FAIL STATUS STATUS_STALE"},
		{"the address was not compared", func(r *evidence.Record) { r.Checks = append(r.Checks[:5:5], r.Checks[6]) }, "NOT_VERIFIABLE COMPARISON NOT_CHECKED"},
		{"the birth date was not compared", func(r *evidence.Record) { r.Checks = r.Checks[:6] }, "NOT_VERIFIABLE COMPARISON NOT_CHECKED"},
		{"a platform's word under another name", func(r *evidence.Record) {
			r.Status = []evidence.Status{{Source: "PLATFORM", Standing: "GOOD", AskedAt: filedAt, VerificationID: "v1", Raw: []byte(`{"verificationId":"v2"}`)}}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"a platform's revocation told as good", func(r *evidence.Record) {
			s := platformWord(`{"result":"RESULT_OK","verificationId":"v1","certificate":{"id":"c1","type":"TYPE_JPKI_CARD_DIGITAL_SIGNATURE"},"certificateStatus":{"status":"STATUS_REVOKED","revokedAt":"2026-01-01T00:00:00Z"}}`)
			s.Standing, s.RevokedAt = "GOOD", time.Time{}
			r.Status = []evidence.Status{s}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"a platform's refusal told as good", func(r *evidence.Record) {
			s := platformWord(`{"result":"RESULT_INVALID_SIGNATURE","verificationId":"v1"}`)
			s.Standing, s.Reason = "GOOD", ""
			r.Status = []evidence.Status{s}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"a platform's word of another certificate", func(r *evidence.Record) {
			s := platformWord(platformGood)
			s.CertificateID = "c2"
			r.Status = []evidence.Status{s}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"a platform's word of another instant", func(r *evidence.Record) {
			s := platformWord(platformGood)
			s.ThisUpdate = s.ThisUpdate.Add(time.Second)
			r.Status = []evidence.Status{s}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"no answer of a platform", func(r *evidence.Record) {
			s := platformWord(platformGood)
			s.Raw = []byte("{")
			r.Status = []evidence.Status{s}
		}, "FAIL STATUS RECORD_DIFFERS"},
		{"a platform's word as it came", func(r *evidence.Record) { r.Status = []evidence.Status{platformWord(platformGood)} }, "NOT_VERIFIABLE STATUS RESTS_ON_PLATFORM"},
		{"a platform's word", func(r *evidence.Record) {
			r.Status = []evidence.Status{{Source: "PLATFORM", Standing: "GOOD", AskedAt: filedAt, VerificationID: "v1"}}
		}, "NOT_VERIFIABLE STATUS RESTS_ON_PLATFORM"},
		{"a revocation that was passed", func(r *evidence.Record) { r.Status[0].Standing = "REVOKED" }, "FAIL STATUS RECORD_DIFFERS"},
		{"a beginning that is missing", func(r *evidence.Record) { r.Previous = hexSHA256(nil) }, "FAIL CHAIN BEGINNING_MISSING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := w.intake(t)
			c.change(&r)
			report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), filedAt.AddDate(7, 0, 0))
			if told(report) != c.want {
				t.Errorf("got %s", told(report))
			}
		})
	}
}

// TestTheFirstStampConfirmsTheInstant: neither before the record, nor after the
// signer's certificate ended.
func TestTheFirstStampConfirmsTheInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, poatest.WithValidity(filedAt.AddDate(0, 0, -1), filedAt.AddDate(1, 0, 0)))
	record := evidence.Stamped{Record: encode(t, w.intake(t))}
	for want, at := range map[string]time.Time{
		"":                                       filedAt.Add(-time.Minute), // the authority's clock may be behind
		"FAIL TIME_STAMP STAMPED_BEFORE":         filedAt.Add(-time.Hour),
		"NOT_VERIFIABLE TIME_STAMP STAMPED_LATE": filedAt.AddDate(0, 0, 8), // backdated, for all that the stamp says
	} {
		s := renew(t, w.tsa, crypto.SHA256, record, at)
		if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{s}}, w.trust(t), filedAt.AddDate(2, 0, 0))); got != want {
			t.Errorf("stamped at %s: %s", at, got)
		}
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestWhoVerifiesBringsTheTrust(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), poatest.MustCA(t, filedAt, poatest.WithOwnKey())
	b := evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, w.intake(t))}}
	at := filedAt.Add(time.Hour)
	if got := told(verify(t, b, evidence.Trust{}, at)); got != "NOT_VERIFIABLE CERTIFICATE NO_ROOTS, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT, NOT_VERIFIABLE TIME_STAMP NO_TIME_STAMP_ROOTS" {
		t.Errorf("without roots: %s", got)
	}
	roots, err := jpki.NewRoots(other.Root)
	if err != nil {
		t.Fatal(err)
	}
	trust := w.trust(t)
	trust.Profile.Roots, trust.TimeStampRoots = roots, poatest.MustTSA(t, other).Roots()
	if got := told(verify(t, b, trust, at)); got != "FAIL CERTIFICATE UNTRUSTED, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT, FAIL TIME_STAMP TIME_STAMP_INVALID" {
		t.Errorf("roots of the same name: %s", got)
	}
	trust = w.trust(t)
	trust.Profile.Policies = []string{jpki.PolicyCard}
	if got := told(verify(t, b, trust, at)); got != "FAIL CERTIFICATE POLICY, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT" {
		t.Errorf("another policy: %s", got)
	}
	if got := told(verify(t, b, w.trust(t), filedAt.AddDate(0, 0, -1))); got != "FAIL TIME_STAMP STAMPED_IN_FUTURE" {
		t.Errorf("before it was stamped: %s", got)
	}
}

func TestRecordsFollowOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.stamped(t, w.intake(t))
	at := filedAt.Add(time.Hour)
	w.ca.Revoke(w.signer.Certificate, filedAt.Add(30*time.Minute), poatest.ReasonAffiliationChanged)
	check := []evidence.Check{{Kind: "CERTIFICATE_STATUS", Result: "PASSED", At: at}}
	asked := evidence.Record{Kind: evidence.KindStatus, DelegationID: delegation, Mode: evidence.ModeDemo, Instant: filedAt, Previous: evidence.SHA256(first.Record),
		Rules: "2.01", Status: []evidence.Status{w.listed(t, at)}, Checks: check}
	second := w.stamped(t, asked)
	decided := evidence.Record{Kind: evidence.KindDecision, DelegationID: delegation, Mode: evidence.ModeDemo, Instant: at, Previous: evidence.SHA256(second.Record),
		Rules: "2.01", Decision: &evidence.Decision{Outcome: "ACCEPTED", Ground: "氏名の字体の違いを確認した", By: "acc_1", At: at}}
	third := w.stamped(t, decided)
	unbacked := decided
	unbacked.Checks = check
	refused := asked
	refused.Checks = []evidence.Check{{Kind: "CERTIFICATE_STATUS", Result: "FAILED", Reason: "REVOKED", At: at}}
	against := w.stamped(t, refused)
	overruled := decided
	overruled.Previous = evidence.SHA256(against.Record)
	waiting := w.intake(t)
	waiting.Status, waiting.Checks[3].Result = nil, "NOT_CHECKED"
	waits := w.stamped(t, waiting)
	unbacked.Previous = evidence.SHA256(waits.Record)
	for _, c := range []struct {
		name    string
		records []evidence.Stamped
		want    string
	}{
		{"revoked only after the filing", []evidence.Stamped{first, second, third}, "NOT_VERIFIABLE DECISION RESTS_ON_PERSON"},
		{"one is missing", []evidence.Stamped{first, third}, "FAIL CHAIN CHAIN_BROKEN, NOT_VERIFIABLE DECISION RESTS_ON_PERSON"},
		{"another order", []evidence.Stamped{first, third, second}, "FAIL CHAIN CHAIN_BROKEN, NOT_VERIFIABLE DECISION RESTS_ON_PERSON, FAIL CHAIN CHAIN_BROKEN"},
		{"the beginning is missing", []evidence.Stamped{second, third}, "FAIL CHAIN BEGINNING_MISSING, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT, NOT_VERIFIABLE DECISION RESTS_ON_PERSON"},
		{"accepted on a status that no record holds", []evidence.Stamped{waits, w.stamped(t, unbacked)}, "NOT_VERIFIABLE STATUS NO_STATUS, FAIL DECISION RECORD_DIFFERS"},
		{"accepted though it was revoked", []evidence.Stamped{first, against, w.stamped(t, overruled)}, "FAIL DECISION RECORD_DIFFERS"},
		{"not stamped yet", []evidence.Stamped{first, {Record: second.Record}}, "NOT_VERIFIABLE TIME_STAMP NO_TIME_STAMP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := told(verify(t, evidence.Bundle{Records: c.records}, w.trust(t), at.Add(time.Hour))); got != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestInModeSPWhatRestsOnThePlatformIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signed, err := cms.Verify(w.file, nil, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r := w.intake(t)
	r.Mode, r.File, r.Drafted, r.Chain = evidence.ModeSP, nil, nil, nil
	r.Status = []evidence.Status{{Source: "PLATFORM", Standing: "GOOD", AskedAt: filedAt, VerificationID: "v1"}}
	r.SP = &evidence.SP{Document: w.drafted, SignedAttributes: signed.Attributes, SignatureValue: signed.SignatureValue, SignedDigest: signed.SignedDigest,
		Hash: signed.Digest, VerificationID: "v1", FileSHA256: hexSHA256(w.file)}
	rests := "NOT_VERIFIABLE CERTIFICATE CERTIFICATE_NOT_KEPT, NOT_VERIFIABLE COMPARISON CERTIFICATE_NOT_KEPT, NOT_VERIFIABLE STATUS RESTS_ON_PLATFORM"
	for _, c := range []struct {
		name   string
		change func(*evidence.SP)
		want   string
	}{
		{"all is there", func(*evidence.SP) {}, "NOT_VERIFIABLE SIGNATURE RESTS_ON_PLATFORM, " + rests},
		{"no attributes", func(sp *evidence.SP) { sp.SignedAttributes = nil }, "NOT_VERIFIABLE SIGNATURE DIGEST_NOT_BOUND, " + rests},
		{"another digest", func(sp *evidence.SP) { sp.SignedDigest = flip(sp.SignedDigest, 0) }, "FAIL SIGNATURE SIGNATURE, " + rests},
		{"another document", func(sp *evidence.SP) { sp.Document = bytes.Replace(sp.Document, []byte("契約"), []byte("解約"), 1) }, "FAIL SIGNATURE DIGEST, " + rests},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, sp := r, *r.SP
			c.change(&sp)
			r.SP = &sp
			report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), filedAt.Add(time.Hour))
			if told(report) != c.want {
				t.Errorf("got %s", told(report))
			}
			if bytes.Contains(encode(t, r), []byte("MII")) {
				t.Error("a certificate is in the record")
			}
		})
	}
}

func TestADelegatesChallengeIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	challenge := []byte("受任者の電子証明書の提出\n\ndelegation: " + delegation + "\nnonce: x\n")
	file, err := w.signer.SignDetached(challenge)
	if err != nil {
		t.Fatal(err)
	}
	r := w.intake(t)
	r.Kind, r.Format, r.Drafted, r.File, r.Expected = evidence.KindDelegate, evidence.FormatChallenge, challenge, file, &evidence.Person{Name: "高橋幹也"}
	r.Checks = []evidence.Check{{Kind: "DELEGATE_CERTIFICATE_PATH", Result: "PASSED", At: filedAt}, {Kind: "DELEGATE_CERTIFICATE_STATUS", Result: "PASSED", At: filedAt},
		{Kind: "DELEGATE_NAME", Result: "PASSED", At: filedAt}}
	if report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), filedAt.AddDate(1, 0, 0)); report.Result != evidence.OK {
		t.Errorf("got %s", told(report))
	}
}

func TestEveryCodeHasItsTexts(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, step := range evidence.Steps() {
		keys = append(keys, "evidence.step."+string(step))
	}
	for _, code := range evidence.Codes() {
		keys = append(keys, "evidence.code."+code)
	}
	for _, key := range keys {
		for _, language := range locale.Languages {
			if !locale.Has(language, key) {
				t.Errorf("%s has no text %s", language, key)
			}
		}
	}
}

const platformGood = `{"result":"RESULT_OK","verificationId":"v1","certificate":{"id":"c1","type":"TYPE_JPKI_CARD_DIGITAL_SIGNATURE"},"certificateStatus":{"status":"STATUS_GOOD"}}`

// platformWord is a platform's answer as a record has it.
func platformWord(raw string) evidence.Status {
	a, err := jpki.ReadPlatform([]byte(raw), filedAt)
	if err != nil {
		panic(err) // it is the test's own
	}
	return evidence.Status{Source: a.Source, Standing: string(a.Standing), AskedAt: filedAt, RevokedAt: a.RevokedAt, Reason: a.Reason, ProducedAt: a.ProducedAt,
		ThisUpdate: a.ThisUpdate, VerificationID: a.VerificationID, CertificateID: a.CertificateID, Raw: a.Raw}
}
