// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ininjo/poa/document"
)

// smallDraft is the least that a draft needs, so that the fuzzer's time goes
// into the revision after it.
func smallDraft() []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	table := "xref\n0 7\n0000000000 65535 f \n"
	for i, body := range []string{"<</Type /Catalog /Pages 2 0 R /Metadata 5 0 R /AcroForm 4 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Annots [6 0 R]>>", "<<\n/Type /AcroForm\n/Fields [6 0 R]\n>>",
		"<</Type /Metadata /Subtype /XML /Length 26>>\nstream\n<x><title>ABCDE</title></x>\nendstream",
		"<</Type /Annot /Subtype /Widget /FT /Sig /T (Delegator) /F 4 /P 3 0 R /Rect [1 1 8 8] /AP <</N 3 0 R>>>>"} {
		table += fmt.Sprintf("%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, strings.Replace(body, "/Length 26", "/Length 27", 1))
	}
	fmt.Fprintf(&out, "%strailer\n<</Size 7 /Root 1 0 R /ID [<00> <00>]>>\nstartxref\n%d\n%%%%EOF\n", table, out.Len())
	return out.Bytes()
}

// FuzzOpenPDF holds that whatever follows a draft, what is taken covers the
// draft and the whole file but the signature's own place, and that whatever is
// refused is refused with a Fault.
func FuzzOpenPDF(f *testing.F) {
	draft := smallDraft()
	seed := func(edit func(*increment)) {
		b := incrementOf(f, draft)
		edit(b)
		f.Add(b.file()[len(draft):])
	}
	seed(func(*increment) {})
	seed(func(b *increment) { b.ownField("/Rect [0 0 0 0]") })
	seed(func(b *increment) { b.ownField("/Rect [0 0 595 842]") })
	seed(func(b *increment) { b.objects[b.free+9] = streamOf("/Type /ObjStm /N 1 /First 4", "1 0 <<>>") })
	seed(func(b *increment) { b.trailer += " /Encrypt 5 0 R" })
	seed(func(b *increment) { b.table = func(map[int]int) string { return "0 999999999\n" } })
	seed(func(b *increment) { b.tail = "startxref\n0\n%%EOF" })
	seed(func(b *increment) { b.objects[b.free+3] = strings.Repeat("[<<", 30) })
	if file, err := (document.PDF{}).Sign(draft, time.Time{}, noSignature); err == nil {
		f.Add(bytes.ReplaceAll(file[len(draft):], bytes.Repeat([]byte("0"), 1000), nil))
	}
	if _, err := (document.PDF{}).Open(incrementOf(f, draft).file(), draft); err != nil {
		f.Fatalf("the first seed is refused: %v", err)
	}
	f.Fuzz(func(t *testing.T, added []byte) {
		file := append(bytes.Clone(draft), added...)
		signature, err := document.PDF{}.Open(file, draft)
		if err != nil {
			wantAnyFault(t, err)
			return
		}
		place := len(file) - len(signature.Content)
		if !bytes.HasPrefix(signature.Content, draft) || place < 2+2*len(signature.CMS) || bytes.Count(file, []byte("ByteRange")) == 0 {
			t.Fatalf("%d bytes of %d are covered", len(signature.Content), len(file))
		}
	})
}

// FuzzParsePDF holds that a file is taken only if it is, byte by byte, what
// Marshal gives.
func FuzzParsePDF(f *testing.F) {
	f.Add(draftPDF())
	f.Add(bytes.Replace(draftPDF(), []byte("<Title>"), []byte("<Title><!-- -->"), 1))
	f.Add(bytes.Replace(draftPDF(), []byte("0 g"), []byte("1 g"), 1))
	f.Add([]byte("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n" + golden))
	f.Fuzz(func(t *testing.T, file []byte) {
		content, err := document.PDF{}.Parse(file)
		if err != nil {
			wantAnyFault(t, err)
			return
		}
		if again, err := (document.PDF{}).Marshal(content); err != nil || !bytes.Equal(again, file) {
			t.Fatalf("another file was taken: %v", err)
		}
	})
}

func wantAnyFault(t *testing.T, err error) {
	t.Helper()
	var fault *document.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("not a fault: %v", err)
	}
}

// TestFileOfAnotherTool opens a file that @signpdf (npm) signed: a field of its
// own, no info, the table's place one byte early. The draft before it is what
// Marshal gave on the day; were the page drawn otherwise one day, drafts that
// wait for their signature would be refused, so this file must stay as it is.
func TestFileOfAnotherTool(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/signpdf.pdf")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("%%EOF\n")) + len("%%EOF\n")
	draft := file[:at]
	if !bytes.Equal(draft, draftPDF()) {
		t.Error("the page is drawn otherwise than it was")
	}
	signature, err := document.PDF{}.Open(file, draft)
	if err != nil {
		t.Fatal(err)
	}
	verified(t, signature)
	if out := pdfsig(t, keep(t, "signpdf.pdf", file)); !strings.Contains(out, "Signature Validation: Signature is Valid.") {
		t.Error(out)
	}
}
