// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ininjo/poa/document"
)

// TestAcrobatsRevisionIsTaken shows that what Acrobat changes beside the
// signature is let through.
func TestAcrobatsRevisionIsTaken(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*increment){
		"as it is": func(*increment) {},
		"a field of the tool's own, not seen": func(b *increment) {
			b.ownField(`/Rect [0 0 0 0]`)
		},
		"a field of the tool's own, in the frame": func(b *increment) {
			b.ownField(`/Rect [330 60 500 120]`)
		},
		"the form written into the catalog": func(b *increment) {
			delete(b.objects, b.form)
			b.edit(b.root, fmt.Sprintf("/AcroForm %d 0 R", b.form), fmt.Sprintf("/AcroForm <</Fields [%d 0 R] /SigFlags 3>>", b.field))
			delete(b.objects, b.free+3)
			b.edit(b.free+2, fmt.Sprintf("/Font <</Helv %d 0 R>>", b.free+3), "")
		},
		"annotations in an object of their own": func(b *increment) {
			b.edit(b.page, fmt.Sprintf("/Annots [%d 0 R]", b.field), fmt.Sprintf("/Annots %d 0 R", b.free+9))
			b.objects[b.free+9] = fmt.Sprintf("[%d 0 R]", b.field)
		},
		"ends of lines as on old Macs": func(b *increment) { b.ends = "\r" },
		"numbers written otherwise": func(b *increment) {
			b.edit(b.page, "595.276 841.89]", "595.2760 841.890]")
		},
		"strings and names with every escape": func(b *increment) {
			b.add(b.free, "/Location (a(b)\\n\\(\\101\\7\\z\\\nx\\\r\n) /ContactInfo <4> /Cert#20x null /R 1.50 /Changes [-1 +.5]")
		},
		"a version and no certifying": func(b *increment) {
			b.edit(b.root, fmt.Sprintf("/Perms <</DocMDP %d 0 R>>", b.free), "/Version /2.0")
		},
		"no end of line at the end": func(b *increment) { b.tail = "" },
		"CAdES":                     func(b *increment) { b.edit(b.free, "adbe.pkcs7", "ETSI.CAdES") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newIncrement(t)
			edit(b)
			file := b.file()
			signature, err := document.PDF{}.Open(file, b.draft)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(signature.CMS, []byte{0x30, 3, 2, 1, 5}) || len(signature.Content) != len(file)-len(b.contents)-2 {
				t.Errorf("got %x over %d bytes of %d", signature.CMS, len(signature.Content), len(file))
			}
		})
	}
}

// ownField leaves the draft's field empty and signs one that the tool makes.
func (b *increment) ownField(rect string) {
	own := b.free + 8
	delete(b.objects, b.field)
	b.objects[own] = fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /F 132 /P %d 0 R %s /V %d 0 R /AP <</N %d 0 R>>>>", b.page, rect, b.free, b.free+1)
	b.edit(b.form, fmt.Sprintf("/Fields [%d 0 R]", b.field), fmt.Sprintf("/Fields [%d 0 R %d 0 R]", b.field, own))
	b.edit(b.page, fmt.Sprintf("/Annots [%d 0 R]", b.field), fmt.Sprintf("/Annots [%d 0 R %d 0 R]", b.field, own))
}

// edit replaces a text of an object; the case must change something.
func (b *increment) edit(number int, old, replacement string) {
	body := b.objects[number]
	if !strings.Contains(body, old) {
		panic("the case changes nothing: " + old)
	}
	b.objects[number] = strings.Replace(body, old, replacement, 1)
}

func (b *increment) add(number int, more string) {
	b.objects[number] = strings.TrimSuffix(b.objects[number], ">>") + " " + more + ">>"
}

// forgery changes a revision as Acrobat writes it, so that it must be refused.
type forgery struct {
	edit func(*increment)
	kind document.FaultKind
}

