// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ininjo/poa"
)

func verified(t *testing.T, r received, secret string) poa.WebhookBody {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(r.body, r.header); err != nil {
		t.Fatalf("the official library refuses the webhook: %v", err)
	}
	var body poa.WebhookBody
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func (w *world) delivery(t *testing.T, e poa.Endpoint) poa.Delivery {
	t.Helper()
	all, err := w.DB.Deliveries(t.Context(), e.ID, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d deliveries, %v", len(all), err)
	}
	return all[0]
}

// From a change that committed to the watcher's endpoint and mailbox; a second
// recipient gets nothing.
func TestChangeIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	delegator, watcher, other := w.party(t, poa.PartyDelegator, "ja"), w.party(t, poa.PartyRecipient, "en"), w.party(t, poa.PartyRecipient, "ja")
	here, elsewhere := newReceiver(t), newReceiver(t)
	e, _ := w.endpoint(t, watcher, here.URL), w.endpoint(t, other, elsewhere.URL)
	d, others := w.delegation(t, delegator), w.delegation(t, delegator)
	w.watch(t, watcher, d.ID)
	w.watch(t, other, others.ID)
	w.revoked(t, d)

	got := next(t, here.got)
	body := verified(t, got, e.Secret)
	if body.Type != poa.NoticeRevoked || body.Data.DelegationID != d.ID || body.Data.Status != poa.StatusRevoked || body.Data.Sequence != 1 || body.Data.Previous != 0 || body.Data.Stream == "" {
		t.Errorf("told %+v", body)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("User-Agent") != "Ininjo/1" {
		t.Errorf("headers %v", got.header)
	}
	to := map[string]string{}
	for range 2 {
		m := next(t, w.mail.got)
		to[m.To] = m.Subject
	}
	if !strings.Contains(to[delegator+"@example.com"], "失効") || !strings.Contains(to[watcher+"@example.com"], "Revoked") {
		t.Errorf("mailed %v", to)
	}
	until(t, "the delivery is recorded", func() bool { return w.delivery(t, e).State == poa.DeliveryDelivered })
	if len(elsewhere.got) != 0 || len(w.mail.got) != 0 {
		t.Error("somebody else was told")
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	recipient := w.party(t, poa.PartyRecipient, "ja")
	r := newReceiver(t, 500, 503)
	e := w.endpoint(t, recipient, r.URL)
	w.test(t, e)
	first, second, third := next(t, r.got), next(t, r.got), next(t, r.got)
	for _, got := range []received{first, second, third} {
		verified(t, got, e.Secret)
	}
	if id := first.header.Get("Webhook-Id"); id == "" || id != second.header.Get("Webhook-Id") || id != third.header.Get("Webhook-Id") {
		t.Error("the ID changed between attempts")
	}
	until(t, "the delivery is recorded", func() bool { return w.delivery(t, e).State == poa.DeliveryDelivered })
	if d := w.delivery(t, e); d.Attempts != 3 || d.LastStatus != 200 {
		t.Errorf("recorded %+v", d)
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t, 500, 500, 500, 500, 500, 500)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	w.test(t, e)
	until(t, "the delivery failed", func() bool { return w.delivery(t, e).State == poa.DeliveryFailed })
	if d := w.delivery(t, e); d.Attempts != 4 || d.LastError != "STATUS" || len(r.got) != 4 {
		t.Errorf("after %d requests: %+v", len(r.got), d)
	}
	if d := w.delivery(t, e); !d.NextAt.IsZero() {
		t.Error("a further attempt is to come")
	}
}

func TestConnectionErrorIsNotFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t)
	address := r.URL
	r.Close()
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), address)
	w.test(t, e)
	until(t, "a second attempt", func() bool { return w.delivery(t, e).Attempts >= 2 })
	if d := w.delivery(t, e); d.LastError != "REFUSED" || d.LastStatus != 0 {
		t.Errorf("recorded %+v", d)
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t, 410)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	w.test(t, e)
	until(t, "the endpoint is switched off", func() bool {
		now, err := w.DB.Endpoint(t.Context(), e.ID)
		return err == nil && now.State == poa.EndpointDisabled && now.DisabledReason == "GONE"
	})
	if d := w.delivery(t, e); d.State != poa.DeliveryFailed || d.Attempts != 1 {
		t.Errorf("recorded %+v", d)
	}
}

// What waits for a deleted endpoint ends quietly and holds nobody up.
func TestDeletedEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recipient, r := w.party(t, poa.PartyRecipient, "ja"), newReceiver(t)
	deleted, kept := w.endpoint(t, recipient, r.URL), w.endpoint(t, recipient, r.URL)
	w.test(t, deleted)
	w.test(t, kept)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.HoldDeliveries(ctx, deleted.ID), tx.DeleteEndpoint(ctx, deleted.ID, recipient))
	})
	w.start(t)
	next(t, r.got)
	until(t, "the other one is delivered", func() bool { return w.delivery(t, kept).State == poa.DeliveryDelivered })
	if len(r.got) != 0 {
		t.Error("a deleted endpoint was posted to")
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	old := e.Secret
	e.PreviousSecret, e.Secret, e.PreviousUntil = old, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", w.Clock.Now().Add(time.Hour)
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.UpdateEndpoint(ctx, e) })
	w.test(t, e)
	got := next(t, r.got)
	verified(t, got, old)
	verified(t, got, e.Secret)
	sent, err := strconv.ParseInt(got.header.Get("Webhook-Timestamp"), 10, 64)
	if machine := (poa.SystemClock{}).Now(); err != nil || machine.Sub(time.Unix(sent, 0)).Abs() > time.Minute {
		t.Errorf("the timestamp is not the machine's: %d", sent)
	}
	w.Clock.Advance(2 * time.Hour)
	w.test(t, e)
	got = next(t, r.got)
	verified(t, got, e.Secret)
	if strings.Contains(got.header.Get("Webhook-Signature"), " ") {
		t.Error("the old secret signs after the overlap")
	}
}

// test asks for an endpoint.test event, as the party would.
func (w *world) test(t *testing.T, e poa.Endpoint) {
	t.Helper()
	kind := poa.ActorRecipient
	if _, err := w.notifier.TestEndpoint(t.Context(), poa.Actor{Kind: kind, ID: "acc_1", PartyID: e.PartyID}, poa.NewID("key_"), e.ID); err != nil {
		t.Fatal(err)
	}
}

func (w *world) count(t *testing.T, kind, state string) int64 {
	t.Helper()
	queues, err := w.jobs.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queues {
		if q.Kind == kind && q.State == state {
			return q.Count
		}
	}
	return 0
}

// secondVerifier is the official library of another language.
const secondVerifier = `
const { Webhook } = require("standardwebhooks");
const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(new Webhook(secret).verify(body, headers).type);`

func TestSecondVerifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t)
	r := newReceiver(t)
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL)
	w.test(t, e)
	got := next(t, r.got)
	headers := map[string]string{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		headers[name] = got.header.Get(name)
	}
	input, err := json.Marshal(map[string]any{"secret": e.Secret, "headers": headers, "body": string(got.body)})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", secondVerifier)
	node.Dir, node.Stdin = "../portal", strings.NewReader(string(input)) // its npm packages are the tests'
	output, err := node.CombinedOutput()
	if err != nil || strings.TrimSpace(string(output)) != "endpoint.test" {
		t.Errorf("npm's standardwebhooks (task setup installs it): %v\n%s", err, output)
	}
}
