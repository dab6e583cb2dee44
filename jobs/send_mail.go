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

// sendMail sends one message. A crash between sending and recording sends it
// twice, with the same Message-ID.
type sendMail struct {
	river.WorkerDefaults[poa.SendMail]
	Config
	letters *letters
}

// Work renders the message and hands it over.
func (w *sendMail) Work(ctx context.Context, job *river.Job[poa.SendMail]) error {
	mail, err := w.Notifier.OutgoingMail(ctx, job.Args.MailID)
	if errors.Is(err, poa.ErrNotFound) {
		return nil // sent already, or its address bounces
	}
	if err != nil {
		return fmt.Errorf("reading mail: %w", err)
	}
	message, err := w.letters.write(mail)
	if err != nil {
		return river.JobCancel(err)
	}
	message.ReturnPath = w.Notifier.ReturnPath(mail.ID)
	if err := w.Mailer.Send(ctx, message); err != nil {
		return w.failed(ctx, job, mail, err)
	}
	if err := w.Notifier.MailSent(ctx, mail.ID); err != nil && !errors.Is(err, poa.ErrConflict) {
		return fmt.Errorf("recording mail: %w", err)
	}
	return nil
}

// failed records a failure for good: a refusal, or the last attempt's.
func (w *sendMail) failed(ctx context.Context, job *river.Job[poa.SendMail], mail poa.Mail, cause error) error {
	var recorded error
	var refusal *Refusal
	switch {
	case errors.As(cause, &refusal):
		recorded = w.Notifier.MailRefused(ctx, mail.ID, refusal.Status, refusal.Address)
	case errors.Is(cause, ErrMailRefused):
		recorded = w.Notifier.MailRefused(ctx, mail.ID, "", false)
	case job.Attempt >= job.MaxAttempts:
		recorded = w.Notifier.MailGivenUp(ctx, mail.ID)
	}
	if recorded != nil {
		return fmt.Errorf("recording mail: %w", recorded)
	}
	if !errors.Is(cause, ErrMailRefused) {
		return fmt.Errorf("sending mail: %w", cause)
	}
	w.Log.WarnContext(ctx, "mail refused for good", "mail", mail.ID, "template", string(mail.Template), "error", cause)
	return river.JobCancel(cause)
}

// NextRetry spreads attempts over three days.
func (w *sendMail) NextRetry(job *river.Job[poa.SendMail]) time.Time {
	return retryAt(w.MachineClock.Now(), w.Retries.Mail, job.Attempt)
}