func refuseAll(t *testing.T, forgeries map[string]forgery) {
	t.Helper()
	for name, c := range forgeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newIncrement(t)
			c.edit(b)
			_, err := document.PDF{}.Open(b.file(), b.draft)
			wantKind(t, err, c.kind)
		})
	}
}

// TestForgedTables forges what holds a file together.
func TestForgedTables(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"encrypted":       {func(b *increment) { b.trailer += " /Encrypt <</Filter /Standard>>" }, document.Encrypted},
		"another root":    {func(b *increment) { b.root, b.objects[b.free+9] = b.free+9, b.objects[b.root] }, document.Replaced},
		"an unknown word": {func(b *increment) { b.trailer += " /XRefStm 5" }, document.CrossReference},
		"a loop of tables": {func(b *increment) {
			b.prev = fmt.Sprint(bytes.LastIndex(b.file(), []byte("xref\n0 1")))
		}, document.CrossReference},
		"a table that leads nowhere": {func(b *increment) { b.prev = "7" }, document.CrossReference},
		"a place before the file":    {func(b *increment) { b.prev = "-1" }, document.CrossReference},
		"a huge place":               {func(b *increment) { b.prev = "99999999999999999999" }, document.Malformed},
		"a huge size":                {func(b *increment) { b.size = "4294967295" }, document.Malformed},
		"a size too small":           {func(b *increment) { b.size = "3" }, document.CrossReference},
		"a huge count": {func(b *increment) {
			b.table = func(map[int]int) string { return "0 999999999\n" }
		}, document.CrossReference},
		"an object that no table lists": {func(b *increment) {
			b.table = func(places map[int]int) string {
				return fmt.Sprintf("%d 1\n%010d 00000 n \n", b.free, places[b.free])
			}
		}, document.CrossReference},
		"an object listed twice": {func(b *increment) {
			b.table = func(places map[int]int) string {
				return strings.Repeat(fmt.Sprintf("%d 1\n%010d 00000 n \n", b.free, places[b.free]), len(places))
			}
		}, document.CrossReference},
		"an object of the draft made free": {func(b *increment) {
			b.table = func(map[int]int) string { return fmt.Sprintf("%d 1\n0000000000 00001 f \n", b.page) }
		}, document.CrossReference},
		"an object inside another": {func(b *increment) {
			b.table = func(places map[int]int) string {
				return fmt.Sprintf("%d 1\n%010d 00000 n \n", b.free, places[b.free]+4)
			}
		}, document.CrossReference},
		"an object that nothing leads to": {func(b *increment) { b.objects[b.free+9] = "<</Hidden true>>" }, document.HiddenObject},
		"a hidden object stream":          {func(b *increment) { b.objects[b.free+9] = streamOf("/Type /ObjStm /N 1 /First 4", "1 0 <<>>") }, document.Active},
		"a length elsewhere":              {func(b *increment) { b.edit(b.free+1, "/Length 8", fmt.Sprintf("/Length %d 0 R", b.free+9)) }, document.Malformed},
		"a length beyond the file":        {func(b *increment) { b.edit(b.free+1, "/Length 8", "/Length 99999999") }, document.Malformed},
		"nesting without end":             {func(b *increment) { b.objects[b.free+3] = strings.Repeat("[", 100_000) }, document.TooLarge},
		"values without end":              {func(b *increment) { b.objects[b.free+3] = "[" + strings.Repeat("1 ", 600_000) + "]" }, document.TooLarge},
		"an entry twice":                  {func(b *increment) { b.add(b.free, "/Type /Sig") }, document.Duplicate},
		"a comment in an object":          {func(b *increment) { b.add(b.free, "% hidden\n") }, document.Malformed},
	})
}

