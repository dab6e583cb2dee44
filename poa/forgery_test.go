// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
)

// forgery is a line of the table: what is filed for a draft that waits for its
// signature, and by which code alone it is refused.
type forgery struct {
	name string
	want poa.Code
	file func(o *office, draft []byte) []byte
}

// ofCMS is a forgery of a CMS that the representative signed.
func ofCMS(name string, want poa.Code, options cms.SignOptions, change func(o *office, draft []byte, f *poatest.Forged)) forgery {
	return forgery{name, want, func(o *office, draft []byte) []byte {
		return poatest.Forge(o.tb, o.signer, draft, options, func(f *poatest.Forged) { change(o, draft, f) })
	}}
}

// ofCard is a file that another card of the representative's signed.
func ofCard(name string, want poa.Code, options ...poatest.Option) forgery {
	return forgery{name, want, func(o *office, draft []byte) []byte {
		return sign(o.tb, poatest.MustIssue(o.tb, o.ca, representative, options...), draft)
	}}
}

// ofXML is another document than the draft, well signed.
func ofXML(name string, want poa.Code, drafted, instead string) forgery {
	return forgery{name, want, func(o *office, draft []byte) []byte {
		return sign(o.tb, o.signer, bytes.Replace(draft, []byte(drafted), []byte(instead), 1))
	}}
}

// right are the signed attributes of a draft as they should be.
func right(o *office, draft []byte) []poatest.ForgedAttribute {
	digest := sha256.Sum256(draft)
	return []poatest.ForgedAttribute{poatest.Attribute(o.tb, oidContentType, oidData), poatest.Attribute(o.tb, oidMessageDigest, digest[:])}
}

