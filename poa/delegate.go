// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"

	"ininjo/poa/kanji"
)

// Challenge draws what a delegate signs to hand in a certificate: text that
// names the service, the delegation, the digest of its draft and a nonce.
func (r *Registrar) Challenge(ctx context.Context, actor Actor) (Challenge, error) {
	return r.ChallengeOnce(ctx, actor, "")
}

// ChallengeOnce is Challenge for a caller with an idempotency key: the same key
// gives the same challenge again.
func (r *Registrar) ChallengeOnce(ctx context.Context, actor Actor, key string) (Challenge, error) {
	if err := r.mayAnswer(actor, LinkAnswer); err != nil {
		return Challenge{}, err
	}
	id, err := r.perform(ctx, actor, ActionChallenged, key, actor.DelegationID, func(ctx context.Context, a *act) (string, error) {
		d, err := a.LockDelegation(ctx, actor.DelegationID)
		if err != nil {
			return "", err
		}
		if actor.LinkUsed || d.State != StateDrafted || !d.DelegateCertifiedAt.IsZero() {
			return "", Faults{newFault(CodeLinkOver, "token")}
		}
		nonce, _ := NewSecret("nonce")
		c := Challenge{ID: NewID(PrefixChallenge), DelegationID: d.ID, CreatedAt: a.now, ExpiresAt: a.now.Add(r.policy.ChallengeTTL)}
		c.Text = fmt.Appendf(nil, "受任者の電子証明書の提出\nHanding in of the delegate's certificate\n\nservice: %s\ndelegation: %s\ndraft-sha256: %s\nchallenge: %s\nnonce: %s\nexpires: %s\n",
			r.policy.PublicURL, d.ID, hexOf(d.DraftSHA256), c.ID, nonce, c.ExpiresAt.Format("2006-01-02T15:04:05Z"))
		a.subject = string(d.ID)
		return c.ID, a.InsertChallenge(ctx, c)
	})
	if err != nil {
		return Challenge{}, err
	}
	return r.store.Challenge(ctx, id)
}

// mayAnswer wants a delegate who came by a link of the purpose.
func (r *Registrar) mayAnswer(actor Actor, purpose LinkPurpose) error {
	if err := actor.require(ActorDelegate); err != nil {
		return err
	}
	if actor.Purpose != purpose {
		return ErrForbidden
	}
	return nil
}

// HandInInput hands in a delegate's certificate: the challenge, signed.
type HandInInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	ChallengeID    string `json:"challengeId" validate:"required,max=64"`
	SignedFile     []byte `json:"signedFile"`
}

// HandIn takes the delegate's certificate (4.1.1 (3)): the signature over the
// challenge, its path, and the name in it against the delegate's of the draft.
// What is kept are name, address and birth date, tied to the delegation (4.1.5).
// The link stays, so that the delegate may still decline.
func (r *Registrar) HandIn(ctx context.Context, actor Actor, in HandInInput) (Delegation, error) {
	if err := r.mayAnswer(actor, LinkAnswer); err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, ActionHandedIn, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		d, err := a.LockDelegation(ctx, actor.DelegationID)
		if err != nil {
			return "", err
		}
		a.subject = string(d.ID)
		if actor.LinkUsed || d.State != StateDrafted || !d.DelegateCertifiedAt.IsZero() {
			return "", Faults{newFault(CodeLinkOver, "token")}
		}
		return string(d.ID), r.handIn(ctx, a, d, in)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

func (r *Registrar) handIn(ctx context.Context, a *act, d Delegation, in HandInInput) error {
	if !IsID(in.ChallengeID, PrefixChallenge) {
		return Faults{newFault(CodeChallengeOver, "challengeId")}
	}
	c, err := a.Tx.Challenge(ctx, in.ChallengeID)
	if errors.Is(err, ErrNotFound) || err == nil && (c.DelegationID != d.ID || !c.UsedAt.IsZero() || !a.now.Before(c.ExpiresAt)) {
		return Faults{newFault(CodeChallengeOver, "challengeId")}
	}
	if err != nil {
		return fmt.Errorf("reading challenge: %w", err)
	}
	certificate, faults := verifySigned(r.profile, in.SignedFile, c.Text, a.now, "signedFile")
	if len(faults) > 0 {
		return faults
	}
	id := certificate.Identity
	name := comparisonCheck(CheckDelegateName, kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, d.Contents.Delegate.Name), a.now)
	if err := faultsOf([]Check{name}, "signedFile").Err(); err != nil {
		return err
	}
	if err := a.UseChallenge(ctx, c.ID, a.now); err != nil {
		return fmt.Errorf("using challenge: %w", err)
	}
	handed := HandedIn{DelegationID: d.ID, CertificateSHA256: certificate.SHA256, Name: id.Name, Address: id.Address, BirthDate: id.BirthDate.String(), NameSubstitutes: id.NameSubstitutes, At: a.now}
	if err := a.InsertHandedIn(ctx, handed, in.SignedFile); err != nil {
		return fmt.Errorf("inserting delegate's certificate: %w", err)
	}
	a.note("certificateSha256", hexOf(certificate.SHA256))
	return a.InsertChecks(ctx, d.ID, []Check{{Kind: CheckDelegatePath, Result: CheckPassed, At: a.now},
		{Kind: CheckDelegateStatus, Result: CheckNotChecked, Reason: "NO_STATUS_SOURCE", At: a.now}, name})
}

