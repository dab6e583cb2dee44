// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"

	"ininjo/poa/statuslist"
)

// ActionStatusListRead is the audited refusal of a status list (6.2.1). What is
// read is no event: whoever holds a list asks of no delegation.
const ActionStatusListRead Action = "status_list.read"

// StatusListHead says what of a list is published and what is not yet.
type StatusListHead struct {
	List int
	// Version counts the list's publications; 0 where there is none.
	Version int64
	// AsOf is the moment that the published entries are of, IssuedAt its "iat".
	AsOf     time.Time
	IssuedAt time.Time
	KeyID    string
	// Whole says that changes were dropped unpublished: every entry is to be read.
	Whole bool
	// Changed is how many entries changed since, by acts or because time went on,
	// counted up to a bound.
	Changed int
}

// StatusListReading is a list as it stood in one snapshot of the database.
type StatusListReading struct {
	StatusListHead
	// At is the moment that the entries are of: not before AsOf.
	At      time.Time
	Entries statuslist.Entries
	// Consumed are the IDs of the changes that the entries hold.
	Consumed []int64
}

// StatusListToken is a list as it is published.
type StatusListToken struct {
	List     int
	Version  int64
	AsOf     time.Time
	IssuedAt time.Time
	KeyID    string
	// Token is the signed list, a compact JWS.
	Token string
}

// StatusListStore keeps status lists.
type StatusListStore interface {
	// StatusListHeads returns every list in the order of its number. Changes are
	// counted up to bound.
	StatusListHeads(ctx context.Context, now time.Time, bound int) ([]StatusListHead, error)
	// ReadStatusLists reads lists in one snapshot, as of now or of the newest
	// publication, whichever is later: of a list with at most bound changes only
	// these, beside what is published; of others every entry.
	ReadStatusLists(ctx context.Context, lists []int, now time.Time, bound int) ([]StatusListReading, error)
	// PublishStatusList puts a list in the place of the version before and drops
	// the changes that it holds. ErrConflict where another process published
	// meanwhile.
	PublishStatusList(ctx context.Context, t StatusListToken, consumed []int64) error
	// DropStatusListChanges forgets what is not published, where nothing is.
	DropStatusListChanges(ctx context.Context) error
	// StatusListVersion returns the version of a published list; ErrNotFound where
	// there is no such list, 0 where none is published yet.
	StatusListVersion(ctx context.Context, list int) (int64, error)
	// StatusListToken returns a published list, of the version wanted or a later
	// one.
	StatusListToken(ctx context.Context, list int, version int64) (StatusListToken, error)
	// StatusLists returns the numbers of the lists.
	StatusLists(ctx context.Context) ([]int, error)
	// Alone runs fn unless another process does at this moment.
	AloneWithStatusLists(ctx context.Context, fn func(context.Context) error) error
}