// TestForgedPages forges what a reader would see, or what would run.
func TestForgedPages(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"another page's content": {func(b *increment) {
			b.objects[b.page] = regexp.MustCompile(`/Contents \d+`).ReplaceAllString(b.objects[b.page], fmt.Sprintf("/Contents %d", b.free+9))
			b.objects[b.free+9] = streamOf("", "0 0 m")
		}, document.Replaced},
		"the page's content replaced in place": {func(b *increment) {
			number := regexp.MustCompile(`/Contents (\d+)`).FindStringSubmatch(b.objects[b.page])
			var at int
			fmt.Sscan(number[1], &at)
			b.objects[at] = streamOf("", "0 0 m")
		}, document.Replaced},
		"another font":              {func(b *increment) { b.edit(b.page, "/F1 ", "/F1 9 0 R /F2 ") }, document.Replaced},
		"a page a little larger":    {func(b *increment) { b.edit(b.page, "841.89]", "841.99]") }, document.Replaced},
		"the page turned":           {func(b *increment) { b.add(b.page, "/Rotate 180") }, document.Replaced},
		"the page cut":              {func(b *increment) { b.add(b.page, "/CropBox [0 0 10 10]") }, document.Replaced},
		"an action of the page":     {func(b *increment) { b.add(b.page, "/AA <<>>") }, document.Active},
		"other pages":               {func(b *increment) { b.objects[2] = "<</Type /Pages /Kids [] /Count 0>>" }, document.Replaced},
		"a catalog without tags":    {func(b *increment) { b.edit(b.root, "/MarkInfo <</Marked true>>", "") }, document.Replaced},
		"other embedded files":      {func(b *increment) { b.edit(b.root, "/AF [", "/AF [1 0 R ") }, document.Active},
		"a script at opening":       {func(b *increment) { b.add(b.root, "/OpenAction <</S /JavaScript /JS (x)>>") }, document.Active},
		"a script in the form":      {func(b *increment) { b.edit(b.form, "/SigFlags 3", "/SigFlags 3 /CO [<</JS (x)>>]") }, document.Active},
		"a script in the field":     {func(b *increment) { b.add(b.field, "/A <</S /Named>>") }, document.Active},
		"a script, its name hidden": {func(b *increment) { b.add(b.field, "/#41 <</S /Named>>") }, document.Active},
		"a form in XML":             {func(b *increment) { b.edit(b.form, "/SigFlags 3", "/SigFlags 3 /XFA (x)") }, document.Active},
		"a store of certificates":   {func(b *increment) { b.add(b.root, "/DSS <<>>") }, document.Active},
		"layers":                    {func(b *increment) { b.edit(b.free+1, "/BBox", "/OC 1 0 R /BBox") }, document.Active},
		"another title": {func(b *increment) {
			b.objects[b.metadata] = strings.Replace(b.objects[b.metadata], "ABCDE", "BBCDE", 1)
		}, document.Replaced},
		"a title of the tool's own": {func(b *increment) { b.edit(b.free+4, "/Producer", "/Title") }, document.Replaced},
	})
}

// TestForgedAnnotations forges what stands on the page.
func TestForgedAnnotations(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"another annotation": {func(b *increment) {
			b.edit(b.page, "/Annots [", fmt.Sprintf("/Annots [%d 0 R ", b.free+9))
			b.objects[b.free+9] = "<</Type /Annot /Subtype /FreeText /Rect [0 0 500 500] /Contents (x)>>"
		}, document.Annotation},
		"the draft's annotation gone": {func(b *increment) { b.edit(b.page, fmt.Sprintf("/Annots [%d 0 R]", b.field), "/Annots []") }, document.Replaced},
		"another field": {func(b *increment) {
			b.edit(b.form, fmt.Sprintf("/Fields [%d 0 R]", b.field), fmt.Sprintf("/Fields [%d 0 R %d 0 R]", b.field, b.free+9))
			b.objects[b.free+9] = "<</FT /Tx /T (x) /V 1 0 R>>"
		}, document.Annotation},
		"the frame moved":                {func(b *increment) { b.edit(b.field, "/Rect [", "/Rect [0 0 595 842] /BS [") }, document.Replaced},
		"a picture over the page":        {func(b *increment) { b.ownField("/Rect [0 0 595 842]") }, document.Covering},
		"a picture over it, upside down": {func(b *increment) { b.ownField("/Rect [500 800 330 60]") }, document.Covering},
		"a picture that does not shrink": {func(b *increment) { b.edit(b.field, "/F 132", "/F 140") }, document.Covering},
		"the widget on another page too": {func(b *increment) {
			b.draft = manyDraft()
			*b = *incrementOf(b.t, b.draft)
			b.page-- // the page before the last
			b.objects[b.page] = b.with(b.t, b.page, fmt.Sprintf("/Annots [%d 0 R]", b.field))
		}, document.Covering},
	})
}