var forgeries = []forgery{
	// The file.
	{"trailing data", poa.CodeFileTrailingData, func(o *office, draft []byte) []byte { return append(sign(o.tb, o.signer, draft), 0) }},
	{"nested 4 MB", poa.CodeFileTooDeep, func(*office, []byte) []byte { return bytes.Repeat([]byte{0x30, 0x80}, 2<<20)[:poa.MaxFile] }},
	{"quadratic indefinite lengths", poa.CodeFileTooManyElements, func(*office, []byte) []byte {
		return append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x80, 0, 0}, 1<<18)...)
	}},
	{"64 MiB", poa.CodeFileTooLarge, func(*office, []byte) []byte { return make([]byte, 64<<20) }},

	// What was signed.
	{"wrong content", poa.CodeDocumentChanged, func(o *office, _ []byte) []byte { return sign(o.tb, o.signer, []byte("<Delegation/>")) }},
	{"a changed byte in the signed part", poa.CodeContentAltered, func(o *office, draft []byte) []byte {
		return bytes.Replace(sign(o.tb, o.signer, draft), []byte("電子入札"), []byte("電子契約"), 1)
	}},
	ofXML("an entity", poa.CodeDocumentEntity, "電子入札", "&bid;"),
	ofXML("a comment inside a value", poa.CodeDocumentComment, "電子入札", "電子<!-- 契約 -->入札"),
	ofXML("a CDATA section", poa.CodeDocumentMarkup, "電子入札", "<![CDATA[電子入札]]>"),
	ofCMS("wrong digest", poa.CodeDigestDiffers, cms.SignOptions{}, func(o *office, _ []byte, f *poatest.Forged) {
		other := sha256.Sum256([]byte("other"))
		f.Signers[0].SignAttributes(o.tb, o.signer.Key, poatest.Attribute(o.tb, oidContentType, oidData), poatest.Attribute(o.tb, oidMessageDigest, other[:]))
	}),
	ofCMS("a content type that differs from its attribute", poa.CodeContentTypeDiffers, cms.SignOptions{}, func(o *office, draft []byte, f *poatest.Forged) {
		f.Signers[0].SignAttributes(o.tb, o.signer.Key, poatest.Attribute(o.tb, oidContentType, oidSignedData), right(o, draft)[1])
	}),
	ofCMS("no message digest", poa.CodeDigestMissing, cms.SignOptions{}, func(o *office, draft []byte, f *poatest.Forged) {
		f.Signers[0].SignAttributes(o.tb, o.signer.Key, right(o, draft)[0])
	}),

	// Who signed, and how.
	ofCMS("two signers", poa.CodeSeveralSigners, cms.SignOptions{}, func(_ *office, _ []byte, f *poatest.Forged) { f.Signers = append(f.Signers, f.Signers[0]) }),
	ofCMS("no signer", poa.CodeSignatureMissing, cms.SignOptions{}, func(_ *office, _ []byte, f *poatest.Forged) { f.Signers = nil }),
	ofCMS("no certificate", poa.CodeSignerCertificate, cms.SignOptions{}, func(_ *office, _ []byte, f *poatest.Forged) { f.Certificates = poatest.Explicit() }),
	ofCMS("signed by another key", poa.CodeSignatureInvalid, cms.SignOptions{}, func(o *office, draft []byte, f *poatest.Forged) {
		other := poatest.MustIssue(o.tb, o.ca, representative, poatest.WithRSABits(2048)) // the pool's keys are shared: the delegate may hold this very one
		f.Signers[0].SignAttributes(o.tb, other.Key, right(o, draft)...)
	}),
	{"no signed attributes", poa.CodeSignedAttributes, func(o *office, draft []byte) []byte { return byOpenSSL(o.tb, o.signer, draft, "-noattr") }},
	ofCMS("signed attributes replayed as content", poa.CodeAttributesReplayed, cms.SignOptions{}, func(o *office, _ []byte, f *poatest.Forged) {
		f.Content.Content = poatest.Explicit(poatest.DER(o.tb, append([]byte{0x31}, f.Signers[0].Attributes.FullBytes[1:]...)))
		f.Signers[0].Attributes = asn1.RawValue{}
	}),
	{"SHA-1", poa.CodeDigestWeak, func(o *office, draft []byte) []byte { return byOpenSSL(o.tb, o.signer, draft, "-md", "sha1") }},
	{"SHA-224", poa.CodeAlgorithm, func(o *office, draft []byte) []byte { return byOpenSSL(o.tb, o.signer, draft, "-md", "sha224") }},
	ofCard("RSA-1024", poa.CodeKeyTooShort, poatest.WithRSABits(1024)),
	ofCMS("two certificates of one key identifier", poa.CodeKeyIdentifier, cms.SignOptions{KeyID: true}, func(o *office, _ []byte, f *poatest.Forged) {
		f.Certificates = poatest.Explicit(o.signer.Certificate.Raw, twinOf(o.tb, o.signer, o.delegate))
	}),
	ofCMS("a certificate swapped under an ESS certificate ID", poa.CodeSigningCertificate, cms.SignOptions{ESS: true}, func(o *office, _ []byte, f *poatest.Forged) {
		same := poatest.MustIssue(o.tb, o.ca, representative, poatest.WithKey(func() (crypto.Signer, error) { return o.signer.Key, nil }))
		f.Certificates = poatest.Explicit(same.Certificate.Raw)
		renamedTo(o.tb, &f.Signers[0], same.Certificate)
	}),

	// The certificate.
	{"an untrusted root of the same name", poa.CodeCertificateUntrusted, func(o *office, draft []byte) []byte {
		foreign := poatest.MustCA(o.tb, o.clock.Now(), poatest.WithOwnKey())
		return sign(o.tb, poatest.MustIssue(o.tb, foreign, representative), draft)
	}},
	ofCard("expired", poa.CodeCertificateExpired, poatest.WithValidity(dbtestTime(-1), dbtestTime(0).Add(-time.Second))),
	ofCard("not yet valid", poa.CodeCertificateNotYet, poatest.WithValidity(dbtestTime(0).Add(time.Hour), dbtestTime(1))),
	ofCard("a wrong policy", poa.CodeCertificatePolicy, poatest.WithPolicy("1.2.392.200149.8.5.1.3.30")),
	ofCard("a wrong key usage", poa.CodeCertificateUsage, poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)),
	ofCard("an authority as signer", poa.CodeCertificateOfAuthority, poatest.AsCA()),
	ofCard("a critical extension that is not known", poa.CodeCertificateExtension, poatest.WithUnknownCritical()),
	ofCard("a certificate without a name", poa.CodeCertificateName, poatest.WithoutName()),
	ofCard("two names", poa.CodeCertificateTwoNames, poatest.WithSecondName("山田　次郎")),
	ofCard("31 February", poa.CodeCertificateNoSuchDay, poatest.WithBirthDate("319700231")),
}

