// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ininjo/graph/schema"
	"ininjo/poa"
)

// Events lists the notices of the caller's party after a cursor.
func (r *viewerResolver) Events(ctx context.Context, v *schema.Viewer, first *int, after *string) (*schema.EventConnection, error) {
	size, err := sizeOf(first)
	if err != nil {
		return nil, err
	}
	if v.Kind != poa.ActorDelegator && v.Kind != poa.ActorRecipient {
		return &schema.EventConnection{}, nil
	}
	in, err := feedAfter(after)
	if err != nil {
		return nil, err
	}
	in.Limit = size
	if in.After == nil { // from the oldest that is kept, not from what was acknowledged
		in.After, in.FromOldest = new(int64), true
	}
	f, err := r.Notifier.Feed(ctx, v.Actor, in)
	if err != nil {
		return nil, err
	}
	list := poa.List[poa.Notice]{Items: f.Notices, Cursors: each(f.Notices, cursorOf), HasNext: f.More(), HasPrevious: f.After > 0}
	nodes := each(f.Notices, r.newEvent)
	return &schema.EventConnection{Nodes: nodes, PageInfo: pageInfo(list), Stream: optional(f.Stream), Head: int(f.Sequence),
		Edges: edges(list, nodes, func(cursor string, e schema.Event) schema.EventEdge {
			return schema.EventEdge{Cursor: cursor, Node: e}
		})}, nil
}

// cursorOf is a notice's place: its stream and its number.
func cursorOf(n poa.Notice) string { return n.Stream + ":" + strconv.FormatInt(n.Sequence, 10) }

// feedAfter reads a cursor; none means no place.
func feedAfter(cursor *string) (poa.FeedInput, error) {
	in := poa.FeedInput{Limit: poa.MaxPage}
	if cursor == nil || *cursor == "" {
		return in, nil
	}
	stream, number, _ := strings.Cut(*cursor, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || stream == "" {
		return in, poa.Faults{{Code: poa.CodeInvalid, Field: []string{"after"}}}
	}
	in.Stream, in.After = stream, &n
	return in, nil
}

func (c Config) newEvent(n poa.Notice) schema.Event {
	body := c.Notifier.BodyOf(n)
	return schema.Event{Cursor: cursorOf(n), Type: body.Type, Timestamp: body.Timestamp, DelegationID: optional(string(body.Data.DelegationID)), Status: optional(body.Data.Status),
		Version: optional(body.Data.Version), EffectiveAt: body.Data.EffectiveAt, Stream: body.Data.Stream, Sequence: int(body.Data.Sequence), Previous: int(body.Data.Previous),
		AnnouncementID: optional(body.Data.AnnouncementID), Repository: optional(body.Data.Repository)}
}

// Events tells the notices of the caller's party as they come. While it waits
// it holds no connection to the database.
func (s *subscriptionResolver) Events(ctx context.Context, after *string) (<-chan *schema.Event, error) {
	in, err := feedAfter(after)
	if err != nil {
		return nil, err
	}
	actor, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if s.Bell == nil {
		return nil, &poa.Error{Code: poa.CodeUnavailable}
	}
	probe := in
	probe.Limit = 1
	if _, err := s.Notifier.Feed(ctx, actor, probe); err != nil { // what is wrong with the place is said at once
		return nil, err
	}
	w, err := s.Bell.Enter(actor)
	if err != nil {
		return nil, err
	}
	events := make(chan *schema.Event)
	go func() {
		defer close(events)
		defer w.Leave()
		err := s.Notifier.Follow(ctx, w, s.caller, in, func(ctx context.Context, n poa.Notice) error {
			event := s.newEvent(n)
			select {
			case events <- &event:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		endOf(ctx).err = err
	}()
	return events, nil
}

// caller is who asks, looked up anew at each call: a token may be withdrawn while
// it waits. A token for validity alone reads nothing else.
func (s *subscriptionResolver) caller(ctx context.Context) (poa.Actor, error) {
	actor, scope, err := s.Config.Actor(ctx)
	if err == nil && scope == poa.ScopeValidity {
		err = poa.ErrForbidden
	}
	return actor, err
}

// EndNotices tells how far the delegation's ends are known.
func (r *delegationResolver) EndNotices(ctx context.Context, d *schema.Delegation) ([]schema.EndNotice, error) {
	actor, _, err := r.actor(ctx)
	if err != nil {
		return nil, err
	}
	ends, err := r.Records.EndsSeen(ctx, actor, poa.Delegation{ID: poa.DelegationID(d.ID), DelegatorID: d.DelegatorID})
	if err != nil {
		return nil, found(err)
	}
	return each(ends, newEndNotice), nil
}

func newEndNotice(e poa.EndSeen) schema.EndNotice {
	return schema.EndNotice{Type: e.Type, Timestamp: e.At, EffectiveAt: instant(e.EffectiveAt), Recipients: e.Recipients, Told: e.Told, Acknowledged: e.Acknowledged,
		FirstToldAt: instant(e.FirstToldAt), LastToldAt: instant(e.LastToldAt),
		Named: each(e.Named, func(n poa.NamedRecipient) schema.NamedRecipient {
			return schema.NamedRecipient{Name: n.Name, ToldAt: instant(n.ToldAt), AcknowledgedAt: instant(n.AcknowledgedAt)}
		})}
}

func instant(t time.Time) *time.Time { return optional(t) }
