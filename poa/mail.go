// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// OutgoingMail returns a message that is to be sent, else ErrNotFound: where it
// was sent, or its address is under suppression, which is then recorded.
func (n *Notifier) OutgoingMail(ctx context.Context, id string) (Mail, error) {
	m, err := n.store.Mail(ctx, id)
	if err != nil {
		return Mail{}, err
	}
	if !m.SentAt.IsZero() || !m.FailedAt.IsZero() {
		return Mail{}, ErrNotFound
	}
	if m.Template.asked() {
		return m, nil
	}
	since, err := n.store.SuppressedSince(ctx, []string{m.To})
	if err != nil {
		return Mail{}, fmt.Errorf("reading suppression: %w", err)
	}
	if len(since) == 0 {
		return m, nil
	}
	if err := n.mailFailed(ctx, m, MailSuppressed, "", ""); err != nil {
		return Mail{}, err
	}
	return Mail{}, ErrNotFound
}

// asked reports whether somebody asks for such mail and waits for it: it goes to
// an address under suppression as well, or nobody could confirm it again.
func (t MailTemplate) asked() bool {
	return slices.Contains([]MailTemplate{MailConfirmAddress, MailSetPassword}, t)
}

// MailSent records that a message was handed over.
func (n *Notifier) MailSent(ctx context.Context, id string) error {
	return n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.MarkMailSent(ctx, id, n.clock.Now()); err != nil {
			return err
		}
		m, err := tx.Mail(ctx, id)
		if err != nil || m.AnnouncementID == "" {
			return err
		}
		return tx.MarkMailed(ctx, m.AnnouncementID, m.PartyID, n.clock.Now())
	})
}

// MailRefused records that the mail server refused a message for good. Where it
// refused the recipient the address is suppressed. status is the enhanced status
// code, "" where it gave none.
func (n *Notifier) MailRefused(ctx context.Context, id, status string, address bool) error {
	m, err := n.store.Mail(ctx, id)
	if err != nil {
		return err
	}
	reason := SuppressionReason("")
	if address {
		reason = SuppressedRefused
	}
	return n.mailFailed(ctx, m, MailRefused, status, reason)
}

// MailGivenUp records that no attempt to hand a message over succeeded.
func (n *Notifier) MailGivenUp(ctx context.Context, id string) error {
	m, err := n.store.Mail(ctx, id)
	if err != nil {
		return err
	}
	return n.mailFailed(ctx, m, MailGivenUp, "", "")
}

// mailFailed records that a message did not arrive, suppresses its address where
// a reason is given, and lets what must arrive become a letter. Once is enough:
// what is recorded stands.
func (n *Notifier) mailFailed(ctx context.Context, m Mail, why MailFailure, status string, reason SuppressionReason) error {
	_, err := n.perform(ctx, System, ActionMailFailed, "", nil, func(ctx context.Context, a *act) (string, error) {
		a.note("failure", string(why))
		if status != "" {
			a.note("status", status)
		}
		if reason != "" {
			a.note("suppressed", string(reason))
			if err := a.suppress(ctx, m, reason, status); err != nil {
				return "", err
			}
		}
		return m.ID, n.failMail(ctx, a, m, why, status)
	})
	return err
}

func (n *Notifier) failMail(ctx context.Context, a *act, m Mail, why MailFailure, status string) error {
	if m.PartyID != "" { // of two messages at once the later sees that the other failed
		if _, err := a.LockPartyState(ctx, m.PartyID); err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("locking party: %w", err)
		}
	}
	err := a.FailMail(ctx, m.ID, why, status, a.now)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recording mail: %w", err)
	}
	return n.letterInstead(ctx, a, m, LetterReason(why))
}

func (a *act) suppress(ctx context.Context, m Mail, reason SuppressionReason, status string) error {
	return a.Suppress(ctx, Suppression{ID: NewID(PrefixSuppression), PartyID: m.PartyID, DelegationID: m.DelegationID, Email: m.To, Reason: reason, Status: status, At: a.now})
}

func (a *act) suppressed(ctx context.Context, email string) (bool, error) {
	since, err := a.SuppressedSince(ctx, []string{email})
	if err != nil {
		return false, fmt.Errorf("reading suppression: %w", err)
	}
	return len(since) > 0, nil
}

// liftSuppression lets mail go to a party's address again.
func (a *act) liftSuppression(ctx context.Context, addressID string) (bool, error) {
	address, err := a.MailAddress(ctx, addressID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lifted, err := a.LiftSuppression(ctx, address.Email, a.now)
	if err != nil {
		return false, fmt.Errorf("lifting suppression: %w", err)
	}
	if lifted {
		a.note("suppression", "lifted")
	}
	return lifted, nil
}

// markBouncing tells of addresses since when mail does not arrive there.
func markBouncing(ctx context.Context, from MailReader, addresses []MailAddress) error {
	emails := make([]string, len(addresses))
	for i, address := range addresses {
		emails[i] = address.Email
	}
	since, err := from.SuppressedSince(ctx, emails)
	if err != nil {
		return fmt.Errorf("reading suppressions: %w", err)
	}
	for i := range addresses {
		addresses[i].BouncesSince = since[addresses[i].Email]
	}
	return nil
}

// Suppressions lists addresses under suppression to staff, the newest first.
func (n *Notifier) Suppressions(ctx context.Context, actor Actor, p Page) (List[SuppressionLine], error) {
	if err := n.permit(ctx, actor, MaySeeContacts, ActionSuppressionsRead); err != nil {
		return List[SuppressionLine]{}, err
	}
	if err := checkPage(p).Err(); err != nil {
		return List[SuppressionLine]{}, err
	}
	p.CountTo = QueueBound
	found, err := n.store.Suppressions(ctx, p)
	if err != nil {
		return List[SuppressionLine]{}, fmt.Errorf("reading suppressions: %w", err)
	}
	ids := make([]string, len(found.Items))
	for i, s := range found.Items {
		ids[i] = s.PartyID
	}
	names, err := n.store.PartyNames(ctx, ids)
	if err != nil {
		return List[SuppressionLine]{}, fmt.Errorf("reading names: %w", err)
	}
	lines := make([]SuppressionLine, len(found.Items))
	for i, s := range found.Items {
		lines[i] = SuppressionLine{s, names[s.PartyID]}
	}
	return List[SuppressionLine]{Items: lines, Cursors: found.Cursors, HasNext: found.HasNext, HasPrevious: found.HasPrevious, Total: found.Total}, nil
}

const (
	// bouncesBefore is how many messages a server gives up for now before their
	// address is suppressed, bounceWindow the time in which they count (ours).
	bouncesBefore = 3
	bounceWindow  = 30 * 24 * time.Hour
)
