// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// MaxAddresses bounds a party's addresses for notices.
	MaxAddresses = 10
	// maxConfirmations bounds the mails to unconfirmed addresses that a party can
	// cause in a day: nobody is to be flooded by its hand.
	maxConfirmations = 20
)

// AddressInput adds an address for notices, or changes one.
type AddressInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	// ID is empty to add one.
	ID string `json:"id,omitempty" validate:"max=64"`
	// Email is read where one is added.
	Email    string `json:"email,omitempty" validate:"max=254,line"`
	Language string `json:"language" validate:"required,oneof=ja en"`
	// Types are the notices that go there; none means every type.
	Types []NoticeType `json:"types" validate:"max=20,dive,required"`
	// Subscribed is read where one is changed.
	Subscribed bool `json:"subscribed"`
}

// chosen are the types of notices that an address can be bound to. Those of the
// service go everywhere.
func chosen(t NoticeType) bool { return slices.Contains(NoticeTypes, t) && !t.always() }

// always reports whether notices of the type go to every confirmed address,
// whatever it chose and whether or not its reader unsubscribed.
func (t NoticeType) always() bool { return strings.HasPrefix(string(t), "service.") }

func (in AddressInput) check() Faults {
	faults := checkInput(in)
	for i, t := range in.Types {
		if !chosen(t) {
			faults.Add(CodeInvalid, fmt.Sprintf("types.%d", i))
		}
	}
	return faults
}

// AddAddress adds an address for notices. A link is mailed there; until it was
// used, nothing else is (double opt-in).
func (n *Notifier) AddAddress(ctx context.Context, actor Actor, in AddressInput) (MailAddress, error) {
	if err := n.admit(ctx, actor, ActionAddressAdded, ownParty(actor, MemberAdministrator)); err != nil {
		return MailAddress{}, err
	}
	id, err := n.perform(ctx, actor, ActionAddressAdded, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		faults := in.check()
		if err := inputs.Var(in.Email, "required,email"); err != nil {
			faults.Add(CodeInvalid, "email")
		}
		if err := a.lockParty(ctx); err != nil {
			return "", err
		}
		if err := a.roomForAddress(ctx, in.Email, &faults); err != nil {
			return "", err
		}
		if err := faults.Err(); err != nil {
			return "", err
		}
		address := MailAddress{ID: NewID(PrefixAddress), PartyID: actor.PartyID, Email: in.Email, Language: in.Language, Types: in.Types, CreatedAt: a.now}
		if err := a.InsertMailAddress(ctx, address); err != nil {
			return "", fmt.Errorf("inserting mail address: %w", err)
		}
		return address.ID, n.askToConfirm(ctx, a, address)
	})
	if err != nil {
		return MailAddress{}, err
	}
	return n.store.MailAddress(ctx, id)
}

func (a *act) roomForAddress(ctx context.Context, email string, faults *Faults) error {
	addresses, err := a.MailAddresses(ctx, a.actor.PartyID)
	if err != nil {
		return fmt.Errorf("reading mail addresses: %w", err)
	}
	if len(addresses) >= MaxAddresses {
		faults.Add(CodeTooMany, "email", "bound", fmt.Sprint(MaxAddresses))
	}
	if slices.ContainsFunc(addresses, func(m MailAddress) bool { return strings.EqualFold(m.Email, email) }) {
		faults.Add(CodeAddressTaken, "email")
	}
	return nil
}

// askToConfirm mails the link by which an address is confirmed.
func (n *Notifier) askToConfirm(ctx context.Context, a *act, address MailAddress) error {
	sent, err := a.MailsSince(ctx, address.PartyID, MailConfirmAddress, a.now.Add(-24*time.Hour))
	if err != nil {
		return fmt.Errorf("counting mails: %w", err)
	}
	if sent >= maxConfirmations {
		return &Error{Code: CodeRateLimited}
	}
	token, hash := NewSecret(LinkPrefix)
	link := Link{ID: NewID(PrefixLink), Hash: hash, Purpose: LinkConfirm, SubjectID: address.ID, CreatedAt: a.now, ExpiresAt: a.now.Add(n.policy.LinkTTL)}
	if err := a.InsertLink(ctx, link); err != nil {
		return fmt.Errorf("inserting link: %w", err)
	}
	return a.mail(ctx, Mail{PartyID: address.PartyID, To: address.Email, Template: MailConfirmAddress, Language: address.Language,
		Values: map[string]string{"link": n.policy.LinkURL(token)}})
}