// TestForgedSignatures forges the signature itself.
func TestForgedSignatures(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"two signatures": {func(b *increment) {
			b.ownField("/Rect [0 0 0 0]")
			b.objects[b.field] = b.with(b.t, b.field, fmt.Sprintf("/V %d 0 R", b.free+9))
			b.objects[b.free+9] = "<</Type /Sig /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <00>>>"
		}, document.SeveralSignatures},
		"a second signature beside the field": {func(b *increment) {
			b.add(b.free, "/Old <</Type /Sig /ByteRange [0 1 2 3] /Contents <00>>>")
		}, document.SeveralSignatures},
		"a signature that nobody fills in": {func(b *increment) { b.edit(b.field, fmt.Sprintf("/V %d 0 R", b.free), "") }, document.Unsigned},
		"an old kind of signature":         {func(b *increment) { b.edit(b.free, "adbe.pkcs7.detached", "adbe.pkcs7.sha1") }, document.SubFilter},
		"a time stamp as signature":        {func(b *increment) { b.edit(b.free, "adbe.pkcs7.detached", "ETSI.RFC3161") }, document.SubFilter},
	})
}

// TestForgedByteRanges forges what the signature covers.
func TestForgedByteRanges(t *testing.T) {
	t.Parallel()
	refuseAll(t, map[string]forgery{
		"a byte range with a gap":      {func(b *increment) { b.covered = func(f, t, l int) [4]int { return [4]int{0, f - 4, t, l - t} } }, document.ByteRange},
		"a byte range into its place":  {func(b *increment) { b.covered = func(f, t, l int) [4]int { return [4]int{0, f + 1, t - 1, l - t + 1} } }, document.ByteRange},
		"a byte range that ends early": {func(b *increment) { b.covered = func(f, t, l int) [4]int { return [4]int{0, f, t, l - t - 7} } }, document.ByteRange},
		"a byte range over the draft": {func(b *increment) {
			b.covered = func(_, _, _ int) [4]int { return [4]int{0, len(b.draft), len(b.draft), 0} }
		}, document.ByteRange},
		"a byte range that begins late": {func(b *increment) { b.covered = func(f, t, l int) [4]int { return [4]int{9, f - 9, t, l - t} } },
			document.ByteRange},
		"a byte range of broken numbers": {func(b *increment) {
			b.edit(b.free, place, "/ByteRange [0 1.5 2 3] /Contents <3003020105>")
		}, document.ByteRange},
		"no byte range":               {func(b *increment) { b.edit(b.free, place, "/Contents <3003020105>") }, document.ByteRange},
		"contents with bytes after":   {func(b *increment) { b.contents += "01" }, document.Contents},
		"contents that are cut":       {func(b *increment) { b.contents = "300302" }, document.Contents},
		"contents with white space":   {func(b *increment) { b.contents = "30 03020105" }, document.Contents},
		"contents of no known length": {func(b *increment) { b.contents = "30800201050000" }, document.Contents},
		"no contents":                 {func(b *increment) { b.contents = "" }, document.Contents},
		"bytes after the end":         {func(b *increment) { b.tail = "x" }, document.TrailingData},
	})
}

