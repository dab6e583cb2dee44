// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/receipt"
	"ininjo/server/outside/signers"
)

const (
	// keyPoll is how often a process looks for keys that were published, ended or
	// added.
	keyPoll = 15 * time.Second
	// keySpread is after how long every process knows: what is to hold at once
	// holds then, and a process that could not look for so long signs no more.
	keySpread = time.Minute
)

// keyring keeps the keys of one purpose: it holds what the places of the settings
// hold, publishes what is new there, and lets the keyset sign with what is
// published.
type keyring struct {
	typ      string
	set      *receipt.Keyset
	sources  []signers.Source
	store    *db.DB
	clock    poa.Clock
	log      *slog.Logger
	rotation db.Rotation

	mu sync.Mutex
	// held are the keys found so far, by place: one that is there no more goes on
	// until its period ends.
	held [][]heldKey
	// seen is when keys were looked for last; quiet holds what was already logged of
	// a place.
	seen  time.Time
	quiet map[string]string
}

// heldKey is a key with its public half as it is published.

type heldKey struct {
	signer *receipt.ES256
	jwk    []byte
}

// notHeldError says that a key signs that is in none of the places.
type notHeldError struct{ typ, kid, until string }

func (e *notHeldError) Error() string {
	return fmt.Sprintf("none of the keys for %s that were given may sign now: the key %s does until %s; give it as well and add the new one beside it, "+
		"or end it if it is lost (ininjo keys end; docs/receipts.md)", e.typ, e.kid, e.until)
}

// openKeyring finds the keys of a purpose and publishes what is new. A file that
// cannot be read is an error; a token or a KMS that cannot be reached is waited
// for, and nothing is signed meanwhile.
func (s *service) openKeyring(ctx context.Context, typ string, sources []signers.Source) (*keyring, error) {
	r := &keyring{typ: typ, set: receipt.NewKeyset(typ, s.clock.Now), sources: sources, store: s.db, clock: s.clock, log: s.log,
		rotation: s.config.rotation(), held: make([][]heldKey, len(sources)), quiet: map[string]string{}}
	if err := r.refresh(ctx, true); err != nil {
		return nil, errors.Join(err, r.close())
	}
	s.keyrings = append(s.keyrings, r)
	return r, nil
}

// refresh looks once. At the start it refuses keys of which none may sign, before
// anything is published.
func (r *keyring) refresh(ctx context.Context, start bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	away, err := r.look(ctx, start)
	if err != nil {
		return err
	}
	published, err := r.published(ctx)
	if err != nil {
		return err
	}
	now := r.clock.Now()
	if signs, ok := signingNow(published, now); start && !away && ok && !r.holdsAny(published, now) {
		return &notHeldError{r.typ, signs.KeyID, until(signs)}
	}
	for _, held := range r.held {
		fresh := slices.IndexFunc(held, func(k heldKey) bool { _, known := published[k.signer.KeyID()]; return !known })
		if fresh < 0 {
			continue
		}
		newest := held[len(held)-1]
		if _, known := published[newest.signer.KeyID()]; known {
			continue // an older one that never signed and never will
		}
		if err := r.publish(ctx, newest, now, published); err != nil {
			return err
		}
	}
	r.use(ctx, published)
	r.seen = now
	return nil
}

// look asks every place. It reports whether one could not be reached.
func (r *keyring) look(ctx context.Context, start bool) (away bool, err error) {
	for i, source := range r.sources {
		keys, err := source.Keys(ctx)
		switch {
		case err != nil && start && !source.Remote():
			return false, fmt.Errorf("%w (%s)", err, keyFiles)
		case err != nil:
			away = true
			r.tell(ctx, source.Name(), err.Error())
			continue
		}
		r.tell(ctx, source.Name(), "")
		for _, key := range keys {
			if err := r.hold(i, key); err != nil {
				return false, fmt.Errorf("reading %s: %w", source.Name(), err)
			}
		}
	}
	return away, nil
}

// tell logs what is wrong with a place once, until something else is.
func (r *keyring) tell(ctx context.Context, name, cause string) {
	if r.quiet[name] == cause {
		return
	}
	r.quiet[name] = cause
	if cause == "" {
		r.log.InfoContext(ctx, "keys are in reach again", "purpose", r.typ, "place", name)
		return
	}
	r.log.ErrorContext(ctx, "keys are out of reach", "purpose", r.typ, "place", name, "cause", cause)
}

