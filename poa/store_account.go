// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// AccountTx changes what a party manages itself: tokens, endpoints, watches,
// addresses, and the end of its contract.
type AccountTx interface {
	// LockPartyState reads a party's state and takes FOR NO KEY UPDATE on its
	// row: what is bounded for a party, and its end, begin with it.
	LockPartyState(ctx context.Context, id string) (EnrollmentState, error)
	// SharePartyState reads it and takes FOR SHARE: what must not outlive the
	// contract begins with it.
	SharePartyState(ctx context.Context, id string) (EnrollmentState, error)

	// ReplaceToken names a token's replacement and lets the token end at until, or
	// earlier where it does so anyway; ErrConflict where it was replaced or
	// withdrawn before.
	ReplaceToken(ctx context.Context, id, replacement string, until, now time.Time) error
	// MarkTokenWarned records a warning; false where it went out before.
	MarkTokenWarned(ctx context.Context, tokenID string, daysAhead int, at time.Time) (bool, error)

	// LockEndpoint reads an endpoint and takes FOR NO KEY UPDATE on its row.
	LockEndpoint(ctx context.Context, id string) (Endpoint, error)
	// VerifyEndpoint marks an endpoint as verified by a test that was sent at
	// sent, unless its address changed since then.
	VerifyEndpoint(ctx context.Context, id string, sent, at time.Time) error
	// ResendDelivery lets one more attempt of a delivery be made; ErrConflict
	// where one is to come already.
	ResendDelivery(ctx context.Context, id string, at time.Time) error

	SetWatchAsked(ctx context.Context, recipientID string, on bool) error

	// UpdateMailAddress stores language, kinds of notices and unsubscription.
	UpdateMailAddress(ctx context.Context, a MailAddress) error
	DeleteMailAddress(ctx context.Context, id, partyID string) error

	// EndParty ends the contract of an active party: its accounts, tokens,
	// endpoints, watches and waiting deliveries stop with this commit.
	EndParty(ctx context.Context, id string, at time.Time) error
	// LockDelegations takes FOR NO KEY UPDATE on every delegation of a delegator
	// that is open or accepted, in the order of their IDs.
	LockDelegations(ctx context.Context, delegatorID string) error
	// EndDelegations ends every delegation of a delegator that stands, with a fact
	// and an outbox row each, closes its open filings, and returns how many ended.
	// It takes the rows' locks in the order of their IDs.
	EndDelegations(ctx context.Context, delegatorID string, reason ValidityReason, eventID string, at time.Time) (int, error)
	InsertContractEnd(ctx context.Context, e ContractEnd) error
	// ConfirmErasure records that the signing application was erased, once.
	ConfirmErasure(ctx context.Context, partyID string, at time.Time) error
}

// AccountReader reads what a party manages itself.
type AccountReader interface {
	// TokensEnding lists tokens that hold at now and end before the instant,
	// were not replaced and of which no warning of so many days went out.
	TokensEnding(ctx context.Context, now, before time.Time, daysAhead, limit int) ([]Token, error)
	Token(ctx context.Context, id string) (Token, error)

	// DeliveryPage lists an endpoint's deliveries, the newest first.
	DeliveryPage(ctx context.Context, endpointID string, p Page) (List[Delivery], error)
	// Attempts lists the newest attempts of each of a party's deliveries, at most
	// so many of each, the newest first.
	Attempts(ctx context.Context, partyID string, deliveryIDs []string, each int) (map[string][]Attempt, error)

	// WatchPage lists a recipient's watches with their standings at f.Now, the
	// newest first, in one statement.
	WatchPage(ctx context.Context, recipientID string, f WatchFilter, p Page) (List[WatchRow], error)
	WatchAsked(ctx context.Context, recipientID string) (bool, error)
	CountWatches(ctx context.Context, recipientID string) (int, error)

	// Inquiries lists a recipient's inquiries, the newest first. It counts none:
	// Total is 0.
	Inquiries(ctx context.Context, f InquiryFilter, p Page) (List[InquiryRecord], error)
	// ReadingsOf reads again what the inquiries were answered from, each as it was
	// at the version that it read, in a handful of statements.
	ReadingsOf(ctx context.Context, records []InquiryRecord) ([]Reading, error)

	MailAddress(ctx context.Context, id string) (MailAddress, error)
	// UnsubscribeMAC is the keyed hash by which a link to unsubscribe an address
	// proves itself; nothing of it is stored.
	UnsubscribeMAC(addressID string) []byte
	// MailsSince counts a party's mails of a kind since the instant.
	MailsSince(ctx context.Context, partyID string, t MailTemplate, since time.Time) (int, error)

	ContractEnd(ctx context.Context, partyID string) (ContractEnd, error)
	ContractEndByLink(ctx context.Context, hash [32]byte) (ContractEnd, error)
}

