// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

var instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

func roots(t testing.TB, cas ...*poatest.CA) *jpki.Roots {
	t.Helper()
	var certificates []*x509.Certificate
	for _, ca := range cas {
		certificates = append(certificates, ca.Root)
	}
	all, err := jpki.NewRoots(certificates...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCheckTakesACardsCertificate(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	profile := jpki.Profile{Roots: roots(t, ca), Policies: []string{jpki.PolicyCard, jpki.PolicyTest}}
	tests := map[string][]poatest.Option{
		"test policy":               nil,
		"card policy":               {poatest.WithPolicy(jpki.PolicyCard)},
		"key on P-384":              {poatest.WithECDSA(elliptic.P384())},
		"critical alternative name": {poatest.WithCriticalIdentity()},
		"items in another order":    {poatest.WithReversedNames()},
		"an item not known yet":     {poatest.WithOtherName(7, "コクトウ　ミキヤ")},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, ca, person, options...)
			got, err := profile.Check(signer.Certificate, nil, instant)
			if err != nil {
				t.Fatal(err)
			}
			type kept struct {
				SHA256, Root [32]byte
				Serial, Name string
			}
			want := kept{sha256.Sum256(signer.Certificate.Raw), sha256.Sum256(ca.Root.Raw), signer.Certificate.SerialNumber.Text(16), person.Name}
			if diff := cmp.Diff(want, kept{got.SHA256, got.RootSHA256, got.Serial, got.Identity.Name}); diff != "" {
				t.Error(diff)
			}
			if got.Method != jpki.JPKI || got.Company != nil || !got.Issuer.Equal(ca.Root) || len(got.Chain) != 2 || !got.Chain[0].Equal(signer.Certificate) || !got.Chain[1].Equal(ca.Root) {
				t.Errorf("another method, issuer or chain: %s, %d", got.Method, len(got.Chain))
			}
			if !slices.Contains(profile.Policies, got.Policy) || !got.NotAfter.Equal(signer.Certificate.NotAfter) {
				t.Errorf("policy %s, until %v", got.Policy, got.NotAfter)
			}
		})
	}
}

func born(date string) poatest.Person {
	return poatest.Person{Name: "甲", Address: "東京都", BirthDate: date}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	ca, foreign := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey())
	young := poatest.MustCA(t, instant, poatest.WithOwnKey(), poatest.WithRootValidity(instant.AddDate(-1, 0, 0), instant.AddDate(1, 0, 0)))
	profile := jpki.Profile{Roots: roots(t, ca, young), Policies: []string{jpki.PolicyTest}}
	last := instant.AddDate(0, 0, 10)
	short := poatest.WithValidity(instant, last)
	card := poatest.WithPolicy(jpki.PolicyCard)
	cases := map[string]struct {
		ca      *poatest.CA
		options []poatest.Option
		person  poatest.Person
		at      time.Time
		want    []jpki.Kind
	}{
		"another authority of the same name": {foreign, nil, person, instant, []jpki.Kind{jpki.Untrusted}},
		"root over before its certificate":   {young, nil, person, instant.AddDate(2, 0, 0), []jpki.Kind{jpki.Untrusted}},
		"a second after its end":             {ca, []poatest.Option{short}, person, last.Add(time.Second), []jpki.Kind{jpki.Expired}},
		"a second before its begin":          {ca, []poatest.Option{short}, person, instant.Add(-time.Second), []jpki.Kind{jpki.NotYetValid}},
		"foreign and expired":                {foreign, []poatest.Option{short}, person, last.Add(time.Second), []jpki.Kind{jpki.Untrusted}},
		"an authority":                       {ca, []poatest.Option{poatest.AsCA()}, person, instant, []jpki.Kind{jpki.IsCA}},
		"for signing in only":                {ca, []poatest.Option{poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)}, person, instant, []jpki.Kind{jpki.KeyUsage}},
		"for key encipherment only":          {ca, []poatest.Option{poatest.WithKeyUsage(x509.KeyUsageKeyEncipherment)}, person, instant, []jpki.Kind{jpki.KeyUsage}},
		"another policy":                     {ca, []poatest.Option{card}, person, instant, []jpki.Kind{jpki.Policy}},
		"policy of phones":                   {ca, []poatest.Option{poatest.WithPolicy("1.2.392.200149.8.5.1.1.40")}, person, instant, []jpki.Kind{jpki.Policy}},
		"no identity":                        {ca, []poatest.Option{poatest.WithoutIdentity()}, person, instant, []jpki.Kind{jpki.NoIdentity}},
		"two names":                          {ca, []poatest.Option{poatest.WithSecondName("別人　太郎")}, person, instant, []jpki.Kind{jpki.AmbiguousName}},
		"no name":                            {ca, []poatest.Option{poatest.WithoutName()}, person, instant, []jpki.Kind{jpki.NoName}},
		"two addresses":                      {ca, []poatest.Option{poatest.WithOtherName(5, "大阪府")}, person, instant, []jpki.Kind{jpki.AmbiguousIdentity}},
		"31 February":                        {ca, nil, born("319800231"), instant, []jpki.Kind{jpki.NoSuchDay}},
		"Heisei before it began":             {ca, nil, born("419800217"), instant, []jpki.Kind{jpki.EraMismatch}},
		"an unknown era":                     {ca, nil, born("919800217"), instant, []jpki.Kind{jpki.BadBirthDate}},
		"an unknown critical extension":      {ca, []poatest.Option{poatest.WithUnknownCritical()}, person, instant, []jpki.Kind{jpki.CriticalExtension}},
		"a key that signs certificates, too": {ca, []poatest.Option{poatest.WithKeyUsage(x509.KeyUsageContentCommitment | x509.KeyUsageCertSign)}, person, instant, []jpki.Kind{jpki.IsCA}},
		"all at once": {ca, []poatest.Option{short, card, poatest.AsCA(), poatest.WithoutIdentity(), poatest.WithKeyUsage(x509.KeyUsageCertSign)}, person,
			last.Add(time.Second), []jpki.Kind{jpki.Expired, jpki.IsCA, jpki.KeyUsage, jpki.Policy, jpki.NoIdentity}},
	}
	seen := map[jpki.Kind]bool{}
	for name, test := range cases {
		for _, kind := range test.want {
			seen[kind] = true
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, test.ca, test.person, test.options...)
			_, err := profile.Check(signer.Certificate, nil, test.at)
			var got []jpki.Kind
			for _, fault := range jpki.Faults(err) {
				got = append(got, fault.Kind)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	for _, kind := range jpki.Kinds() {
		if !seen[kind] {
			t.Errorf("no case for %s", kind)
		}
	}
}

func TestCheckWithoutRootsTrustsNobody(t *testing.T) {
	t.Parallel()
	signer := poatest.MustIssue(t, poatest.MustCA(t, instant), person)
	if _, err := (jpki.Profile{Policies: []string{jpki.PolicyTest}}).Check(signer.Certificate, nil, instant); jpki.KindOf(err) != jpki.Untrusted {
		t.Errorf("got %v", err)
	}
}

// The file of a signer may carry anything as further certificates; none of them becomes trusted by that.
func TestCheckDoesNotTrustWhatTheSignerBrings(t *testing.T) {
	t.Parallel()
	ca, foreign := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey())
	signer := poatest.MustIssue(t, foreign, person)
	profile := jpki.Profile{Roots: roots(t, ca), Policies: []string{jpki.PolicyTest}}
	if _, err := profile.Check(signer.Certificate, []*x509.Certificate{foreign.Root}, instant); jpki.KindOf(err) != jpki.Untrusted {
		t.Errorf("got %v", err)
	}
}