// AskAgain mails the link anew to an address that is not confirmed, or that
// bounced since.
func (n *Notifier) AskAgain(ctx context.Context, actor Actor, key, id string) error {
	return n.changeAddress(ctx, actor, ActionAddressAdded, key, id, id, func(ctx context.Context, a *act, address MailAddress) error {
		suppressed, err := a.suppressed(ctx, address.Email)
		if err != nil {
			return err
		}
		if !address.ConfirmedAt.IsZero() && !suppressed {
			return ErrConflict
		}
		return n.askToConfirm(ctx, a, address)
	})
}

// ConfirmAddress confirms the address that a one-time link was mailed to; the
// link is used up, and mail goes there again if it bounced before. LINK_OVER
// where the link is over or the address is gone.
func (n *Notifier) ConfirmAddress(ctx context.Context, actor Actor, token string) error {
	link, err := n.linkOf(ctx, token, LinkConfirm)
	_, err = n.perform(ctx, actor, ActionAddressConfirmed, "", nil, func(ctx context.Context, a *act) (string, error) {
		if err != nil {
			return "", err
		}
		if err := a.useLink(ctx, link.ID); err != nil {
			return "", err
		}
		lifted, err := a.liftSuppression(ctx, link.SubjectID)
		if err != nil {
			return "", err
		}
		err = a.ConfirmMailAddress(ctx, link.SubjectID, a.now)
		if errors.Is(err, ErrConflict) && lifted {
			return link.SubjectID, nil // confirmed before it bounced
		}
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
			return "", Faults{newFault(CodeLinkOver, "token")}
		}
		return link.SubjectID, err
	})
	return err
}

// UpdateAddress changes language and kinds of notices, and whether any go there.
func (n *Notifier) UpdateAddress(ctx context.Context, actor Actor, in AddressInput) error {
	return n.changeAddress(ctx, actor, ActionAddressUpdated, in.IdempotencyKey, in.ID, in, func(ctx context.Context, a *act, address MailAddress) error {
		if err := in.check().Err(); err != nil {
			return err
		}
		address.Language, address.Types = in.Language, in.Types
		switch {
		case in.Subscribed:
			address.UnsubscribedAt = time.Time{}
		case address.UnsubscribedAt.IsZero():
			address.UnsubscribedAt = a.now
		}
		return a.UpdateMailAddress(ctx, address)
	})
}

// RemoveAddress removes an address for good. The last confirmed one stays:
// notices of the account's security would reach nobody.
func (n *Notifier) RemoveAddress(ctx context.Context, actor Actor, key, id string) error {
	return n.changeAddress(ctx, actor, ActionAddressRemoved, key, id, id, func(ctx context.Context, a *act, address MailAddress) error {
		addresses, err := a.MailAddresses(ctx, actor.PartyID)
		if err != nil {
			return fmt.Errorf("reading mail addresses: %w", err)
		}
		others := slices.ContainsFunc(addresses, func(m MailAddress) bool { return m.ID != address.ID && !m.ConfirmedAt.IsZero() })
		if !address.ConfirmedAt.IsZero() && !others {
			return Faults{newFault(CodeLastAddress, "mailAddressId")}
		}
		return a.DeleteMailAddress(ctx, address.ID, actor.PartyID)
	})
}

// changeAddress changes an address of the actor's party, under the party's lock:
// of two at once one removes the last but one, the other is refused.
func (n *Notifier) changeAddress(ctx context.Context, actor Actor, action Action, key, id string, input any, do func(context.Context, *act, MailAddress) error) error {
	if err := n.admit(ctx, actor, action, ownParty(actor, MemberAdministrator)); err != nil {
		return err
	}
	_, err := n.perform(ctx, actor, action, key, input, func(ctx context.Context, a *act) (string, error) {
		if !IsID(id, PrefixAddress) {
			return "", ErrNotFound
		}
		if err := a.lockParty(ctx); err != nil {
			return "", err
		}
		address, err := a.MailAddress(ctx, id)
		if err != nil {
			return "", err
		}
		if address.PartyID != actor.PartyID {
			return "", ErrNotFound
		}
		return id, do(ctx, a, address)
	})
	return err
}

// Addresses lists the addresses for notices of the actor's party.
func (n *Notifier) Addresses(ctx context.Context, actor Actor) ([]MailAddress, error) {
	if err := n.admit(ctx, actor, ActionOwnRead, ownParty(actor, MemberAdministrator)); err != nil {
		return nil, err
	}
	addresses, err := n.store.MailAddresses(ctx, actor.PartyID)
	if err != nil {
		return nil, err
	}
	return addresses, markBouncing(ctx, n.store, addresses)
}