// Actions of what a party manages itself.
const (
	ActionTokenRotated        Action = "access.token_rotated"
	ActionTokenWarned         Action = "access.token_warned"
	ActionEndpointVerified    Action = "endpoint.verified"
	ActionDeliveryResent      Action = "endpoint.delivery_resent"
	ActionWatchAsked          Action = "recipient.watch_asked_set"
	ActionAddressUpdated      Action = "mail.address_updated"
	ActionAddressRemoved      Action = "mail.address_removed"
	ActionAddressUnsubscribed Action = "mail.address_unsubscribed"
	ActionInquiriesExported   Action = "recipient.inquiries_exported"
	// ActionOwnRead is reading what is a party's own, where that was refused.
	ActionOwnRead          Action = "party.own_read"
	ActionAccountExported  Action = "enrollment.exported"
	ActionAccountClosed    Action = "enrollment.closed"
	ActionContractEnded    Action = "enrollment.contract_ended"
	ActionErasureConfirmed Action = "enrollment.signing_application_erased"
)

// Codes of what a party manages itself.
const (
	CodeLastAddress  Code = "LAST_ADDRESS"
	CodeAddressTaken Code = "ADDRESS_TAKEN"
	CodePeriod       Code = "EXPORT_PERIOD_TOO_LONG"
)

// Kinds of mail of what a party manages itself. All of them but the notices
// concern the account's security: they go to every confirmed address and cannot
// be unsubscribed from.
const (
	MailTokenExpiring MailTemplate = "token-expiring"
	MailAccountClosed MailTemplate = "account-closed"
	MailContractEnded MailTemplate = "contract-ended"
)

// WarnTokens warns of tokens that are about to end. No answer depends on it.
type WarnTokens struct{}

// Kind names the job.
func (WarnTokens) Kind() string { return "warn_tokens" }

// WatchFilter narrows a list of watches. Zero fields do not filter.
type WatchFilter struct {
	Statuses []ValidityStatus
	// Now is the instant of the standings.
	Now time.Time
}

// WatchRow is a watch with how its delegation stands.
type WatchRow struct {
	Watch
	Standing Standing
	Term     Term
}

// InquiryFilter narrows a list of inquiries. Zero fields do not filter.
type InquiryFilter struct {
	RecipientID string
	// ID is that of one inquiry.
	ID           string
	DelegationID DelegationID
	// From and Until bound the instant of the answer: from From on, before Until.
	From, Until time.Time
	// TokenID is whose token asked; AccountID whose session or token.
	TokenID   string
	AccountID string
}

// InquiryRecord is the audit row of an inquiry as the store returns it. With
// the facts it gives the answer again (design.md, rule 3).
type InquiryRecord struct {
	Inquiry
	RecipientID string
	AccountID   string
	// TokenID is empty where a signed-in session asked.
	TokenID string
	// Version is the last of the delegation's facts that was read; 0 where there
	// was none.
	Version  int
	LeafHash [32]byte
}

// ContractEnd is the end of a party's contract (2.1.2).
type ContractEnd struct {
	PartyID string
	EndedAt time.Time
	// EndedBy is the account of the party's administrator or of staff.
	EndedBy string
	ByKind  ActorKind
	// Delegations is how many ended with it.
	Delegations int
	// LinkHash is that of the link by which a delegator confirms that the signing
	// application was erased; zero for recipients.
	LinkHash           [32]byte
	ErasureConfirmedAt time.Time
}
