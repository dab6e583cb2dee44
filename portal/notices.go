// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"

	"ininjo/poa"
)

// shownNotices is how many of the newest notices the page shows.
const shownNotices = 20

// noticesView is the change feed of the actor's party.
type noticesView struct {
	poa.Feed
	// Address is where the feed is read.
	Address string
}

func (p *portal) showNotices(r *request) error {
	f, err := p.Notifier.Feed(r.Context(), r.actor, poa.FeedInput{Limit: 1})
	if err != nil {
		return err
	}
	after := max(0, f.Sequence-shownNotices)
	f, err = p.Notifier.Feed(r.Context(), r.actor, poa.FeedInput{After: &after, FromOldest: true, Limit: shownNotices})
	if err != nil {
		return err
	}
	return p.render(r, "notices", noticesView{f, p.Policy.PublicURL + "/feed"})
}

// endsSeen is how far a delegation's ends are known, to those who may see it.
func (p *portal) endsSeen(r *request, d poa.Delegation) ([]poa.EndSeen, error) {
	if d.State != poa.StateAccepted {
		return nil, nil
	}
	ends, err := p.Records.EndsSeen(r.Context(), r.actor, d)
	if errors.Is(err, poa.ErrNotFound) {
		return nil, nil
	}
	return ends, err
}
