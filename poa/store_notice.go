// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// StreamHead is the head of a party's sequence.
type StreamHead struct {
	Stream   string
	Sequence int64
}

// PartyHead is what numbering needs of a party that is told: the head of its
// sequence, its active endpoints and its addresses, each the oldest first.
type PartyHead struct {
	StreamHead
	Endpoints []EndpointHead
	Addresses []MailAddress
}

// EndpointHead is what numbering needs of an endpoint.
type EndpointHead struct {
	ID      string
	PartyID string
	Types   []NoticeType
	// Sequence is the last number that passed the filter.
	Sequence    int64
	PausedUntil time.Time
	// Open returns the endpoint with what is sealed of it; ErrNotFound where its
	// party was erased.
	Open func(context.Context) (Endpoint, error)
}

// NumberTx is what the numbering leader changes, for many changes at once.
type NumberTx interface {
	// TakeChanges marks the oldest changes that are not numbered yet as numbered
	// and returns them, in the order of their IDs, for the one leader.
	TakeChanges(ctx context.Context, limit int, at time.Time) ([]TakenChange, error)
	// DrawSequences draws so many next numbers of each party's sequence and
	// returns the heads after them. Endpoints are locked.
	DrawSequences(ctx context.Context, counts map[string]int) (map[string]*PartyHead, error)
	// InsertNotices stores numbered changes and their deliveries, and sets the
	// last numbers that passed the endpoints' filters, together with the commit.
	InsertNotices(ctx context.Context, notices []Notice, deliveries []Delivery, last map[string]int64) error
	InsertDeliveries(ctx context.Context, deliveries []Delivery) error
	MailAddressesOf(ctx context.Context, partyIDs []string) (map[string][]MailAddress, error)
	InsertMails(ctx context.Context, mails []Mail) error
}

// DispatchTx is what those who deliver change.
type DispatchTx interface {
	// RecordAttempts stores attempts and brings their deliveries up to date. One
	// that stands there already changes nothing; NextAt counts while the endpoint
	// is active.
	RecordAttempts(ctx context.Context, settled []Settled) error
	// ReleaseDeliveries gives up leases: the deliveries are due again at once, or
	// when their endpoint's pause is over.
	ReleaseDeliveries(ctx context.Context, ids []string) error
	// PutOff lets what waits for an endpoint and is not under way wait until the
	// instant.
	PutOff(ctx context.Context, endpointID string, now, until time.Time) error
	// HoldDeliveries lets what waits for an endpoint wait without a time;
	// ResumeDeliveries makes it due.
	HoldDeliveries(ctx context.Context, endpointID string) error
	ResumeDeliveries(ctx context.Context, endpointID string, at time.Time) error
}

// DispatchReader is what those who deliver read.
type DispatchReader interface {
	// TakeDeliveries leases due deliveries of active endpoints.
	TakeDeliveries(ctx context.Context, t Taking) ([]Delivery, error)
	// ActiveEndpoints returns those of the endpoints that are delivered to.
	ActiveEndpoints(ctx context.Context, ids []string) (map[string]Endpoint, error)
	// FailingEndpoints returns active endpoints that fail since the first instant
	// without the mail of halfway, or since the second.
	FailingEndpoints(ctx context.Context, halfway, end time.Time, limit int) ([]string, error)
	// WaitingDeliveries counts deliveries that an attempt is to come for, and tells
	// when the longest waiting one is or was due.
	WaitingDeliveries(ctx context.Context) (count int, oldest time.Time, err error)
}
