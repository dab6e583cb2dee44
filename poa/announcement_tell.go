// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
)

// tellBatch is how many parties are told in one transaction.
const tellBatch = 200

// TellAnnouncements tells the next parties of each running announcement and
// returns how many; call it until it returns 0. What was cut off goes on from
// where it was: a batch commits with how far it came, or not at all.
func (n *Notifier) TellAnnouncements(ctx context.Context) (int, error) {
	running, err := n.store.AnnouncementsRunning(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading announcements: %w", err)
	}
	told := 0
	for _, id := range running {
		count, err := n.tell(ctx, id)
		if err != nil {
			return told, fmt.Errorf("telling %s: %w", id, err)
		}
		told += count
	}
	return told, nil
}

// tell tells one batch, under the announcement's lock.
func (n *Notifier) tell(ctx context.Context, id string) (int, error) {
	told := 0
	_, err := n.perform(ctx, System, ActionAnnouncementTold, "", nil, func(ctx context.Context, a *act) (string, error) {
		t, err := a.LockAnnouncement(ctx, id)
		if err != nil {
			return "", err
		}
		if t.State() != AnnouncementRunning {
			return "", ErrConflict // stopped, or told by another process
		}
		parties, err := a.Audience(ctx, t.Audience, t.Reached, tellBatch)
		if err != nil {
			return "", fmt.Errorf("reading audience: %w", err)
		}
		told = len(parties)
		a.note("parties", fmt.Sprint(told))
		if told < tellBatch {
			t.FinishedAt = a.now
		}
		if told > 0 {
			t.Reached, t.Told = parties[told-1].ID, t.Told+told
			if err := n.tellAll(ctx, a, t, parties); err != nil {
				return "", err
			}
		}
		return id, a.MoveAnnouncement(ctx, t)
	})
	if errors.Is(err, ErrConflict) {
		return 0, nil
	}
	return told, err
}

// tellAll makes the changes, the messages and the letters of a batch.
func (n *Notifier) tellAll(ctx context.Context, a *act, t AnnouncementText, parties []AudienceParty) error {
	changes := make([]Change, len(parties))
	told := make([]Informed, len(parties))
	var letters []letterDue
	var mails []Mail
	addresses, err := a.addressesOf(ctx, parties)
	if err != nil {
		return err
	}
	for i, party := range parties {
		changes[i] = Change{Type: t.notice(), PartyID: party.ID, AnnouncementID: t.ID, At: a.now}
		own, reason := n.announcementMails(t, party.ID, addresses[party.ID])
		told[i] = Informed{PartyID: party.ID, Mails: len(own)}
		mails = append(mails, own...)
		if len(own) == 0 && t.Letters {
			letters = append(letters, letterDue{party.ID, reason})
		}
	}
	if err := a.PublishAll(ctx, changes); err != nil {
		return fmt.Errorf("publishing changes: %w", err)
	}
	if err := a.InsertTold(ctx, t.ID, told, a.now); err != nil {
		return fmt.Errorf("recording who was told: %w", err)
	}
	for _, due := range letters {
		party, _, err := partyOf(ctx, a, due.partyID)
		if err != nil {
			return fmt.Errorf("reading party: %w", err)
		}
		if err := n.letterTo(ctx, a, party, t.ID, due.reason); err != nil {
			return fmt.Errorf("writing letter: %w", err)
		}
	}
	return a.mailAll(ctx, mails)
}

// letterDue is a party to which no mail goes.
type letterDue struct {
	partyID string
	reason  LetterReason
}

// addressesOf reads the addresses of a batch, with those marked that bounce.
func (a *act) addressesOf(ctx context.Context, parties []AudienceParty) (map[string][]MailAddress, error) {
	ids := make([]string, len(parties))
	for i, party := range parties {
		ids[i] = party.ID
	}
	all, err := a.MailAddressesOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading mail addresses: %w", err)
	}
	var emails []string
	for _, addresses := range all {
		for _, address := range addresses {
			emails = append(emails, address.Email)
		}
	}
	since, err := a.SuppressedSince(ctx, emails)
	if err != nil {
		return nil, fmt.Errorf("reading suppressions: %w", err)
	}
	for _, addresses := range all {
		for i := range addresses {
			addresses[i].BouncesSince = since[addresses[i].Email]
		}
	}
	return all, nil
}

// announcementMails are the messages to a party's confirmed addresses that do not
// bounce; where there is none, why.
func (n *Notifier) announcementMails(t AnnouncementText, partyID string, addresses []MailAddress) (mails []Mail, reason LetterReason) {
	reason = LetterNoAddress
	for _, address := range addresses {
		switch {
		case address.ConfirmedAt.IsZero():
		case !address.BouncesSince.IsZero():
			reason = LetterSuppressed
		default:
			mails = append(mails, Mail{PartyID: partyID, To: address.Email, Template: MailAnnouncement, Language: address.Language,
				Values: n.announcementValues(t, address.Language), AnnouncementID: t.ID})
		}
	}
	return mails, reason
}

func (n *Notifier) announcementValues(t AnnouncementText, language string) map[string]string {
	title, text := t.In(language)
	values := map[string]string{"title": title, "text": text, "link": n.policy.PublicURL + t.Path()}
	if !t.ClosesOn.IsZero() {
		values["closesOn"] = t.ClosesOn.String()
	}
	return values
}
