// SPDX-License-Identifier: Apache-2.0

package log

import (
	"crypto/sha256"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Row is one event of the audit log as the database returns it (6.2.1). Data is
// the canonical JSON of the event's details; personal data stands there sealed,
// so that erasing a key breaks no proof.
type Row struct {
	EventID   string
	At        time.Time
	ActorKind string
	ActorID   string
	Action    string
	SubjectID string
	Outcome   string
	Data      []byte
}

// Encode gives the fixed encoding of a row, which doc.go describes.
func Encode(r Row) []byte {
	e := encoder(auditPrefix)
	e.text(r.EventID)
	e.instant(r.At)
	e.text(r.ActorKind)
	e.text(r.ActorID)
	e.text(r.Action)
	e.text(r.SubjectID)
	e.text(r.Outcome)
	e.text(string(r.Data))
	return e
}

// LeafHash is SHA-256(0x00 ‖ Encode(r)), the leaf of RFC 6962, section 2.1.
func LeafHash(r Row) [32]byte { return tlog.RecordHash(Encode(r)) }

// InquiryRow is one question about the validity of a delegation (5.3) as the
// database returns it: what was asked and the version that was read. The answer
// is a function of these and the facts, so it is not part of the row.
type InquiryRow struct {
	InquiryID   string
	At          time.Time
	RecipientID string
	// DelegationID is empty when Mistyped: a mistyped ID is recorded without
	// its text.
	DelegationID string
	// AskedAt and KnownAt are nil where the question left them out.
	AskedAt *time.Time
	KnownAt *time.Time
	// The digests are in the form they are kept in; empty where none was given.
	DocumentSHA256            string
	DelegateCertificateSHA256 string
	Nonce                     string
	// Version is the last version of the delegation's facts that was read, nil
	// where there was none.
	Version    *int
	AnsweredAt time.Time
	Mistyped   bool
}

// EncodeInquiry gives the fixed encoding of an inquiry, which doc.go describes.
func EncodeInquiry(r InquiryRow) []byte { return appendInquiry(nil, &r) }

func appendInquiry(e encoder, r *InquiryRow) encoder {
	e = append(e, inquiryPrefix...)
	e.text(r.InquiryID)
	e.instant(r.At)
	e.text(r.RecipientID)
	e.text(r.DelegationID)
	e.optionalInstant(r.AskedAt)
	e.optionalInstant(r.KnownAt)
	e.text(r.DocumentSHA256)
	e.text(r.DelegateCertificateSHA256)
	e.text(r.Nonce)
	e.optionalNumber(r.Version)
	e.instant(r.AnsweredAt)
	e.truth(r.Mistyped)
	return e
}

// InquiryLeafHash is SHA-256(0x00 ‖ EncodeInquiry(r)), as tlog.RecordHash is, but
// in memory of its own: every answer needs one.
func InquiryLeafHash(r InquiryRow) [32]byte {
	var room [384]byte
	return sha256.Sum256(appendInquiry(room[:1], &r))
}
