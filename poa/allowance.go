// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"
)

// Rates bound what one credential may ask. Zero is no bound.
type Rates struct {
	// PerMinute is how much a credential may ask in a minute of the clock: each ID
	// costs one, and a request that asks for none costs one.
	PerMinute int
	// UnknownPerHour is how many well-formed IDs of no delegation a credential may
	// ask about in an hour of the clock: nobody guesses IDs.
	UnknownPerHour int
}

// CodeTooManyUnknown says that a credential asked about too many IDs of no
// delegation.
const CodeTooManyUnknown Code = "TOO_MANY_UNKNOWN_IDS"

// ActionQuestionsRefused is what a credential was refused in one minute.
const ActionQuestionsRefused Action = "recipient.questions_refused"

// rememberedAllowances bounds the memory that credentials take.
const rememberedAllowances = 100_000

// Allowance is what of its bound a credential has used.
type Allowance struct {
	// Limit is how much it may ask until ResetAt, 0 where there is no bound; Cost is
	// what this request takes of it.
	Limit, Used, Remaining, Cost int
	ResetAt                      time.Time
	// Wait is for how long a refused request comes too early.
	Wait time.Duration
}

// Allowances count what each credential asks, in this process. They act before
// anything is read or audited; what they refuse is counted by the minute.
type Allowances struct {
	clock Clock
	rates Rates

	mu      sync.Mutex
	of      map[[32]byte]*usage
	refused map[refusedMinute]int
}

// usage is what a credential used in the minute and the hour that it last asked
// in.
type usage struct {
	minute, hour  int64
	used, unknown int
}

// refusedMinute is what one credential was refused for one reason in a minute.
type refusedMinute struct {
	of     Credential
	minute int64
	code   Code
}

// NewAllowances counts by the clock.
func NewAllowances(clock Clock, rates Rates) *Allowances {
	return &Allowances{clock: clock, rates: rates, of: map[[32]byte]*usage{}, refused: map[refusedMinute]int{}}
}

// key is what a credential is counted by; false where it is not: who has none is
// bounded by the address.
func (c Credential) key() ([32]byte, bool) {
	switch {
	case c.Anonymous || c == Credential{}:
		return [32]byte{}, false
	case c.AccountID != "":
		return sha256.Sum256([]byte(c.AccountID)), true
	}
	return c.TokenHash, true
}

// take takes the cost out of the credential's bound, all of it or nothing.
func (a *Allowances) take(c Credential, cost int) (Allowance, error) {
	key, counted := c.key()
	if a == nil || !counted || a.rates == (Rates{}) {
		return Allowance{}, nil
	}
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.usage(key, now)
	if a.rates.UnknownPerHour > 0 && u.unknown >= a.rates.UnknownPerHour {
		a.refuse(refusedMinute{c, u.minute, CodeTooManyUnknown})
		told := a.told(u, cost)
		told.Remaining, told.ResetAt = 0, time.Unix((u.hour+1)*3600, 0).UTC()
		told.Wait = told.ResetAt.Sub(now)
		return told, &Error{Code: CodeRateLimited, Cause: Faults{newFault(CodeTooManyUnknown, "delegationId", "bound", strconv.Itoa(a.rates.UnknownPerHour))}}
	}
	if a.rates.PerMinute > 0 && u.used+cost > a.rates.PerMinute {
		a.refuse(refusedMinute{c, u.minute, CodeRateLimited})
		told := a.told(u, cost)
		told.Wait = told.ResetAt.Sub(now)
		return told, &Error{Code: CodeRateLimited}
	}
	u.used += cost
	return a.told(u, cost), nil
}

func (a *Allowances) told(u *usage, cost int) Allowance {
	if a.rates.PerMinute == 0 {
		return Allowance{}
	}
	return Allowance{Limit: a.rates.PerMinute, Used: u.used, Remaining: a.rates.PerMinute - u.used, Cost: cost, ResetAt: time.Unix((u.minute+1)*60, 0).UTC()}
}

