// SPDX-License-Identifier: Apache-2.0

package db

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"ininjo/poa"
	"ininjo/poa/log"
)

// groupAsker is who holds a token of a group.
type groupAsker struct {
	poa.Reading
	may bool
}

// readAsker reads the columns of askGroupSQL that tell of an asker.
func readAsker(row packedRow) (groupAsker, error) {
	c := columns{rest: row}
	a := groupAsker{Reading: poa.Reading{Asker: poa.Actor{Kind: poa.ActorKind(c.text()), ID: c.text(), PartyID: c.text()}, Scope: poa.TokenScope(c.text()), Active: c.truth()}}
	a.may = c.truth()
	return a, c.err
}

// readInquiry reads the columns of askGroupSQL that tell of an inquiry, and whether
// it is left for a statement of its own. An asker who may not ask is told nothing
// but who it is. The audit row is what was sent with what was read, so its leaf
// hash is computed from these. What was read for an unknown ID is read to its end
// like that of a known one and is told to nobody.
func (a groupAsker) readInquiry(row packedRow, q poa.Inquiry) (poa.Reading, bool, error) {
	c := columns{rest: row}
	out, later := a.Reading, c.truth()
	if !a.may || later {
		return out, a.may && later, c.err
	}
	version := c.number()
	out.LeafHash = log.InquiryLeafHash(inquiryOf(q, out.Asker.PartyID, version))
	found := out
	found.Found = true
	err := c.delegation(&found, projectionRow{DelegationID: string(q.DelegationID), Version: version})
	if version == 0 {
		return out, false, c.err
	}
	return found, false, err
}

// delegation reads what is known of a delegation.
func (c *columns) delegation(out *poa.Reading, p projectionRow) (err error) {
	p.AcceptedAt, p.ValidFrom, p.ValidThrough = c.instant(), c.day(), c.day()
	p.FinalKind, p.FinalAt, p.FinalReason, p.FinalVersion, p.FinalRecordedAt = c.optionalText(), c.optionalInstant(), c.optionalText(), c.optionalNumber(), c.optionalInstant()
	p.Suspensions = c.json()
	out.FileSHA256, out.ContentSHA256, out.DelegateCertificateSHA256 = c.next(), c.next(), c.next()
	out.SignatureVerifiedAt, out.Qualification = c.instant(), poa.Qualification(c.text())
	p.TitleVersion, p.TitleVerifiedAt, p.TitleUntil, p.TitleRecordedAt = c.optionalNumber(), c.optionalInstant(), c.optionalInstant(), c.optionalInstant()
	if c.err != nil {
		return c.err
	}
	out.Projection, err = p.projection()
	return err
}

// inquiryOf is the audit row that the group's statement wrote.
func inquiryOf(q poa.Inquiry, recipient string, version int) log.InquiryRow {
	row := log.InquiryRow{InquiryID: q.ID, At: q.AnsweredAt, RecipientID: recipient, DelegationID: string(q.DelegationID),
		DocumentSHA256: hex.EncodeToString(q.DocumentSHA256), DelegateCertificateSHA256: hex.EncodeToString(q.DelegateCertificateSHA256),
		Nonce: q.Nonce, AnsweredAt: q.AnsweredAt, Mistyped: q.DelegationID == ""}
	if version > 0 {
		row.Version = &version
	}
	return row
}

// epochMicro is PostgreSQL's epoch, the beginning of 2000, in microseconds.
var epochMicro = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

var errWidth = errors.New("a column has not the width of its type")

// columns reads the columns of a row one after the other, in the binary format.
// The first fault stays.
type columns struct {
	rest packedRow
	err  error
}

// next is the next column as a part of the row, nil where it is null.
func (c *columns) next() []byte {
	if len(c.rest) < 4 {
		c.err = errWidth
		return nil
	}
	length := int32(binary.BigEndian.Uint32(c.rest))
	c.rest = c.rest[4:]
	if length < 0 {
		return nil
	}
	value := c.rest[:length:length]
	c.rest = c.rest[length:]
	return value
}

// fixed is the next column, nil where it is null.
func (c *columns) fixed(width int) []byte {
	value := c.next()
	if value != nil && len(value) != width {
		c.err = errWidth
		return nil
	}
	return value
}

func (c *columns) text() string { return string(c.next()) }

func (c *columns) optionalText() *string {
	value := c.next()
	if value == nil {
		return nil
	}
	text := string(value)
	return &text
}

func (c *columns) truth() bool {
	value := c.fixed(1)
	return value != nil && value[0] != 0
}

// number is 0 for null.
func (c *columns) number() int {
	value := c.fixed(4)
	if value == nil {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(value)))
}

func (c *columns) optionalNumber() *int {
	value := c.fixed(4)
	if value == nil {
		return nil
	}
	n := int(int32(binary.BigEndian.Uint32(value)))
	return &n
}

// instant is zero for null.
func (c *columns) instant() time.Time {
	value := c.fixed(8)
	if value == nil {
		return time.Time{}
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(value)) + epochMicro).UTC()
}

func (c *columns) optionalInstant() *time.Time {
	value := c.fixed(8)
	if value == nil {
		return nil
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(value)) + epochMicro).UTC()
	return &at
}

// day is the midnight of a date.
func (c *columns) day() time.Time {
	value := c.fixed(4)
	if value == nil {
		return time.Time{}
	}
	return time.Date(2000, 1, 1+int(int32(binary.BigEndian.Uint32(value))), 0, 0, 0, 0, time.UTC)
}

// json is a column of type jsonb, whose first byte is a version.
func (c *columns) json() []byte {
	value := c.next()
	if len(value) <= 1 {
		return nil
	}
	return value[1:]
}

func number64(value []byte) (int64, error) {
	if len(value) != 8 {
		return 0, errWidth
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}
