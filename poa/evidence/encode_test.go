// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/evidence"
)

// short is a record without a file, quick to encode.
func short() evidence.Record {
	return evidence.Record{Kind: evidence.KindDecision, DelegationID: delegation, Mode: evidence.ModeDemo, Instant: filedAt, Rules: "<2.01>",
		Decision: &evidence.Decision{Outcome: "ACCEPTED", Ground: "確認した", By: "acc_1", At: filedAt}}
}

func TestARecordIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	tokyo := short()
	tokyo.Instant = filedAt.In(time.FixedZone("JST", 9*3600)).Add(100 * time.Nanosecond)
	want := `{"version":1,"kind":"DECISION","delegationId":"` + delegation + `","mode":"demo","instant":"2026-11-01T03:00:00Z",` +
		`"decision":{"outcome":"ACCEPTED","ground":"確認した","by":"acc_1","at":"2026-11-01T03:00:00Z"},"rules":"<2.01>"}`
	for _, r := range []evidence.Record{short(), tokyo} {
		if diff := cmp.Diff(want, string(encode(t, r))); diff != "" {
			t.Error(diff)
		}
	}
	back, err := evidence.Decode([]byte(want))
	if err != nil || back.Decision.Ground != "確認した" {
		t.Errorf("got %v", err)
	}
	for name, other := range map[string]string{
		"a space":            strings.Replace(want, ",", ", ", 1),
		"a field twice":      strings.Replace(want, `"mode":"demo"`, `"mode":"demo","mode":"demo"`, 1),
		"another case":       strings.Replace(want, `"mode"`, `"Mode"`, 1),
		"an unknown field":   strings.Replace(want, `"mode"`, `"more":1,"mode"`, 1),
		"another order":      strings.Replace(want, `"version":1,"kind":"DECISION"`, `"kind":"DECISION","version":1`, 1),
		"another zone":       strings.Replace(want, "2026-11-01T03:00:00Z", "2026-11-01T12:00:00+09:00", 1),
		"zeros of a second":  strings.Replace(want, "03:00:00Z", "03:00:00.000Z", 1),
		"an escape":          strings.Replace(want, "<", `\u003c`, 1),
		"bytes after it":     want + "{}",
		"a newline after it": want + "\n",
		"another version":    strings.Replace(want, `"version":1`, `"version":2`, 1),
		"another kind":       strings.Replace(want, "DECISION", "DECIDED", 1),
		"another mode":       strings.Replace(want, `"demo"`, `"test"`, 1),
		"no delegation":      strings.Replace(want, delegation, "", 1),
		"a short digest":     strings.Replace(want, `"instant"`, `"previous":"00","instant"`, 1),
		"nothing":            "",
		"null":               "null",
	} {
		if _, err := evidence.Decode([]byte(other)); evidence.KindOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARecordHoldsWhatItsKindAndModeAskFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*evidence.Record){
		"no file":                 func(r *evidence.Record) { r.File = nil },
		"no draft":                func(r *evidence.Record) { r.Drafted = nil },
		"no certificate":          func(r *evidence.Record) { r.Chain = nil },
		"no format":               func(r *evidence.Record) { r.Format = "" },
		"a file in mode sp":       func(r *evidence.Record) { r.Mode, r.SP = evidence.ModeSP, &evidence.SP{VerificationID: "v"} },
		"no verification ID":      func(r *evidence.Record) { r.Mode, r.File, r.Chain, r.SP = evidence.ModeSP, nil, nil, &evidence.SP{} },
		"mode sp outside of it":   func(r *evidence.Record) { r.SP = &evidence.SP{} },
		"a decision at intake":    func(r *evidence.Record) { r.Decision = &evidence.Decision{} },
		"no decision":             func(r *evidence.Record) { r.Kind = evidence.KindDecision },
		"a status without answer": func(r *evidence.Record) { r.Kind, r.Status = evidence.KindStatus, nil },
		"no instant":              func(r *evidence.Record) { r.Instant = time.Time{} },
		"a name without end":      func(r *evidence.Record) { r.Expected.Name = strings.Repeat("a", 5000) },
		"checks without end":      func(r *evidence.Record) { r.Checks = make([]evidence.Check, 201) },
		"a file without end":      func(r *evidence.Record) { r.File = make([]byte, evidence.MaxRecord) },
	} {
		r := w.intake(t)
		change(&r)
		if _, err := evidence.Encode(r); evidence.KindOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARecordDoesNotPrint(t *testing.T) {
	t.Parallel()
	r := short()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "record", r)
	if all := fmt.Sprintf("%v %+v %#v %s", r, r, r, log.String()); strings.Contains(all, "確認") {
		t.Error(all)
	}
}

