// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

// ring runs a bell over the office's store as a process would.
func (o *office) ring(ctx context.Context) *poa.Bell {
	bell, rings := poa.NewBell(o.store), make(chan struct{}, 1)
	go bell.Run(ctx, rings, func(err error) { o.tb.Error(err) })
	return bell
}

// mine is the recipient's right to its feed, which never ends.
func (o *office) mine(context.Context) (poa.Actor, error) { return o.recipient, nil }

// enter takes a place for the recipient.
func (o *office) enter(bell *poa.Bell) *poa.Waiter {
	o.tb.Helper()
	w, err := bell.Enter(o.recipient)
	must(o.tb, err)
	return w
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	o, d, _ := newFeed(t)
	ctx, bell := t.Context(), o.ring(t.Context())
	t.Run("returns when its party is told something, by the net alone if every ring is lost", func(t *testing.T) {
		got := make(chan poa.Feed, 1)
		go func() {
			f, err := o.notifier.Await(ctx, bell, o.mine, poa.FeedInput{After: at(4), Limit: 10}, poa.MaxWait)
			if err != nil {
				t.Error(err)
			}
			got <- f
		}()
		o.comesAndGoes(d, 1)
		select {
		case f := <-got:
			if len(f.Notices) == 0 || f.Notices[0].Sequence != 5 {
				t.Errorf("read %+v", f)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("was not woken")
		}
	})
	t.Run("nothing new is an empty answer when the time is over", func(t *testing.T) {
		f, err := o.notifier.Await(ctx, bell, o.mine, poa.FeedInput{After: at(6), Limit: 10}, time.Millisecond)
		must(t, err)
		if len(f.Notices) != 0 || f.Next != 6 || f.More() {
			t.Errorf("read %+v", f)
		}
	})
	t.Run("too many of one party are RATE_LIMITED, others still wait", func(t *testing.T) {
		var taken []*poa.Waiter
		for range poa.MaxWaitersOfParty {
			w, err := bell.Enter(o.recipient)
			must(t, err)
			taken = append(taken, w)
		}
		_, err := o.notifier.Await(ctx, bell, o.mine, poa.FeedInput{After: at(6), Limit: 10}, time.Minute)
		wantCode(t, err, poa.CodeRateLimited)
		_, err = o.notifier.Await(ctx, bell, o.mine, poa.FeedInput{After: at(6), Limit: 10}, 0) // who does not wait takes no place
		must(t, err)
		other, err := bell.Enter(o.delegator)
		must(t, err)
		other.Leave()
		for _, w := range taken {
			w.Leave()
			w.Leave()
		}
		again, err := bell.Enter(o.recipient)
		must(t, err)
		again.Leave()
	})
	t.Run("all places of a process are bounded", func(t *testing.T) {
		full := poa.NewBell(o.store)
		for range poa.MaxWaiters {
			_, err := full.Enter(poa.Actor{PartyID: poa.NewID("rcp_")})
			must(t, err)
		}
		_, err := full.Enter(o.recipient)
		wantCode(t, err, poa.CodeRateLimited)
	})
}

func TestFollowing(t *testing.T) {
	t.Parallel()
	o, _, _ := newFeed(t)
	ctx, bell := t.Context(), o.ring(t.Context())
	t.Run("who follows gets every notice once and in order, and ends with the right to", func(t *testing.T) {
		gone := errors.New("withdrawn")
		var numbers []int64
		held := true
		may := func(context.Context) (poa.Actor, error) {
			if !held {
				return poa.Actor{}, gone
			}
			return o.recipient, nil
		}
		err := o.notifier.Follow(ctx, o.enter(bell), may, poa.FeedInput{After: at(1), Limit: 2}, func(_ context.Context, n poa.Notice) error {
			numbers = append(numbers, n.Sequence)
			held = n.Sequence < 3
			return nil
		})
		if diff := cmp.Diff([]int64{2, 3}, numbers); diff != "" || !errors.Is(err, gone) {
			t.Error(diff, err)
		}
	})
	t.Run("the process stops: who waits has an answer, who follows ends", func(t *testing.T) {
		done, place := make(chan error, 2), o.enter(bell)
		go func() {
			_, err := o.notifier.Await(ctx, bell, o.mine, poa.FeedInput{After: at(4), Limit: 10}, poa.MaxWait)
			done <- err
		}()
		go func() {
			done <- o.notifier.Follow(ctx, place, o.mine, poa.FeedInput{After: at(4), Limit: 10}, func(context.Context, poa.Notice) error { return nil })
		}()
		bell.Close()
		for range 2 {
			must(t, <-done)
		}
	})
}
