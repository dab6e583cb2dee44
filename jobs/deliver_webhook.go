// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ininjo/poa"
)

// deliverWebhook makes the next attempt of one delivery. How many were made is
// counted by the delivery, not by River: an attempt that a crash cut off is
// made again.
type deliverWebhook struct {
	river.WorkerDefaults[poa.DeliverWebhook]
	Config
}

// Work posts the notice and records what became of it.
func (w *deliverWebhook) Work(ctx context.Context, job *river.Job[poa.DeliverWebhook]) error {
	delivery, endpoint, err := w.Notifier.Outgoing(ctx, job.Args.DeliveryID)
	if errors.Is(err, poa.ErrNotFound) {
		return nil // deleted, switched off or delivered meanwhile: nothing is left to do
	}
	if err != nil {
		return fmt.Errorf("reading delivery: %w", err)
	}
	started := w.MachineClock.Now()
	response, err := w.post(ctx, delivery, endpoint)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // the program stops: no attempt of the endpoint's
	}
	attempt := poa.Attempt{DeliveryID: delivery.ID, Number: delivery.Attempts + 1, At: w.Clock.Now(), Status: response.Status, Error: response.Error,
		Millis: w.MachineClock.Now().Sub(started).Milliseconds(), Answer: response.Body}
	last := attempt.Number > len(w.Retries.Webhook) || !delivery.ResendAt.IsZero() || delivery.Notice.Type.Once() // a resent one gets one attempt
	if err := w.Notifier.Attempted(ctx, attempt, last); err != nil && !errors.Is(err, poa.ErrNotFound) && !errors.Is(err, poa.ErrConflict) {
		return fmt.Errorf("recording attempt: %w", err)
	}
	return ended(response, last)
}

func (w *deliverWebhook) post(ctx context.Context, d poa.Delivery, e poa.Endpoint) (Response, error) {
	request, err := w.webhookRequest(d, e)
	if err != nil {
		return Response{}, err
	}
	return w.Webhook.Post(ctx, request), nil
}

// ended tells River how a job goes on: nil ends it, an error brings it back, a
// cancelled one stays in the list of failures.
func ended(r Response, last bool) error {
	switch {
	case r.Error == "" && r.Status >= 200 && r.Status < 300:
		return nil
	case last, r.Status == 410:
		return river.JobCancel(failedPost(r))
	default:
		return failedPost(r)
	}
}

func failedPost(r Response) error {
	if r.Status != 0 {
		return fmt.Errorf("posting webhook: %s %d", r.Error, r.Status)
	}
	return fmt.Errorf("posting webhook: %s", r.Error)
}

// NextRetry follows the example of Standard Webhooks 1.0.0.
func (w *deliverWebhook) NextRetry(job *river.Job[poa.DeliverWebhook]) time.Time {
	return retryAt(w.MachineClock.Now(), w.Retries.Webhook, job.Attempt)
}