// Decline is a delegate's no: it ends a draft as abandoned and a submitted
// filing as refused with DECLINED. It uses the link up.
func (r *Registrar) Decline(ctx context.Context, actor Actor, key string) error {
	if err := r.mayAnswer(actor, LinkAnswer); err != nil {
		return err
	}
	_, err := r.perform(ctx, actor, ActionDeclined, key, actor.DelegationID, func(ctx context.Context, a *act) (string, error) {
		d, err := a.LockDelegation(ctx, actor.DelegationID)
		if err != nil {
			return "", err
		}
		a.subject = string(d.ID)
		if err := a.useLink(ctx, a.actor.LinkID); err != nil {
			return "", err
		}
		switch d.State {
		case StateDrafted:
			if err := a.Close(ctx, d.ID, StateDrafted, StateAbandoned, a.now); err != nil {
				return "", fmt.Errorf("abandoning draft: %w", err)
			}
			return string(d.ID), r.tell(ctx, a, d, MailFilingRefused)
		case StateSubmitted:
			return string(d.ID), r.refuse(ctx, a, d, []Refusal{{Code: CodeDeclined, At: a.now}})
		case StateAbandoned, StateWithdrawn, StateAccepted, StateRefused:
		}
		return "", ErrConflict
	})
	return err
}

// Renounce ends an accepted delegation by its delegate's word (受任者の辞任),
// now. It uses the link up.
func (r *Registrar) Renounce(ctx context.Context, actor Actor, key string) (Delegation, error) {
	if err := r.mayAnswer(actor, LinkRenounce); err != nil {
		return Delegation{}, err
	}
	id, err := r.perform(ctx, actor, ActionRenounced, key, actor.DelegationID, func(ctx context.Context, a *act) (string, error) {
		d, err := a.LockDelegation(ctx, actor.DelegationID)
		if err != nil {
			return "", err
		}
		a.subject = string(d.ID)
		if err := a.useLink(ctx, a.actor.LinkID); err != nil {
			return "", err
		}
		_, err = r.end(ctx, a, d, FactRenounced, a.now, "")
		return string(d.ID), err
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

// ResendLink draws the delegate a new one-time link, at the delegator's wish:
// to answer while the filing is open, to renounce once it is accepted.
func (r *Registrar) ResendLink(ctx context.Context, actor Actor, in EndInput) error {
	if err := actor.requireFor(ActorDelegator, MemberAdministrator); err != nil {
		return err
	}
	_, err := r.change(ctx, actor, ActionLinkSent, in, func(ctx context.Context, a *act, d Delegation) error {
		owner, err := a.Delegator(ctx, d.DelegatorID)
		if err != nil {
			return fmt.Errorf("reading delegator: %w", err)
		}
		switch d.State {
		case StateDrafted, StateSubmitted:
			return r.sendLink(ctx, a, d, owner, LinkAnswer)
		case StateAccepted:
			p, err := a.Projection(ctx, d.ID)
			if err != nil {
				return fmt.Errorf("reading projection: %w", err)
			}
			if p.ended(a.now) {
				return Faults{newFault(CodeAlreadyEnded, "delegationId")}
			}
			return r.sendLink(ctx, a, d, owner, LinkRenounce)
		case StateAbandoned, StateWithdrawn, StateRefused:
		}
		return ErrConflict
	})
	return err
}

// DrawnChallenge returns a challenge that was drawn for the delegate's own
// delegation, so that a page can show it again. Missing and another's look the
// same.
func (r *Registrar) DrawnChallenge(ctx context.Context, actor Actor, id string) (Challenge, error) {
	if err := r.mayAnswer(actor, LinkAnswer); err != nil {
		return Challenge{}, err
	}
	if !IsID(id, PrefixChallenge) {
		return Challenge{}, ErrNotFound
	}
	c, err := r.store.Challenge(ctx, id)
	if err == nil && c.DelegationID != actor.DelegationID {
		return Challenge{}, ErrNotFound
	}
	return c, err
}
