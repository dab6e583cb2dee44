// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"fmt"
)

// MaxFeed bounds the notices of one answer of the change feed.
const MaxFeed = 1000

// FeedInput asks for part of a party's sequence.
type FeedInput struct {
	// Stream is the one that the caller's numbers belong to; empty for whichever
	// there is.
	Stream string
	// After is the last number that the caller has; nil means the one that it
	// acknowledged last.
	After *int64
	// FromOldest begins with the oldest notice that is kept where that is after
	// After: who has no place yet misses nothing by it.
	FromOldest bool
	// Limit is how many notices are wanted, 1 to [MaxFeed].
	Limit int
}

// Feed is part of a party's sequence, in its order and without a gap.
type Feed struct {
	FeedSlice
	// PartyID is whose sequence it is.
	PartyID string
	// After is the number that the notices follow, Next the one to go on after.
	After, Next int64
}

// More reports whether further notices are there already.
func (f Feed) More() bool { return f.Next < f.Sequence }

// mayFollow lets members of parties in: the sequence is a party's.
func (n *Notifier) mayFollow(ctx context.Context, actor Actor, action Action) error {
	wanted := actor.requireMember(MemberReader)
	if wanted == nil && actor.PartyID == "" {
		wanted = ErrForbidden
	}
	return n.admit(ctx, actor, action, wanted)
}

// Feed returns the notices of the actor's party after a number: the same that
// webhooks are sent, unfiltered. Where the stream changed or the number is
// beyond it, it is STREAM_CHANGED; where notices after the number are no longer
// kept, SEQUENCE_GONE; both beside where the sequence stands now.
func (n *Notifier) Feed(ctx context.Context, actor Actor, in FeedInput) (Feed, error) {
	if err := n.mayFollow(ctx, actor, ActionFeedRead); err != nil {
		return Feed{}, err
	}
	if err := in.check().Err(); err != nil {
		return Feed{}, err
	}
	f, err := n.slice(ctx, actor.PartyID, in)
	if err != nil {
		return Feed{}, err
	}
	return f, in.fits(f).Err()
}

func (in FeedInput) check() Faults {
	var faults Faults
	if in.Stream != "" && !isUUID(in.Stream) {
		faults.Add(CodeInvalid, "stream")
	}
	if in.After != nil && *in.After < 0 {
		faults.Add(CodeInvalid, "after")
	}
	switch {
	case in.Limit < 1:
		faults.Add(CodeInvalid, "limit")
	case in.Limit > MaxFeed:
		faults.Add(CodeTooMany, "limit", "bound", fmt.Sprint(MaxFeed))
	}
	return faults
}

// slice reads the part that is asked for. A sequence that never began begins
// now, so that its reader knows its stream.
func (n *Notifier) slice(ctx context.Context, party string, in FeedInput) (Feed, error) {
	after, limit := int64(0), in.Limit
	if in.After != nil {
		after = *in.After
	} else {
		limit = 0 // what was acknowledged comes first
	}
	read, err := n.store.FeedSlice(ctx, party, after, limit)
	if err == nil && read.Stream == "" {
		err = n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			read.Stream, read.Sequence, err = tx.Head(ctx, party)
			return err
		})
	}
	if err == nil && in.After == nil {
		after = read.Acknowledged
		read, err = n.store.FeedSlice(ctx, party, after, in.Limit)
	}
	if err != nil {
		return Feed{}, fmt.Errorf("reading feed: %w", err)
	}
	f := Feed{FeedSlice: read, PartyID: party, After: after, Next: after}
	switch k := len(read.Notices); {
	case k > 0:
		f.Next = read.Notices[k-1].Sequence
	case in.After == nil || in.FromOldest:
		f.Next = read.Sequence // older ones are no longer kept
	}
	return f, nil
}

// fits finds out whether the caller's place is one of this stream. Who names no
// number gets what is kept, and previous shows where that begins.
func (in FeedInput) fits(f Feed) Faults {
	var faults Faults
	switch {
	case in.Stream != "" && in.Stream != f.Stream:
		faults.Add(CodeStreamChanged, "stream")
	case f.After > f.Sequence:
		faults.Add(CodeStreamChanged, "after")
	case in.After != nil && !in.FromOldest && f.After < f.Sequence && (len(f.Notices) == 0 || f.Notices[0].Sequence > f.After+1):
		faults.Add(CodeSequenceGone, "after")
	}
	return faults
}

// Body returns a notice as the feed shows it: as a webhook without a filter
// would, whose previous number is the one before.
func (n Notice) Body() WebhookBody { return Delivery{Notice: n, Previous: n.Sequence - 1}.Body() }

// AcknowledgeInput says that its sender has everything of a stream up to a
// number.
type AcknowledgeInput struct {
	Stream   string `json:"stream" validate:"required,max=64,line"`
	Sequence int64  `json:"sequence"`
}

// AcknowledgeFeed keeps that the actor's party has everything up to a number, and
// returns where the sequence stands. A number below the one kept changes
// nothing, so it is idempotent. Delegators are shown how many acknowledged an
// end.
func (n *Notifier) AcknowledgeFeed(ctx context.Context, actor Actor, in AcknowledgeInput) (FeedSlice, error) {
	if err := n.mayFollow(ctx, actor, ActionFeedAcknowledged); err != nil {
		return FeedSlice{}, err
	}
	faults := checkInput(in)
	if in.Stream != "" && !isUUID(in.Stream) {
		faults.Add(CodeInvalid, "stream")
	}
	if in.Sequence < 1 {
		faults.Add(CodeInvalid, "sequence")
	}
	if err := faults.Err(); err != nil {
		return FeedSlice{}, err
	}
	var read FeedSlice
	err := n.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if read, err = tx.FeedSlice(ctx, actor.PartyID, 0, 0); err != nil {
			return fmt.Errorf("reading head of sequence: %w", err)
		}
		switch {
		case in.Stream != read.Stream:
			faults.Add(CodeStreamChanged, "stream")
		case in.Sequence > read.Sequence:
			faults.Add(CodeInvalid, "sequence")
		}
		if err := faults.Err(); err != nil || in.Sequence <= read.Acknowledged {
			return err
		}
		now := n.clock.Now()
		if err := tx.AcknowledgeFeed(ctx, actor.PartyID, Head(in), now); err != nil {
			return fmt.Errorf("acknowledging: %w", err)
		}
		read.Acknowledged, read.AcknowledgedAt = in.Sequence, now
		return nil
	})
	return read, err
}

// isUUID reports whether a text has the form of a stream's name.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
