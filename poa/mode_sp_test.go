// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// wantNowhere looks for a certificate in every row of every table, and in all
// that is sealed of the delegation once it is opened.
func (o *office) wantNowhere(d poa.Delegation, raw []byte) {
	o.tb.Helper()
	part := raw[len(raw)/2 : len(raw)/2+48]
	opened := map[string][]byte{}
	for _, kind := range []poa.FileKind{poa.FileDraft, poa.FileSigned, poa.FileCertificate} {
		if file, err := o.store.File(o.tb.Context(), d.ID, kind); err == nil {
			opened[string(kind)] = file
		}
	}
	for _, chain := range []poa.EvidenceChain{poa.EvidenceFiling, poa.EvidenceDelegate} {
		records, _, err := o.store.Evidence(o.tb.Context(), d.ID, chain)
		must(o.tb, err)
		for _, r := range records {
			opened["evidence "+string(r.Kind)] = r.Record
		}
	}
	checks, err := o.store.Checks(o.tb.Context(), d.ID)
	must(o.tb, err)
	handed, err := o.store.HandedIn(o.tb.Context(), d.ID)
	must(o.tb, err)
	rest, err := json.Marshal([]any{checks, handed, o.mails()})
	must(o.tb, err)
	opened["the rest"] = rest
	for name, value := range opened {
		if holds(value, part) {
			o.tb.Errorf("the certificate stands in %s", name)
		}
	}
	for _, row := range o.data.Rows(o.tb) {
		if strings.Contains(row, hex.EncodeToString(part)) || holds([]byte(row), part) {
			o.tb.Errorf("the certificate stands in a row: %.80s", row)
		}
	}
}

// holds reports whether bytes stand in a value as they are, or in base64 at any
// place of three.
func holds(value, part []byte) bool {
	if bytes.Contains(value, part) {
		return true
	}
	for shift := range 3 {
		if text := base64.StdEncoding.EncodeToString(part[shift : shift+45]); bytes.Contains(value, []byte(text)) {
			return true
		}
	}
	return false
}

func TestModeSP(t *testing.T) {
	t.Parallel()
	platform := func(a *jpki.StatusAnswer) { a.Source, a.VerificationID = jpki.SourcePlatform, "ver_1" }
	newSP := func(t *testing.T) (*office, *source) {
		t.Helper()
		o, s := newAsking(t)
		s.says(jpki.Good, platform)
		o.registrar.Equip(poa.Verification{Status: s, Mode: poa.ModeSP})
		return o, s
	}
	t.Run("no raw certificate is kept, and the digest of the file as filed still compares", func(t *testing.T) {
		t.Parallel()
		o, _ := newSP(t)
		d := o.handIn(o.draft())
		file := sign(t, o.signer, o.draftFile(d))
		d, err := o.file(d, file)
		must(t, err)
		if d.State != poa.StateAccepted || d.Mode != poa.ModeSP {
			t.Errorf("the filing is %s in mode %s", d.State, d.Mode)
		}
		if _, err := o.store.File(t.Context(), d.ID, poa.FileSigned); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("the signed file: %v", err)
		}
		if _, err := o.store.File(t.Context(), d.ID, poa.FileCertificate); !errors.Is(err, poa.ErrNotFound) {
			t.Errorf("the delegate's challenge: %v", err)
		}
		for _, chain := range []poa.EvidenceChain{poa.EvidenceFiling, poa.EvidenceDelegate} {
			records, _, err := o.store.Evidence(t.Context(), d.ID, chain)
			must(t, err)
			first, err := evidence.Decode(records[0].Record)
			must(t, err)
			if len(first.Chain) > 0 || len(first.File) > 0 || first.SP == nil || first.SP.VerificationID != "ver_1" || len(first.SP.SignatureValue) == 0 {
				t.Errorf("the record of %s holds what it must not, or not what it must", chain)
			}
		}
		for _, certificate := range []*poatest.Signer{o.signer, o.delegate} {
			o.wantNowhere(d, certificate.Certificate.Raw)
		}
		got := o.ask(poa.Question{DelegationID: string(d.ID), DocumentSHA256: fmt.Sprintf("%x", sha256.Sum256(file))})
		if got.DocumentMatches == nil || !*got.DocumentMatches {
			t.Error("the file as filed does not compare")
		}
	})
	t.Run("the search finds a certificate that is kept, as in the other modes", func(t *testing.T) {
		t.Parallel()
		o, _ := newAsking(t)
		d := o.submitted()
		file, err := o.store.File(t.Context(), d.ID, poa.FileSigned)
		must(t, err)
		records, _, err := o.store.Evidence(t.Context(), d.ID, poa.EvidenceFiling)
		must(t, err)
		raw := o.signer.Certificate.Raw
		if part := raw[len(raw)/2 : len(raw)/2+48]; !holds(file, part) || !holds(records[0].Record, part) {
			t.Error("it does not")
		}
	})
	t.Run("where the platform cannot tell the draft stays open", func(t *testing.T) {
		t.Parallel()
		o, s := newSP(t)
		d := o.handIn(o.draft())
		s.silent()
		before := o.counts()
		_, err := o.file(d, sign(t, o.signer, o.draftFile(d)))
		if codes(err) != string(poa.CodeStatusUnavailable) || o.grown(before)["audit_events"] != 1 || len(o.grown(before)) != 1 {
			t.Errorf("got %v, stored %v", err, o.grown(before))
		}
	})
}