// TestForgedForms forges the form and the field.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	fields := func(b *increment) string { return fmt.Sprintf("/Fields [%d 0 R]", b.field) }
	value := func(b *increment) string { return fmt.Sprintf("/V %d 0 R", b.free) }
	refuseAll(t, map[string]forgery{
		"no form":                      {func(b *increment) { b.edit(b.root, fmt.Sprintf("/AcroForm %d 0 R", b.form), "") }, document.Unsigned},
		"flags that nobody knows":      {func(b *increment) { b.edit(b.form, "/SigFlags 3", "/SigFlags 7") }, document.Replaced},
		"looks to be made anew":        {func(b *increment) { b.edit(b.form, "/SigFlags 3", "/NeedAppearances true") }, document.Replaced},
		"a form in XML, hidden in it":  {func(b *increment) { b.edit(b.form, "/DR <<", "/DR <</XFA (x) ") }, document.Active},
		"no field":                     {func(b *increment) { b.edit(b.form, fields(b), "/Fields []") }, document.Replaced},
		"a field that is no reference": {func(b *increment) { b.edit(b.form, fields(b), "/Fields [<</FT /Sig>>]") }, document.Replaced},
		"two more fields": {func(b *increment) {
			b.edit(b.form, fields(b), fmt.Sprintf("/Fields [%d 0 R %d 0 R %d 0 R]", b.field, b.free, b.free+1))
		}, document.Annotation},
		"an object of the draft as field": {func(b *increment) { b.edit(b.form, fields(b), fmt.Sprintf("/Fields [%d 0 R 2 0 R]", b.field)) }, document.Annotation},
		"a field that is not there":       {func(b *increment) { b.edit(b.form, fields(b), fmt.Sprintf("/Fields [%d 0 R 9999 0 R]", b.field)) }, document.Annotation},
		"a field without its name":        {func(b *increment) { b.edit(b.field, "/T (Delegator)", "") }, document.Replaced},
		"another field, not signed": {func(b *increment) {
			b.edit(b.form, fields(b), fmt.Sprintf("/Fields [%d 0 R %d 0 R]", b.field, b.free+9))
			b.objects[b.free+9] = "<</FT /Sig /T (x)>>"
		}, document.Annotation},
		"a field with fields below it": {func(b *increment) { b.add(b.field, "/Kids []") }, document.Replaced},
		"a value that is the draft's":  {func(b *increment) { b.edit(b.field, value(b), "/V 1 0 R") }, document.Malformed},
		"a value that is none":         {func(b *increment) { b.edit(b.field, value(b), fmt.Sprintf("/V %d 0 R", b.free+1)) }, document.Malformed},
		"a value written in place":     {func(b *increment) { b.edit(b.field, value(b), "/V <</Type /Sig>>") }, document.Malformed},
		"a rectangle of three":         {func(b *increment) { b.ownField("/Rect [1 2 3]") }, document.Covering},
		"a rectangle of words":         {func(b *increment) { b.ownField("/Rect [/a 2 3 4]") }, document.Covering},
	})
}

// TestForgedCatalogs forges what belongs to the whole file.
func TestForgedCatalogs(t *testing.T) {
	t.Parallel()
	metadata := func(text string) func(*increment) {
		return func(b *increment) { b.objects[b.metadata] = streamOf("/Type /Metadata /Subtype /XML", text) }
	}
	refuseAll(t, map[string]forgery{
		"a picture in PostScript":       {func(b *increment) { b.edit(b.free+2, "/Subtype /Form", "/Subtype /PS") }, document.Active},
		"permissions of another":        {func(b *increment) { b.edit(b.root, "/DocMDP", "/UR3") }, document.Replaced},
		"a version of the future":       {func(b *increment) { b.add(b.root, "/Version /9.9") }, document.Replaced},
		"outlines":                      {func(b *increment) { b.add(b.root, "/Outlines 1 0 R") }, document.Active},
		"a catalog's unknown entry":     {func(b *increment) { b.add(b.root, "/Threads 1 0 R") }, document.Replaced},
		"compressed metadata":           {func(b *increment) { b.edit(b.metadata, "/Length", "/Filter /FlateDecode /Length") }, document.Replaced},
		"metadata with a document type": {metadata("<!DOCTYPE x><x/>"), document.Replaced},
		"metadata that are no XML":      {metadata("<x>"), document.Replaced},
		"a title as attribute":          {metadata(`<x title="y"/>`), document.Replaced},
		"information of the draft's":    {func(b *increment) { b.trailer = "/Info 1 0 R"; delete(b.objects, b.free+4) }, document.Replaced},
		"another identifier":            {func(b *increment) { b.id = "[<00> <00>]" }, document.Replaced},
		"a page without its letters":    {func(b *increment) { b.edit(b.page, "/Resources", "/Resource") }, document.Replaced},
		"an annotation twice": {func(b *increment) {
			b.edit(b.page, fmt.Sprintf("/Annots [%d 0 R", b.field), fmt.Sprintf("/Annots [%d 0 R %d 0 R %d 0 R", b.field, b.field, b.field))
		}, document.Annotation},
	})
}

