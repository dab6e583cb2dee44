// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// A list and a responder say the same of a certificate, whatever was done to it before: the last act counts.
func TestListAndResponderAgree(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	signers := []*x509.Certificate{poatest.MustIssue(t, ca, person).Certificate, poatest.MustIssue(t, ca, person).Certificate}
	want := map[*x509.Certificate]told{signers[0]: {Standing: jpki.Good}, signers[1]: {Standing: jpki.Good}}
	names := []string{"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation"}
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 5).Draw(t, "acts") {
			one := rapid.SampledFrom(signers).Draw(t, "certificate")
			at := instant.Add(-time.Duration(rapid.IntRange(0, 1000).Draw(t, "hours")) * time.Hour)
			switch reason := rapid.IntRange(-2, 5).Draw(t, "act"); reason {
			case -2:
				ca.Unrevoke(one)
				want[one] = told{Standing: jpki.Good}
			case -1:
				ca.Hold(one, at)
				want[one] = told{jpki.OnHold, at, "certificateHold"}
			default:
				ca.Revoke(one, at, reason)
				want[one] = told{jpki.Revoked, at, names[reason]}
			}
		}
		der, err := ca.RevocationList(instant)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range signers {
			request, err := jpki.NewOCSPRequest(one, ca.Root, nonce)
			if err != nil {
				t.Fatal(err)
			}
			response, err := ca.Respond(request, instant)
			if err != nil {
				t.Fatal(err)
			}
			byCRL, err := jpki.CheckCRL(der, one, ca.Root, instant)
			if err != nil || tell(byCRL) != want[one] {
				t.Fatalf("list: %v, %v, want %v", tell(byCRL), err, want[one])
			}
			byOCSP, err := jpki.CheckOCSP(response, one, ca.Root, nonce, instant)
			if err != nil || tell(byOCSP) != want[one] {
				t.Fatalf("responder: %v, %v, want %v", tell(byOCSP), err, want[one])
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	ca := poatest.MustCA(b, instant)
	profile := jpki.Profile{Roots: roots(b, ca), Policies: []string{jpki.PolicyTest}}
	signer := poatest.MustIssue(b, ca, person).Certificate
	for b.Loop() {
		if _, err := profile.Check(signer, nil, instant); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckOCSP(b *testing.B) {
	ca := poatest.MustCA(b, instant)
	signer := poatest.MustIssue(b, ca, person).Certificate
	response := respond(b, ca, signer, poatest.By(responder(b, ca)))
	for b.Loop() {
		if _, err := jpki.CheckOCSP(response, signer, ca.Root, nonce, instant); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadCRL reads a list of 100,000 entries, as each refresh of a cached one does.
func BenchmarkReadCRL(b *testing.B) {
	ca := poatest.MustCA(b, instant)
	entries := make([]x509.RevocationListEntry, 100_000)
	for i := range entries {
		entries[i] = x509.RevocationListEntry{SerialNumber: big.NewInt(int64(i + 1)), RevocationTime: instant, ReasonCode: poatest.ReasonAffiliationChanged}
	}
	der, err := ca.RevocationList(instant, func(l *x509.RevocationList) { l.RevokedCertificateEntries = entries })
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(der)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jpki.ReadCRL(der, ca.Root); err != nil {
			b.Fatal(err)
		}
	}
}
