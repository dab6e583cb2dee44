// SPDX-License-Identifier: Apache-2.0

package log

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// ArchiveFormat is the version of an archive's lines. It is for ever: another
// form takes another number.
const ArchiveFormat = 1

// Tables whose months are archived.
const (
	TableAudit     = "audit_events"
	TableInquiries = "inquiries"
)

// ArchiveHead is the first line of an archive. Every other line is one row, in
// the order of instant and ID, with all of its columns as the database returned
// them, so that its leaf hash can be computed again.
type ArchiveHead struct {
	Format    int    `json:"format"`
	Table     string `json:"table"`
	Partition string `json:"partition"`
}

// AuditLine is a row of the audit log in an archive.
type AuditLine struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	ActorKind string    `json:"actorKind"`
	ActorID   string    `json:"actorId"`
	PartyID   *string   `json:"partyId"`
	Action    string    `json:"action"`
	SubjectID *string   `json:"subjectId"`
	Outcome   string    `json:"outcome"`
	// Data is the details' JSON as a text: the leaf hash covers its very bytes.
	Data string `json:"data"`
}

// InquiryLine is a row of the inquiries in an archive.
type InquiryLine struct {
	ID                        string     `json:"id"`
	AnsweredAt                time.Time  `json:"answeredAt"`
	RecipientID               string     `json:"recipientId"`
	AccountID                 string     `json:"accountId"`
	TokenID                   string     `json:"tokenId"`
	DelegationID              *string    `json:"delegationId"`
	Mistyped                  bool       `json:"mistyped"`
	AskedAt                   *time.Time `json:"askedAt"`
	KnownAt                   *time.Time `json:"knownAt"`
	Historical                bool       `json:"historical"`
	DocumentSHA256            string     `json:"documentSha256"`
	DelegateCertificateSHA256 string     `json:"delegateCertificateSha256"`
	Nonce                     string     `json:"nonce"`
	Version                   *int       `json:"version"`
}

// Leaf is the row's leaf hash.
func (l AuditLine) Leaf() [32]byte {
	return LeafHash(Row{EventID: l.ID, At: l.At, ActorKind: l.ActorKind, ActorID: l.ActorID, Action: l.Action,
		SubjectID: text(l.SubjectID), Outcome: l.Outcome, Data: []byte(l.Data)})
}

// Leaf is the row's leaf hash.
func (l InquiryLine) Leaf() [32]byte {
	return InquiryLeafHash(InquiryRow{InquiryID: l.ID, At: l.AnsweredAt, RecipientID: l.RecipientID, DelegationID: text(l.DelegationID), AskedAt: l.AskedAt,
		KnownAt: l.KnownAt, DocumentSHA256: l.DocumentSHA256, DelegateCertificateSHA256: l.DelegateCertificateSHA256, Nonce: l.Nonce, Version: l.Version,
		AnsweredAt: l.AnsweredAt, Mistyped: l.Mistyped})
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Summary is what is told of an archive's lines.
type Summary struct {
	// Rows does not count the head.
	Rows int64
	// SHA256 is that of all lines, the head included, before compression.
	SHA256 [32]byte
	// First and Last are the instants of the first and last row; zero without rows.
	First, Last time.Time
	// Root is the Merkle tree hash of the rows' leaf hashes (RFC 6962, section 2.1).
	Root [32]byte
}

// ArchiveWriter writes lines and keeps their summary.
type ArchiveWriter struct {
	to  io.Writer
	sum summing
}

// NewArchiveWriter writes the head.
func NewArchiveWriter(to io.Writer, table, partition string) (*ArchiveWriter, error) {
	w := &ArchiveWriter{to: to, sum: newSumming()}
	return w, w.line(ArchiveHead{ArchiveFormat, table, partition})
}

// Audit writes a row of the audit log.
func (w *ArchiveWriter) Audit(l AuditLine) error {
	w.sum.row(l.At, l.Leaf())
	return w.line(l)
}

// Inquiry writes a row of the inquiries.
func (w *ArchiveWriter) Inquiry(l InquiryLine) error {
	w.sum.row(l.AnsweredAt, l.Leaf())
	return w.line(l)
}

func (w *ArchiveWriter) line(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding archive: %w", err)
	}
	line = append(line, '\n')
	w.sum.plain.Write(line)
	if _, err := w.to.Write(line); err != nil {
		return fmt.Errorf("writing archive: %w", err)
	}
	return nil
}

// Summary is that of the lines so far.
func (w *ArchiveWriter) Summary() Summary { return w.sum.summary() }

// maxLine bounds a line that is read: rows are far shorter.
const maxLine = 4 << 20

// ErrNotArchive is returned for what is no archive of a known format.
var ErrNotArchive = errors.New("these are not the lines of an archive")

// ReadArchive reads an archive's lines, computes every leaf hash again and
// returns the summary. each, where it is given, gets every row.
func ReadArchive(from io.Reader, each func(line []byte, leaf [32]byte) error) (ArchiveHead, Summary, error) {
	var head ArchiveHead
	sum := newSumming()
	lines := bufio.NewScanner(io.TeeReader(from, sum.plain))
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		if head.Format == 0 {
			if err := strict(lines.Bytes(), &head); err != nil || head.Format != ArchiveFormat || head.Table != TableAudit && head.Table != TableInquiries {
				return ArchiveHead{}, Summary{}, ErrNotArchive
			}
			continue
		}
		at, leaf, err := leafOf(head.Table, lines.Bytes())
		if err != nil {
			return head, Summary{}, err
		}
		sum.row(at, leaf)
		if each == nil {
			continue
		}
		if err := each(lines.Bytes(), leaf); err != nil {
			return head, Summary{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return head, Summary{}, fmt.Errorf("reading archive: %w", err)
	}
	if head.Format == 0 {
		return head, Summary{}, ErrNotArchive
	}
	return head, sum.summary(), nil
}

func leafOf(table string, line []byte) (time.Time, [32]byte, error) {
	if table == TableAudit {
		var l AuditLine
		err := strict(line, &l)
		return l.At, l.Leaf(), err
	}
	var l InquiryLine
	err := strict(line, &l)
	return l.AnsweredAt, l.Leaf(), err
}

// strict wants nothing but the fields that are known.
func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		return ErrNotArchive
	}
	return nil
}

// summing gathers a summary line by line.
type summing struct {
	plain       hash.Hash
	rows        int64
	first, last time.Time
	tree        tree
}

func newSumming() summing { return summing{plain: sha256.New()} }

func (s *summing) row(at time.Time, leaf [32]byte) {
	if s.rows == 0 {
		s.first = at.UTC()
	}
	s.last = at.UTC()
	s.rows++
	s.tree.add(leaf)
}

func (s *summing) summary() Summary {
	return Summary{Rows: s.rows, SHA256: [32]byte(s.plain.Sum(nil)), First: s.first, Last: s.last, Root: s.tree.root()}
}
