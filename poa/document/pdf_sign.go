// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// signatureRoom is kept for the CMS, in bytes: a chain and a time stamp fit.
const signatureRoom = 16 << 10

// Sign signs the draft's own field in one revision after it, with
// ETSI.CAdES.detached. The time of signing stands in the dictionary's M, not in
// the CMS (ETSI EN 319 142-1, 6.3).
func (PDF) Sign(drafted []byte, at time.Time, signer Signer) ([]byte, error) {
	if len(drafted) > MaxPDF {
		return nil, fault(TooLarge, "PDF")
	}
	if !bytes.HasPrefix(drafted, []byte(pdfHeader)) {
		return nil, fault(Malformed, "header")
	}
	draft, err := readRevision(drafted, len(pdfHeader), maxDraftValues)
	if err != nil {
		return nil, err
	}
	file, from, err := draft.signed(drafted, at)
	if err != nil {
		return nil, err
	}
	to := from + 2 + 2*signatureRoom
	content := slices.Concat(file[:from], file[to:])
	cms, err := signer(content, SignAs{Detached: true, CAdES: true})
	if err != nil {
		return nil, fmt.Errorf("signing PDF: %w", err)
	}
	if len(cms) > signatureRoom {
		return nil, fault(TooLarge, "signature")
	}
	hex.Encode(file[from+1:], cms)
	return file, nil
}

// signed writes the revision with room for the signature, and where that begins.
func (v *revision) signed(drafted []byte, at time.Time) (file []byte, from int, err error) {
	root, _ := v.trailer["Root"].(pdfRef)
	form, isRef := dictOf(v.objects[int(root)])["AcroForm"].(pdfRef)
	fields := listOf(dictOf(v.objects[int(form)])["Fields"])
	if !isRef || len(fields) != 1 {
		return nil, 0, fault(Missing, "field")
	}
	field := fields[0].(pdfRef) // listOf takes references only
	number, _ := v.trailer["Size"].(int)
	out := bytes.NewBuffer(slices.Clone(drafted))
	places := map[int]int{}
	object := func(number int, body string) {
		places[number] = out.Len()
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", number, body)
	}
	object(int(form), write(with(dictOf(v.objects[int(form)]), "SigFlags", 3)))
	object(int(field), write(with(dictOf(v.objects[int(field)]), "V", pdfRef(number))))
	head := "<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached " + signedAt(at) + "/ByteRange [0 %010d %010d %010d] /Contents "
	object(number, fmt.Sprintf(head, 0, 0, 0)+"<"+strings.Repeat("0", 2*signatureRoom)+">>>")
	from = places[number] + len(fmt.Sprintf("%d 0 obj\n"+head, number, 0, 0, 0))
	start := out.Len()
	out.WriteString("xref\n")
	for _, n := range slices.Sorted(maps.Keys(places)) {
		fmt.Fprintf(out, "%d 1\n%010d 00000 n \n", n, places[n])
	}
	trailer := with(with(v.trailer, "Size", number+1), "Prev", v.start)
	fmt.Fprintf(out, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", write(trailer), start)
	file = out.Bytes()
	to := from + 2 + 2*signatureRoom
	copy(file[places[number]:], fmt.Sprintf("%d 0 obj\n"+head, number, from, to, len(file)-to))
	return file, from, nil
}

// signedAt is the signature dictionary's entry of the time of signing.
func signedAt(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "/M (D:" + at.UTC().Format("20060102150405") + "Z) "
}

func with(dict pdfDict, key pdfName, v any) pdfDict {
	dict = maps.Clone(dict)
	dict[key] = v
	return dict
}

// write gives a value as the file has it, entries in order of their names.
func write(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case pdfName:
		return writeName(x)
	case pdfRef:
		return ref(int(x))
	case pdfString:
		return fmt.Sprintf("<%X>", x.text)
	case pdfArray:
		all := make([]string, len(x))
		for i, each := range x {
			all[i] = write(each)
		}
		return "[" + strings.Join(all, " ") + "]"
	case pdfDict:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(x)) {
			all = append(all, writeName(key)+" "+write(x[key]))
		}
		return "<<" + strings.Join(all, " ") + ">>"
	}
	return fmt.Sprint(v) // numbers and truths
}

func writeName(name pdfName) string {
	var b strings.Builder
	b.WriteByte('/')
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' || c == '#' || pdfDelimiter(c) {
			fmt.Fprintf(&b, "#%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
