// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// Codes of the change feed.
const (
	// CodeStreamChanged says that a party's sequence began anew after a restore:
	// the numbers kept by the caller belong to the former stream.
	CodeStreamChanged Code = "STREAM_CHANGED"
	// CodeSequenceGone says that notices after the number are no longer kept.
	CodeSequenceGone Code = "SEQUENCE_GONE"
)

// Actions of the change feed (6.2.1). What is read and acknowledged is no event;
// refusals are.
const (
	ActionFeedRead         Action = "feed.read"
	ActionFeedAcknowledged Action = "feed.acknowledged"
)

// Head is where a party's sequence stands: its stream and its newest number, 0
// before the first.
type Head struct {
	Stream   string
	Sequence int64
}

// newer reports whether there is more to read than known.
func (h Head) newer(known Head) bool {
	return h.Stream != known.Stream || h.Sequence > known.Sequence
}

// FeedSlice is part of a party's sequence with where it stands, read at one
// moment.
type FeedSlice struct {
	Head
	// Acknowledged is the highest number that the party acknowledged, and when.
	Acknowledged   int64
	AcknowledgedAt time.Time
	Notices        []Notice
}

// DueHeartbeat is an endpoint that is owed a heartbeat of a slot of time, with
// where its party's sequence stands.
type DueHeartbeat struct {
	EndpointID string
	PartyID    string
	Slot       time.Time
	Head
	// Previous is the last number that passed the endpoint's filter.
	Previous int64
}

// EndNotice says how far an end of a delegation is known among the recipients
// that watched it.
type EndNotice struct {
	ChangeID    int64
	Type        NoticeType
	At          time.Time
	EffectiveAt time.Time
	// Recipients is how many it concerned, Told how many of them it reached by any
	// channel, Acknowledged how many confirmed it: by a 2xx of their endpoint, or
	// in the feed.
	Recipients, Told, Acknowledged int
	// FirstToldAt and LastToldAt are zero while nobody was told.
	FirstToldAt, LastToldAt time.Time
}

// NamedRecipient is a recipient that agreed at its registration to be named to
// delegators, and how far it knows of an end. Zero instants: not yet.
type NamedRecipient struct {
	Name           string
	ToldAt         time.Time
	AcknowledgedAt time.Time
}

// FeedReader reads what the change feed, the heartbeats and the pages of ends
// show.
type FeedReader interface {
	// FeedSlice reads a party's notices after a number, at most limit, and where
	// the sequence stands, in one statement. A party whose sequence never began
	// has the zero one.
	FeedSlice(ctx context.Context, partyID string, after int64, limit int) (FeedSlice, error)
	// EndNotices tells of each end of a delegation how far it is known, the oldest
	// first.
	EndNotices(ctx context.Context, id DelegationID) ([]EndNotice, error)
	// NamedRecipients lists who of those concerned by a change agreed to be named,
	// at most limit.
	NamedRecipients(ctx context.Context, id DelegationID, changeID int64, limit int) ([]NamedRecipient, error)
}

// FeedTx changes what concerns the change feed and the heartbeats.
type FeedTx interface {
	// AcknowledgeFeed keeps that a party has everything up to a number. A number
	// that is not higher than the one kept changes nothing.
	AcknowledgeFeed(ctx context.Context, partyID string, at Head, now time.Time) error
	// DueHeartbeats lists active endpoints that are owed a heartbeat at now: one in
	// each span of every, at an offset of the endpoint's own. An endpoint whose
	// last heartbeat is still on its way is owed none.
	DueHeartbeats(ctx context.Context, now time.Time, every time.Duration, limit int) ([]DueHeartbeat, error)
	// ClaimHeartbeat takes an endpoint's slot; false where another process did.
	ClaimHeartbeat(ctx context.Context, endpointID string, slot time.Time, deliveryID string) (bool, error)
}