// TestNoByteOfABundleCanBeChanged changes one byte of the file, anywhere.
func TestNoByteOfABundleCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := evidence.Bundle{Records: []evidence.Stamped{w.stamped(t, w.intake(t))}}
	file, err := evidence.EncodeBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(file)
		at := rapid.IntRange(0, len(file)-1).Draw(t, "at")
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if _, err := evidence.DecodeBundle(changed); evidence.KindOf(err) == "" {
			t.Fatalf("read with byte %d changed: %v", at, err)
		}
	})
}

// TestNoByteOfARecordCanBeChanged changes one byte of the record, or of the part
// of the time stamp that its authority signs, and mends the checksum: what is
// left are the time stamps.
func TestNoByteOfARecordCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust, whole := w.trust(t), w.stamped(t, w.intake(t))
	rapid.Check(t, func(t *rapid.T) {
		s := evidence.Stamped{Record: bytes.Clone(whole.Record), Tokens: cloned(whole.Tokens)}
		at := rapid.IntRange(0, len(s.Record)-1).Draw(t, "at")
		s.Record[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		report, err := evidence.Bundle{Records: []evidence.Stamped{s}}.Verify(trust, filedAt.Add(time.Hour))
		if err != nil || report.Passed() {
			t.Fatalf("verified with byte %d changed: %v", at, err)
		}
	})
	imprint := evidence.Imprint(5, whole.Record, nil) // crypto.SHA256
	if i := bytes.Index(whole.Tokens[0], imprint); i < 0 {
		t.Error("the time stamp is over something else")
	}
}

func TestBundlesAreBounded(t *testing.T) {
	t.Parallel()
	record := encode(t, short())
	for name, b := range map[string]evidence.Bundle{
		"nothing":          {},
		"records":          {Records: make([]evidence.Stamped, evidence.MaxRecords+1)},
		"tokens":           {Records: []evidence.Stamped{{Record: record, Tokens: make([][]byte, evidence.MaxTokens+1)}}},
		"a token":          {Records: []evidence.Stamped{{Record: record, Tokens: [][]byte{make([]byte, evidence.MaxToken+1)}}}},
		"a record too big": {Records: []evidence.Stamped{{Record: make([]byte, evidence.MaxRecord+1)}}},
	} {
		if _, err := evidence.EncodeBundle(b); evidence.KindOf(err) == "" {
			t.Errorf("%s was written: %v", name, err)
		}
		if _, err := b.Verify(evidence.Trust{}, filedAt); evidence.KindOf(err) == "" {
			t.Errorf("%s was verified: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	record := encode(f, short())
	file, err := evidence.EncodeBundle(evidence.Bundle{Records: []evidence.Stamped{{Record: record, Tokens: [][]byte{{0x30, 0}}}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{record, file, []byte(`{"version":1}`), []byte(`{"version":1,"sha256":"","records":[{"record":""}]}`), []byte("["), nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := evidence.Decode(text); err == nil && !bytes.Equal(encode(t, r), text) {
			t.Error("read what is written otherwise")
		}
		b, err := evidence.DecodeBundle(text)
		if err != nil {
			return
		}
		if again, err := evidence.EncodeBundle(b); err != nil || !bytes.Equal(again, text) {
			t.Error("read what is written otherwise")
		}
		if _, err := b.Verify(evidence.Trust{}, filedAt); err != nil {
			t.Error(err)
		}
	})
}
