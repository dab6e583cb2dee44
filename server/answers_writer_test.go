// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"ininjo/poa"
)

// lifting is a suspension that can be lifted: its ID, and its name in the story.
type lifting struct{ id, name string }

// changer changes delegations of its own, one after the other.
type changer struct {
	*answerWorld
	random *rand.Rand
	// open are the stories that can change still, with the suspension of each that
	// can be lifted.
	open map[int]lifting
	made int
	// refused counts changes whose instant had passed when they were asked for.
	refused int
}

// step makes one change.
func (c *changer) step() {
	c.made++
	if len(c.open) < 8 || c.random.IntN(6) == 0 {
		c.open[c.file(c.term())] = lifting{}
		return
	}
	n := c.any()
	c.mu.Lock()
	s := c.stories[n]
	c.mu.Unlock()
	if ends := s.term.Through.Ends(); ends.Sub(c.clock.Now()) < 4*time.Second {
		delete(c.open, n) // it expires by itself
		return
	}
	switch suspension := c.open[n]; {
	case suspension.id != "":
		c.resume(n, s.id, suspension)
	case c.random.IntN(3) == 0:
		c.revoke(n, s.id)
	default:
		c.suspend(n, s.id)
	}
}

// any draws a story of the changer's.
func (c *changer) any() int {
	skip := c.random.IntN(len(c.open))
	for n := range c.open {
		if skip == 0 {
			return n
		}
		skip--
	}
	return 0
}

// term draws one that goes on, one that ends with the coming midnight and one
// that begins with it.
func (c *changer) term() poa.Term {
	today := poa.DateOf(c.clock.Now())
	switch c.random.IntN(4) {
	case 0:
		return poa.Term{From: today.AddDays(-9), Through: today}
	case 1:
		return poa.Term{From: today.AddDays(1), Through: today.AddDays(9)}
	}
	return poa.Term{From: today.AddDays(-9), Through: today.AddDays(9)}
}

// soon is an instant a little ahead, exactly as the store keeps it.
func (c *changer) soon() time.Time {
	return c.clock.Now().Add(time.Second + time.Duration(c.random.IntN(1_000_000))*time.Microsecond)
}

func (c *changer) suspend(n int, id poa.DelegationID) {
	in := poa.SuspendInput{IdempotencyKey: poa.NewID(""), DelegationID: string(id), Reason: poa.ReasonServiceReview}
	made := change{kind: changeSuspended, suspension: in.IdempotencyKey}
	if c.random.IntN(2) == 0 {
		made.from = c.soon()
	}
	if c.random.IntN(2) == 0 {
		made.until = c.soon().Add(time.Second)
	}
	in.From, in.Until = made.from, made.until
	lift := ""
	ok := c.attempt(n, made, func() (err error) {
		lift, err = c.writer.chapters.registrar.Suspend(context.Background(), c.reception, in)
		return err
	})
	if ok && made.until.IsZero() {
		c.open[n] = lifting{lift, in.IdempotencyKey}
	}
}

func (c *changer) resume(n int, id poa.DelegationID, suspension lifting) {
	c.open[n] = lifting{}
	c.attempt(n, change{kind: changeResumed, suspension: suspension.name}, func() error {
		_, err := c.writer.chapters.registrar.Resume(context.Background(), c.reception, poa.SuspendInput{IdempotencyKey: poa.NewID(""), DelegationID: string(id), SuspensionID: suspension.id})
		return err
	})
}

func (c *changer) revoke(n int, id poa.DelegationID) {
	in := poa.EndInput{IdempotencyKey: poa.NewID(""), DelegationID: string(id)}
	made := change{kind: changeRevoked}
	if c.random.IntN(2) == 0 {
		made.from = c.soon()
		in.At = made.from
	}
	if c.attempt(n, made, func() error {
		_, err := c.writer.chapters.registrar.Revoke(context.Background(), c.delegator, in)
		return err
	}) {
		delete(c.open, n)
	}
}

// attempt makes a change. One whose instant has passed meanwhile, on a slow
// machine, is refused and did not happen.
func (c *changer) attempt(n int, made change, commit func() error) bool {
	happened := true
	c.change(n, made, func() error {
		err := commit()
		var faults poa.Faults
		if errors.As(err, &faults) && len(faults) == 1 && faults[0].Code == poa.CodePast {
			happened = false
			c.refused++
			return nil
		}
		return err
	})
	if !happened {
		c.mu.Lock()
		defer c.mu.Unlock()
		s := &c.stories[n]
		s.changes = s.changes[:len(s.changes)-1]
	}
	return happened
}
