// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

// publisher is what one process publishes with.
type publisher struct {
	*office
	lists *poa.StatusLists
	clock poa.Clock
}

// listStore is a store with its lists.
type listStore interface {
	poa.Store
	poa.StatusListStore
}

func (o *office) publisher(signer receipt.Signer, store listStore, clock poa.Clock) *publisher {
	lists := poa.NewStatusLists(clock, store, store, o.policy)
	lists.SignWith(signer)
	return &publisher{o, lists, clock}
}

func newListSigner(tb testing.TB) receipt.Signer {
	tb.Helper()
	signer, _ := poatest.MustTokenSigner(tb, receipt.TypStatusList, time.Time{}, time.Time{})
	return signer
}

func (p *publisher) publish() int {
	p.tb.Helper()
	n, err := p.lists.Publish(p.tb.Context())
	must(p.tb, err)
	return n
}

// published is the list as a registered recipient is handed it.
func (p *publisher) published() (poa.StatusListToken, statuslist.Token) {
	p.tb.Helper()
	version, err := p.lists.Version(p.tb.Context(), p.recipient, poa.ScopeValidity, 0)
	must(p.tb, err)
	token, err := p.lists.Token(p.tb.Context(), 0, version)
	must(p.tb, err)
	read, err := statuslist.Own(token.Token)
	must(p.tb, err)
	return token, read
}

// wantWithin looks as a process does, every two seconds, until the list says of a
// delegation what is wanted; that must come within a minute.
func (p *publisher) wantWithin(d poa.Delegation, want statuslist.Status, what string) {
	p.tb.Helper()
	changed := p.office.clock.Now()
	for p.office.clock.Now().Sub(changed) <= time.Minute {
		p.publish()
		if _, list := p.published(); list.Entries.At(d.StatusList.Index) == want {
			p.tb.Logf("%s: published after %v", what, p.office.clock.Now().Sub(changed))
			return
		}
		p.office.clock.Advance(2 * time.Second)
	}
	p.tb.Errorf("%s: not published within a minute", what)
}

func TestStatusListsFollowWithinAMinute(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.publisher(newListSigner(t), o.data.DB, o.clock)
	draft, waiting := o.draft(), o.submitted()
	p.publish()
	future, d := o.accepted(from(5)), o.accepted()
	p.wantWithin(d, statuslist.Valid, "an acceptance")
	_, list := p.published()
	for name, other := range map[string]poa.Delegation{"a draft": draft, "a filing that waits": waiting, "what is not yet valid": future} {
		if got := list.Entries.At(other.StatusList.Index); got != statuslist.Invalid {
			t.Errorf("%s is %s", name, got)
		}
	}
	suspension, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, time.Time{}))
	must(t, err)
	p.wantWithin(d, statuslist.Suspended, "a suspension")
	_, err = o.registrar.Resume(t.Context(), o.reception, lift(d, suspension))
	must(t, err)
	p.wantWithin(d, statuslist.Valid, "a resumption")
	later := suspend(d, poa.ReasonServiceReview, o.clock.Now().Add(time.Hour))
	later.Until = o.clock.Now().Add(2 * time.Hour)
	_, err = o.registrar.Suspend(t.Context(), o.reception, later)
	must(t, err)
	p.publish()
	o.clock.Set(later.From)
	p.wantWithin(d, statuslist.Suspended, "a suspension that was to come")
	o.clock.Set(later.Until)
	p.wantWithin(d, statuslist.Valid, "the end of a suspension")
	o.clock.Set(future.ValidFrom.Begins().Add(-2 * time.Second))
	p.publish()
	o.clock.Advance(2 * time.Second)
	p.wantWithin(future, statuslist.Valid, "the beginning of a term")
	must(t, o.revoke(future, o.clock.Now().Add(time.Hour)))
	p.publish()
	o.clock.Advance(time.Hour)
	p.wantWithin(future, statuslist.Invalid, "a revocation that was to come")
	o.clock.Set(d.ValidThrough.Ends().Add(-2 * time.Second))
	p.publish()
	if _, list := p.published(); list.Entries.At(d.StatusList.Index) != statuslist.Valid {
		t.Error("a term ended before its end")
	}
	o.clock.Advance(2 * time.Second)
	p.wantWithin(d, statuslist.Invalid, "the end of a term")
	if p.publish() != 0 {
		t.Error("a list of which nothing changed was published again at once")
	}
	before, _ := p.published()
	o.clock.Advance(time.Hour)
	if p.publish() != 1 {
		t.Error("a list grew older than an hour")
	}
	if after, _ := p.published(); !after.IssuedAt.After(before.IssuedAt) {
		t.Errorf("issued at %s after %s", after.IssuedAt, before.IssuedAt)
	}
}