// ofPDF is a forgery of a signed PDF.
var ofPDF = []forgery{
	{"a second revision", poa.CodePDFSecondRevision, func(o *office, draft []byte) []byte {
		file := signPDF(o, draft)
		return fmt.Appendf(file, "9999 0 obj\n<< >>\nendobj\nxref\n9999 1\n%010d 00000 n \ntrailer\n<< /Size 10000 /Root 1 0 R /Prev 1 >>\nstartxref\n%d\n%%%%EOF\n", len(file), len(file)+25)
	}},
	{"a ByteRange that leaves a gap", poa.CodePDFByteRange, func(o *office, draft []byte) []byte {
		file := signPDF(o, draft)
		place := regexp.MustCompile(`/ByteRange ?\[ ?0 (\d+)`).FindSubmatchIndex(file)
		length, err := strconv.Atoi(string(file[place[2]:place[3]]))
		must(o.tb, err)
		copy(file[place[2]:place[3]], fmt.Sprintf("%0*d", place[3]-place[2], length-8))
		return file
	}},
	{"two signatures", poa.CodePDFSeveralSignatures, func(o *office, draft []byte) []byte {
		file, second := signPDF(o, draft), "> /Prev <</Type /Sig /ByteRange [0 1 2 3] /Contents <00>>>"
		copy(file[bytes.LastIndex(file, []byte("00>>>"))+3-len(second):], second) // in the room that the first leaves
		return file
	}},
	{"a changed byte in the signing revision", poa.CodeDigestDiffers, func(o *office, draft []byte) []byte {
		return bytes.Replace(signPDF(o, draft), []byte("/Filter /Adobe.PPKLite"), []byte("/Filter /Adobe.PPKLime"), 1)
	}},
	{"bytes after its end", poa.CodeFileTrailingData, func(o *office, draft []byte) []byte { return append(signPDF(o, draft), "more"...) }},
	{"a changed byte in the drafted part", poa.CodeDocumentChanged, func(o *office, draft []byte) []byte {
		file := signPDF(o, draft)
		file[len(draft)/2] ^= 1
		return file
	}},
	{"not signed at all", poa.CodeSignatureMissing, func(_ *office, draft []byte) []byte { return draft }},
}

func signPDF(o *office, drafted []byte) []byte {
	o.tb.Helper()
	file, err := document.PDF{}.Sign(drafted, time.Time{}, func(content []byte, as document.SignAs) ([]byte, error) {
		return o.signer.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES})
	})
	must(o.tb, err)
	return file
}

// TestEveryFaultHasItsCode holds the tables of codes to the lists of the
// packages that find the faults; those of PDFs that no test here can forge are
// forged in poa/document.
func TestEveryFaultHasItsCode(t *testing.T) {
	t.Parallel()
	seen := map[poa.Code]string{}
	want := func(fault string, code poa.Code, shared bool) {
		t.Helper()
		if code == "" {
			t.Errorf("%s has no code", fault)
		}
		if other, twice := seen[code]; twice && !shared {
			t.Errorf("%s and %s share the code %s", fault, other, code)
		}
		seen[code] = fault
	}
	for _, kind := range cms.Kinds() {
		if !strings.HasPrefix(string(kind), "TIME_STAMP_") {
			want("cms "+string(kind), poa.SignatureCodes[kind], false)
		}
	}
	for _, kind := range jpki.Kinds() {
		want("jpki "+string(kind), poa.CertificateCodes[kind], false)
	}
	for kind, code := range poa.DocumentCodes { // the same fault of a PDF and of a CMS has one code
		shared := kind == document.TooLarge || kind == document.TrailingData || kind == document.Unsigned || kind == document.Changed
		want("document "+string(kind), code, shared)
	}
}

