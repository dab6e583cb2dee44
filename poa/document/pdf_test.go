// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"pgregory.net/rapid"

	"ininjo/poa/document"
)

func TestPDFRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawContent(t, `国及地方公共団体入札見積契約締結関一切権限行斎邉髙齋`)
		file, err := document.PDF{}.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := document.PDF{}.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		again, err := document.PDF{}.Marshal(got)
		if err != nil || !bytes.Equal(file, again) {
			t.Fatalf("written again: %v", err)
		}
	})
}

// TestPDFShowsEveryItem reads the pages with another program: every text of the
// content stands on them.
func TestPDFShowsEveryItem(t *testing.T) {
	t.Parallel()
	sole := many()
	sole.SubDelegation = true
	for name, c := range map[string]document.Content{"a corporation": sample(), "a sole proprietor, many pages": sole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := document.PDF{}.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			shown := textOf(t, keep(t, "draft.pdf", file))
			m, d := c.Mandator, c.Delegate
			for _, want := range append(append([]string{c.DelegationID, m.CorporateNumber, m.Name, m.HeadOffice, m.RepresentativeTitle, m.RepresentativeName,
				m.BusinessName, m.PersonName, m.BusinessAddress, d.Name, d.Title, d.Address, d.IdentificationID, "資格（士業）税理士", "2026年6月1日から2027年5月31日まで",
				"2026年6月1日 18:30:00.123456（日本時間）", c.Service.Name, c.Service.PolicyURL, c.Service.PolicyOID, c.Service.ValidityURL, c.Status.ListURI,
				strconv.Itoa(c.Status.Index), map[bool]string{true: "復代理人の選任できる", false: "復代理人の選任できない"}[c.SubDelegation]}, c.Powers...), c.Limits...) {
				if !strings.Contains(shown, squeeze(want)) {
					t.Errorf("%q is not shown", want)
				}
			}
		})
	}
}

// textOf reads a PDF's text without what pages bring: footers, the label that is
// repeated, and white space.
func textOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("pdftotext", "-raw", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (.ci/setup installs it): %v\n%s", err, out)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(out)) {
		line = strings.Trim(line, "\f\n ")
		if strings.HasPrefix(line, "電子委任状 ") || strings.HasSuffix(line, "ページ") || line == "代理権の内容" || line == "代理権の制限" {
			continue
		}
		for _, label := range []string{"代理権の内容 ", "代理権の制限 "} {
			line = strings.TrimPrefix(line, label)
		}
		kept.WriteString(line)
	}
	return squeeze(kept.String())
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func TestPDFIsReadByPdfcpu(t *testing.T) {
	t.Parallel()
	long, err := document.PDF{}.Marshal(many())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"a draft": draftPDF(), "many pages": long, "a signed one": signedPDF(t, noSignature)} {
		if err := api.Validate(bytes.NewReader(file), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPDFRefusesWhatItCannotShow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		kind document.FaultKind
	}{
		"a character that the font lacks": {"山田\U0002A6D6子", document.NoGlyph},
		"a variant by its selector":       {"葛\U000E0100飾", document.NoGlyph},
		"a mark that joins":               {"か\u309A", document.NoGlyph},
		"one that is not seen":            {"a\u200Bb", document.NoGlyph},
		"a soft hyphen":                   {"a\u00ADb", document.NoGlyph},
		"a private character":             {"\uE000", document.NoGlyph},
		"a picture":                       {"😀", document.NoGlyph},
		"a control character":             {"a\x01", document.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := sample()
			content.Delegate.Name = c.text
			_, err := document.PDF{}.Marshal(content)
			wantFault(t, err, c.kind, "Delegation/Delegate/Name")
		})
	}
}

func TestPDFShowsRareCharacters(t *testing.T) {
	t.Parallel()
	c := sample()
	c.Delegate.Name = "髙﨑　𠮷郎 ①Ⅳ㈱ Zoë〜–"
	if _, err := (document.PDF{}).Marshal(c); err != nil {
		t.Error(err)
	}
}

func TestPDFHasBounds(t *testing.T) {
	t.Parallel()
	c := sample()
	c.Powers = []string{strings.Repeat("長", 300_000)}
	_, err := document.PDF{}.Marshal(c)
	wantFault(t, err, document.TooLarge, "Delegation")
	c = sample()
	c.Service.ValidityURL = "https://poa.example/" + strings.Repeat("x", 5000)
	_, err = document.PDF{}.Marshal(c)
	wantFault(t, err, document.TooLarge, "Delegation/Service/ValidityURL")
}

func TestPDFParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(string) string
		kind document.FaultKind
	}{
		"a changed page":       {func(s string) string { return strings.Replace(s, "0 g\n", "1 g\n", 1) }, document.Changed},
		"a changed XML":        {func(s string) string { return strings.Replace(s, "<Title>税理士", "<Title>弁護士", 1) }, document.Changed},
		"an XML that is none":  {func(s string) string { return strings.Replace(s, "<Title>", "<Tilte>", 1) }, document.Malformed},
		"no XML":               {func(s string) string { return strings.Replace(s, "<?xml", "<?XML", 1) }, document.Missing},
		"an XML without end":   {func(s string) string { return strings.Replace(s, "</Delegation>", "</Delegatiom>", 1) }, document.Missing},
		"bytes after":          {func(s string) string { return s + "x" }, document.Changed},
		"another format":       {func(string) string { return golden }, document.Malformed},
		"a file over its size": {func(s string) string { return s + strings.Repeat(" ", document.MaxPDF) }, document.TooLarge},
		"nothing":              {func(string) string { return "" }, document.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := document.PDF{}.Parse([]byte(c.edit(string(draftPDF()))))
			wantKind(t, err, c.kind)
		})
	}
}

func BenchmarkPDFMarshal(b *testing.B) {
	for b.Loop() {
		if _, err := (document.PDF{}).Marshal(sample()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPDFOpen(b *testing.B) {
	file := signedPDF(b, noSignature)
	for b.Loop() {
		if _, err := (document.PDF{}).Open(file, draftPDF()); err != nil {
			b.Fatal(err)
		}
	}
}
