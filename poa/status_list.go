// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

// StatusListMode says who reads the status lists.
type StatusListMode string

// Modes.
const (
	StatusListsOff        StatusListMode = "OFF"
	StatusListsRegistered StatusListMode = "REGISTERED"
	StatusListsPublic     StatusListMode = "PUBLIC"
)

const (
	// statusListTTL is after how long a recipient should fetch a list anew; what
	// it holds is then at most that much older than what is published.
	statusListTTL = time.Minute
	// statusListLife is for how long a list holds: whoever cannot reach the service
	// for longer must not go by an old copy.
	statusListLife = 6 * time.Hour
	// statusListRefresh is how old a list grows of which nothing changes. It is
	// then read anew as a whole.
	statusListRefresh = time.Hour
	// statusListPace and statusListWholePace are how long a list stands at least:
	// a change is published within the longer of them and the building, far within
	// a minute, and however much changes the database is not read all the time.
	statusListPace      = 10 * time.Second
	statusListWholePace = 20 * time.Second
	// statusListFew is how many changed entries are read one by one; beyond it
	// reading all is faster.
	statusListFew = 20_000
	// statusListBatch bounds how many lists one round reads: 256 KiB each.
	statusListBatch = 64
)

// StatusLists publishes and hands out the signed status lists: how every
// delegation stands, for recipients that check many, or that would not have the
// service know which they hold (ours, beside 5.3).
type StatusLists struct {
	office
	lists  StatusListStore
	policy Policy
	signer receipt.Signer
}

// NewStatusLists returns the rules of the status lists.
func NewStatusLists(clock Clock, store Store, lists StatusListStore, policy Policy) *StatusLists {
	return &StatusLists{office: office{clock, store}, lists: lists, policy: policy}
}

// SignWith lets lists be signed with a key of their own. Without one none is
// published.
func (s *StatusLists) SignWith(signer receipt.Signer) { s.signer = signer }

// Publish publishes the lists that are due, and returns how many. Of several
// processes one does so at a time; one whose reading was overtaken drops it.
// Where lists are off, what would be published is dropped.
func (s *StatusLists) Publish(ctx context.Context) (int, error) {
	published := 0
	err := s.lists.AloneWithStatusLists(ctx, func(ctx context.Context) error {
		if s.signer == nil || s.policy.StatusLists() == StatusListsOff {
			return s.lists.DropStatusListChanges(ctx)
		}
		var err error
		published, err = s.publish(ctx)
		return err
	})
	return published, err
}

func (s *StatusLists) publish(ctx context.Context) (int, error) {
	now := s.clock.Now()
	heads, err := s.lists.StatusListHeads(ctx, now, statusListFew+1)
	if err != nil {
		return 0, fmt.Errorf("reading status lists: %w", err)
	}
	var due []int
	for _, h := range heads {
		if s.due(h, now) && len(due) < statusListBatch {
			due = append(due, h.List)
		}
	}
	if len(due) == 0 {
		return 0, nil
	}
	readings, err := s.lists.ReadStatusLists(ctx, due, now, statusListFew)
	if err != nil {
		return 0, fmt.Errorf("reading entries of status lists: %w", err)
	}
	published := 0
	for _, r := range readings {
		switch err := s.put(ctx, r); {
		case errors.Is(err, ErrConflict): // another process's is newer
		case err != nil:
			return published, fmt.Errorf("publishing status list %d: %w", r.List, err)
		default:
			published++
		}
	}
	return published, nil
}

// due reports whether a list is to be published at now. Of a list that was issued
// in what is the future by this clock, whatever changes is published at once.
func (s *StatusLists) due(h StatusListHead, now time.Time) bool {
	age := now.Sub(h.IssuedAt)
	switch {
	case h.Version == 0:
		return true
	case h.Whole, h.Changed > statusListFew:
		return age >= statusListWholePace || age < 0
	case h.Changed > 0, h.KeyID != s.signer.KeyID():
		return age >= statusListPace || age < 0
	}
	return age >= statusListRefresh
}

// put signs a reading and publishes it. The seconds of "iat" grow with every
// version, whatever this process's clock says.
func (s *StatusLists) put(ctx context.Context, r StatusListReading) error {
	issued := r.At.Truncate(time.Second)
	if !issued.After(r.IssuedAt) {
		issued = r.IssuedAt.Add(time.Second)
	}
	token, err := statuslist.Issue(ctx, s.signer, statuslist.Token{URI: s.policy.StatusListURI(r.List), IssuedAt: issued, ExpiresAt: issued.Add(statusListLife),
		TTL: statusListTTL, AggregationURI: s.policy.StatusListsURL(), Entries: r.Entries})
	if err != nil {
		return &Error{Code: CodeSigningUnavailable, Cause: err}
	}
	return s.lists.PublishStatusList(ctx, StatusListToken{List: r.List, Version: r.Version + 1, AsOf: r.At, IssuedAt: issued, KeyID: s.signer.KeyID(), Token: token}, r.Consumed)
}

// mayRead lets in whom the setting lets in: a recipient under contract with a
// token for questions of validity, or anybody. Where lists are off there are none.
func (s *StatusLists) mayRead(ctx context.Context, actor Actor, scope TokenScope) error {
	switch s.policy.StatusLists() {
	case StatusListsPublic:
		return nil
	case StatusListsRegistered:
	case StatusListsOff:
		return ErrNotFound
	}
	wanted := actor.require(ActorRecipient)
	if wanted == nil && scope == ScopeRead {
		wanted = ErrForbidden
	}
	if wanted == nil {
		wanted = s.requireActive(ctx, actor)
	}
	return s.admit(ctx, actor, ActionStatusListRead, wanted)
}

// Version returns the version of a list that is published at this moment. Nobody
// was handed a later one when it was asked for. NOT_FOUND where there is no such
// list, UNAVAILABLE where it is not published yet.
func (s *StatusLists) Version(ctx context.Context, actor Actor, scope TokenScope, list int) (int64, error) {
	if err := s.mayRead(ctx, actor, scope); err != nil {
		return 0, err
	}
	version, err := s.lists.StatusListVersion(ctx, list)
	if err == nil && version == 0 {
		return 0, &Error{Code: CodeUnavailable}
	}
	return version, err
}

// Token returns a list of the version or a later one, to whom Version told it.
func (s *StatusLists) Token(ctx context.Context, list int, version int64) (StatusListToken, error) {
	return s.lists.StatusListToken(ctx, list, version)
}

// URIs returns the addresses of all lists (the draft's Status List Aggregation).
func (s *StatusLists) URIs(ctx context.Context, actor Actor, scope TokenScope) ([]string, error) {
	if err := s.mayRead(ctx, actor, scope); err != nil {
		return nil, err
	}
	numbers, err := s.lists.StatusLists(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading status lists: %w", err)
	}
	uris := make([]string, len(numbers))
	for i, n := range numbers {
		uris[i] = s.policy.StatusListURI(n)
	}
	return uris, nil
}

// Mode is who reads the lists.
func (s *StatusLists) Mode() StatusListMode { return s.policy.StatusLists() }

// Fresh is for how long a copy of a list is fresh (Cache-Control).
func (s *StatusLists) Fresh() time.Duration { return statusListTTL }