// UnsubscribeToken is what a link to unsubscribe an address carries: its ID and
// a keyed hash of it. It holds for as long as the address is there.
func UnsubscribeToken(from AccountReader, addressID string) string {
	return addressID + "." + hex.EncodeToString(from.UnsubscribeMAC(addressID))
}

// Unsubscribe ends notices to an address by the link in one of them, without
// signing in (RFC 8058). Doing it again changes nothing; for an address that is
// not there any more there is nothing to do. NOT_FOUND where the link is none.
func (n *Notifier) Unsubscribe(ctx context.Context, token string) error {
	id, err := n.unsubscribing(token)
	if err != nil {
		return err
	}
	_, err = n.perform(ctx, Anonymous("ja"), ActionAddressUnsubscribed, "", nil, func(ctx context.Context, a *act) (string, error) {
		address, err := a.lockAddress(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && !address.UnsubscribedAt.IsZero() {
			return id, nil
		}
		if err != nil {
			return "", err
		}
		address.UnsubscribedAt = a.now
		return id, a.UpdateMailAddress(ctx, address)
	})
	return err
}

// lockAddress reads an address under its party's lock, which every change of it
// takes: of two at once neither undoes the other's.
func (a *act) lockAddress(ctx context.Context, id string) (MailAddress, error) {
	address, err := a.MailAddress(ctx, id)
	if err != nil {
		return MailAddress{}, err
	}
	if _, err := a.LockPartyState(ctx, address.PartyID); err != nil {
		return MailAddress{}, fmt.Errorf("locking party: %w", err)
	}
	return a.MailAddress(ctx, id)
}

// MayUnsubscribe reports whether a link to unsubscribe is one of ours. It reads
// nothing and changes nothing.
func (n *Notifier) MayUnsubscribe(token string) bool {
	_, err := n.unsubscribing(token)
	return err == nil
}

func (n *Notifier) unsubscribing(token string) (string, error) {
	id, mac, found := strings.Cut(token, ".")
	given, err := hex.DecodeString(mac)
	if !found || err != nil || !IsID(id, PrefixAddress) || !hmac.Equal(given, n.store.UnsubscribeMAC(id)) {
		return "", ErrNotFound
	}
	return id, nil
}

// noticeMail is the mail of a notice to one address.
func (n *Notifier) noticeMail(tx Tx, notice Notice, to MailAddress) Mail {
	values := noticeValues(notice)
	if !notice.Type.always() {
		values["unsubscribe"] = n.policy.PublicURL + "/unsubscribe/" + UnsubscribeToken(tx, to.ID)
	}
	return Mail{PartyID: notice.PartyID, To: to.Email, Template: MailNotice, Language: to.Language, Values: values, ChangeID: notice.ID}
}

func (m MailAddress) wants(t NoticeType) bool {
	switch {
	case m.ConfirmedAt.IsZero():
		return false
	case t.always():
		return true
	}
	return m.UnsubscribedAt.IsZero() && (len(m.Types) == 0 || slices.Contains(m.Types, t))
}

func noticeValues(notice Notice) map[string]string {
	values := map[string]string{"type": string(notice.Type), "delegationId": string(notice.DelegationID), "status": string(notice.Status),
		"sequence": fmt.Sprint(notice.Sequence), "at": notice.At.Format(time.RFC3339)}
	if !notice.EffectiveAt.IsZero() {
		values["effectiveAt"] = notice.EffectiveAt.Format(time.RFC3339)
	}
	return values
}

// mailParty mails what concerns an account's security to every confirmed address
// of a party, also to those that unsubscribed from notices.
func (a *act) mailParty(ctx context.Context, partyID string, template MailTemplate, values map[string]string) error {
	addresses, err := a.MailAddresses(ctx, partyID)
	if err != nil {
		return fmt.Errorf("reading mail addresses: %w", err)
	}
	for _, address := range addresses {
		if address.ConfirmedAt.IsZero() {
			continue
		}
		if err := a.mail(ctx, Mail{PartyID: partyID, To: address.Email, Template: template, Language: address.Language, Values: values}); err != nil {
			return err
		}
	}
	return nil
}

// AddressTypes are the types of notices that an address can be bound to.
func AddressTypes() []NoticeType {
	var types []NoticeType
	for _, t := range NoticeTypes {
		if chosen(t) {
			types = append(types, t)
		}
	}
	return types
}
