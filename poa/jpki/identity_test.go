// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"encoding/asn1"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

var person = poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17", Gender: "1"}

func tlv(class, tag int, compound bool, inner ...[]byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: compound, Bytes: slices.Concat(inner...)})
	if err != nil {
		panic(err) // a test's own constant
	}
	return der
}

func text(s string) []byte { return tlv(0, asn1.TagUTF8String, false, []byte(s)) }

// other is one otherName of the identity's arc with any value.
func other(number int, value []byte) []byte {
	oid, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, number})
	if err != nil {
		panic(err)
	}
	return tlv(2, 0, true, oid, tlv(2, 0, true, value))
}

func names(parts ...[]byte) []byte { return tlv(0, asn1.TagSequence, true, parts...) }

var (
	goodName    = other(1, text("黒桐　幹也"))
	goodBirth   = other(4, text("319800217"))
	goodGender  = other(3, text("1"))
	goodAddress = other(5, text("東京都清瀬市"))
)

func TestReadIdentityOfAnIssuedCertificate(t *testing.T) {
	t.Parallel()
	signer := poatest.MustIssue(t, poatest.MustCA(t, instant), person)
	got, err := jpki.ReadIdentity(signer.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	birth, err := jpki.ParseBirthDate("319800217")
	if err != nil {
		t.Fatal(err)
	}
	want := jpki.Identity{
		Name: person.Name, Address: person.Address, BirthDate: birth, Gender: "1",
		NameSubstitutes: "00000", AddressSubstitutes: strings.Repeat("0", utf8.RuneCountInString(person.Address)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.NameSubstituted() || got.AddressSubstituted() {
		t.Error("no character is a substitute")
	}
}

func TestReadIdentityTellsSubstitutes(t *testing.T) {
	t.Parallel()
	signer := poatest.MustIssue(t, poatest.MustCA(t, instant), person, poatest.WithSubstitutes("01000", ""))
	got, err := jpki.ReadIdentity(signer.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if !got.NameSubstituted() || got.AddressSubstituted() {
		t.Errorf("name %v, address %v", got.NameSubstituted(), got.AddressSubstituted())
	}
}

func TestParseSubjectAltNameKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	mail := tlv(2, 1, false, []byte("a@example.jp"))
	reading := other(9, text("コクトウ"))
	got, err := jpki.ParseSubjectAltName(names(mail, goodAddress, reading, reading, goodBirth, goodName))
	if err != nil {
		t.Fatal(err)
	}
	one := jpki.OtherName{OID: "1.2.392.200149.8.5.5.9", Value: text("コクトウ")}
	if diff := cmp.Diff([]jpki.OtherName{one, one}, got.Other); diff != "" {
		t.Error(diff)
	}
}

func TestParseSubjectAltNameRefuses(t *testing.T) {
	t.Parallel()
	good := names(goodName, goodBirth, goodGender, goodAddress)
	tests := map[string]struct {
		der  []byte
		want jpki.Kind
	}{
		"nothing":                 {nil, jpki.NoIdentity},
		"an empty sequence":       {names(), jpki.NoName},
		"a set":                   {tlv(0, asn1.TagSet, true, goodName, goodBirth, goodAddress), jpki.NoIdentity},
		"trailing bytes":          {append(slices.Clone(good), 0), jpki.NoIdentity},
		"truncated":               {good[:len(good)-1], jpki.NoIdentity},
		"an item cut short":       {tlv(0, asn1.TagSequence, true, goodName, goodBirth, goodAddress[:5]), jpki.NoIdentity},
		"no name":                 {names(goodBirth, goodAddress), jpki.NoName},
		"no address":              {names(goodName, goodBirth), jpki.NoIdentity},
		"no birth date":           {names(goodName, goodAddress), jpki.NoIdentity},
		"an empty name":           {names(other(1, text("")), goodBirth, goodAddress), jpki.NoName},
		"a name not in UTF-8":     {names(other(1, text("\xff")), goodBirth, goodAddress), jpki.NoIdentity},
		"a name of another type":  {names(other(1, tlv(0, asn1.TagIA5String, false, []byte("A"))), goodBirth, goodAddress), jpki.NoIdentity},
		"a name with a NUL":       {names(other(1, text("黒\x00桐")), goodBirth, goodAddress), jpki.NoIdentity},
		"a name turned around":    {names(other(1, text("黒\u202e桐")), goodBirth, goodAddress), jpki.NoIdentity},
		"a name without end":      {names(other(1, text(strings.Repeat("黒", 1001))), goodBirth, goodAddress), jpki.NoIdentity},
		"two values in one item":  {names(other(1, slices.Concat(text("甲"), text("乙"))), goodBirth, goodAddress), jpki.NoIdentity},
		"two names":               {names(goodName, goodName, goodBirth, goodAddress), jpki.AmbiguousName},
		"two names, one empty":    {names(other(1, text("")), goodName, goodBirth, goodAddress), jpki.AmbiguousName},
		"two addresses":           {names(goodName, goodBirth, goodAddress, other(5, text("大阪府"))), jpki.AmbiguousIdentity},
		"two birth dates":         {names(goodName, goodBirth, goodBirth, goodAddress), jpki.AmbiguousIdentity},
		"two sets of flags":       {names(goodName, goodBirth, goodAddress, other(2, text("0")), other(2, text("1"))), jpki.AmbiguousIdentity},
		"an impossible birthday":  {names(goodName, other(4, text("319800230")), goodAddress), jpki.NoSuchDay},
		"a birthday without era":  {names(goodName, other(4, text("19800217")), goodAddress), jpki.BadBirthDate},
		"numbers 4 and 5 swapped": {names(goodName, other(5, text("319800217")), other(4, text("東京都清瀬市"))), jpki.BadBirthDate},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := jpki.ParseSubjectAltName(test.der); jpki.KindOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestIdentityIsNeverPrinted(t *testing.T) {
	t.Parallel()
	identity, err := jpki.ParseSubjectAltName(names(goodName, goodBirth, goodGender, goodAddress))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("checked", "identity", identity)
	all := log.String() + fmt.Sprintf("%v %+v %#v %s", identity, identity, identity, identity) +
		fmt.Sprintf("%v %+v", jpki.Certificate{Identity: identity}, &jpki.Certificate{Identity: identity})
	for _, secret := range []string{identity.Name, identity.Address, "1980"} {
		if strings.Contains(all, secret) {
			t.Errorf("printed personal data: %s", all)
		}
	}
}

// FuzzParseSubjectAltName looks for panics, for errors that are no Fault, and for identities with an empty part.
func FuzzParseSubjectAltName(f *testing.F) {
	f.Add(names(goodName, goodBirth, goodGender, goodAddress))
	f.Add(names(goodAddress, goodBirth, goodName, other(9, text("x")), other(2, text("01"))))
	f.Add(names(goodName, goodName))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := jpki.ParseSubjectAltName(der)
		if err != nil {
			if jpki.KindOf(err) == "" || strings.ContainsFunc(err.Error(), func(r rune) bool { return r > 0x7e }) {
				t.Fatalf("no Fault, or one that repeats the certificate: %q", err)
			}
			return
		}
		if got.Name == "" || got.Address == "" || !utf8.ValidString(got.Name+got.Address+got.Gender) {
			t.Fatalf("an identity with holes: %q %q", got.Name, got.Address)
		}
	})
}

// The six items may stand in any order, among others that are not known yet: the identity is the same.
func TestIdentityDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	known := [][]byte{goodName, goodBirth, goodGender, goodAddress, other(2, text("00000")), other(6, text("000000"))}
	want, err := jpki.ParseSubjectAltName(names(known...))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		items := slices.Clone(known)
		unknown := rapid.IntRange(0, 3).Draw(t, "unknown items")
		for n := range unknown {
			items = append(items, other(7+n, text(rapid.StringMatching(`[ア-ン]{0,9}`).Draw(t, "text"))))
		}
		got, err := jpki.ParseSubjectAltName(names(rapid.Permutation(items).Draw(t, "order")...))
		if err != nil || len(got.Other) != unknown {
			t.Fatalf("%d unknown items kept of %d, %v", len(got.Other), unknown, err)
		}
		got.Other = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