// TestForgedGrammar forges what a lenient reader would guess at.
func TestForgedGrammar(t *testing.T) {
	t.Parallel()
	forgeries := map[string]forgery{}
	for name, body := range map[string]string{
		"no end of a dictionary": "<</A 1", "no end of an array": "[1", "no end of a string": "(a", "no end of digits": "<00",
		"digits that are none": "<0g>", "a name cut short": "/a#4", "a name of nothing": "/a#00", "a long name": "/" + strings.Repeat("a", 128),
		"a key that is none": "<<1 2>>", "a word": "nul", "a number of two points": "1.2.3", "not a number": "NaN", "an infinite number": "1e999",
		"a hexadecimal number": "0x10", "a huge number": "99999999999", "two values": "1 2 3", "nothing": "", "a stray end": ">>", "a reference of another generation": "[1 1 R]",
		"a stream without its end": "<</Length 1>>\nstream\nabc\nendstream", "a stream without length": "<<>>\nstream\n\nendstream",
		"a stream with no line": "<</Length 0>>\nstream \nendstream", "a stream of an array": "[]\nstream\n\nendstream", "a negative length": "<</Length -1>>\nstream\n\nendstream",
	} {
		forgeries[name] = forgery{func(b *increment) { b.objects[b.free+3] = body }, document.Malformed}
	}
	refuseAll(t, forgeries)
}

func streamOf(dict, data string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func TestForgedFiles(t *testing.T) {
	t.Parallel()
	b := newIncrement(t)
	good := b.file()
	changed := func(at int) []byte {
		file := slices.Clone(good)
		file[at] ^= 1
		return file
	}
	other := sample()
	other.Powers = []string{"全て"}
	otherDraft, err := document.PDF{}.Marshal(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		kind document.FaultKind
	}{
		"nothing":                       {nil, document.Changed},
		"the draft itself":              {b.draft, document.Unsigned},
		"a changed byte of the draft":   {changed(len(b.draft) / 2), document.Changed},
		"another draft":                 {otherDraft, document.Changed},
		"another draft's bytes, signed": {append(slices.Clone(otherDraft), good[len(b.draft):]...), document.Changed},
		"a second revision":             {second(good, b.page, b.objects[b.page], b.root), document.SecondRevision},
		"a revision between":            {second(b.draft, b.page, b.objects[b.page], b.root), document.Unsigned},
		"appended bytes":                {append(slices.Clone(good), "%hidden"...), document.TrailingData},
		"appended white space":          {append(slices.Clone(good), "     "...), document.TrailingData},
		"a file that is cut":            {good[:len(good)-8], document.CrossReference},
		"64 MiB":                        {append(slices.Clone(good), make([]byte, 64<<20)...), document.TooLarge},
		"no revision but bytes":         {append(slices.Clone(b.draft), "hello"...), document.Malformed},
		"only an end of file":           {append(slices.Clone(b.draft), "%%EOF"...), document.SecondRevision},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := document.PDF{}.Open(c.file, b.draft)
			wantKind(t, err, c.kind)
		})
	}
}
