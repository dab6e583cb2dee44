// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"strconv"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// pageOf reads the arguments of a connection. What could not be answered
// together is refused, not ignored.
func pageOf(first *int, after *string, last *int, before *string) (poa.Page, error) {
	var faults poa.Faults
	if first != nil && (last != nil || before != nil) {
		faults.Add(poa.CodeInvalid, "first")
	}
	if after != nil && (last != nil || before != nil) {
		faults.Add(poa.CodeInvalid, "after")
	}
	checkSize(first, "first", &faults)
	checkSize(last, "last", &faults)
	return poa.Page{First: given(first), After: given(after), Last: given(last), Before: given(before)}, faults.Err()
}

func checkSize(size *int, field string, faults *poa.Faults) {
	switch {
	case size == nil:
	case *size < 1:
		faults.Add(poa.CodeInvalid, field)
	case *size > poa.MaxPage:
		faults.Add(poa.CodeTooMany, field, "bound", strconv.Itoa(poa.MaxPage))
	}
}

// sizeOf reads the size of a list that has no cursors.
func sizeOf(first *int) (int, error) {
	if first == nil {
		return defaultPage, nil
	}
	_, err := pageOf(first, nil, nil, nil)
	return *first, err
}

func pageInfo[T any](list poa.List[T]) schema.PageInfo {
	info := schema.PageInfo{HasNextPage: list.HasNext, HasPreviousPage: list.HasPrevious}
	if n := len(list.Cursors); n > 0 {
		info.StartCursor, info.EndCursor = &list.Cursors[0], &list.Cursors[n-1]
	}
	return info
}

// edges pairs the entries of a page with their cursors.
func edges[T, V, E any](list poa.List[T], nodes []V, edge func(cursor string, node V) E) []E {
	all := make([]E, len(nodes))
	for i, node := range nodes {
		all[i] = edge(list.Cursors[i], node)
	}
	return all
}

func orderOf(field poa.OrderField, direction schema.OrderDirection) poa.Order {
	return poa.Order{Field: field, Ascending: direction == schema.OrderDirectionAsc}
}
