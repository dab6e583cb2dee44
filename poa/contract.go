// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// ErasurePrefix begins the tokens of links by which a user confirms that the
// signing application was erased.
const ErasurePrefix = "inje"

// EndContractInput ends a contract.
type EndContractInput struct {
	IdempotencyKey string `json:"idempotencyKey" validate:"required,max=128,line"`
	// PartyID is whose contract it is; a party's administrator ends its own only.
	PartyID string `json:"partyId" validate:"required,max=64"`
	// Name is the organisation's name, typed to confirm.
	Name string `json:"name" validate:"max=200"`
}

// EndContract ends a party's contract, now and for good: by its administrator,
// or by staff (2.1.2, 10.2.1). With the same commit its accounts, tokens,
// endpoints and watches stop, what waits to be delivered is not sent, and every
// delegation of a delegator has ended (ENDED, CONTRACT_ENDED): no answer waits
// for a job. The delegator is asked to erase the signing application and to
// confirm it by a link. A contract that does not stand is a CONFLICT.
func (e *Enrollment) EndContract(ctx context.Context, actor Actor, in EndContractInput) error {
	if err := e.mayEndContract(ctx, actor, in.PartyID); err != nil {
		return err
	}
	action := ActionContractEnded
	if IsID(in.PartyID, PrefixRecipient) {
		action = ActionAccountClosed
	}
	_, err := e.perform(ctx, actor, action, in.IdempotencyKey, in, func(ctx context.Context, a *act) (string, error) {
		if err := checkInput(in).Err(); err != nil {
			return "", err
		}
		a.subject = in.PartyID
		return in.PartyID, e.endContract(ctx, a, in)
	})
	return err
}

func (e *Enrollment) mayEndContract(ctx context.Context, actor Actor, partyID string) error {
	if actor.Kind == ActorStaff {
		return e.permit(ctx, actor, MayEndDelegations, ActionContractEnded)
	}
	if err := e.admit(ctx, actor, ActionContractEnded, ownParty(actor, MemberAdministrator)); err != nil {
		return err
	}
	if actor.PartyID != partyID {
		return ErrNotFound
	}
	return nil
}

// endContract locks the delegations before the party, as acceptance does.
func (e *Enrollment) endContract(ctx context.Context, a *act, in EndContractInput) error {
	delegator := IsID(in.PartyID, PrefixDelegator)
	if !delegator && !IsID(in.PartyID, PrefixRecipient) {
		return ErrNotFound
	}
	if delegator {
		if err := a.LockDelegations(ctx, in.PartyID); err != nil {
			return fmt.Errorf("locking delegations: %w", err)
		}
	}
	state, err := a.LockPartyState(ctx, in.PartyID)
	if err != nil {
		return err
	}
	if state != EnrollmentActive {
		return ErrConflict
	}
	p, _, err := partyOf(ctx, a, in.PartyID)
	if err != nil {
		return fmt.Errorf("reading party: %w", err)
	}
	if err := Confirmed(in.Name, p.Profile.Name, "name").Err(); err != nil {
		return err
	}
	end := ContractEnd{PartyID: p.ID, EndedAt: a.now, EndedBy: a.actor.ID, ByKind: a.actor.Kind}
	values := map[string]string{"organisation": p.Profile.Name, "number": p.Number, "at": a.now.Format(time.RFC3339)}
	template := MailAccountClosed
	if delegator {
		if end.Delegations, err = a.EndDelegations(ctx, p.ID, ReasonContractEnded, a.eventID, a.now); err != nil {
			return fmt.Errorf("ending delegations: %w", err)
		}
		a.note("delegations", fmt.Sprint(end.Delegations))
		token, hash := NewSecret(ErasurePrefix)
		template, end.LinkHash = MailContractEnded, hash
		values["link"], values["delegations"] = e.policy.PublicURL+"/erased/"+token, fmt.Sprint(end.Delegations)
	}
	if err := a.mailParty(ctx, p.ID, template, values); err != nil {
		return err
	}
	if err := a.EndParty(ctx, p.ID, a.now); err != nil {
		return fmt.Errorf("ending party: %w", err)
	}
	return a.InsertContractEnd(ctx, end)
}

// ContractEnd returns the end of a party's contract to staff who see parties.
func (e *Enrollment) ContractEnd(ctx context.Context, actor Actor, partyID string) (ContractEnd, error) {
	if err := e.permit(ctx, actor, MaySeeParties, ActionContractEnded); err != nil {
		return ContractEnd{}, err
	}
	if !IsID(partyID, PrefixDelegator) && !IsID(partyID, PrefixRecipient) {
		return ContractEnd{}, ErrNotFound
	}
	return e.store.ContractEnd(ctx, partyID)
}

// MayConfirmErasure reports whether a link to confirm the erasure of the signing
// application is one of ours.
func (e *Enrollment) MayConfirmErasure(ctx context.Context, token string) (bool, error) {
	_, err := e.erasing(ctx, token)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (e *Enrollment) erasing(ctx context.Context, token string) (ContractEnd, error) {
	if !SecretWellFormed(token) {
		return ContractEnd{}, ErrNotFound
	}
	return e.store.ContractEndByLink(ctx, sha256.Sum256([]byte(token)))
}

// ConfirmErasure records that the user erased the signing application after the
// contract ended (2.1.2). Confirming again changes nothing. NOT_FOUND where the
// link is none.
func (e *Enrollment) ConfirmErasure(ctx context.Context, token string) error {
	end, err := e.erasing(ctx, token)
	if err != nil || !end.ErasureConfirmedAt.IsZero() {
		return err
	}
	_, err = e.perform(ctx, Anonymous("ja"), ActionErasureConfirmed, "", nil, func(ctx context.Context, a *act) (string, error) {
		err := a.Tx.ConfirmErasure(ctx, end.PartyID, a.now)
		if errors.Is(err, ErrConflict) { // somebody was faster
			err = nil
		}
		return end.PartyID, err
	})
	return err
}
