// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

var company = poatest.Company{Name: "株式会社見本", Number: "010701111111", HeadOffice: "東京都渋谷区宇田川町１番１号", RepresentativeName: "黒桐幹也", RepresentativeTitle: "代表取締役"}

func registryCA(t testing.TB) *poatest.CA {
	t.Helper()
	ca, err := poatest.NewRegistryCA(instant)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func companySigner(t testing.TB, ca *poatest.CA, options ...poatest.Option) *poatest.Signer {
	t.Helper()
	signer, err := ca.IssueCompany(company, append([]poatest.Option{poatest.WithPooledKey()}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// both takes cards and certificates of the commercial registry.
func both(t testing.TB, card, registry *poatest.CA) jpki.Profile {
	t.Helper()
	return jpki.Profile{Roots: roots(t, card), Policies: []string{jpki.PolicyTest},
		Methods: []jpki.Rules{{Method: jpki.CommercialRegistry, Roots: roots(t, registry), Policies: []string{jpki.PolicyCommercialRegistry}}}}
}

func TestCheckTakesTheCommercialRegistryWhereItIsSet(t *testing.T) {
	t.Parallel()
	card, registry := poatest.MustCA(t, instant), registryCA(t)
	profile := both(t, card, registry)
	for name, options := range map[string][]poatest.Option{
		"with key usage":              nil,
		"for signatures only":         {poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)},
		"from before the renewal":     {poatest.WithKeyUsage(0)},
		"of a policy among its texts": {poatest.WithPolicy(jpki.PolicyCommercialRegistry)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := profile.Check(companySigner(t, registry, options...).Certificate, nil, instant)
			if err != nil {
				t.Fatal(err)
			}
			want := &jpki.Company{Name: company.Name, Number: company.Number, HeadOffice: company.HeadOffice, RepresentativeName: company.RepresentativeName, RepresentativeTitle: company.RepresentativeTitle, Registry: "試験法務局"}
			if diff := cmp.Diff(want, got.Company); diff != "" || got.Method != jpki.CommercialRegistry || !got.Issuer.Equal(registry.Root) || got.Identity.Name != company.RepresentativeName {
				t.Errorf("method %s\n%s", got.Method, diff)
			}
			if !got.Company.Has("5010701111111") || got.Company.Has("5010701111112") || got.Company.Has("010701111111") {
				t.Error("the corporate number is not told apart")
			}
		})
	}
	t.Run("cards go on", func(t *testing.T) {
		t.Parallel()
		if got, err := profile.Check(poatest.MustIssue(t, card, person).Certificate, nil, instant); err != nil || got.Method != jpki.JPKI {
			t.Errorf("%s, %v", got.Method, err)
		}
	})
}

func TestCheckRefusesOfTheCommercialRegistry(t *testing.T) {
	t.Parallel()
	card, registry, foreign := poatest.MustCA(t, instant), registryCA(t), registryCA(t)
	on := both(t, card, registry)
	off := jpki.Profile{Roots: on.Roots, Policies: on.Policies}
	item := func(tag int, text []byte) []byte { return tlv(2, tag, true, text) }
	tests := map[string]struct {
		profile jpki.Profile
		signer  *poatest.Signer
		want    jpki.Kind
	}{
		"where it is not set":              {off, companySigner(t, registry), jpki.Untrusted},
		"another authority of its name":    {on, companySigner(t, foreign), jpki.Untrusted},
		"a card's policy":                  {on, companySigner(t, registry, poatest.WithPolicy(jpki.PolicyTest)), jpki.Policy},
		"expired":                          {on, companySigner(t, registry, poatest.WithValidity(instant.AddDate(0, 0, -9), instant.Add(-time.Second))), jpki.Expired},
		"for key encipherment":             {on, companySigner(t, registry, poatest.WithKeyUsage(x509.KeyUsageKeyEncipherment)), jpki.KeyUsage},
		"an unknown critical extension":    {on, companySigner(t, registry, poatest.WithUnknownCritical()), jpki.CriticalExtension},
		"no corporation":                   {on, companySigner(t, registry, poatest.WithoutIdentity()), jpki.NoIdentity},
		"no representative":                {on, companySigner(t, registry, poatest.WithSubjectAltName(names(item(0, text("甲"))))), jpki.NoName},
		"a card's profile under this root": {on, poatest.MustIssue(t, registry, person, poatest.WithPolicy(jpki.PolicyCommercialRegistry)), jpki.NoIdentity},
		"this profile under a card's root": {on, companySigner(t, card), jpki.CriticalExtension},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := test.profile.Check(test.signer.Certificate, nil, instant); jpki.KindOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

var (
	goodCompany = tlv(2, 0, true, text("株式会社見本"))
	goodNumber  = tlv(2, 1, true, tlv(0, asn1.TagPrintableString, false, []byte("010701111111")))
	goodOffice  = tlv(2, 2, true, text("東京都"))
	goodLeader  = tlv(2, 3, true, text("黒桐幹也"))
	goodTitle   = tlv(2, 4, true, text("代表取締役"))
)

func TestParseCorporationRefuses(t *testing.T) {
	t.Parallel()
	good := names(goodCompany, goodNumber, goodOffice, goodLeader, goodTitle)
	tests := map[string]struct {
		der  []byte
		want jpki.Kind
	}{
		"nothing":                {nil, jpki.NoIdentity},
		"trailing bytes":         {append(slices.Clone(good), 0), jpki.NoIdentity},
		"truncated":              {good[:len(good)-1], jpki.NoIdentity},
		"a set":                  {tlv(0, asn1.TagSet, true, goodCompany), jpki.NoIdentity},
		"no company":             {names(goodNumber, goodOffice, goodLeader, goodTitle), jpki.NoIdentity},
		"no number":              {names(goodCompany, goodOffice, goodLeader, goodTitle), jpki.NoIdentity},
		"a number of 11 digits":  {names(goodCompany, tlv(2, 1, true, text("01070111111")), goodOffice, goodLeader, goodTitle), jpki.NoIdentity},
		"a number with a letter": {names(goodCompany, tlv(2, 1, true, text("01070111111x")), goodOffice, goodLeader, goodTitle), jpki.NoIdentity},
		"no head office":         {names(goodCompany, goodNumber, goodLeader, goodTitle), jpki.NoIdentity},
		"no title":               {names(goodCompany, goodNumber, goodOffice, goodLeader), jpki.NoIdentity},
		"no representative":      {names(goodCompany, goodNumber, goodOffice, goodTitle), jpki.NoName},
		"two representatives":    {names(goodCompany, goodNumber, goodOffice, goodLeader, goodLeader, goodTitle), jpki.AmbiguousName},
		"two companies":          {names(goodCompany, goodCompany, goodNumber, goodOffice, goodLeader, goodTitle), jpki.AmbiguousIdentity},
		"a name turned around":   {names(goodCompany, goodNumber, goodOffice, tlv(2, 3, true, text("黒\u202e桐")), goodTitle), jpki.NoIdentity},
		"a name in Latin-1":      {names(goodCompany, goodNumber, goodOffice, tlv(2, 3, true, tlv(0, asn1.TagT61String, false, []byte("a"))), goodTitle), jpki.NoIdentity},
	}
	if _, err := jpki.ParseCorporation(names(goodTitle, goodLeader, tlv(2, 5, true, text("?")), goodOffice, goodNumber, goodCompany)); err != nil {
		t.Errorf("in another order, with an unknown item: %v", err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := jpki.ParseCorporation(test.der); jpki.KindOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestCompanyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c, err := jpki.ParseCorporation(names(goodCompany, goodNumber, goodOffice, goodLeader, goodTitle))
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, jpki.Certificate{Company: &c}); strings.Contains(all, "黒桐") || strings.Contains(all, "見本") {
		t.Errorf("printed: %s", all)
	}
}

// FuzzParseCorporation looks for panics, for errors that are no Fault, and for companies with an empty part.
func FuzzParseCorporation(f *testing.F) {
	f.Add(names(goodCompany, goodNumber, goodOffice, goodLeader, goodTitle))
	f.Add(names(goodCompany, goodNumber, goodNumber))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := jpki.ParseCorporation(der)
		if err != nil {
			if jpki.KindOf(err) == "" {
				t.Fatalf("no Fault: %v", err)
			}
			return
		}
		if c.Name == "" || c.RepresentativeName == "" || len(c.Number) != 12 || !utf8.ValidString(c.Name+c.HeadOffice+c.RepresentativeName+c.RepresentativeTitle) {
			t.Fatal("a company with holes")
		}
	})
}
