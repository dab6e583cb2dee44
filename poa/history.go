// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"encoding/hex"
	"fmt"
)

// PastAnswer is an answer as it was given, with who asked.
type PastAnswer struct {
	Answer
	AccountID string
	// TokenID is empty where a signed-in session asked.
	TokenID string
	// Gone tells that what it was answered from was erased since: the answer
	// cannot be given again.
	Gone bool
}

// Inquiries lists the actor's own inquiries with their answers as they were
// given, the newest first. Total is not counted.
func (r *Responder) Inquiries(ctx context.Context, actor Actor, f InquiryFilter, p Page) (List[PastAnswer], error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return List[PastAnswer]{}, err
	}
	faults := checkPage(p)
	if !f.storable() {
		faults.Add(CodeInvalid, "filter")
	}
	if err := faults.Err(); err != nil {
		return List[PastAnswer]{}, err
	}
	f.RecipientID = actor.PartyID
	return r.answered(ctx, f, p)
}

// storable reports whether PostgreSQL takes the filter's texts.
func (f InquiryFilter) storable() bool {
	return storable(f.TokenID) && storable(f.AccountID) && storable(string(f.DelegationID))
}

// Inquiry returns one of the actor's own inquiries. Missing and another's look
// the same.
func (r *Responder) Inquiry(ctx context.Context, actor Actor, id string) (PastAnswer, error) {
	if err := r.admit(ctx, actor, ActionOwnRead, actor.require(ActorRecipient)); err != nil {
		return PastAnswer{}, err
	}
	if !IsID(id, PrefixInquiry) {
		return PastAnswer{}, ErrNotFound
	}
	list, err := r.answered(ctx, InquiryFilter{RecipientID: actor.PartyID, ID: id}, Page{First: 1})
	if err != nil {
		return PastAnswer{}, err
	}
	if len(list.Items) == 0 {
		return PastAnswer{}, ErrNotFound
	}
	return list.Items[0], nil
}

func (r *Responder) answered(ctx context.Context, f InquiryFilter, p Page) (List[PastAnswer], error) {
	records, err := r.store.Inquiries(ctx, f, p)
	if err != nil {
		return List[PastAnswer]{}, fmt.Errorf("reading inquiries: %w", err)
	}
	readings, err := r.store.ReadingsOf(ctx, records.Items)
	if err != nil {
		return List[PastAnswer]{}, fmt.Errorf("reading what was read: %w", err)
	}
	list := List[PastAnswer]{Cursors: records.Cursors, HasNext: records.HasNext, HasPrevious: records.HasPrevious, Items: make([]PastAnswer, len(records.Items))}
	for i, record := range records.Items {
		list.Items[i] = again(record, readings[i])
	}
	return list, nil
}

// again is the answer as it was given: a pure function of the inquiry's audit
// row and the facts up to the version that was read (design.md, section 4, rule
// 3). Whatever became of the delegation since changes nothing. The text of a
// mistyped ID alone is not there any more: it was never kept.
func again(record InquiryRecord, reading Reading) PastAnswer {
	in := record.Inquiry
	in.Historical = in.AtGiven || in.KnownAtGiven
	q := Question{DelegationID: string(in.DelegationID), Nonce: in.Nonce,
		DocumentSHA256: hex.EncodeToString(in.DocumentSHA256), DelegateCertificateSHA256: hex.EncodeToString(in.DelegateCertificateSHA256)}
	if in.AtGiven {
		q.At = in.At
	} else {
		in.At = in.AnsweredAt
	}
	if in.KnownAtGiven {
		q.KnownAt = in.KnownAt
	} else {
		in.KnownAt = in.AnsweredAt
	}
	reading.Asker, reading.LeafHash = Actor{Kind: ActorRecipient, PartyID: record.RecipientID}, record.LeafHash
	return PastAnswer{Answer: answer(q, &in, &reading), AccountID: record.AccountID, TokenID: record.TokenID, Gone: record.Version > 0 && !reading.Found}
}

// ReceiptAgain signs the receipt of one of the actor's own inquiries again: its
// payload is the one that was signed, or would have been, at the time. What was
// erased since is NOT_FOUND.
func (r *Responder) ReceiptAgain(ctx context.Context, actor Actor, inquiryID string) (string, error) {
	past, err := r.Inquiry(ctx, actor, inquiryID)
	if err != nil {
		return "", err
	}
	if past.Gone {
		return "", ErrNotFound
	}
	return r.Receipt(ctx, past.Answer)
}
