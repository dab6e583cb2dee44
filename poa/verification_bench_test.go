// SPDX-License-Identifier: Apache-2.0

//go:build unix

package poa_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"syscall"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
	"ininjo/poa/poatest"
)

// BenchmarkVerification measures full verifications of a delegation (CMS, path to a pinned root, profile, comparison
// of name and address) beside the RSA operations in them, done bare and in the same run: one of the signature, one of
// the certificate. ratio is what a verification makes of the speed that these alone would allow; 0.5 is the aim.
// Time is the processor's, not the clock's, so that the figures are per core and what else the machine does is not in
// them; rubbish is collected in it.
func BenchmarkVerification(b *testing.B) {
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	person := poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17", Gender: "1"}
	ca := poatest.MustCA(b, at)
	signer := poatest.MustIssue(b, ca, person)
	roots, err := jpki.NewRoots(ca.Root)
	if err != nil {
		b.Fatal(err)
	}
	profile := jpki.Profile{Roots: roots, Policies: []string{jpki.PolicyTest}}
	content := make([]byte, 4<<10)
	file, err := signer.Sign(content, cms.SignOptions{ESS: true, SigningTime: at})
	if err != nil {
		b.Fatal(err)
	}
	verify := func() {
		signed, err := cms.Verify(file, content, cms.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		certificate, err := profile.Check(signed.Signer, signed.Certificates, at)
		if err != nil {
			b.Fatal(err)
		}
		id := certificate.Identity
		if kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, person.Name).Result != kanji.MATCH ||
			kanji.CompareAddressFlagged(id.Address, id.AddressSubstitutes, person.Address).Result != kanji.MATCH {
			b.Fatal("another name or address")
		}
	}
	bare := bareRSA(b, signer)
	const turns = 20 // in turns, so that what else the machine does falls on both alike
	var whole, alone time.Duration
	done := 0
	for b.Loop() {
		start := cpuTime(b)
		for range turns {
			verify()
		}
		middle := cpuTime(b)
		for range turns {
			bare()
			bare()
		}
		whole, alone = whole+middle-start, alone+cpuTime(b)-middle
		done += turns
	}
	b.ReportMetric(float64(done)/whole.Seconds(), "verifications/s")
	b.ReportMetric(float64(2*done)/alone.Seconds(), "rsa/s")
	b.ReportMetric(alone.Seconds()/whole.Seconds(), "ratio")
	b.ReportMetric(float64(whole.Nanoseconds())/float64(done), "ns/op")
}

// cpuTime is what the process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// bareRSA returns one verification of an RSA-2048 signature by crypto/rsa and nothing else.
func bareRSA(b *testing.B, signer *poatest.Signer) func() {
	digest := sha256.Sum256([]byte("content"))
	signature, err := signer.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	public, ok := signer.Key.Public().(*rsa.PublicKey)
	if !ok || public.N.BitLen() != 2048 {
		b.Fatal("not an RSA-2048 key")
	}
	return func() {
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}
