// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf16"
)

// pdfHeader is followed by a comment of bytes that are no text (ISO 19005-3, 6.1.2).
const pdfHeader = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"

// objects are numbered from 1 as they are reserved.
type objects [][]byte

// add gives an object its number; its body may be set later.
func (o *objects) add(body string) int {
	*o = append(*o, []byte(body))
	return len(*o)
}

func (o *objects) set(number int, body string) { (*o)[number-1] = []byte(body) }

func (o *objects) stream(dict string, data []byte) int {
	return o.add(fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

func ref(number int) string { return fmt.Sprintf("%d 0 R", number) }

func refs(numbers []int) string {
	all := make([]string, len(numbers))
	for i, n := range numbers {
		all[i] = ref(n)
	}
	return "[" + strings.Join(all, " ") + "]"
}

// write gives the file: header, objects, table, trailer.
func (o *objects) write(root int, id [16]byte) []byte {
	var out bytes.Buffer
	out.WriteString(pdfHeader)
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(*o)+1)
	for i, body := range *o {
		table += fmt.Sprintf("%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	fmt.Fprintf(&out, "%strailer\n<</Size %d /Root %s /ID [<%X> <%X>]>>\nstartxref\n%d\n%%%%EOF\n",
		table, len(*o)+1, ref(root), id, id, out.Len())
	return out.Bytes()
}

// textString writes a text in UTF-16 (ISO 32000-1, 7.9.2.2).
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String() + ">"
}

// writePDF puts the drawn pages, their font, structure and source together.
func writePDF(c Content, source []byte, s *sheet) []byte {
	var o objects
	root, pages := o.add(""), o.add("")
	font := s.letters.objects(&o)
	places := make([]int, len(s.pages))
	for i := range s.pages {
		places[i] = o.add("")
	}
	structure := &structure{objects: &o, pages: places, parents: make([][]int, len(s.pages))}
	field, form := o.signatureField(s, places[0], font)
	tree := structure.write(s, field)
	for i, p := range s.pages {
		annots := ""
		if i == 0 {
			annots = " /Annots [" + ref(field) + "]"
		}
		o.set(places[i], fmt.Sprintf("<</Type /Page /Parent %s /MediaBox [0 0 %s %s] /Resources <</Font <</F1 %s>>>> /Contents %s /StructParents %d /Tabs /S%s>>",
			ref(pages), decimal(pageWidth), decimal(pageHeight), ref(font), ref(o.stream("", p.ops.Bytes())), i, annots))
	}
	o.set(pages, fmt.Sprintf("<</Type /Pages /Kids %s /Count %d>>", refs(places), len(places)))
	embedded := o.source(c, source)
	intent := o.stream("/N 3", sRGB())
	o.set(root, fmt.Sprintf("<</Type /Catalog /Pages %s /Lang (ja-JP) /MarkInfo <</Marked true>> /StructTreeRoot %s /Metadata %s "+
		"/OutputIntents [<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /DestOutputProfile %s>>] "+
		"/ViewerPreferences <</DisplayDocTitle true>> /AF [%s] /Names <</EmbeddedFiles <</Names [(%s) %s]>>>> /AcroForm %s>>",
		ref(pages), ref(tree), ref(o.stream("/Type /Metadata /Subtype /XML", metadata(c))), ref(intent), ref(embedded), sourceName, ref(embedded), ref(form)))
	sum := sha256.Sum256(source)
	return o.write(root, [16]byte(sum[:16]))
}

const sourceName = "delegation.xml"

// source embeds the XML that the pages are drawn from (ISO 19005-3, 6.8).
func (o *objects) source(c Content, xml []byte) int {
	at := c.DraftedAt.UTC().Format("(D:20060102150405Z)")
	file := o.stream(fmt.Sprintf("/Type /EmbeddedFile /Subtype /application#2Fxml /Params <</Size %d /ModDate %s>>", len(xml), at), xml)
	return o.add(fmt.Sprintf("<</Type /Filespec /F (%s) /UF %s /Desc %s /AFRelationship /Source /EF <</F %s /UF %s>>>>",
		sourceName, textString(sourceName), textString("この委任状の内容（XML）"), ref(file), ref(file)))
}

// signatureField is the empty field that Acrobat signs when it is clicked. What
// signs is asked for signatures that Open takes.
func (o *objects) signatureField(s *sheet, page, font int) (field, form int) {
	width := pageWidth - margin - signedLeft
	var look bytes.Buffer
	fmt.Fprintf(&look, "q 0.5 G 0.75 w [3 2] 0 d 0.375 0.375 %s %s re S Q\n", decimal(width-750), decimal(stampHeight-750))
	if l, err := s.letters.lines("委任者の電子署名", labelSize, width, "field"); err == nil {
		look.WriteString("q 0.45 g ")
		text(&look, l[0], labelSize, (width-l[0].width)/2, stampHeight/2-3*point)
		look.WriteString("Q\n")
	}
	shown := o.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 %s %s] /Resources <</Font <</F1 %s>>>>", decimal(width), decimal(stampHeight), ref(font)), look.Bytes())
	field = o.add(fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (%s) /TU %s /F 4 /P %s /Rect [%s %s %s %s] /StructParent %d /AP <</N %s>> "+
		"/SV <</Type /SV /Ff 66 /SubFilter [/adbe.pkcs7.detached /ETSI.CAdES.detached] /DigestMethod [/SHA256 /SHA384 /SHA512]>>>>",
		fieldName, textString("委任者の電子署名"), ref(page), decimal(signedLeft), decimal(bodyEnd), decimal(signedLeft+width), decimal(bodyEnd+stampHeight), len(s.pages), ref(shown)))
	// Laid out as simple tools search for it, which look for words in a file.
	return field, o.add(fmt.Sprintf("<<\n/Type /AcroForm\n/Fields [%s]\n>>", ref(field)))
}

const fieldName = "Delegator"
