// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// writer registers delegators, one after the other, and remembers which of them
// were acknowledged: an answer that came is a promise.
type writer struct {
	terms string
	mu    sync.Mutex
	next  int
	made  map[int]string
}

const registering = `mutation($input: RegisterDelegatorInput!) { registerDelegator(input: $input) { delegator { id } errors { code field message } } }`

func (w *writer) register(ctx context.Context, c *client, n int) (string, error) {
	email := fmt.Sprintf("delegator-%d@example.jp", n)
	input := map[string]any{"idempotencyKey": "register", "kind": "CORPORATION", "corporateNumber": companyNumber, "name": company, "address": companyAddress,
		"representative": map[string]any{"title": "代表取締役", "name": "国税 太郎", "address": signer.Address, "telephone": "03-0000-0000"},
		"email":          email, "termsId": w.terms, "consent": true}
	var payload struct {
		Delegator struct{ ID string }
	}
	err := c.query(ctx, registering, map[string]any{"input": input}, "registerDelegator", &payload)
	return payload.Delegator.ID, err
}

// keepOn registers until the program is gone.
func (w *writer) keepOn(ctx context.Context, c *client) {
	for ctx.Err() == nil {
		w.mu.Lock()
		n := w.next
		w.next++
		w.mu.Unlock()
		id, err := w.register(ctx, c, n)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.made[n] = id
		w.mu.Unlock()
	}
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.made)
}

// publishTerms puts terms into the repository by the command and returns their ID.
func publishTerms(t *testing.T, base string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "terms.txt")
	if err := os.WriteFile(file, []byte("利用約款の本文\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, nil, append([]string{"publish", "--kind", "TERMS", "--release", "1.0", "--title", "利用約款", "--effective-from", "2020-01-01", file}, args...)...)
	return termsAt(t, base)
}

// termsAt is the ID of the terms in force.
func termsAt(t *testing.T, base string) string {
	t.Helper()
	var terms struct{ ID string }
	if err := clientOf(t, base, "").query(t.Context(), `{ termsInForce { id } }`, nil, "termsInForce", &terms); err != nil {
		t.Fatal(err)
	}
	return terms.ID
}

// TestKill kills the program at random moments, while it starts and while it
// works. Whatever was acknowledged is there afterwards.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := freshHome(t)
	w := &writer{made: map[int]string{}}
	p, base := serving(t, nil, "--data-dir", dir, "--anonymous-rate", "0") // its load is one client
	w.terms = publishTerms(t, base, "--data-dir", dir)
	for range 3 {
		w.workAndKill(t, p, base, random)
		goneWith(t, dir)
		early := launch(t, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir, "--anonymous-rate", "0")
		pause(time.Duration(random.IntN(500)) * time.Millisecond)
		early.signal(t, syscall.SIGKILL)
		early.status(t, patience)
		p, base = serving(t, nil, "--data-dir", dir, "--anonymous-rate", "0") // at once: what is left of the one before may still be shutting down
		w.check(t, base)
	}
	if w.count() < 10 {
		t.Errorf("only %d registrations were acknowledged", w.count())
	}
	p.stop(t)
}

func (w *writer) workAndKill(t *testing.T, p *program, base string, random *rand.Rand) {
	t.Helper()
	var working sync.WaitGroup
	for range 3 {
		working.Go(func() { w.keepOn(t.Context(), clientOf(t, base, "")) })
	}
	before := w.count()
	await(t, "something is acknowledged", func() bool { return w.count() > before+3+random.IntN(5) })
	pause(time.Duration(random.IntN(300)) * time.Millisecond)
	p.signal(t, syscall.SIGKILL)
	p.status(t, patience)
	working.Wait()
}

// check registers again what was acknowledged: the same idempotency key gives
// the same delegator only where the first one was kept.
func (w *writer) check(t *testing.T, base string) {
	t.Helper()
	c := clientOf(t, base, "")
	for n, id := range w.made {
		again, err := w.register(t.Context(), c, n)
		if err != nil || again != id {
			t.Errorf("registration %d: got %s, %v; acknowledged was %s", n, again, err, id)
		}
	}
}

// goneWith waits until PostgreSQL has ended as well.
func goneWith(t *testing.T, dir string) {
	t.Helper()
	await(t, "PostgreSQL goes with the program", func() bool { _, err := os.Stat(pidFile(dir)); return err != nil })
}

// pause lets a random moment come; nothing is waited for.
func pause(d time.Duration) { <-time.After(d) }