// hold keeps a key of a place; the newest stays last.
func (r *keyring) hold(place int, key receipt.Key) error {
	kid, err := receipt.KeyID(key.Public())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.held[place], func(k heldKey) bool { return k.signer.KeyID() == kid }) {
		return nil
	}
	signer, err := receipt.NewES256(key)
	if err != nil {
		return err
	}
	jwk, err := receipt.PublicJWK(key.Public())
	if err != nil {
		return err
	}
	r.held[place] = append(r.held[place], heldKey{signer, jwk})
	return nil
}

func (r *keyring) published(ctx context.Context) (map[string]db.SigningKey, error) {
	stored, err := r.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	published := map[string]db.SigningKey{}
	for _, k := range stored {
		if k.Purpose == r.typ {
			published[k.KeyID] = k
		}
	}
	return published, nil
}

// publish gives a new key its period; that of its predecessor is read again.
func (r *keyring) publish(ctx context.Context, k heldKey, now time.Time, published map[string]db.SigningKey) error {
	stored, err := r.store.PublishSigningKey(ctx, db.SigningKey{KeyID: k.signer.KeyID(), Purpose: r.typ, JWK: k.jwk}, now, r.rotation)
	if err != nil {
		return err
	}
	r.log.InfoContext(ctx, "a key was published", "purpose", r.typ, "kid", stored.KeyID, "signs_from", stored.From)
	again, err := r.published(ctx)
	if err != nil {
		return err
	}
	clear(published)
	for kid, each := range again {
		published[kid] = each
	}
	return nil
}

// use hands the keyset what is both held and published.
func (r *keyring) use(ctx context.Context, published map[string]db.SigningKey) {
	var members []receipt.Member
	for _, held := range r.held {
		for _, k := range held {
			if p, known := published[k.signer.KeyID()]; known {
				members = append(members, receipt.Member{Signer: k.signer, From: p.From, Until: p.Until})
			}
		}
	}
	r.set.Set(members)
	if r.set.KeyID() == "" {
		r.tell(ctx, "published", "none of them may sign now")
	} else {
		r.tell(ctx, "published", "")
	}
}

func (r *keyring) holdsAny(published map[string]db.SigningKey, now time.Time) bool {
	for _, held := range r.held {
		for _, k := range held {
			if p, known := published[k.signer.KeyID()]; known && signs(p, now.Add(maxClockDifference)) {
				return true
			}
		}
	}
	return false
}

// signingNow is the key that signs at now, whoever holds it.
func signingNow(published map[string]db.SigningKey, now time.Time) (db.SigningKey, bool) {
	var found db.SigningKey
	for _, p := range published {
		if signs(p, now) && !p.From.Before(found.From) {
			found = p
		}
	}
	return found, found.KeyID != ""
}

func signs(k db.SigningKey, at time.Time) bool {
	return !at.Before(k.From) && (k.Until.IsZero() || at.Before(k.Until))
}

func until(k db.SigningKey) string {
	if k.Until.IsZero() {
		return "another follows"
	}
	return k.Until.Format(time.RFC3339)
}

func (r *keyring) close() error {
	var failures []error
	for _, source := range r.sources {
		failures = append(failures, source.Close())
	}
	return errors.Join(failures...)
}

// watch looks again and again until ctx ends. Who cannot look for long does not
// know whether its keys still hold, and signs no more.
func (r *keyring) watch(ctx context.Context) {
	every := time.NewTicker(keyPoll)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := r.refresh(ctx, false); err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "looking for keys failed", "purpose", r.typ, "cause", err)
			r.forget(r.clock.Now())
		}
	}
}

func (r *keyring) forget(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.seen) >= keySpread {
		r.set.Set(nil)
	}
}

// watchKeys looks for keys in the background, until the returned function is
// called.
func (s *service) watchKeys(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, r := range s.keyrings {
		running.Go(func() { r.watch(ctx) })
	}
	s.metrics.gauge("ininjo_receipt_key", "Whether a key of receipts may sign now; anything but 1 is an alert.", func() float64 {
		if s.receipts.set.KeyID() == "" {
			return 0
		}
		return 1
	})
	s.stopKeys = func() {
		cancel()
		running.Wait()
	}
}
