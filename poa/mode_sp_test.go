// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ininjo/poa"
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
