// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// signedAs makes the world's file in a format.
func (w *world) signedAs(t *testing.T, format document.Format) {
	t.Helper()
	var err error
	if w.drafted, err = format.Marshal(content()); err != nil {
		t.Fatal(err)
	}
	w.file, err = format.Sign(w.drafted, time.Time{}, func(content []byte, as document.SignAs) ([]byte, error) {
		return w.signer.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryFormatIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	for _, format := range document.Known() {
		t.Run(format.Name(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.signedAs(t, format)
			r := w.intake(t)
			r.Format = format.Name()
			if report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), filedAt.AddDate(1, 0, 0)); report.Result != evidence.OK {
				t.Errorf("got %s", told(report))
			}
		})
	}
}

// TestASignedPDFIsBoundInModeSP: what was signed goes on after the document.
func TestASignedPDFIsBoundInModeSP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signedAs(t, document.PDF{})
	found, err := document.PDF{}.Open(w.file, w.drafted)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cms.Verify(found.CMS, found.Content, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	sp := evidence.SP{Document: w.drafted, Content: found.Content, SignedAttributes: signed.Attributes, SignatureValue: signed.SignatureValue,
		SignedDigest: signed.SignedDigest, Hash: signed.Digest, VerificationID: "v1", FileSHA256: hexSHA256(w.file)}
	r := w.intake(t)
	r.Mode, r.Format, r.File, r.Drafted, r.Chain, r.Expected, r.Status, r.SP = evidence.ModeSP, "PDF", nil, nil, nil, nil, nil, &sp
	r.Checks[3].Result = "NOT_CHECKED"
	at := filedAt.AddDate(1, 0, 0)
	want := "NOT_VERIFIABLE SIGNATURE RESTS_ON_PLATFORM, NOT_VERIFIABLE CERTIFICATE CERTIFICATE_NOT_KEPT, NOT_VERIFIABLE STATUS NO_STATUS"
	if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), at)); got != want {
		t.Errorf("got %s", got)
	}
	sp.Content = bytes.Replace(sp.Content, []byte("%PDF-1.7"), []byte("%PDF-1.6"), 1)
	want = "FAIL" + want[len("NOT_VERIFIABLE"):len("NOT_VERIFIABLE SIGNATURE ")] + "DIGEST" + want[len("NOT_VERIFIABLE SIGNATURE RESTS_ON_PLATFORM"):]
	if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), at)); got != want {
		t.Errorf("another beginning: got %s", got)
	}
}

// TestAResponderIsVerifiedAgain reads an OCSP response again, with the nonce
// that it answered and without.
func TestAResponderIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nonce := bytes.Repeat([]byte{7}, 32)
	request, err := jpki.NewOCSPRequest(w.signer.Certificate, w.ca.Root, nonce)
	if err != nil {
		t.Fatal(err)
	}
	w.ca.Revoke(w.signer.Certificate, filedAt.Add(-time.Hour), poatest.ReasonKeyCompromise)
	revoked := w.responded(t, request, nonce)
	w.ca.Unrevoke(w.signer.Certificate)
	good := w.responded(t, request, nonce)
	for _, c := range []struct {
		name   string
		status evidence.Status
		result string
		change func(*evidence.Status)
		want   string
	}{
		{"good", good, "PASSED", func(*evidence.Status) {}, ""},
		{"without the nonce", good, "PASSED", func(s *evidence.Status) { s.Nonce = nil }, ""},
		{"another nonce", good, "PASSED", func(s *evidence.Status) { s.Nonce = flip(s.Nonce, 0) }, "FAIL STATUS STATUS_NONCE"},
		{"called a list", good, "PASSED", func(s *evidence.Status) { s.Source = jpki.SourceCRL }, "FAIL STATUS STATUS_UNREADABLE"},
		{"revoked", revoked, "FAILED", func(*evidence.Status) {}, "NOT_VERIFIABLE STATUS NOT_GOOD"},
		{"revoked and passed", revoked, "PASSED", func(*evidence.Status) {}, "FAIL STATUS RECORD_DIFFERS"},
		{"revoked and called good", revoked, "PASSED", func(s *evidence.Status) { s.Standing = "GOOD" }, "FAIL STATUS RECORD_DIFFERS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := w.intake(t)
			c.change(&c.status)
			r.Status, r.Checks[3].Result = []evidence.Status{c.status}, c.result
			if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, w.trust(t), filedAt.AddDate(1, 0, 0))); got != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func (w *world) responded(t *testing.T, request, nonce []byte) evidence.Status {
	t.Helper()
	response, err := w.ca.Respond(request, filedAt)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := jpki.CheckOCSP(response, w.signer.Certificate, w.ca.Root, nonce, filedAt)
	if err != nil {
		t.Fatal(err)
	}
	s := status(answer, filedAt)
	s.Nonce = nonce
	return s
}

// TestACertificateOfTheCommercialRegistryIsVerifiedAgain: its roots are pinned
// apart from those of JPKI.
func TestACertificateOfTheCommercialRegistryIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	registry, err := poatest.NewRegistryCA(filedAt)
	if err != nil {
		t.Fatal(err)
	}
	w.signer, err = registry.IssueCompany(poatest.Company{Name: "株式会社委任", Number: "000012050002", HeadOffice: "東京都清瀬市観布子南１－１", RepresentativeName: "高橋幹也", RepresentativeTitle: "代表取締役"})
	if err != nil {
		t.Fatal(err)
	}
	w.signedAs(t, document.XML{})
	trust, jpkiRoot := w.trust(t), w.ca
	w.ca = registry
	r := w.intake(t)
	r.Policies, r.Policy, r.Checks = []string{jpki.PolicyCard, poatest.PolicyCommercialRegistry}, poatest.PolicyCommercialRegistry, append(r.Checks[:5:5], evidence.Check{Kind: "SIGNER_COMPANY", Result: "PASSED", At: filedAt})
	s := w.stamped(t, r)
	at := filedAt.AddDate(1, 0, 0)
	if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{s}}, trust, at)); got != "FAIL CERTIFICATE UNTRUSTED, NOT_VERIFIABLE STATUS CERTIFICATE_NOT_KEPT" {
		t.Errorf("by the roots of %v alone: %s", jpkiRoot.Root.Subject.Organization, got)
	}
	roots, err := jpki.NewRoots(registry.Root)
	if err != nil {
		t.Fatal(err)
	}
	trust.Profile.Methods = []jpki.Rules{{Method: jpki.CommercialRegistry, Roots: roots}}
	if report := verify(t, evidence.Bundle{Records: []evidence.Stamped{s}}, trust, at); report.Result != evidence.OK {
		t.Errorf("got %s", told(report))
	}
	r.Expected.Name, r.Checks[4].Result = "山田太郎", "POSSIBLE" // as poa leaves it to a person
	if report := verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, r)}}, trust, at); report.Result != evidence.OK {
		t.Errorf("another representative's name, left to a person: %s", told(report))
	}
	if w.signer, err = registry.IssueCompany(poatest.Company{Name: "株式会社他社", Number: "012001234567", HeadOffice: "東京都港区芝１－１", RepresentativeName: "高橋幹也", RepresentativeTitle: "代表取締役"}); err != nil {
		t.Fatal(err)
	}
	w.signedAs(t, document.XML{})
	other := w.intake(t)
	other.Policies, other.Policy, other.Checks = r.Policies, r.Policy, append(other.Checks[:5:5], r.Checks[5])
	if got := told(verify(t, evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, other)}}, trust, at)); got != "FAIL COMPARISON RECORD_DIFFERS" {
		t.Errorf("another company: got %s", got)
	}
}
