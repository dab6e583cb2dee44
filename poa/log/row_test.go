// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ininjo/poa/log"
)

var instant = time.Date(2026, 6, 1, 9, 30, 0, 123456000, time.UTC)

func sampleRow() log.Row {
	return log.Row{EventID: "evt_1", At: instant, ActorKind: "STAFF", ActorID: "stf_1", Action: "delegation.accept",
		SubjectID: "D1", Outcome: "OK", Data: []byte(`{"a":1}`)}
}

func sampleInquiry() log.InquiryRow {
	at, version := instant, 3
	return log.InquiryRow{InquiryID: "inq_1", At: instant, RecipientID: "rcp_1", DelegationID: "D1", AskedAt: &at,
		DocumentSHA256: "ab", Nonce: "n", Version: &version, AnsweredAt: instant}
}

// TestGolden holds the encodings to bytes written out by hand: a change of one
// would break every proof that was ever given.
func TestGolden(t *testing.T) {
	t.Parallel()
	const micros = "0006532dd6a65840"
	field := func(s string) string {
		return hex.EncodeToString([]byte{0, 0, 0, byte(len(s))}) + hex.EncodeToString([]byte(s))
	}
	t.Run("an audit event", func(t *testing.T) {
		t.Parallel()
		want := hex.EncodeToString([]byte("ininjo/audit/1\n")) + field("evt_1") + micros + field("STAFF") +
			field("stf_1") + field("delegation.accept") + field("D1") + field("OK") + field(`{"a":1}`)
		if diff := cmp.Diff(want, hex.EncodeToString(log.Encode(sampleRow()))); diff != "" {
			t.Error(diff)
		}
		checkHash(t, log.LeafHash(sampleRow()), log.Encode(sampleRow()), "223d597045f0d37da0f7fb109861bbe272d2536713fa9c1c237717448f585092")
	})
	t.Run("an inquiry", func(t *testing.T) {
		t.Parallel()
		want := hex.EncodeToString([]byte("ininjo/inquiry/1\n")) + field("inq_1") + micros + field("rcp_1") + field("D1") +
			"01" + micros + "00" + field("ab") + field("") + field("n") + "01" + "0000000000000003" + micros + "00"
		if diff := cmp.Diff(want, hex.EncodeToString(log.EncodeInquiry(sampleInquiry()))); diff != "" {
			t.Error(diff)
		}
		checkHash(t, log.InquiryLeafHash(sampleInquiry()), log.EncodeInquiry(sampleInquiry()), "21152457a029e09bbba37a9734989e6f0495a47750418451851b132c7f84709f")
	})
}

func checkHash(t *testing.T, got [32]byte, encoding []byte, golden string) {
	t.Helper()
	if want := sha256.Sum256(append([]byte{0}, encoding...)); got != want {
		t.Errorf("leaf hash %x, want %x", got, want)
	}
	if hex.EncodeToString(got[:]) != golden {
		t.Errorf("leaf hash %x, golden %s", got, golden)
	}
}

func TestEncodeIgnoresZoneAndNanoseconds(t *testing.T) {
	t.Parallel()
	a, b := sampleRow(), sampleRow()
	b.At = b.At.Add(999).In(time.FixedZone("JST", 9*3600))
	if !bytes.Equal(log.Encode(a), log.Encode(b)) {
		t.Error("the same microsecond has two encodings")
	}
}

func TestDistinctRowsHaveDistinctEncodings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRow(t, "a"), drawRow(t, "b")
		if cmp.Equal(a, b) != bytes.Equal(log.Encode(a), log.Encode(b)) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestDistinctInquiriesHaveDistinctEncodings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawInquiry(t, "a"), drawInquiry(t, "b")
		if cmp.Equal(a, b) != bytes.Equal(log.EncodeInquiry(a), log.EncodeInquiry(b)) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

// short draws from so few values that equal rows and shifted field borders occur.
func short(t *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"", "a", "aa", "\x00", "a\x00"}).Draw(t, label)
}

func moment(t *rapid.T, label string) time.Time {
	return time.UnixMicro(rapid.Int64Range(-1, 1).Draw(t, label)).UTC()
}

func drawRow(t *rapid.T, l string) log.Row {
	return log.Row{EventID: short(t, l+"id"), At: moment(t, l+"at"), ActorKind: short(t, l+"kind"), ActorID: short(t, l+"actor"),
		Action: short(t, l+"action"), SubjectID: short(t, l+"subject"), Outcome: short(t, l+"outcome"), Data: []byte(short(t, l+"data"))}
}

func drawInquiry(t *rapid.T, l string) log.InquiryRow {
	r := log.InquiryRow{InquiryID: short(t, l+"id"), At: moment(t, l+"at"), RecipientID: short(t, l+"recipient"),
		DelegationID: short(t, l+"delegation"), DocumentSHA256: short(t, l+"document"), DelegateCertificateSHA256: short(t, l+"certificate"),
		Nonce: short(t, l+"nonce"), AnsweredAt: moment(t, l+"answered"), Mistyped: rapid.Bool().Draw(t, l+"mistyped")}
	if rapid.Bool().Draw(t, l+"hasAsked") {
		at := moment(t, l+"asked")
		r.AskedAt = &at
	}
	if rapid.Bool().Draw(t, l+"hasKnown") {
		at := moment(t, l+"known")
		r.KnownAt = &at
	}
	if rapid.Bool().Draw(t, l+"hasVersion") {
		n := rapid.IntRange(-1, 1).Draw(t, l+"version")
		r.Version = &n
	}
	return r
}
