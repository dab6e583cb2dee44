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

// groupRows are the tokens and inquiries of a statement, and where each row of its
// answer belongs. Inquiries stand in the order of their IDs, so that the audit's
// index grows at its end: each insert finds its page without a search.
type groupRows struct {
	hashes *array
	// askers are the rows of those who hold the tokens, nil where nobody does.
	askers []packedRow
	asked  []groupRow
}

type groupRow struct {
	of      *asking
	inquiry int
}

func newGroupRows(batch []*asking) *groupRows {
	g := &groupRows{hashes: newArray(pgtype.ByteaOID, 36*min(len(batch), 16)), asked: make([]groupRow, 0, len(batch))}
	numbers := make(map[[32]byte]uint32, 16)
	for _, a := range batch {
		g.number(a, numbers)
		a.alone = [1]packedRow{}
		if a.rows = a.alone[:]; len(a.inquiries) != 1 {
			a.rows = make([]packedRow, len(a.inquiries))
		}
		for i := range a.inquiries {
			g.asked = append(g.asked, groupRow{a, i})
		}
	}
	g.askers = make([]packedRow, len(numbers))
	slices.SortFunc(g.asked, func(a, b groupRow) int { return strings.Compare(a.inquired().ID, b.inquired().ID) })
	return g
}

// number gives each token a number, and one only.
func (g *groupRows) number(a *asking, numbers map[[32]byte]uint32) {
	known := false
	if a.number, known = numbers[a.hash]; !known {
		a.number = uint32(len(numbers) + 1) //nolint:gosec // as many as askings
		numbers[a.hash] = a.number
		g.hashes.bytes(a.hash[:])
	}
}

func (p groupRow) inquired() *poa.Inquiry { return &p.of.inquiries[p.inquiry] }

// statement is the name of the statement that asks, and its text.
func (g *groupRows) statement() (name, text string) {
	if len(g.asked) <= few {
		return "ask few", askFewSQL
	}
	return "ask many", askManySQL
}

// take keeps one row of an asker or of an inquiry.
func (g *groupRows) take(row [][]byte) error {
	number, err := number64(row[0])
	switch {
	case err != nil:
	case number > 0 && int(number) <= len(g.asked):
		at := g.asked[number-1]
		at.of.rows[at.inquiry] = pack(row[1+askerColumns:])
		return nil
	case number < 0 && int(-number) <= len(g.askers):
		g.askers[-number-1] = pack(row[1 : 1+askerColumns])
		return nil
	}
	return fmt.Errorf("reading a row: of %d askers and %d inquiries none has the number %d", len(g.askers), len(g.asked), number)
}

// give tells each asking whose token it came with.
func (g *groupRows) give(batch []*asking) {
	for _, a := range batch {
		a.asker = g.askers[a.number-1]
	}
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
// each token once. What most callers do not give is not sent behind the last who
// does.
func (g *groupRows) arguments() [][]byte {
	n := len(g.asked)
	askers, ids, delegations := newArray(pgtype.Int4OID, 8*n), newArray(pgtype.TextOID, 34*n), newArray(pgtype.TextOID, 36*n)
	instants := newArray(pgtype.TimestamptzOID, 12*n)
	documents, certificates, nonces := newArray(pgtype.ByteaOID, 0), newArray(pgtype.ByteaOID, 0), newArray(pgtype.TextOID, 0)
	for i, each := range g.asked {
		q := each.inquired()
		askers.number32(each.of.number)
		ids.text(q.ID)
		if q.DelegationID == "" {
			delegations.null()
		} else {
			delegations.text(string(q.DelegationID))
		}
		instants.instant(q.AnsweredAt)
		documents.at(i, q.DocumentSHA256)
		certificates.at(i, q.DelegateCertificateSHA256)
		nonces.at(i, []byte(q.Nonce))
	}
	return [][]byte{g.hashes.done(), askers.done(), ids.done(), delegations.done(), instants.done(), documents.done(), certificates.done(), nonces.done()}
}
