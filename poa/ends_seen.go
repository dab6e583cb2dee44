// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
)

// EndSeen is an end of a delegation as its delegator sees it: how far it is
// known, and by name where a recipient agreed to be named.
type EndSeen struct {
	EndNotice
	Named []NamedRecipient
}

// maxNamed bounds the recipients that are named of one end.
const maxNamed = 100

// EndsSeen tells a delegation's delegator, and staff who see parties, how many
// recipients were told of its ends, when, and how many acknowledged them. To
// others there is nothing, not even to its delegate.
func (r *Records) EndsSeen(ctx context.Context, actor Actor, d Delegation) ([]EndSeen, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	if !seesAll(actor) && (actor.Kind != ActorDelegator || actor.PartyID != d.DelegatorID || actor.PartyID == "") {
		return nil, ErrNotFound
	}
	ends, err := r.store.EndNotices(ctx, d.ID)
	if err != nil {
		return nil, fmt.Errorf("reading who was told: %w", err)
	}
	seen := make([]EndSeen, len(ends))
	for i, end := range ends {
		seen[i].EndNotice = end
		if seen[i].Named, err = r.store.NamedRecipients(ctx, d.ID, end.ChangeID, maxNamed); err != nil {
			return nil, fmt.Errorf("reading recipients' names: %w", err)
		}
	}
	return seen, nil
}