// hiding signs content with an attribute that nobody knows, which holds a value.
func hiding(tb testing.TB, signer *poatest.Signer, content, value []byte) []byte {
	tb.Helper()
	sum := sha256.Sum256(content)
	return poatest.Forge(tb, signer, content, cms.SignOptions{Detached: true}, func(f *poatest.Forged) {
		f.Signers[0].SignAttributes(tb, signer.Key, poatest.Attribute(tb, oidContentType, oidData), poatest.Attribute(tb, oidMessageDigest, sum[:]),
			poatest.Attribute(tb, asn1.ObjectIdentifier{2, 999, 7}, value))
	})
}

// signPDFWith signs a PDF whose signature's dictionary tells a value as the reason.
func (o *office) signPDFWith(pages, value []byte) []byte {
	o.tb.Helper()
	file, err := document.PDF{}.Sign(pages, time.Time{}, func([]byte, document.SignAs) ([]byte, error) { return []byte{0x30, 3, 2, 1, 5}, nil })
	must(o.tb, err)
	reason := []byte("/Reason <" + hex.EncodeToString(value) + "> ")
	file = slices.Insert(file, bytes.LastIndex(file, []byte("/Filter /Adobe.PPKLite")), reason...)
	file = regexp.MustCompile(`startxref\n\d+\n%%EOF\n$`).ReplaceAll(file, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", bytes.LastIndex(file, []byte("\nxref\n"))+1))
	from := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
	to := from + bytes.IndexByte(file[from:], '>') + 1
	place := bytes.LastIndex(file, []byte("/ByteRange"))
	copy(file[place:], fmt.Sprintf("/ByteRange [0 %010d %010d %010d]", from, to, len(file)-to))
	made, err := o.signer.Sign(slices.Concat(file[:from], file[to:]), cms.SignOptions{Detached: true, ESS: true})
	must(o.tb, err)
	hex.Encode(file[from+1:], made)
	return file
}

// TestModeSPRefusesAHiddenCertificate: signed attributes, and what a signed PDF has more than its draft, are kept as
// they are.
func TestModeSPRefusesAHiddenCertificate(t *testing.T) {
	t.Parallel()
	o, s := newAsking(t)
	s.says(jpki.Good, func(a *jpki.StatusAnswer) { a.Source, a.VerificationID = jpki.SourcePlatform, "ver_1" })
	o.registrar.Equip(poa.Verification{Status: s, Mode: poa.ModeSP})
	raw, own := o.signer.Certificate.Raw, o.signer.Certificate
	var alternative []byte
	for _, extension := range own.Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			alternative = extension.Value
		}
	}
	text := base64.StdEncoding.EncodeToString(raw)
	hidden := map[string][]byte{
		"the certificate":                     raw,
		"what is signed of it":                own.RawTBSCertificate,
		"the identity":                        alternative,
		"half of it":                          raw[len(raw)/2:],
		"in base64":                           []byte(text),
		"in base64, not from its begin":       []byte(base64.StdEncoding.EncodeToString(append([]byte("x"), raw...))),
		"in base64 of URLs":                   []byte(base64.URLEncoding.EncodeToString(append([]byte("xy"), raw...))),
		"in PEM":                              pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		"the identity in base64":              []byte(base64.StdEncoding.EncodeToString(alternative)),
		"in hexadecimal digits":               []byte(hex.EncodeToString(raw)),
		"in capital ones, with spaces":        []byte(strings.ToUpper(strings.ReplaceAll(hex.EncodeToString(raw), "a", "a "))),
		"inside of other bytes":               bytes.Join([][]byte{make([]byte, 1000), raw, make([]byte, 1000)}, nil),
		"in parts with a byte after each 100": bytes.Join(slices.Collect(slices.Chunk(raw, 100)), []byte{0}),
	}
	d := o.handIn(o.draft())
	draft, asked := o.draftFile(d), s.asked.Load()
	for name, value := range hidden {
		o.refusedAs(d, name, hiding(t, o.signer, draft, value), poa.CodeCertificateInSignature)
	}
	p := o.handIn(o.draft(func(in *poa.DraftInput) { in.Format = "PDF" }))
	pages := o.draftFile(p)
	file, err := document.PDF{}.Sign(pages, time.Time{}, func(content []byte, _ document.SignAs) ([]byte, error) {
		return hiding(t, o.signer, content, raw), nil
	})
	must(t, err)
	o.refusedAs(p, "in the attributes of a PDF", file, poa.CodeCertificateInSignature)
	o.refusedAs(p, "in a PDF, beside the CMS", o.signPDFWith(pages, raw), poa.CodeCertificateInSignature)
	if s.asked.Load() != asked+1 { // about the delegate of the second
		t.Error("a platform was asked about what is refused anyway")
	}
	t.Run("a delegate's", func(t *testing.T) {
		third := o.draft()
		actor := o.delegateOf(third, poa.MailDelegateLink)
		challenge, err := o.registrar.Challenge(t.Context(), actor)
		must(t, err)
		_, err = o.registrar.HandIn(t.Context(), actor, poa.HandInInput{IdempotencyKey: newKey(), ChallengeID: challenge.ID,
			SignedFile: hiding(t, o.delegate, challenge.Text, o.delegate.Certificate.Raw)})
		if codes(err) != string(poa.CodeCertificateInSignature) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("what names it by its digest, issuer and number is taken", func(t *testing.T) {
		file, err := o.signer.Sign(draft, cms.SignOptions{ESS: true, SigningTime: o.clock.Now()})
		must(t, err)
		taken, err := o.file(d, file)
		must(t, err)
		o.wantFiling(taken, poa.StateAccepted)
		o.wantNowhere(taken, raw)
		taken, err = o.file(p, o.signPDFWith(pages, []byte("approved")))
		must(t, err)
		o.wantFiling(taken, poa.StateAccepted)
	})
	t.Run("in the other modes it is kept anyway", func(t *testing.T) {
		other, _ := newAsking(t)
		e := other.handIn(other.draft())
		_, err := other.file(e, hiding(t, other.signer, other.draftFile(e), other.signer.Certificate.Raw))
		must(t, err)
	})
}
