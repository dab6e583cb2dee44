// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"slices"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Published lists the repository's documents, newest first.
func (q *queryResolver) Published(ctx context.Context, kind *poa.DocumentKind, first *int, after *string) (*schema.PublishedDocumentConnection, error) {
	size, err := sizeOf(first)
	if err != nil {
		return nil, err
	}
	all, err := q.Records.Published(ctx)
	if err != nil {
		return nil, err
	}
	list, err := documents(all, given(kind), size, given(after))
	nodes := each(list.Items, newPublished)
	return &schema.PublishedDocumentConnection{Nodes: nodes, PageInfo: pageInfo(list), TotalCount: list.Total,
		Edges: edges(list, nodes, func(cursor string, d schema.PublishedDocument) schema.PublishedDocumentEdge {
			return schema.PublishedDocumentEdge{Cursor: cursor, Node: d}
		})}, err
}

// documents cuts a page out of the documents, which are few; a document's
// cursor is its ID.
func documents(all []poa.Published, kind poa.DocumentKind, size int, after string) (poa.List[poa.Published], error) {
	all = slices.DeleteFunc(slices.Clone(all), func(p poa.Published) bool { return kind != "" && p.Kind != kind })
	slices.SortStableFunc(all, func(a, b poa.Published) int { return b.PublishedAt.Compare(a.PublishedAt) })
	list := poa.List[poa.Published]{Total: len(all), HasPrevious: after != ""}
	if after != "" {
		at := slices.IndexFunc(all, func(p poa.Published) bool { return p.ID == after })
		if at < 0 {
			return poa.List[poa.Published]{}, poa.Faults{{Code: poa.CodeInvalid, Field: []string{"after"}}}
		}
		all = all[at+1:]
	}
	list.HasNext = len(all) > size
	list.Items = all[:min(size, len(all))]
	list.Cursors = each(list.Items, func(p poa.Published) string { return p.ID })
	return list, nil
}

// TermsInForce returns the version of the terms in force today.
func (q *queryResolver) TermsInForce(ctx context.Context) (*schema.PublishedDocument, error) {
	terms, err := q.Records.TermsInForce(ctx)
	if err != nil || terms.ID == "" {
		return nil, err
	}
	document := newPublished(terms)
	return &document, nil
}

func newPublished(p poa.Published) schema.PublishedDocument {
	return schema.PublishedDocument{ID: p.ID, Kind: p.Kind, Version: p.Version, Title: p.Title, Body: p.Body, Sha256: hexOf(p.SHA256),
		EffectiveFrom: p.EffectiveFrom, PublishedAt: p.PublishedAt}
}