func (a *Allowances) usage(key [32]byte, now time.Time) *usage {
	minute := now.Unix() / 60
	u, known := a.of[key]
	if !known {
		a.makeRoom(minute)
		u = &usage{minute: minute, hour: minute / 60}
		a.of[key] = u
	}
	if u.minute != minute {
		u.minute, u.used = minute, 0
	}
	if u.hour != minute/60 {
		u.hour, u.unknown = minute/60, 0
	}
	return u
}

// makeRoom forgets whoever has used nothing of the present time, and where that
// is not enough anybody.
func (a *Allowances) makeRoom(minute int64) {
	if len(a.of) < rememberedAllowances {
		return
	}
	maps.DeleteFunc(a.of, func(_ [32]byte, u *usage) bool { return u.minute != minute && (u.hour != minute/60 || u.unknown == 0) })
	maps.DeleteFunc(a.of, func([32]byte, *usage) bool { return len(a.of) >= rememberedAllowances*9/10 })
}

func (a *Allowances) refuse(m refusedMinute) {
	if len(a.refused) < rememberedAllowances {
		a.refused[m]++
	}
}

// guessed counts answers that were UNKNOWN to a well-formed ID.
func (a *Allowances) guessed(c Credential, answers []Answer) {
	if a == nil || a.rates.UnknownPerHour == 0 {
		return
	}
	unknown := 0
	for i := range answers {
		if answers[i].Status == StatusUnknown && answers[i].Reason != ReasonMistypedID {
			unknown++
		}
	}
	key, counted := c.key()
	if unknown == 0 || !counted {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.usage(key, a.clock.Now()).unknown += unknown
}

// past takes the refusals of the minutes that are over, or all of them.
func (a *Allowances) past(all bool) map[refusedMinute]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	minute, past := a.clock.Now().Unix()/60, map[refusedMinute]int{}
	for m, n := range a.refused {
		if all || m.minute < minute {
			past[m] = n
			delete(a.refused, m)
		}
	}
	return past
}

// BoundBy has the answers bounded.
func (r *Responder) BoundBy(a *Allowances) *Responder {
	bound := *r
	bound.allowances = a
	return &bound
}

// Admit takes what a request costs out of its credential's allowance, before
// anything is done. RATE_LIMITED says that it is used up. No rules at all bound
// nobody.
func (r *Responder) Admit(c Credential, cost int) (Allowance, error) {
	if r == nil {
		return Allowance{}, nil
	}
	return r.allowances.take(c, cost)
}

// RecordRefusals writes what was refused in the minutes that are over into the
// audit log, one event for each token and minute; at the end all of it. What
// cannot be written is counted again.
func (r *Responder) RecordRefusals(ctx context.Context, all bool) error {
	if r.allowances == nil {
		return nil
	}
	for m, n := range r.allowances.past(all) {
		if err := r.recordRefusal(ctx, m, n); err != nil {
			r.allowances.mu.Lock()
			r.allowances.refused[m] += n
			r.allowances.mu.Unlock()
			return err
		}
	}
	return nil
}

func (r *Responder) refusedActor(ctx context.Context, c Credential, at time.Time) (Actor, error) {
	if c.AccountID != "" {
		return r.store.ActorByAccount(ctx, c.AccountID)
	}
	actor, _, err := r.store.ActorByToken(ctx, c.TokenHash, at)
	return actor, err
}

// recordRefusal names the party of the token where it holds; of others, which
// nobody knows, only that there were some.
func (r *Responder) recordRefusal(ctx context.Context, m refusedMinute, n int) error {
	at := time.Unix(m.minute*60, 0).UTC()
	actor, err := r.refusedActor(ctx, m.of, at)
	if err != nil && CodeOf(err) != CodeNotFound {
		return fmt.Errorf("finding who was refused: %w", err)
	}
	_, err = r.perform(ctx, System, ActionQuestionsRefused, "", nil, func(_ context.Context, a *act) (string, error) {
		a.data = map[string]string{"minute": at.Format(time.RFC3339), "refused": strconv.Itoa(n), "code": string(m.code), "account": actor.ID}
		if actor.PartyID == "" {
			return "service", nil
		}
		return actor.PartyID, nil
	})
	return err
}
