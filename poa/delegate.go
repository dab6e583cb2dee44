// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ininjo/poa/evidence"
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
	if err := r.admit(ctx, actor, ActionChallenged, r.mayAnswer(actor, LinkAnswer)); err != nil {
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
	if err := r.admit(ctx, actor, ActionHandedIn, r.mayAnswer(actor, LinkAnswer)); err != nil {
		return Delegation{}, err
	}
	found, err := r.examineHandedIn(ctx, actor, in)
	if err != nil {
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
		return string(d.ID), r.handIn(ctx, a, d, in, found)
	})
	if err != nil {
		return Delegation{}, err
	}
	return r.store.Delegation(ctx, DelegationID(id))
}

// examineHandedIn examines the signed challenge before the transaction and asks
// for the certificate's status; nil where there is none to take.
func (r *Registrar) examineHandedIn(ctx context.Context, actor Actor, in HandInInput) (*examined, error) {
	if len(checkInput(in)) > 0 || !IsID(in.ChallengeID, PrefixChallenge) || actor.LinkUsed {
		return nil, nil
	}
	d, err := r.store.Delegation(ctx, actor.DelegationID)
	if err != nil || d.State != StateDrafted || !d.DelegateCertifiedAt.IsZero() {
		return nil, ignoreMissing(err)
	}
	now := r.clock.Now()
	c, err := r.store.Challenge(ctx, in.ChallengeID)
	if err != nil || c.overFor(d.ID, now) {
		return nil, ignoreMissing(err)
	}
	e := r.examine(bareCMS, evidence.FormatChallenge, in.SignedFile, c.Text, now, "signedFile")
	if len(e.faults) > 0 || delegateName(e, d, now).Result == CheckFailed {
		return &e, nil // it is refused whatever its status
	}
	return &e, r.judge(ctx, &e, "signedFile")
}

func ignoreMissing(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// overFor reports whether a challenge cannot be answered for the delegation.
func (c Challenge) overFor(id DelegationID, now time.Time) bool {
	return c.DelegationID != id || !c.UsedAt.IsZero() || !now.Before(c.ExpiresAt)
}

// delegateName compares the name in the certificate with the draft's.
func delegateName(e examined, d Delegation, now time.Time) Check {
	id := e.certificate.Identity
	return comparisonCheck(CheckDelegateName, kanji.CompareNameFlagged(id.Name, id.NameSubstitutes, d.Contents.Delegate.Name), now)
}

func (r *Registrar) handIn(ctx context.Context, a *act, d Delegation, in HandInInput, found *examined) error {
	if !IsID(in.ChallengeID, PrefixChallenge) {
		return Faults{newFault(CodeChallengeOver, "challengeId")}
	}
	c, err := a.Tx.Challenge(ctx, in.ChallengeID)
	if errors.Is(err, ErrNotFound) || err == nil && c.overFor(d.ID, a.now) {
		return Faults{newFault(CodeChallengeOver, "challengeId")}
	}
	if err != nil {
		return fmt.Errorf("reading challenge: %w", err)
	}
	if found == nil {
		return ErrConflict // it came to be open only just now
	}
	e := *found
	if len(e.faults) > 0 {
		return e.faults
	}
	name := delegateName(e, d, a.now)
	if err := faultsOf([]Check{name}, "signedFile").Err(); err != nil {
		return err
	}
	if !e.judged {
		return ErrConflict
	}
	if err := a.UseChallenge(ctx, c.ID, a.now); err != nil {
		return fmt.Errorf("using challenge: %w", err)
	}
	return r.keepHandedIn(ctx, a, d, e, name)
}

// keepHandedIn stores what the certificate says and what was checked of it.
func (r *Registrar) keepHandedIn(ctx context.Context, a *act, d Delegation, e examined, name Check) error {
	id := e.certificate.Identity
	handed := HandedIn{DelegationID: d.ID, CertificateSHA256: e.certificate.SHA256, Name: id.Name, Address: id.Address, BirthDate: id.BirthDate.String(), NameSubstitutes: id.NameSubstitutes, At: a.now}
	if err := a.InsertHandedIn(ctx, handed, r.kept(e.file)); err != nil {
		return fmt.Errorf("inserting delegate's certificate: %w", err)
	}
	a.note("certificateSha256", hexOf(e.certificate.SHA256))
	checks := []Check{{Kind: CheckDelegatePath, Result: CheckPassed, At: a.now}, e.status.check(CheckDelegateStatus, a.now), name}
	if err := a.InsertChecks(ctx, d.ID, checks); err != nil {
		return fmt.Errorf("keeping checks: %w", err)
	}
	if err := r.recordDelegate(ctx, a, d, e, checks); err != nil {
		return err
	}
	if !slices.ContainsFunc(checks, pendingStatus) {
		return nil
	}
	return a.Enqueue(ctx, AskStatus{DelegationID: d.ID, Delegate: true, Since: a.now}, time.Time{})
}

// Decline is a delegate's no: it ends a draft as abandoned and a submitted
// filing as refused with DECLINED. It uses the link up.
func (r *Registrar) Decline(ctx context.Context, actor Actor, key string) error {
	if err := r.admit(ctx, actor, ActionDeclined, r.mayAnswer(actor, LinkAnswer)); err != nil {
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
	if err := r.admit(ctx, actor, ActionRenounced, r.mayAnswer(actor, LinkRenounce)); err != nil {
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
	if err := r.admit(ctx, actor, ActionLinkSent, actor.requireFor(ActorDelegator, MemberAdministrator)); err != nil {
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
	if err := r.admit(ctx, actor, ActionChallenged, r.mayAnswer(actor, LinkAnswer)); err != nil {
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
