// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"slices"
	"testing"

	"ininjo/db"
	"ininjo/poa"
)

// plan is a node of what EXPLAIN tells.
type plan struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []plan
}

// read is how many rows of a relation were read.
func (p plan) read(relation string) (n float64) {
	if p.Relation == relation {
		n = p.Rows * p.Loops
	}
	for _, each := range p.Plans {
		n += each.read(relation)
	}
	return n
}

// TestFewReadAsMuchForUnknown asks PostgreSQL what the statement for few reads:
// as many rows for unknown IDs as for known ones, so that it takes as long.
func TestFewReadAsMuchForUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.accepted(t, w.delegator, days(0, 5)).ID
	read := func(size int, id poa.DelegationID) float64 {
		t.Helper()
		askers, ids, inquiries, at := make([]int32, size), make([]string, size), make([]string, size), w.Clock.Now()
		for i := range size {
			askers[i], ids[i], inquiries[i] = 1, string(id), poa.NewID(poa.PrefixInquiry)
		}
		var told []struct{ Plan plan }
		err := w.DB.Pool().QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+db.StatementOf(size), [][]byte{w.token[:]}, askers, inquiries, ids,
			slices.Repeat([]any{at}, size), nil, nil, nil).Scan(&told)
		if err != nil || len(told) != 1 {
			t.Fatal(err, told)
		}
		return told[0].Plan.read("projections")
	}
	const unknown = "00000-00000-00000-00000-00000" // before all others: there is a neighbour
	for _, size := range []int{1, db.Few} {
		if known, unknown := read(size, known), read(size, unknown); known != float64(size) || unknown != known {
			t.Errorf("of %d: %v rows for known IDs, %v for unknown", size, known, unknown)
		}
	}
	if n := read(db.Few+1, unknown); n != 0 {
		t.Errorf("the statement for many read %v rows for unknown IDs: this test sees nothing", n)
	}
}
