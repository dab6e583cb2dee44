// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/document"
	"ininjo/poa/kanji"
)

const golden = `<?xml version="1.0" encoding="UTF-8"?>
<Delegation xmlns="urn:ininjo:delegation:1" version="1.0">
  <DelegationID>ABCDE-FGHJK-MNPQR-STVWX-YZ012</DelegationID>
  <DraftedAt>2026-06-01T09:30:00.123456Z</DraftedAt>
  <Mandator>
    <Corporation>
      <CorporateNumber>2040001999902</CorporateNumber>
      <Name>株式会社国税商事あ</Name>
      <HeadOffice>千葉県千葉市中央区1-1</HeadOffice>
      <RepresentativeTitle>代表取締役</RepresentativeTitle>
      <RepresentativeName>国税 太郎</RepresentativeName>
    </Corporation>
  </Mandator>
  <Delegate>
    <Name>山田　花子</Name>
    <Title>税理士</Title>
    <Qualification>CERTIFIED_PUBLIC_TAX_ACCOUNTANT</Qualification>
    <Address>東京都千代田区霞が関3-1-1</Address>
    <IdentificationID>123456</IdentificationID>
  </Delegate>
  <Mandate>
    <Powers>
      <Power>申告 &amp; 納税 &lt;全て&gt;</Power>
      <Power>契約の締結</Power>
    </Powers>
    <Limits>
      <Limit>1件100万円まで</Limit>
    </Limits>
    <SubDelegation>false</SubDelegation>
    <ValidFrom>2026-06-01</ValidFrom>
    <ValidThrough>2027-05-31</ValidThrough>
  </Mandate>
  <Service>
    <Name>委任状サービス</Name>
    <PolicyURL>https://poa.example/repository</PolicyURL>
    <PolicyOID>2.999.1</PolicyOID>
    <ValidityURL>https://poa.example/graphql</ValidityURL>
  </Service>
  <Status>
    <ListURI>https://poa.example/status-lists/1</ListURI>
    <Index>1048575</Index>
  </Status>
</Delegation>
`

func sample() document.Content {
	return document.Content{
		DelegationID: "ABCDE-FGHJK-MNPQR-STVWX-YZ012",
		Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "2040001999902", Name: "株式会社国税商事あ",
			HeadOffice: "千葉県千葉市中央区1-1", RepresentativeTitle: "代表取締役", RepresentativeName: "国税 太郎"},
		Delegate: document.Delegate{Name: "山田　花子", Title: "税理士", Qualification: "CERTIFIED_PUBLIC_TAX_ACCOUNTANT",
			Address: "東京都千代田区霞が関3-1-1", IdentificationID: "123456"},
		Powers: []string{"申告 & 納税 <全て>", "契約の締結"}, Limits: []string{"1件100万円まで"},
		ValidFrom: "2026-06-01", ValidThrough: "2027-05-31",
		Service: document.Service{Name: "委任状サービス", PolicyURL: "https://poa.example/repository", PolicyOID: "2.999.1",
			ValidityURL: "https://poa.example/graphql"},
		Status:    document.Status{ListURI: "https://poa.example/status-lists/1", Index: 1048575},
		DraftedAt: time.Date(2026, 6, 1, 9, 30, 0, 123456789, time.UTC),
	}
}

func soleProprietor() document.Mandator {
	return document.Mandator{Kind: document.KindSoleProprietor, BusinessName: "花子商店", PersonName: "山田花子",
		BusinessAddress: "東京都港区1-1", BirthDate: "1980-02-17"}
}

