// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"maps"
	"slices"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// AuditEvents lists the audit log.
func (q *queryResolver) AuditEvents(ctx context.Context, first *int, after *string, last *int, before *string, filter *schema.AuditEventFilter) (*schema.AuditEventConnection, error) {
	actor, err := q.reader(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageOf(first, after, last, before)
	if err != nil {
		return nil, err
	}
	list, err := q.Records.AuditEvents(ctx, actor, auditFilter(given(filter)), page)
	nodes := each(list.Items, newAuditEvent)
	return &schema.AuditEventConnection{Nodes: nodes, PageInfo: pageInfo(list), TotalCount: list.Total,
		Edges: edges(list, nodes, func(cursor string, e schema.AuditEvent) schema.AuditEventEdge {
			return schema.AuditEventEdge{Cursor: cursor, Node: e}
		})}, err
}

func auditFilter(f schema.AuditEventFilter) poa.AuditFilter {
	actions := each(f.Actions, func(name string) poa.Action { return poa.Action(name) })
	return poa.AuditFilter{SubjectID: given(f.SubjectID), Actions: actions, From: given(f.From), Until: given(f.Until)}
}

func newAuditEvent(e poa.AuditEvent) schema.AuditEvent {
	names := slices.Sorted(maps.Keys(e.Data))
	return schema.AuditEvent{ID: e.ID, At: e.At, ActorKind: e.ActorKind, ActorID: e.ActorID, PartyID: optional(e.PartyID), Action: string(e.Action),
		SubjectID: optional(e.SubjectID), Outcome: e.Outcome, LeafHash: hexOf(e.LeafHash),
		Data: each(names, func(name string) schema.AuditDatum { return schema.AuditDatum{Name: name, Value: e.Data[name]} })}
}