// TestForgeries files every forgery for one draft, which stays open: each is
// refused by its own code, whose texts say what to do, and leaves its audit
// event alone.
func TestForgeries(t *testing.T) {
	t.Parallel()
	for format, table := range map[poa.DocumentFormat][]forgery{"XML": forgeries, "PDF": ofPDF} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			o, s := newAsking(t)
			d := o.handIn(o.draft(func(in *poa.DraftInput) { in.Format = format }))
			draft, asked, seen := o.draftFile(d), s.asked.Load(), map[poa.Code]string{}
			for _, each := range table {
				o.refusedAs(d, each.name, each.file(o, draft), each.want)
				if before, twice := seen[each.want]; twice {
					t.Errorf("%s and %s share the code %s", before, each.name, each.want)
				}
				seen[each.want] = each.name
			}
			if s.asked.Load() != asked {
				t.Error("a source was asked about what is refused anyway")
			}
			signed := sign(t, o.signer, draft)
			if format == "PDF" {
				signed = signPDF(o, draft)
			}
			d, err := o.file(d, signed)
			must(t, err)
			o.wantFiling(d, poa.StateAccepted) // and the right file is taken all the same
			o.refusedAs(d, "other bytes for a draft already filed", append(signed, 0), poa.CodeAlreadyFiled)
		})
	}
	t.Run("status", func(t *testing.T) {
		t.Parallel()
		o, s := newAsking(t)
		d := o.handIn(o.draft())
		signed, err := o.signer.Sign(o.draftFile(d), cms.SignOptions{SigningTime: o.clock.Now()})
		must(t, err)
		o.clock.Advance(time.Hour)
		for want, says := range map[poa.Code]func(){
			poa.CodeCertificateRevoked:      func() { s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-2*time.Hour))) },
			poa.CodeCertificateRevokedAfter: func() { s.says(jpki.Revoked, revokedAt(o.clock.Now().Add(-time.Minute))) },
			poa.CodeCertificateOnHold:       func() { s.says(jpki.OnHold) },
			poa.CodeCertificateUnknown:      func() { s.says(jpki.Unknown) },
		} {
			says()
			o.refusedAs(d, string(want), signed, want)
		}
	})
}

// refusedAs files and wants a refusal by one code, with its audit event (code
// and digest) and nothing else.
func (o *office) refusedAs(d poa.Delegation, name string, file []byte, want poa.Code) {
	o.tb.Helper()
	before := o.counts()
	_, err := o.file(d, file)
	if got := codes(err); got != string(want) {
		o.tb.Errorf("%s: refused by %s (%v), want %s", name, got, err, want)
		return
	}
	if diff := cmp.Diff(map[string]int{"audit_events": 1}, o.grown(before)); diff != "" {
		o.tb.Errorf("%s stored more than its event: %s", name, diff)
	}
	const event = "SELECT outcome || ' ' || length(data->>'input') FROM audit_events WHERE action = 'delegation.submitted' AND outcome = '%s' LIMIT 1"
	if got := o.data.Text(o.tb, fmt.Sprintf(event, want)); got != string(want)+" 64" {
		o.tb.Errorf("%s left the event %s", name, got)
	}
	for _, language := range locale.Languages {
		text := locale.Text(language, string(want), nil)
		if text == string(want) {
			o.tb.Errorf("%s has no text in %s", want, language)
		}
		if strings.Count(text, "。")+strings.Count(text, ". ")+strings.Count(text, ".") < 2 {
			o.tb.Errorf("%s says in %s what is wrong and no way out: %s", want, language, text)
		}
	}
}