func TestMarshalGolden(t *testing.T) {
	t.Parallel()
	got, err := document.XML{}.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestMarshalBringsTextIntoFormC(t *testing.T) {
	t.Parallel()
	c := sample()
	c.Delegate.Name = "カ\u3099ラス"
	file, err := document.XML{}.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := document.XML{}.Parse(file)
	if err != nil || back.Delegate.Name != "ガラス" {
		t.Errorf("got %q, %v", back.Delegate.Name, err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawContent(t, `一-龠`)
		file, err := document.XML{}.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := document.XML{}.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		again, err := document.XML{}.Marshal(got)
		if err != nil || !bytes.Equal(file, again) {
			t.Fatalf("written again: %v", err)
		}
	})
}

// drawContent draws texts of Latin letters, kana and the kanji of a class.
func drawContent(t *rapid.T, kanjis string) document.Content {
	text := rapid.Custom(func(t *rapid.T) string {
		return kanji.NFC(rapid.StringMatching(`[ -~ぁ-んァ-ヶ　＆＜`+kanjis+`]{1,12}`).Draw(t, "text"))
	})
	maybe := rapid.OneOf(rapid.Just(""), text)
	day := rapid.Custom(func(t *rapid.T) string {
		return time.Unix(rapid.Int64Range(-2e9, 4e9).Draw(t, "day"), 0).UTC().Format("2006-01-02")
	})
	c := document.Content{
		DelegationID: text.Draw(t, "id"), Powers: rapid.SliceOfN(text, 1, 4).Draw(t, "powers"),
		Delegate: document.Delegate{Name: text.Draw(t, "name"), Title: maybe.Draw(t, "title"), Qualification: maybe.Draw(t, "qualification"),
			Address: text.Draw(t, "address"), IdentificationID: maybe.Draw(t, "identification")},
		SubDelegation: rapid.Bool().Draw(t, "sub"), ValidFrom: day.Draw(t, "from"), ValidThrough: day.Draw(t, "through"),
		Service: document.Service{Name: text.Draw(t, "service"), PolicyURL: text.Draw(t, "policy"), PolicyOID: maybe.Draw(t, "oid"),
			ValidityURL: text.Draw(t, "validity")},
		Status:    document.Status{ListURI: text.Draw(t, "list"), Index: rapid.IntRange(0, 1<<20).Draw(t, "index")},
		DraftedAt: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "drafted")).UTC(),
	}
	if limits := rapid.SliceOfN(text, 0, 3).Draw(t, "limits"); len(limits) > 0 {
		c.Limits = limits
	}
	c.Mandator = document.Mandator{Kind: document.KindSoleProprietor, BusinessName: maybe.Draw(t, "business"),
		PersonName: text.Draw(t, "person"), BusinessAddress: text.Draw(t, "office"), BirthDate: day.Draw(t, "birth")}
	if rapid.Bool().Draw(t, "corporation") {
		c.Mandator = document.Mandator{Kind: document.KindCorporation, CorporateNumber: text.Draw(t, "number"), Name: text.Draw(t, "company"),
			HeadOffice: text.Draw(t, "head"), RepresentativeTitle: text.Draw(t, "as"), RepresentativeName: text.Draw(t, "by")}
	}
	return c
}

func wantFault(t *testing.T, err error, kind document.FaultKind, where string) {
	t.Helper()
	var f *document.Fault
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want %s", err, kind)
	}
	if diff := cmp.Diff(document.Fault{Kind: kind, Where: where}, *f); diff != "" {
		t.Error(diff)
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit  func(*document.Content)
		kind  document.FaultKind
		where string
	}{
		"a NUL":              {func(c *document.Content) { c.Delegate.Name = "a\x00" }, document.Malformed, "Delegation/Delegate/Name"},
		"a line break":       {func(c *document.Content) { c.Powers[1] = "a\nb" }, document.Malformed, "Delegation/Mandate/Powers/Power"},
		"bytes, not text":    {func(c *document.Content) { c.Service.Name = "\xff" }, document.Malformed, "Delegation/Service/Name"},
		"a turned direction": {func(c *document.Content) { c.Limits[0] = "a\u202Eb" }, document.Malformed, "Delegation/Mandate/Limits/Limit"},
		"no character":       {func(c *document.Content) { c.Delegate.Title = "\uFFFF" }, document.Malformed, "Delegation/Delegate/Title"},
		"a day that is none": {func(c *document.Content) { c.ValidFrom = "2026-02-30" }, document.Malformed, "Delegation/Mandate/ValidFrom"},
		"a negative index":   {func(c *document.Content) { c.Status.Index = -1 }, document.Malformed, "Delegation/Status/Index"},
		"no power":           {func(c *document.Content) { c.Powers = nil }, document.Missing, "Delegation/Mandate/Powers"},
		"an empty power":     {func(c *document.Content) { c.Powers[0] = "" }, document.Missing, "Delegation/Mandate/Powers/Power"},
		"no name":            {func(c *document.Content) { c.Mandator.Name = "" }, document.Missing, "Delegation/Mandator/Corporation/Name"},
		"no kind":            {func(c *document.Content) { c.Mandator.Kind = "" }, document.Missing, "Delegation/Mandator"},
		"an unknown kind":    {func(c *document.Content) { c.Mandator.Kind = "x" }, document.UnknownElement, "Delegation/Mandator"},
		"items of both":      {func(c *document.Content) { c.Mandator.BirthDate = "1980-02-17" }, document.UnknownElement, "Delegation/Mandator"},
		"items of the other": {func(c *document.Content) { c.Mandator = soleProprietor(); c.Mandator.Name = "x" }, document.UnknownElement, "Delegation/Mandator"},
		"too much":           {func(c *document.Content) { c.Powers[0] = strings.Repeat("あ", 1<<19) }, document.TooLarge, "Delegation"},
		"too many": {func(c *document.Content) { c.Limits = strings.Split(strings.Repeat("a", 1001), "") },
			document.TooLarge, "Delegation/Mandate/Limits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := sample()
			c.edit(&content)
			_, err := document.XML{}.Marshal(content)
			wantFault(t, err, c.kind, c.where)
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	known := document.Known()
	if f, ok := known.ByName("XML"); !ok || f != (document.XML{}) {
		t.Error("XML is not found by its name")
	}
	if _, ok := known.ByExtension(".xml"); !ok {
		t.Error("XML is not found by its extension")
	}
	if _, ok := known.ByName("PNG"); ok {
		t.Error("a format that is not there was found")
	}
	if _, ok := known.ByExtension(""); ok {
		t.Error("no extension was found")
	}
}
