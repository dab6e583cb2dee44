// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ininjo/poa"
)

// A secret that is given a successor between two attempts: the next attempt is
// signed by both while they overlap, by the new one alone where they do not.
func TestASecretIsRotatedBetweenAttempts(t *testing.T) {
	t.Parallel()
	for name, overlap := range map[string]time.Duration{"with an overlap": time.Hour, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.start(t)
			recipient := w.party(t, poa.PartyRecipient, "ja")
			var e poa.Endpoint
			got, fresh := make(chan received, 10), make(chan string, 1)
			s := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- received{r.Header.Clone(), body}
				if len(got) > 1 {
					return
				}
				rotated, err := w.notifier.RotateSecret(context.WithoutCancel(r.Context()), poa.Actor{Kind: poa.ActorRecipient, ID: "acc_1", PartyID: recipient}, poa.NewID("key_"), e.ID, overlap)
				if err != nil {
					t.Error(err)
				}
				fresh <- rotated.Secret
				answer.WriteHeader(http.StatusInternalServerError)
			}))
			t.Cleanup(s.Close)
			e = w.endpoint(t, recipient, s.URL)
			w.test(t, e)
			secret := next(t, fresh)
			until(t, "it arrived", func() bool { return w.delivery(t, e).State == poa.DeliveryDelivered })
			first, second := next(t, got), next(t, got)
			verified(t, first, e.Secret)
			verified(t, second, secret)
			old, err := standardwebhooks.NewWebhook(e.Secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Verify(second.body, second.header); (err == nil) != (overlap > 0) {
				t.Errorf("the old secret verifies: %v", err)
			}
			if first.header.Get("Webhook-Id") != second.header.Get("Webhook-Id") || string(first.body) != string(second.body) {
				t.Error("another webhook came")
			}
		})
	}
}

// What the endpoint's owner set goes with every post, and signs nothing away.
func TestHeadersAndCloudEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	e.Headers = []poa.EndpointHeader{{Name: "X-Api-Key", Value: "sehr-geheim"}, {Name: "Content-Type", Value: "text/plain"}, {Name: "webhook-id", Value: "another"}}
	e.Envelopes = []poa.EnvelopeChange{{At: w.Clock.Now(), Envelope: poa.EnvelopeCloudEvents}}
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
	w.test(t, e)
	got := next(t, r.got)
	verified(t, got, e.Secret)
	var event map[string]any
	if err := json.Unmarshal(got.body, &event); err != nil {
		t.Fatal(err)
	}
	if event["specversion"] != "1.0" || event["id"] != got.header.Get("Webhook-Id") || event["type"] != "endpoint.test" || event["source"] != "https://ininjo.example" || event["data"] == nil {
		t.Errorf("posted %s", got.body)
	}
	if got.header.Get("Content-Type") != "application/cloudevents+json" || got.header.Get("X-Api-Key") != "sehr-geheim" || !strings.HasPrefix(got.header.Get("Webhook-Id"), poa.PrefixDelivery) || got.header.Get("User-Agent") != "Ininjo/1" {
		t.Errorf("headers %v", got.header)
	}
	if strings.Contains(w.log.String(), "geheim") {
		t.Error("the log holds a header's value")
	}
}

// What failed or was never sent goes out by the job, and arrives.
func TestResendsArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	recipient := w.party(t, poa.PartyRecipient, "ja")
	r := newReceiver(t, 410)
	e := w.endpoint(t, recipient, r.URL)
	w.test(t, e)
	until(t, "the endpoint is switched off", func() bool {
		now, err := w.DB.Endpoint(t.Context(), e.ID)
		return err == nil && now.State == poa.EndpointDisabled
	})
	first := next(t, r.got)
	if _, err := w.notifier.CatchUp(t.Context(), poa.Actor{Kind: poa.ActorRecipient, ID: "acc_1", PartyID: recipient}, poa.NewID("key_"), e.ID); err != nil {
		t.Fatal(err)
	}
	again := next(t, r.got)
	verified(t, again, e.Secret)
	if first.header.Get("Webhook-Id") != again.header.Get("Webhook-Id") {
		t.Error("it came as another webhook")
	}
	until(t, "it arrived", func() bool { return w.delivery(t, e).State == poa.DeliveryDelivered })
}
