// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"
)

// The circuit breaker: after so many failures in a row an endpoint is left alone,
// twice as long each time, and then tried with one post.
const (
	breakerOpens = 5
	breakerFirst = 30 * time.Second
	breakerMost  = 15 * time.Minute
	// patienceFirst is how long an endpoint that asks for patience is left alone.
	patienceFirst = time.Second
	patienceMost  = 5 * time.Minute
	// warnEvery is how often at most a party is told that an endpoint began to
	// fail: one that comes and goes would fill its mailbox.
	warnEvery = 24 * time.Hour
)

// Reasons of a service that switched an endpoint off.
const (
	reasonGone    = "GONE"
	reasonFailing = "FAILING"
)

// Struggling reports whether the circuit breaker is open or tries: then one post
// is under way at a time.
func (e Endpoint) Struggling() bool { return e.Failures >= breakerOpens }

// fared brings the endpoints of outcomes up to date: those that failed, and those
// that arrived after failures. What waits for an endpoint that pauses is put off
// without using up an attempt.
func (n *Notifier) fared(ctx context.Context, tx Tx, now time.Time, outcomes []Outcome) (map[string]Endpoint, error) {
	by := map[string][]Outcome{}
	for _, o := range outcomes {
		by[o.Endpoint.ID] = append(by[o.Endpoint.ID], o)
	}
	changed := map[string]Endpoint{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		if !slices.ContainsFunc(by[id], func(o Outcome) bool { return !o.arrived() || o.Endpoint.Failures > 0 }) {
			continue // it goes on well: nothing to write
		}
		e, err := tx.LockEndpoint(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("locking endpoint: %w", err)
		}
		if e.State != EndpointActive {
			continue
		}
		if changed[id], err = n.fare(ctx, tx, now, e, by[id]); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func (n *Notifier) fare(ctx context.Context, tx Tx, now time.Time, e Endpoint, outcomes []Outcome) (Endpoint, error) {
	gone := false
	for _, o := range outcomes {
		e = e.after(o, now)
		gone = gone || o.Status == statusGone
	}
	a := &act{Tx: tx, actor: System, now: n.clock.Now(), eventID: NewID(PrefixEvent)}
	switch {
	case gone:
		return e, n.switchOff(ctx, a, &e, reasonGone)
	case n.tooLong(e, now):
		return e, n.switchOff(ctx, a, &e, reasonFailing)
	}
	if err := n.warn(ctx, a, &e, now); err != nil {
		return e, err
	}
	if e.PausedUntil.After(now) {
		if err := tx.PutOff(ctx, e.ID, now, e.PausedUntil); err != nil {
			return e, fmt.Errorf("putting deliveries off: %w", err)
		}
	}
	return e, tx.UpdateEndpoint(ctx, e)
}

// after is how the endpoint fares after an outcome. Failures that come in while
// it is left alone were under way before and count as one.
func (e Endpoint) after(o Outcome, now time.Time) Endpoint {
	if o.arrived() {
		e.Failures, e.FailingSince, e.PausedUntil, e.Warned = 0, time.Time{}, time.Time{}, 0
		return e
	}
	if e.PausedUntil.After(now) {
		return e
	}
	if e.Failures == 0 {
		e.FailingSince = now
	}
	e.Failures++
	var pause time.Duration
	if e.Struggling() {
		pause = doubled(breakerFirst, e.Failures-breakerOpens, breakerMost)
	} else if asksForPatience(o.Status) {
		pause = doubled(patienceFirst, e.Failures-1, patienceMost)
	}
	if pause = max(pause, o.RetryAfter); pause > 0 {
		e.PausedUntil = now.Add(pause)
	}
	return e
}

// doubled is first, doubled so many times, at most the bound.
func doubled(first time.Duration, times int, bound time.Duration) time.Duration {
	for ; times > 0 && first < bound; times-- {
		first *= 2
	}
	return min(first, bound)
}

func (n *Notifier) tooLong(e Endpoint, now time.Time) bool {
	return e.Failures > 0 && now.Sub(e.FailingSince) >= n.policy.EndpointFailing
}

// warn mails a party that its endpoint fails: at the first failure and halfway to
// the end.
func (n *Notifier) warn(ctx context.Context, a *act, e *Endpoint, now time.Time) error {
	halfway := e.FailingSince.Add(n.policy.EndpointFailing / 2)
	switch {
	case e.Failures == 0:
		return nil
	case e.Warned < 2 && !now.Before(halfway):
		e.Warned, e.WarnedAt = 2, now
		return n.mailEndpoint(ctx, a, *e, MailEndpointFailingHalf)
	case e.Warned == 0 && now.Sub(e.WarnedAt) >= warnEvery:
		e.Warned, e.WarnedAt = 1, now
		return n.mailEndpoint(ctx, a, *e, MailEndpointFailing)
	}
	return nil
}

// switchOff ends deliveries to an endpoint and tells its party.
func (n *Notifier) switchOff(ctx context.Context, a *act, e *Endpoint, reason string) error {
	e.State, e.DisabledReason, e.DisabledAt = EndpointDisabled, reason, a.now
	a.subject = e.ID
	a.note("reason", reason)
	if err := a.UpdateEndpoint(ctx, *e); err != nil {
		return fmt.Errorf("switching endpoint off: %w", err)
	}
	if err := a.HoldDeliveries(ctx, e.ID); err != nil {
		return fmt.Errorf("holding deliveries: %w", err)
	}
	if err := a.Audit(ctx, a.event(ActionEndpointDisabled, OutcomeDone)); err != nil {
		return fmt.Errorf("auditing %s: %w", ActionEndpointDisabled, err)
	}
	return n.mailEndpoint(ctx, a, *e, MailEndpointDisabled)
}

// mailEndpoint mails a party about its endpoint. Of the address the host stands
// there: the rest may be secret.
func (n *Notifier) mailEndpoint(ctx context.Context, a *act, e Endpoint, template MailTemplate) error {
	host := ""
	if u, err := url.Parse(e.URL); err == nil {
		host = u.Host
	}
	since := e.FailingSince
	if since.IsZero() {
		since = a.now
	}
	return a.mailParty(ctx, e.PartyID, template, map[string]string{"host": host, "endpointId": e.ID, "reason": e.DisabledReason,
		"link":  n.policy.PublicURL + "/endpoints/" + e.ID,
		"since": since.Format(time.RFC3339), "until": since.Add(n.policy.EndpointFailing).Format(time.RFC3339)})
}

// WarnEndpoints looks at endpoints that fail without having been attempted
// lately: it mails and switches off what is due. It returns how many it looked
// at; call it until it returns 0. now is the machine's.
func (n *Notifier) WarnEndpoints(ctx context.Context, now time.Time) (int, error) {
	ids, err := n.store.FailingEndpoints(ctx, now.Add(-n.policy.EndpointFailing/2), now.Add(-n.policy.EndpointFailing), numberBatch)
	if err != nil {
		return 0, fmt.Errorf("reading failing endpoints: %w", err)
	}
	for _, id := range ids {
		err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			e, err := tx.LockEndpoint(ctx, id)
			if err != nil || e.State != EndpointActive || e.Failures == 0 {
				return err
			}
			_, err = n.fare(ctx, tx, now, e, nil)
			return err
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
	}
	return len(ids), nil
}
