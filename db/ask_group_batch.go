// SPDX-License-Identifier: Apache-2.0

package db

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"ininjo/poa"
)

// groupRows are the inquiries of a statement, and where each row of its answer
// belongs. They stand in the order of their IDs, so that the audit's index grows
// at its end: each insert finds its page without a search.
type groupRows []groupRow

type groupRow struct {
	of      *asking
	inquiry int
}

func newGroupRows(batch []*asking) groupRows {
	p := make(groupRows, 0, len(batch))
	for _, a := range batch {
		a.alone = [1]packedRow{}
		if a.rows = a.alone[:]; len(a.inquiries) != 1 {
			a.rows = make([]packedRow, len(a.inquiries))
		}
		for i := range a.inquiries {
			p = append(p, groupRow{a, i})
		}
	}
	slices.SortFunc(p, func(a, b groupRow) int { return strings.Compare(a.asked().ID, b.asked().ID) })
	return p
}

func (p groupRow) asked() *poa.Inquiry { return &p.of.inquiries[p.inquiry] }

// take keeps one row for who asked.
func (p groupRows) take(row [][]byte) error {
	number, err := number64(row[0])
	if err != nil || number < 1 || int(number) > len(p) {
		return fmt.Errorf("reading an inquiry's row: want a number up to %d", len(p))
	}
	at := p[number-1]
	at.of.rows[at.inquiry] = pack(row[1:])
	return nil
}

// packedRow is a copy of a row: the driver uses its memory again. Each column
// stands behind its length as in PostgreSQL's message, null has the length -1.
type packedRow []byte

func pack(row [][]byte) packedRow {
	size := 4 * len(row)
	for _, column := range row {
		size += len(column)
	}
	p := make(packedRow, 0, size)
	for _, column := range row {
		if column == nil {
			p = binary.BigEndian.AppendUint32(p, ^uint32(0))
			continue
		}
		p = append(binary.BigEndian.AppendUint32(p, uint32(len(column))), column...)
	}
	return p
}

// arguments are the parameters of askGroupSQL: one array for each column, and
// each token once.
func (p groupRows) arguments() [][]byte {
	n := len(p)
	numbers := make(map[[32]byte]uint32, 16)
	hashes := newArray(pgtype.ByteaOID, 36*min(n, 16))
	askers, ids, delegations := newArray(pgtype.Int4OID, 8*n), newArray(pgtype.TextOID, 34*n), newArray(pgtype.TextOID, 36*n)
	instants := newArray(pgtype.TimestamptzOID, 12*n)
	documents, certificates, nonces := newArray(pgtype.ByteaOID, 4*n), newArray(pgtype.ByteaOID, 4*n), newArray(pgtype.TextOID, 4*n)
	for _, each := range p {
		number, known := numbers[each.of.hash]
		if !known {
			number = uint32(len(numbers) + 1)
			numbers[each.of.hash] = number
			hashes.bytes(each.of.hash[:])
		}
		q := each.asked()
		askers.number32(number)
		ids.text(q.ID)
		if q.DelegationID == "" {
			delegations.null()
		} else {
			delegations.text(string(q.DelegationID))
		}
		instants.instant(q.AnsweredAt)
		documents.optional(q.DocumentSHA256)
		certificates.optional(q.DelegateCertificateSHA256)
		nonces.text(q.Nonce)
	}
	return [][]byte{hashes.done(), askers.done(), ids.done(), delegations.done(), instants.done(), documents.done(), certificates.done(), nonces.done()}
}
