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
	kind               poa.ActorKind
	accountID, partyID string
	scope              poa.TokenScope
	active, may        bool
}

// read reads the columns of askGroupSQL that tell of an asker.
func (a *groupAsker) read(row packedRow) error {
	c := columns{rest: row}
	a.kind, a.accountID, a.partyID, a.scope = poa.ActorKind(c.text()), c.text(), c.text(), poa.TokenScope(c.text())
	a.active, a.may = c.truth(), c.truth()
	return c.err
}

// tell says in a reading who asks.
func (a *groupAsker) tell(out *poa.Reading) {
	out.Asker.Kind, out.Asker.ID, out.Asker.PartyID, out.Scope, out.Active = a.kind, a.accountID, a.partyID, a.scope, a.active
}

// readInquiry reads the columns of askGroupSQL that tell of an inquiry, and whether
// it is left for a statement of its own. An asker who may not ask is told nothing
// but who it is. The audit row is what was sent with what was read, so its leaf
// hash is computed from these. What was read for an unknown ID is read to its end
// like that of a known one and is told to nobody.
func (a *groupAsker) readInquiry(row packedRow, q *poa.Inquiry, out *poa.Reading) (later bool, err error) {
	c := columns{rest: row}
	a.tell(out)
	if later = c.truth(); !a.may || later {
		return a.may && later, c.err
	}
	version := c.number()
	out.Found = true
	err = c.delegation(out, q.DelegationID, version)
	if version == 0 {
		*out, err = poa.Reading{}, c.err
		a.tell(out)
	}
	out.LeafHash = leafOf(q, a.partyID, version)
	return false, err
}

// delegation reads what is known of a delegation.
func (c *columns) delegation(out *poa.Reading, id poa.DelegationID, version int) (err error) {
	p := projectionRow{DelegationID: string(id), Version: version}
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

// leafOf is the leaf of the audit row that the group's statement wrote.
func leafOf(q *poa.Inquiry, recipient string, version int) [32]byte {
	row := log.InquiryRow{InquiryID: q.ID, At: q.AnsweredAt, RecipientID: recipient, DelegationID: string(q.DelegationID),
		DocumentSHA256: hex.EncodeToString(q.DocumentSHA256), DelegateCertificateSHA256: hex.EncodeToString(q.DelegateCertificateSHA256),
		Nonce: q.Nonce, AnsweredAt: q.AnsweredAt, Mistyped: q.DelegationID == ""}
	if version > 0 {
		row.Version = &version
	}
	return log.InquiryLeafHash(row)
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
