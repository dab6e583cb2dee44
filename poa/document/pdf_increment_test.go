// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// increment is a signing revision as Acrobat writes one, to be changed by a test
// before it is appended to the draft.
type increment struct {
	t       testing.TB
	draft   []byte
	objects map[int]string
	// The draft's objects by what they are, and the first free number.
	root, form, field, page, metadata, free int
	size, prev, id                          string
	trailer                                 string // further entries
	tail                                    string // after the end of the file
	// table is put instead of the lines of the table, where it is set.
	table func(places map[int]int) string
	// covered says what the byte range says, given where the place begins and
	// ends and how long the file is.
	covered  func(from, to, length int) [4]int
	contents string
	// ends are the ends of lines, one byte each.
	ends string
}

// place stands in an object for the byte range and the contents.
const place = "@PLACE@"

var objectStart = regexp.MustCompile(`(?m)^(\d+) 0 obj\n(<<(?:\n/Type /AcroForm)?.*)`)

func newIncrement(t testing.TB) *increment {
	t.Helper()
	return incrementOf(t, draftPDF())
}

func incrementOf(t testing.TB, d []byte) *increment {
	t.Helper()
	b := &increment{t: t, draft: d, contents: "3003020105" + strings.Repeat("00", 20), objects: map[int]string{},
		covered: func(from, to, length int) [4]int { return [4]int{0, from, to, length - to} }}
	for _, found := range objectStart.FindAllSubmatch(d, -1) {
		number, _ := strconv.Atoi(string(found[1]))
		b.free = max(b.free, number+1)
		for key, at := range map[string]*int{"/Type /Catalog": &b.root, "/Type /AcroForm": &b.form, "/FT /Sig": &b.field, "/Type /Page /": &b.page, "/Type /Metadata": &b.metadata} {
			if bytes.Contains(found[2], []byte(key)) {
				*at = number
			}
		}
	}
	b.size = fmt.Sprint(b.free + 20)
	b.prev = regexp.MustCompile(`startxref\n(\d+)`).FindStringSubmatch(string(d))[1]
	b.id = regexp.MustCompile(`/ID (\[.*\])>>`).FindStringSubmatch(string(d))[1]
	b.acrobat(t)
	return b
}

// acrobat fills in what Acrobat changes when it signs the draft's field.
func (b *increment) acrobat(t testing.TB) {
	t.Helper()
	signature, look, layer, font, info := b.free, b.free+1, b.free+2, b.free+3, b.free+4
	b.objects[b.root] = b.with(t, b.root, fmt.Sprintf("/Extensions <</ADBE <</BaseVersion /1.7 /ExtensionLevel 8>>>> /Perms <</DocMDP %d 0 R>>", signature))
	b.objects[b.form] = b.with(t, b.form, fmt.Sprintf("/SigFlags 3 /DA (/Helv 0 Tf 0 g ) /DR <</Font <</Helv %d 0 R>>>>", font))
	b.objects[b.field] = strings.Replace(b.with(t, b.field, fmt.Sprintf("/V %d 0 R /MK <<>> /M (D:20260601183500+09'00')", signature)), "/F 4", "/F 132", 1)
	b.objects[b.field] = regexp.MustCompile(`/AP <</N \d+`).ReplaceAllString(b.objects[b.field], fmt.Sprintf("/AP <</N %d", look))
	b.objects[b.page] = b.with(t, b.page, "")
	xmp := strings.Replace(b.stream(b.metadata), "<xmp:ModifyDate>2026-06-01T09:30:00Z", "<xmp:ModifyDate>2026-06-01T18:35:00+09:00", 1)
	b.objects[b.metadata] = fmt.Sprintf("<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n%s\nendstream", len(xmp), xmp)
	b.objects[signature] = "<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached " + place +
		" /M (D:20260601183500+09'00') /Name (\xfe\xff\x56\xfd) /Reason (\\(signed\\)) /Prop_Build <</App <</Name /Adobe#20Acrobat#20Pro /OS [/Win] /R 1 /TrustedMode true>>>>" +
		" /Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]>>"
	b.objects[look] = fmt.Sprintf("<</Type /XObject /Subtype /Form /BBox [0 0 200 70] /Resources <</XObject <</FRM %d 0 R>>>> /Length 8>>\nstream\n/FRM Do \nendstream", layer)
	b.objects[layer] = fmt.Sprintf("<</Type /XObject /Subtype /Form /BBox [0 0 200 70] /Resources <</Font <</Helv %d 0 R>>>> /Length 6>>\nstream\n%% nil \nendstream", font)
	b.objects[font] = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>"
	b.objects[info] = "<</ModDate (D:20260601183500+09'00') /Producer (Acrobat)>>"
	b.trailer = fmt.Sprintf("/Info %d 0 R", info)
}

