// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

func list(t testing.TB, ca *poatest.CA, options ...poatest.ListOption) []byte {
	t.Helper()
	der, err := ca.RevocationList(instant, options...)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// told is what of an answer the tables compare.
type told struct {
	Standing jpki.Standing
	At       time.Time
	Reason   string
}

func tell(a jpki.StatusAnswer) told { return told{a.Standing, a.RevokedAt, a.Reason} }

func TestCheckCRLTellsTheStanding(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	since := instant.AddDate(0, 0, -3)
	reasons := map[string]int{"unspecified": 0, "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}
	for name, reason := range reasons {
		t.Run("revoked for "+name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, ca, person)
			ca.Revoke(signer.Certificate, since, reason)
			got, err := jpki.CheckCRL(list(t, ca), signer.Certificate, ca.Root, instant)
			if diff := cmp.Diff(told{jpki.Revoked, since, name}, tell(got)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	t.Run("good", func(t *testing.T) {
		t.Parallel()
		der := list(t, ca)
		got, err := jpki.CheckCRL(der, poatest.MustIssue(t, ca, person).Certificate, ca.Root, instant)
		want := jpki.StatusAnswer{Standing: jpki.Good, Source: jpki.SourceCRL, ProducedAt: instant, ThisUpdate: instant, NextUpdate: instant.AddDate(0, 0, 1), Raw: der}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	t.Run("on hold, and released", func(t *testing.T) {
		t.Parallel()
		signer := poatest.MustIssue(t, ca, person)
		ca.Hold(signer.Certificate, since)
		got, err := jpki.CheckCRL(list(t, ca), signer.Certificate, ca.Root, instant)
		if diff := cmp.Diff(told{jpki.OnHold, since, "certificateHold"}, tell(got)); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		ca.Unrevoke(signer.Certificate)
		if got, err := jpki.CheckCRL(list(t, ca), signer.Certificate, ca.Root, instant); err != nil || got.Standing != jpki.Good {
			t.Errorf("released: %s, %v", got.Standing, err)
		}
	})
	t.Run("a reason that nobody knows still revokes", func(t *testing.T) {
		t.Parallel()
		signer := poatest.MustIssue(t, ca, person)
		ca.Revoke(signer.Certificate, since, 42)
		if got, err := jpki.CheckCRL(list(t, ca), signer.Certificate, ca.Root, instant); err != nil || got.Standing != jpki.Revoked || got.Reason != "reason42" {
			t.Errorf("%s %s, %v", got.Standing, got.Reason, err)
		}
	})
}

func TestCheckCRLReadsTheListOfItsMunicipality(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	signer := poatest.MustIssue(t, ca, person)
	if got, err := jpki.CheckCRL(list(t, ca, poatest.OfMunicipality("Tokyo-to", "Chiyoda-ku")), signer.Certificate, ca.Root, instant); err != nil || got.Standing != jpki.Good {
		t.Errorf("its own: %s, %v", got.Standing, err)
	}
	if _, err := jpki.CheckCRL(list(t, ca, poatest.OfMunicipality("Osaka-fu", "Osaka-shi")), signer.Certificate, ca.Root, instant); jpki.KindOf(err) != jpki.StatusScope {
		t.Errorf("another's: %v", err)
	}
}

func TestCheckCRLTellsNothingFrom(t *testing.T) {
	t.Parallel()
	ca, foreign := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey())
	second := registryCA(t)
	signer, removed := poatest.MustIssue(t, ca, person).Certificate, poatest.MustIssue(t, ca, person).Certificate
	ca.Revoke(removed, instant, poatest.ReasonRemoveFromCRL)
	good := list(t, ca)
	spoilt := bytes.Clone(good)
	spoilt[len(spoilt)-1] ^= 1
	extension := func(oid asn1.ObjectIdentifier, critical bool, value []byte) poatest.ListOption {
		return poatest.WithListExtension(pkix.Extension{Id: oid, Critical: critical, Value: value})
	}
	scope := asn1.ObjectIdentifier{2, 5, 29, 28}
	bit := func(tag int) []byte { return names(tlv(2, tag, false, []byte{0xff})) }
	tests := map[string]struct {
		list                []byte
		certificate, issuer *x509.Certificate
		want                jpki.Kind
	}{
		"nothing":                       {nil, signer, ca.Root, jpki.StatusUnreadable},
		"garbage":                       {[]byte("<html>"), signer, ca.Root, jpki.StatusUnreadable},
		"half a list":                   {good[:len(good)/2], signer, ca.Root, jpki.StatusUnreadable},
		"bytes after the list":          {append(bytes.Clone(good), 0), signer, ca.Root, jpki.StatusUnreadable},
		"a list without bound":          {make([]byte, jpki.MaxCRL+1), signer, ca.Root, jpki.StatusTooLarge},
		"a changed signature":           {spoilt, signer, ca.Root, jpki.StatusSignature},
		"a root of the same name":       {list(t, foreign), signer, ca.Root, jpki.StatusSignature},
		"another issuer":                {list(t, second), signer, ca.Root, jpki.StatusOtherIssuer},
		"another issuer's certificate":  {list(t, foreign), signer, foreign.Root, jpki.StatusOtherIssuer},
		"an old list":                   {list(t, ca, poatest.WithListPeriod(instant.AddDate(0, 0, -2), instant.Add(-time.Second))), signer, ca.Root, jpki.StatusStale},
		"a list from the future":        {list(t, ca, poatest.WithListPeriod(instant.Add(6*time.Minute), instant.AddDate(0, 0, 1))), signer, ca.Root, jpki.StatusNotYet},
		"a delta list":                  {list(t, ca, poatest.AsDelta(1)), signer, ca.Root, jpki.StatusUnsupported},
		"a delta list that hides it":    {list(t, ca, extension(asn1.ObjectIdentifier{2, 5, 29, 27}, false, []byte{2, 1, 1})), signer, ca.Root, jpki.StatusUnsupported},
		"an indirect list":              {list(t, ca, poatest.AsIndirect()), signer, ca.Root, jpki.StatusUnsupported},
		"a list of some reasons":        {list(t, ca, extension(scope, true, names(tlv(2, 3, false, []byte{6, 0x40})))), signer, ca.Root, jpki.StatusUnsupported},
		"a list of authorities":         {list(t, ca, extension(scope, true, bit(2))), signer, ca.Root, jpki.StatusScope},
		"a list of attributes":          {list(t, ca, extension(scope, true, bit(5))), signer, ca.Root, jpki.StatusScope},
		"a scope that cannot be read":   {list(t, ca, extension(scope, true, []byte{1})), signer, ca.Root, jpki.StatusUnreadable},
		"an unknown critical extension": {list(t, ca, extension(asn1.ObjectIdentifier{1, 2, 3}, true, []byte{5, 0})), signer, ca.Root, jpki.StatusUnsupported},
		"removeFromCRL":                 {good, removed, ca.Root, jpki.StatusUnsupported},
		"no issuer":                     {good, signer, nil, jpki.StatusOtherIssuer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := jpki.CheckCRL(test.list, test.certificate, test.issuer, instant); jpki.KindOf(err) != test.want || got.Standing != "" {
				t.Errorf("got %s, %v, want %s", got.Standing, err, test.want)
			}
		})
	}
	t.Run("an unknown extension that is not critical is passed over", func(t *testing.T) {
		t.Parallel()
		der := list(t, ca, extension(asn1.ObjectIdentifier{1, 2, 3}, false, []byte{5, 0}))
		if got, err := jpki.CheckCRL(der, signer, ca.Root, instant); err != nil || got.Standing != jpki.Good {
			t.Errorf("%s, %v", got.Standing, err)
		}
	})
}

// What was good when it was signed stays so, unless the key was not the holder's alone.
func TestStandingAt(t *testing.T) {
	t.Parallel()
	revoked := jpki.StatusAnswer{Standing: jpki.Revoked, RevokedAt: instant, Reason: "affiliationChanged"}
	stolen, held, timeless := revoked, revoked, revoked
	stolen.Reason, held.Standing, timeless.RevokedAt = "keyCompromise", jpki.OnHold, time.Time{}
	before, after := instant.Add(-time.Second), instant
	for name, test := range map[string]struct {
		answer jpki.StatusAnswer
		at     time.Time
		want   jpki.Standing
	}{
		"signed before the revocation":    {revoked, before, jpki.Good},
		"signed at the revocation":        {revoked, after, jpki.Revoked},
		"signed before the hold":          {held, before, jpki.Good},
		"signed during the hold":          {held, after, jpki.OnHold},
		"signed before the key was known": {stolen, before, jpki.Revoked},
		"revoked without a date":          {timeless, before, jpki.Revoked},
		"good":                            {jpki.StatusAnswer{Standing: jpki.Good}, before, jpki.Good},
		"unknown":                         {jpki.StatusAnswer{Standing: jpki.Unknown}, before, jpki.Unknown},
	} {
		if got := test.answer.StandingAt(test.at); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if !slices.Contains(jpki.Standings(), jpki.OnHold) {
		t.Error("a standing is missing")
	}
}

// FuzzCheckCRL looks for panics and for answers that the issuer did not sign: a list that is taken is the seed's own.
func FuzzCheckCRL(f *testing.F) {
	ca := poatest.MustCA(f, instant)
	signer := poatest.MustIssue(f, ca, person).Certificate
	ca.Revoke(signer, instant, poatest.ReasonSuperseded)
	seeds := [][]byte{list(f, ca), list(f, ca, poatest.AsDelta(1)), list(f, ca, poatest.AsIndirect()), list(f, ca, poatest.OfMunicipality("Tokyo-to", "Chiyoda-ku"))}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := jpki.CheckCRL(der, signer, ca.Root, instant)
		switch {
		case err != nil && (jpki.KindOf(err) == "" || got.Standing != ""):
			t.Fatalf("no Fault, or an answer beside it: %v", err)
		case err == nil && (got.Standing != jpki.Revoked || !slices.ContainsFunc(seeds, func(seed []byte) bool { return bytes.Equal(seed, der) })):
			t.Fatalf("took a list that was not signed: %s", got.Standing)
		}
	})
}
