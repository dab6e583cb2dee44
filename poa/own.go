// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
)

// shareParty wants the actor's party under contract until the act commits: what
// is made now must not outlive an end that commits beside it. Staff have no
// party.
func (a *act) shareParty(ctx context.Context) error {
	return a.partyActive(ctx, a.SharePartyState)
}

// lockParty does so alone: what is bounded for a party is counted under it.
func (a *act) lockParty(ctx context.Context) error {
	return a.partyActive(ctx, a.LockPartyState)
}

func (a *act) partyActive(ctx context.Context, take func(context.Context, string) (EnrollmentState, error)) error {
	if a.actor.PartyID == "" {
		return nil
	}
	state, err := take(ctx, a.actor.PartyID)
	if err != nil {
		return fmt.Errorf("locking party: %w", err)
	}
	if state != EnrollmentActive {
		return ErrForbidden
	}
	return nil
}

// delegatorActive wants the delegator under contract until the act commits:
// nothing is accepted for one whose contract ends beside it. The delegation's
// row is locked before.
func (a *act) delegatorActive(ctx context.Context, id string) error {
	state, err := a.SharePartyState(ctx, id)
	if err != nil {
		return fmt.Errorf("locking delegator: %w", err)
	}
	if state != EnrollmentActive {
		return ErrConflict
	}
	return nil
}

// ownParty wants a signed-in member of a party in the role or more.
func ownParty(actor Actor, least MemberRole) error {
	if err := actor.requireMember(least); err != nil {
		return err
	}
	if actor.PartyID == "" {
		return ErrForbidden
	}
	return nil
}
