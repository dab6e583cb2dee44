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
		return nil // sent already
	}
	if err != nil {
		return fmt.Errorf("reading mail: %w", err)
	}
	message, err := w.letters.write(mail)
	if err != nil {
		return river.JobCancel(err)
	}
	err = w.Mailer.Send(ctx, message)
	switch {
	case errors.Is(err, ErrMailRefused):
		w.Log.WarnContext(ctx, "mail refused for good", "mail", mail.ID, "template", string(mail.Template), "error", err)
		return river.JobCancel(err)
	case err != nil:
		return fmt.Errorf("sending mail: %w", err)
	}
	if err := w.Notifier.MailSent(ctx, mail.ID); err != nil && !errors.Is(err, poa.ErrConflict) {
		return fmt.Errorf("recording mail: %w", err)
	}
	return nil
}

// NextRetry spreads attempts over three days.
func (w *sendMail) NextRetry(job *river.Job[poa.SendMail]) time.Time {
	return retryAt(w.MachineClock.Now(), w.Retries.Mail, job.Attempt)
}