// Every generation of JPKI's root has the same name; the signature decides, and an expired one still answers for its time.
func TestCheckFindsTheGenerationThatIssued(t *testing.T) {
	t.Parallel()
	then := instant.AddDate(-12, 0, 0)
	old, current := poatest.MustCA(t, then, poatest.WithOwnKey()), poatest.MustCA(t, instant)
	profile := jpki.Profile{Roots: roots(t, current, old), Policies: []string{jpki.PolicyTest}}
	for at, ca := range map[time.Time]*poatest.CA{then: old, instant: current} {
		signer := poatest.MustIssue(t, ca, person)
		got, err := profile.Check(signer.Certificate, nil, at)
		if err != nil || got.RootSHA256 != sha256.Sum256(ca.Root.Raw) {
			t.Errorf("at %v: another root, or %v", at, err)
		}
	}
	late := poatest.MustIssue(t, old, person, poatest.WithValidity(then, instant.AddDate(1, 0, 0)))
	if _, err := profile.Check(late.Certificate, nil, instant); jpki.KindOf(err) != jpki.Untrusted {
		t.Errorf("under an expired root: %v", err)
	}
}

// FuzzCheck looks in whole certificates for panics, for errors that are no Fault, and for one that is taken though the
// authority did not sign it.
func FuzzCheck(f *testing.F) {
	ca := poatest.MustCA(f, instant)
	profile := jpki.Profile{Roots: roots(f, ca), Policies: []string{jpki.PolicyTest}}
	issued := map[[32]byte]bool{}
	for _, option := range []poatest.Option{poatest.WithReversedNames(), poatest.WithoutName(), poatest.WithSecondName("乙"), poatest.WithBirthDate("319700231"), poatest.WithBirthDate("000000000"),
		poatest.WithPolicy(poatest.PolicyPhone), poatest.WithKeyUsage(x509.KeyUsageDigitalSignature), poatest.AsCA(), poatest.WithUnknownCritical(), poatest.WithoutIdentity(),
		poatest.WithSubstitutes("100", "010"), poatest.WithECDSA(elliptic.P384()), poatest.WithValidity(instant.Add(time.Hour), instant.AddDate(1, 0, 0))} {
		signer := poatest.MustIssue(f, ca, person, option)
		issued[sha256.Sum256(signer.Certificate.RawTBSCertificate)] = true
		f.Add(signer.Certificate.Raw)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		switch _, err := profile.Check(certificate, nil, instant); {
		case err != nil && jpki.KindOf(err) == "":
			t.Fatalf("an error that is no Fault: %v", err)
		case err == nil && !issued[sha256.Sum256(certificate.RawTBSCertificate)]:
			t.Fatal("a certificate was taken that nobody issued")
		}
		if _, err := jpki.ReadIdentity(certificate); err != nil && jpki.KindOf(err) == "" {
			t.Fatalf("an error that is no Fault: %v", err)
		}
	})
}
