// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ininjo/jobs"
	"ininjo/poa"
)

// held is a receiver that answers a post when it is let.
type held struct {
	got chan received
	let chan struct{}
}

func (h held) Post(ctx context.Context, r jobs.Request) jobs.Response {
	h.got <- received{r.Header, r.Body}
	select {
	case <-h.let:
		return jobs.Response{Status: 200}
	case <-ctx.Done():
		return jobs.Response{Error: jobs.PostTimeout}
	}
}

// waitingLine is a world where the first of four deliveries is under way to an
// endpoint, and three wait in the process's hand.
func waitingLine(t *testing.T) (*world, held, poa.Endpoint) {
	t.Helper()
	h := held{make(chan received, 10), make(chan struct{}, 10)}
	w := newWorld(t, func(c *jobs.Config) { c.Webhook, c.MachineClock = h, c.Clock })
	d := w.delegation(t, w.party(t, poa.PartyDelegator, "ja"))
	e := w.narrow(t, d)
	w.start(t)
	for range 4 {
		w.revoked(t, d)
	}
	if inHand, _ := w.handed(t, e, 4); len(inHand) != 4 {
		t.Fatalf("in hand are %v", inHand)
	}
	signed(t, next(t, h.got), e.Secret)
	return w, h, e
}

// signed wants a webhook that the official library verifies, whatever its time:
// the machine's is the test's here.
func signed(t *testing.T, r received, secret string) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		err = verifier.VerifyIgnoringTimestamp(r.body, r.header)
	}
	if err != nil {
		t.Fatalf("the official library refuses the webhook: %v", err)
	}
}

func owner(e poa.Endpoint) poa.Actor {
	return poa.Actor{Kind: poa.ActorRecipient, ID: "acc_1", PartyID: e.PartyID}
}

// What waits in a process's hand behind a slow post does not go to an endpoint
// that was deleted, switched off or left alone meanwhile.
func TestWhatWaitsInHandDoesNotOutliveItsEndpoint(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *world, poa.Endpoint){
		"deleted": func(t *testing.T, w *world, e poa.Endpoint) {
			if err := w.notifier.DeleteEndpoint(t.Context(), owner(e), poa.NewID("key_"), e.ID); err != nil {
				t.Fatal(err)
			}
		},
		"switched off": func(t *testing.T, w *world, e poa.Endpoint) {
			e.State = poa.EndpointDisabled
			w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
		},
		"left alone by another process": func(t *testing.T, w *world, e poa.Endpoint) {
			e.PausedUntil = w.Clock.Now().Add(time.Hour)
			w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, h, e := waitingLine(t)
			change(t, w, e)
			w.Clock.Advance(2 * time.Second)
			h.let <- struct{}{}
			until(t, "the first one is recorded", func() bool {
				all, err := w.DB.Deliveries(t.Context(), e.ID, 10)
				delivered := 0
				for _, d := range all {
					if d.State == poa.DeliveryDelivered {
						delivered++
					}
				}
				return err == nil && delivered == 1
			})
			w.stop(t)
			if n := len(h.got); n != 0 {
				t.Errorf("%d more posts began", n)
			}
		})
	}
}

// What waits in a process's hand is signed by the secret that holds when it goes
// out, not by the one of when it was taken.
func TestWhatWaitsInHandIsSignedByTheNewSecret(t *testing.T) {
	t.Parallel()
	w, h, e := waitingLine(t)
	rotated, err := w.notifier.RotateSecret(t.Context(), owner(e), poa.NewID("key_"), e.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(2 * time.Second)
	for range 3 {
		h.let <- struct{}{}
		signed(t, next(t, h.got), rotated.Secret)
	}
	h.let <- struct{}{}
}