// with gives an object of the draft with entries added.
func (b *increment) with(t testing.TB, number int, more string) string {
	t.Helper()
	body, ok := b.drafted(number)
	if !ok {
		t.Fatalf("the draft has no object %d", number)
	}
	return strings.TrimSuffix(body, ">>") + " " + more + ">>"
}

func (b *increment) drafted(number int) (string, bool) {
	_, after, found := bytes.Cut(b.draft, fmt.Appendf(nil, "\n%d 0 obj\n", number))
	body, _, ends := bytes.Cut(after, []byte("\nendobj\n"))
	return string(body), found && ends
}

func (b *increment) stream(number int) string {
	body, _ := b.drafted(number)
	_, data, _ := strings.Cut(body, ">>\nstream\n")
	return strings.TrimSuffix(data, "\nendstream")
}

// file appends the revision, with byte ranges filled in.
func (b *increment) file() []byte {
	out, places := bytes.NewBuffer(slices.Clone(b.draft)), map[int]int{}
	from, to := 0, 0
	for _, number := range slices.Sorted(maps.Keys(b.objects)) {
		places[number] = out.Len()
		fmt.Fprintf(out, "%d 0 obj\n", number)
		before, after, found := strings.Cut(b.objects[number], place)
		out.WriteString(before)
		if found {
			out.WriteString("/ByteRange [0000000000 0000000000 0000000000 0000000000] /Contents ")
			from = out.Len()
			out.WriteString("<" + b.contents + ">")
			to = out.Len()
		}
		out.WriteString(after + "\nendobj\n")
	}
	start := out.Len()
	out.WriteString("xref\n")
	if b.table != nil {
		out.WriteString(b.table(places))
	} else {
		out.WriteString("0 1\n0000000000 65535 f \n")
		for _, number := range slices.Sorted(maps.Keys(places)) {
			fmt.Fprintf(out, "%d 1\n%010d 00000 n \n", number, places[number])
		}
	}
	fmt.Fprintf(out, "trailer\n<</Size %s /Root %d 0 R /Prev %s /ID %s %s>>\nstartxref\n%d\n%%%%EOF\n%s", b.size, b.root, b.prev, b.id, b.trailer, start, b.tail)
	file := out.Bytes()
	if b.ends != "" {
		for _, line := range []string{" 0 obj\n", "\nendobj\n", "xref\n", " n \n", " f \n", "\ntrailer", "trailer\n", ">>\nstartxref\n"} {
			added := file[len(b.draft):]
			copy(added, bytes.ReplaceAll(added, []byte(line), []byte(strings.ReplaceAll(line, "\n", b.ends))))
		}
	}
	if from == 0 {
		return file
	}
	r := b.covered(from, to, len(file))
	copy(file[from-len("[0000000000 0000000000 0000000000 0000000000] /Contents "):], fmt.Sprintf("[%010d %010d %010d %010d]", r[0], r[1], r[2], r[3]))
	return file
}

// second appends one more revision that replaces an object.
func second(file []byte, number int, body string, root int) []byte {
	prev := regexp.MustCompile(`startxref\n(\d+)`).FindAllSubmatch(file, -1)
	place := len(file)
	file = fmt.Appendf(slices.Clone(file), "%d 0 obj\n%s\nendobj\n", number, body)
	return fmt.Appendf(file, "xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size 999 /Root %d 0 R /Prev %s>>\nstartxref\n%d\n%%%%EOF\n",
		number, place, root, prev[len(prev)-1][1], len(file))
}