// TestStatusListsOfTwoProcesses lets two processes publish at once, one with a
// clock that lags, while others look: what is handed out only goes forward.
func TestStatusListsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	signer := newListSigner(t)
	var ds []poa.Delegation
	for range 3 {
		ds = append(ds, o.accepted())
	}
	ahead := o.publisher(signer, o.data.DB, o.clock)
	behind := o.publisher(signer, o.data.Open(t), laggard{o.clock, 20 * time.Second})
	ahead.publish()
	ctx, cancel := context.WithCancel(t.Context())
	var going sync.WaitGroup
	for _, p := range []*publisher{ahead, behind} {
		going.Go(func() {
			for ctx.Err() == nil {
				if _, err := p.lists.Publish(ctx); err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
					t.Errorf("publishing: %v", err)
				}
			}
		})
		going.Go(func() {
			var last poa.StatusListToken
			for ctx.Err() == nil {
				version, err := p.lists.Version(t.Context(), o.recipient, poa.ScopeAll, 0)
				if err != nil {
					t.Errorf("looking: %v", err)
					return
				}
				token, err := p.lists.Token(t.Context(), 0, version)
				if err != nil || token.Version < last.Version || token.Version > last.Version && last.Version > 0 && !token.IssuedAt.After(last.IssuedAt) {
					t.Errorf("version %d of %s came after %d of %s: %v", token.Version, token.IssuedAt, last.Version, last.IssuedAt, err)
					return
				}
				last = token
			}
		})
	}
	for i, d := range ds {
		must(t, o.revoke(d, time.Time{}))
		o.clock.Advance(31 * time.Second)
		o.untilListed(ahead, ds[:i+1])
	}
	cancel()
	going.Wait()
}

// laggard is a clock that is behind another.
type laggard struct {
	poa.Clock
	by time.Duration
}

func (l laggard) Now() time.Time { return l.Clock.Now().Add(-l.by) }

// untilListed waits until all are INVALID in the list, which none leaves again.
func (o *office) untilListed(p *publisher, revoked []poa.Delegation) {
	o.tb.Helper()
	machine := poa.SystemClock{}
	for deadline := machine.Now().Add(20 * time.Second); ; {
		_, list := p.published()
		listed := 0
		for _, d := range revoked {
			if list.Entries.At(d.StatusList.Index) == statuslist.Invalid {
				listed++
			}
		}
		switch {
		case listed == len(revoked):
			return
		case listed < len(revoked)-1:
			o.tb.Fatal("what was revoked is valid again")
		case machine.Now().After(deadline):
			o.tb.Fatal("the revocation was not published")
		}
	}
}

func TestStatusListSettings(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	d := o.accepted()
	signer := newListSigner(t)
	p := o.publisher(signer, o.data.DB, o.clock)
	_, err := p.lists.Version(t.Context(), o.recipient, poa.ScopeAll, 0)
	wantCode(t, err, poa.CodeUnavailable) // not published yet
	p.publish()

	off := *o
	off.policy.StatusListsFor = poa.StatusListsOff
	none := off.publisher(signer, o.data.DB, o.clock)
	must(t, o.revoke(d, time.Time{}))
	o.clock.Advance(30 * time.Second)
	if none.publish() != 0 {
		t.Error("a list was published though lists are off")
	}
	if n := o.data.Text(t, "SELECT count(*)::text FROM status_list_changes"); n != "0" {
		t.Errorf("%s changes wait for nobody", n)
	}
	_, err = none.lists.Version(t.Context(), o.recipient, poa.ScopeAll, 0)
	wantCode(t, err, poa.CodeNotFound)
	p.wantWithin(d, statuslist.Invalid, "what changed while lists were off")

	for name, c := range map[string]struct {
		actor poa.Actor
		scope poa.TokenScope
		code  poa.Code
	}{"nobody": {poa.Anonymous("ja"), poa.ScopeAll, poa.CodeUnauthenticated}, "a delegator": {o.delegator, poa.ScopeAll, poa.CodeForbidden}, "a token to read": {o.recipient, poa.ScopeRead, poa.CodeForbidden}} {
		_, err := p.lists.Version(t.Context(), c.actor, c.scope, 0)
		if poa.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := p.lists.URIs(t.Context(), c.actor, c.scope); poa.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	open := *o
	open.policy.StatusListsFor = poa.StatusListsPublic
	public := open.publisher(signer, o.data.DB, o.clock)
	uris, err := public.lists.URIs(t.Context(), poa.Anonymous("ja"), "")
	if err != nil || fmt.Sprint(uris) != "[https://ininjo.example/status-lists/0]" {
		t.Errorf("%v, %v", uris, err)
	}
	_, err = public.lists.Version(t.Context(), poa.Anonymous("ja"), "", 7)
	wantCode(t, err, poa.CodeNotFound)
	o.data.Exec(t, "UPDATE parties SET state = 'ENDED', ended_at = applied_at WHERE id = '"+o.recipient.PartyID+"'")
	_, err = p.lists.Version(t.Context(), o.recipient, poa.ScopeAll, 0)
	wantCode(t, err, poa.CodeForbidden)
	other := o.publisher(newListSigner(t), o.data.DB, o.clock)
	o.clock.Advance(time.Minute)
	if other.publish() != 1 {
		t.Error("a new key signs nothing")
	}
}
