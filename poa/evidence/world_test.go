// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
	"ininjo/poa/poatest"
)

var filedAt = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

const delegation = "01234-56789-ABCDE-FGHJK-MNPQR"

// world is all that a delegation's evidence comes from.
type world struct {
	ca, stamps *poatest.CA
	tsa        *poatest.TSA
	signer     *poatest.Signer
	drafted    []byte
	file       []byte
}

func newWorld(t testing.TB, options ...poatest.Option) *world {
	t.Helper()
	ca := poatest.MustCA(t, filedAt, poatest.WithRootValidity(filedAt.AddDate(-4, 0, 0), filedAt.AddDate(6, 0, 0)))
	w := &world{ca: ca, stamps: poatest.MustCA(t, filedAt, poatest.WithOrganization("TSA"))}
	w.tsa = poatest.MustTSA(t, w.stamps)
	w.signer = poatest.MustIssue(t, w.ca, poatest.Person{Name: "髙橋　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17"}, options...)
	var err error
	w.drafted, err = document.XML{}.Marshal(content())
	if err == nil {
		w.file, err = w.signer.SignAttached(w.drafted)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func content() document.Content {
	return document.Content{
		DelegationID: delegation, DraftedAt: filedAt,
		Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "7000012050002", Name: "株式会社委任", HeadOffice: "東京都清瀬市観布子南1-1",
			RepresentativeTitle: "代表取締役", RepresentativeName: "高橋幹也"},
		Delegate: document.Delegate{Name: "山田太郎", Address: "東京都港区芝1-2-3"},
		Powers:   []string{"契約の締結"}, ValidFrom: "2026-11-01", ValidThrough: "2027-10-31",
		Service: document.Service{Name: "委任状サービス", PolicyURL: "https://example.test/policy", ValidityURL: "https://example.test/validity"},
		Status:  document.Status{ListURI: "https://example.test/status-lists/1", Index: 7},
	}
}

// intake is the record of the filing, with the list of revoked certificates of
// the moment.
func (w *world) intake(t testing.TB) evidence.Record {
	t.Helper()
	root := hexSHA256(w.ca.Root.Raw)
	passed := func(kind string) evidence.Check {
		return evidence.Check{Kind: kind, Result: "PASSED", At: filedAt}
	}
	return evidence.Record{
		Kind: evidence.KindIntake, DelegationID: delegation, Mode: evidence.ModeDemo, Instant: filedAt, Format: "XML",
		File: w.file, Drafted: w.drafted, Chain: [][]byte{w.signer.Certificate.Raw, w.ca.Root.Raw},
		Expected: &evidence.Person{Name: "高橋幹也", Address: "東京都清瀬市観布子南十二番七号202号室", BirthDate: "1980-02-17"},
		Status:   []evidence.Status{w.listed(t, filedAt)},
		Checks: []evidence.Check{passed("DOCUMENT"), passed("SIGNATURE"), passed("CERTIFICATE_PATH"), passed("CERTIFICATE_STATUS"),
			passed("SIGNER_NAME"), passed("SIGNER_ADDRESS"), passed("SIGNER_BIRTH_DATE")},
		Rules: "2.01", KanjiTable: kanji.TableVersion, Software: "test", Roots: []string{root}, Root: root,
		Policies: []string{jpki.PolicyTest}, Policy: jpki.PolicyTest,
	}
}

// listed is the status by the list of the moment.
func (w *world) listed(t testing.TB, at time.Time) evidence.Status {
	t.Helper()
	list, err := w.ca.RevocationList(at)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := jpki.CheckCRL(list, w.signer.Certificate, w.ca.Root, at)
	if err != nil {
		t.Fatal(err)
	}
	return status(answer, at)
}

func status(a jpki.StatusAnswer, at time.Time) evidence.Status {
	return evidence.Status{Source: a.Source, Standing: string(a.Standing), AskedAt: at, RevokedAt: a.RevokedAt, Reason: a.Reason,
		ProducedAt: a.ProducedAt, ThisUpdate: a.ThisUpdate, NextUpdate: a.NextUpdate, Raw: a.Raw}
}

// trust pins the roots of the world.
func (w *world) trust(t testing.TB) evidence.Trust {
	t.Helper()
	roots, err := jpki.NewRoots(w.ca.Root)
	if err != nil {
		t.Fatal(err)
	}
	pool := w.tsa.Roots()
	return evidence.Trust{Profile: jpki.Profile{Roots: roots, Policies: []string{jpki.PolicyTest}}, TimeStampRoots: pool}
}

// stamped encodes a record and has it stamped a minute later.
func (w *world) stamped(t testing.TB, r evidence.Record) evidence.Stamped {
	t.Helper()
	return renew(t, w.tsa, crypto.SHA256, evidence.Stamped{Record: encode(t, r)}, r.Instant.Add(time.Minute))
}

func encode(t testing.TB, r evidence.Record) []byte {
	t.Helper()
	record, err := evidence.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// renew adds a time stamp over the record and all stamps before.
func renew(t testing.TB, tsa *poatest.TSA, hash crypto.Hash, s evidence.Stamped, at time.Time) evidence.Stamped {
	t.Helper()
	token, err := tsa.Stamp(evidence.Imprint(hash, s.Record, s.Tokens), hash, at)
	if err != nil {
		t.Fatal(err)
	}
	s.Tokens = append(cloned(s.Tokens), token)
	return s
}

func cloned(list [][]byte) [][]byte {
	out := make([][]byte, len(list))
	for i := range list {
		out[i] = bytes.Clone(list[i])
	}
	return out
}

// verify wants the bundle to survive writing and reading, then verifies it.
func verify(t testing.TB, b evidence.Bundle, trust evidence.Trust, at time.Time) evidence.Report {
	t.Helper()
	file, err := evidence.EncodeBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	read, err := evidence.DecodeBundle(file)
	if err != nil {
		t.Fatal(err)
	}
	report, err := read.Verify(trust, at)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// told writes findings as RESULT STEP CODE, those that went well left out.
func told(r evidence.Report) string {
	var out []string
	for _, f := range r.Findings {
		if f.Result != evidence.OK {
			out = append(out, string(f.Result)+" "+string(f.Step)+" "+f.Code)
		}
	}
	return strings.Join(out, ", ")
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
