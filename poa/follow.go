// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// MaxWait bounds how long one question to the change feed may wait.
const MaxWait = time.Minute

// recheckEvery is how long one who waits by no token waits at most before it is
// asked again whether it still may. Tokens are looked at together, by the bell.
const recheckEvery = 5 * time.Second

// Caller finds who asks, anew at every call: a token that waits may be
// withdrawn meanwhile.
type Caller func(ctx context.Context) (Actor, error)

// Await returns part of a party's sequence as soon as there are notices in it,
// and after wait, or when the process stops, what there is. RATE_LIMITED where
// too many wait.
func (n *Notifier) Await(ctx context.Context, bell *Bell, caller Caller, in FeedInput, wait time.Duration) (Feed, error) {
	actor, err := caller(ctx)
	if err != nil {
		return Feed{}, err
	}
	if wait <= 0 || actor.PartyID == "" {
		return n.Feed(ctx, actor, in)
	}
	w, err := bell.Enter(actor)
	if err != nil {
		return Feed{}, err
	}
	defer w.Leave()
	waiting, cancel := context.WithTimeout(ctx, min(wait, MaxWait))
	defer cancel()
	return n.await(ctx, waiting, w, caller, actor, in)
}

// Follow hands over the notices of a party's sequence one after the other, as
// long as ctx and the caller's right last. It returns nil when the process
// stops, else why it ended. w is the caller's place at the bell.
func (n *Notifier) Follow(ctx context.Context, w *Waiter, caller Caller, in FeedInput, deliver func(context.Context, Notice) error) error {
	for {
		actor, err := caller(ctx)
		if err != nil {
			return err
		}
		f, err := n.await(ctx, ctx, w, caller, actor, in)
		if err != nil {
			return err
		}
		if len(f.Notices) == 0 {
			return ctx.Err()
		}
		for _, notice := range f.Notices {
			if err := deliver(ctx, notice); err != nil {
				return err
			}
		}
		in.After, in.Stream = &f.Next, f.Stream
	}
}

// await reads until there are notices, waiting is over or the process stops. The
// actor is the caller as it was just found, and found anew before each further
// reading.
func (n *Notifier) await(ctx, waiting context.Context, w *Waiter, caller Caller, actor Actor, in FeedInput) (Feed, error) {
	for {
		f, err := n.Feed(ctx, actor, in)
		if err != nil || len(f.Notices) > 0 {
			return f, err
		}
		if !w.Wait(waiting, f.Head) && w.bell.ended(waiting) {
			return f, nil
		}
		if actor, err = caller(ctx); err != nil {
			return Feed{}, err
		}
	}
}

// ended reports whether there is nothing to wait for any more.
func (b *Bell) ended(waiting context.Context) bool {
	select {
	case <-b.over:
		return true
	case <-waiting.Done():
		return true
	default:
		return false
	}
}
