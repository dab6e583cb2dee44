// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// archive is a drawn file, read for the rules of PDF/A-3 level B (ISO 19005-3)
// that can be told from it. This is not a validator, and passing is no claim of
// conformity.
type archive struct {
	*revision
	catalog pdfDict
}

func readArchive(t *testing.T) archive {
	t.Helper()
	c := Content{DelegationID: "A", Mandator: Mandator{Kind: KindCorporation, CorporateNumber: "1", Name: "株式会社あ", HeadOffice: "東京都", RepresentativeTitle: "代表取締役", RepresentativeName: "国税　太郎"},
		Delegate: Delegate{Name: "山田", Address: "東京都"}, Powers: []string{strings.Repeat("契約の締結 contracts ", 400)}, ValidFrom: "2026-06-01", ValidThrough: "2027-05-31",
		Service: Service{Name: "あ", PolicyURL: "https://poa.example/", ValidityURL: "https://poa.example/graphql"}, Status: Status{ListURI: "https://poa.example/1"},
		DraftedAt: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	file, err := PDF{}.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	v, err := readRevision(file, len(pdfHeader), maxDraftValues)
	if err != nil {
		t.Fatal(err)
	}
	root, _ := v.trailer["Root"].(pdfRef)
	return archive{v, dictOf(v.objects[int(root)])}
}

func (a archive) at(v any) any {
	if number, ok := v.(pdfRef); ok {
		return a.objects[int(number)]
	}
	return v
}

// ofType lists the dictionaries of a type, those of streams too.
func (a archive) ofType(name pdfName) []pdfDict {
	var all []pdfDict
	for _, v := range a.objects {
		dict := dictOf(v)
		if s, ok := v.(pdfStream); ok {
			dict = s.dict
		}
		if dict["Type"] == name {
			all = append(all, dict)
		}
	}
	return all
}

func TestArchiveHoldsNothingForbidden(t *testing.T) {
	t.Parallel()
	a := readArchive(t)
	forbidden := []pdfName{"Encrypt", "Filter", "AA", "OpenAction", "JS", "A", "SMask", "Group", "TR", "TR2", "HTP", "Alternates", "OPI", "Ref", "PS", "XFA", "NeedAppearances", "Crypt", "CA", "ca", "BM"}
	var look func(v any, inTag bool)
	look = func(v any, inTag bool) {
		switch x := v.(type) {
		case pdfArray:
			for _, each := range x {
				look(each, inTag)
			}
		case pdfStream:
			look(x.dict, false)
		case pdfDict:
			for key, each := range x {
				if slices.Contains(forbidden, key) && (key != "A" || !inTag) { // a tag's A are its attributes
					t.Errorf("%s is in the file", key)
				}
				look(each, x["Type"] == pdfName("StructElem"))
			}
		}
	}
	for _, v := range a.objects {
		look(v, dictOf(v)["Type"] == pdfName("StructElem"))
	}
	look(a.trailer, false)
	if ids, _ := a.trailer["ID"].(pdfArray); len(ids) != 2 || a.trailer["Info"] != nil {
		t.Error("the trailer has no identifier, or information beside the metadata")
	}
}

// TestArchivesFontIsWhole holds the font's tables against what the file says of
// them: widths, characters, and that no missing glyph is drawn.
func TestArchivesFontIsWhole(t *testing.T) {
	t.Parallel()
	a := readArchive(t)
	for _, f := range a.ofType("Font") {
		if f["Subtype"] != pdfName("Type0") {
			continue
		}
		kids, _ := f["DescendantFonts"].(pdfArray)
		descendant := dictOf(a.at(kids[0]))
		descriptor := dictOf(a.at(descendant["FontDescriptor"]))
		file, _ := a.at(descriptor["FontFile2"]).(pdfStream)
		name, _ := descriptor["FontName"].(pdfName)
		if len(file.data) == 0 || f["BaseFont"] != name || !strings.HasSuffix(string(name), "+NotoSansJP-Regular") || descendant["CIDToGIDMap"] != pdfName("Identity") {
			t.Fatalf("%s is not embedded as a part", name)
		}
		tables := map[string][]byte{}
		for i := range int(u16(file.data, 4)) {
			entry := file.data[12+16*i:]
			tables[string(entry[:4])] = file.data[u32(entry, 8) : u32(entry, 8)+u32(entry, 12)]
		}
		glyphs := int(u16(tables["maxp"], 4))
		w, _ := descendant["W"].(pdfArray)
		widths, _ := w[1].(pdfArray)
		if len(widths) != glyphs || len(tables["loca"]) != 4*(glyphs+1) || sumOf(file.data) != 0xB1B0AFBA {
			t.Fatalf("%d widths for %d glyphs", len(widths), glyphs)
		}
		unicode, _ := a.at(f["ToUnicode"]).(pdfStream)
		for n := range glyphs {
			if got := theFont().width0(int(u16(tables["hmtx"], 4*n))); widths[n] != got {
				t.Errorf("glyph %d: %v in the file, %d in the font", n, widths[n], got)
			}
			if n > 0 && !bytes.Contains(unicode.data, fmt.Appendf(nil, "<%04X> <", n)) {
				t.Errorf("glyph %d is no character", n)
			}
		}
	}
}

func (f *font) width0(advance int) int { return (advance*1000 + f.unitsPerEm/2) / f.unitsPerEm }

func TestArchivesColourProfile(t *testing.T) {
	t.Parallel()
	a := readArchive(t)
	intents, _ := a.catalog["OutputIntents"].(pdfArray)
	intent := dictOf(intents[0])
	stream, _ := a.at(intent["DestOutputProfile"]).(pdfStream)
	icc := stream.data
	if intent["S"] != pdfName("GTS_PDFA1") || stream.dict["N"] != 3 || int(u32(icc, 0)) != len(icc) || string(icc[12:24]) != "mntrRGB XYZ " || string(icc[36:40]) != "acsp" {
		t.Fatal("the profile is not one of a display in RGB")
	}
	for i := range int(u32(icc, 128)) {
		entry := icc[132+12*i:]
		if at, size := u32(entry, 4), u32(entry, 8); at%4 != 0 || int(at+size) > len(icc) {
			t.Errorf("%s lies at %d", entry[:4], at)
		}
	}
}

func TestArchivesMetadataAndSource(t *testing.T) {
	t.Parallel()
	a := readArchive(t)
	meta, _ := a.at(a.catalog["Metadata"]).(pdfStream)
	for _, want := range []string{"<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>B</pdfaid:conformance>"} {
		if !bytes.Contains(meta.data, []byte(want)) {
			t.Errorf("the metadata lacks %s", want)
		}
	}
	if err := xml.Unmarshal(meta.data, new(struct{})); err != nil {
		t.Error(err)
	}
	files, _ := a.catalog["AF"].(pdfArray)
	spec := dictOf(a.at(files[0]))
	source, _ := a.at(dictOf(spec["EF"])["F"]).(pdfStream)
	if spec["AFRelationship"] != pdfName("Source") || spec["F"] == nil || spec["UF"] == nil || source.dict["Subtype"] != pdfName("application/xml") || dictOf(source.dict["Params"])["ModDate"] == nil {
		t.Error("the source is not associated")
	}
	if _, err := (XML{}).Parse(source.data); err != nil {
		t.Error(err)
	}
	for _, widget := range a.ofType("Annot") {
		if _, drawn := a.at(dictOf(widget["AP"])["N"]).(pdfStream); widget["F"] != 4 || !drawn {
			t.Error("the field is not printed, or looks like nothing")
		}
	}
}

// TestArchiveIsTagged follows every piece of a page to its place in the tree.
func TestArchiveIsTagged(t *testing.T) {
	t.Parallel()
	a := readArchive(t)
	tree := dictOf(a.at(a.catalog["StructTreeRoot"]))
	parents, _ := dictOf(tree["ParentTree"])["Nums"].(pdfArray)
	pages := a.ofType("Page")
	if len(pages) < 2 || dictOf(a.catalog["MarkInfo"])["Marked"] != true || a.catalog["Lang"] == nil {
		t.Fatalf("%d pages, %v", len(pages), a.catalog["Lang"])
	}
	for _, page := range pages {
		number, _ := page["StructParents"].(int)
		owners, _ := parents[2*number+1].(pdfArray)
		stream, _ := a.at(page["Contents"]).(pdfStream)
		pieces := 0
		depth, nested := 0, 0
		for line := range strings.Lines(string(stream.data)) {
			words := strings.Fields(line)
			for _, word := range words {
				nested += map[string]int{"q": 1, "Q": -1}[word]
			}
			switch last := words[len(words)-1]; last {
			case "BDC":
				pieces, depth = pieces+1, depth+1
			case "BMC":
				depth++
			case "EMC":
				depth--
			case "ET", "Q", "re", "g":
				if depth != 1 {
					t.Errorf("%q is neither text nor decoration", line)
				}
			}
			if depth > 1 || nested > 28 {
				t.Errorf("%q stands too deep", line)
			}
		}
		if depth != 0 || nested != 0 || pieces != len(owners) || pieces == 0 {
			t.Errorf("%d pieces, %d owners", pieces, len(owners))
		}
	}
}

func TestLinesKeepTheRulesOfBreaking(t *testing.T) {
	t.Parallel()
	s := newSubset(theFont())
	for text, want := range map[string]string{
		"あいうえお。かきくけこ":      "あいうえ|お。かきく|けこ",
		"あいうえ「かき」くけこ":      "あいうえ|「かき」く|けこ",
		"あいう abc defgh":    "あいう abc |defgh",
		"abcdefghijklmnop": "abcdefghij|klmnop",
		"あ":                "あ",
		"":                 "",
	} {
		lines, err := s.lines(text, 10*point, 52*point, "here")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range lines {
			piece := ""
			for _, g := range l.glyphs {
				piece += string(s.runes[g])
			}
			got = append(got, piece)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
		}
	}
}
