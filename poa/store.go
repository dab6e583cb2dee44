// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"time"
)

// Store is where the service's state is kept. Implemented by db on PostgreSQL.
type Store interface {
	// InTx runs fn in one transaction and commits if it returns nil. An error
	// of fn is returned as it is, after rollback. It does not nest.
	InTx(ctx context.Context, fn func(context.Context, Tx) error) error
	Reader
	DispatchReader
	HeadReader
	LogCounter
	Crowd
	// Ask checks the credential, reads the delegations and inserts the audit
	// rows of the inquiries in one statement, and returns one Reading for each
	// inquiry, in order, once they are durable. Where the credential does not
	// hold it inserts nothing and every Asker is zero.
	Ask(ctx context.Context, c Credential, inquiries []Inquiry) ([]Reading, error)
	// ActorByToken finds the actor of a token that holds at now.
	ActorByToken(ctx context.Context, hash [32]byte, now time.Time) (Actor, TokenScope, error)
	// ActorByLink finds the delegate of a link that is not over at now. A link
	// that was used up is found, too, with LinkUsed set.
	ActorByLink(ctx context.Context, hash [32]byte, now time.Time) (Actor, error)
	// ActorByAccount finds the actor of a signed-in account that is not disabled.
	ActorByAccount(ctx context.Context, accountID string) (Actor, error)
}

// Tx is one transaction. Methods that change a row that must still be in an
// expected state return ErrConflict where it no longer is; methods that find
// nothing return ErrNotFound.
type Tx interface {
	Reader
	PartyTx
	DelegationTx
	NoticeTx
	MailTx
	LetterTx
	CaseTx
	AccessTx
	AccountTx
	ApplicationTx
	DeskTx
	TitleTx
	RetentionTx
	EvidenceTx
	FeedTx
	LogTx

	// Audit inserts the event of the act. A failing insert fails the act.
	Audit(ctx context.Context, e AuditEvent) error
	// AuditAll inserts events of acts that share a transaction.
	AuditAll(ctx context.Context, events []AuditEvent) error
	// Enqueue inserts a job in the transaction. The zero at means now.
	Enqueue(ctx context.Context, j Job, at time.Time) error
	// Remember claims an idempotency key for 24 h: it returns what an earlier
	// act with the same scope, key and input kept, or "" for a new key, and
	// ErrConflict where the input differs. It waits for a concurrent act with
	// the same key.
	Remember(ctx context.Context, scope, key string, input [32]byte, now time.Time) (kept string, err error)
	// Keep stores the ID of what the act made, for the next caller with the key.
	Keep(ctx context.Context, scope, key, id string) error
	// NextNumber draws the next 受付番号 of a kind, e.g. "A-20261123-000042".
	NextNumber(ctx context.Context, kind string, day Date) (string, error)
}

// PartyTx changes parties, accounts, tokens and published documents.
type PartyTx interface {
	InsertParty(ctx context.Context, p Party) error
	// DecideParty moves an applied party to ACTIVE or REFUSED.
	DecideParty(ctx context.Context, id string, s EnrollmentState, at time.Time) error
	InsertPartyRefusals(ctx context.Context, partyID string, r []Refusal) error
	InsertConfirmation(ctx context.Context, c Confirmation) error
	InsertAccount(ctx context.Context, a Account) error
	SetPassword(ctx context.Context, accountID, hash string) error
	InsertToken(ctx context.Context, t Token) error
	RevokeToken(ctx context.Context, id, partyID string, at time.Time) error
	InsertPublished(ctx context.Context, p Published) error
	InsertLink(ctx context.Context, l Link) error
	// UseLink marks a link as used; ErrConflict where it was used or is over.
	UseLink(ctx context.Context, id string, at time.Time) error
}

// DelegationTx changes delegations.
type DelegationTx interface {
	// LockDelegation reads the delegation and takes FOR NO KEY UPDATE on it:
	// every change of a delegation begins with it (design.md, rule 14).
	LockDelegation(ctx context.Context, id DelegationID) (Delegation, error)
	// ShareDelegation reads it and takes FOR SHARE: watching begins with it.
	ShareDelegation(ctx context.Context, id DelegationID) (Delegation, error)
	// AllocateStatusEntry draws an entry of the status lists, uniform among the
	// unused ones of the open list; a new list opens at 75 %.
	AllocateStatusEntry(ctx context.Context) (StatusListEntry, error)
	InsertDelegation(ctx context.Context, d Delegation, draft []byte) error
	// Submit stores the filing: state, mode, acknowledgement, digests of the file
	// and of the signed content, the file itself unless it is nil, and its checks.
	Submit(ctx context.Context, d Delegation, file []byte, contentSHA256 [32]byte, checks []Check) error
	InsertChecks(ctx context.Context, id DelegationID, checks []Check) error
	// Close moves a filing from one state to WITHDRAWN, ABANDONED or REFUSED.
	Close(ctx context.Context, id DelegationID, from, to State, at time.Time) error
	InsertRefusals(ctx context.Context, id DelegationID, r []Refusal) error
	// Accept moves a submitted filing to ACCEPTED.
	Accept(ctx context.Context, id DelegationID, at time.Time) error
	// AppendFact appends a fact under the row lock: it draws the version and
	// the instant of recording (greater of now and the previous plus 1 µs),
	// brings the projection row up to date and returns the fact as recorded.
	AppendFact(ctx context.Context, f Fact, term Term, now time.Time) (Fact, error)
	InsertChallenge(ctx context.Context, c Challenge) error
	UseChallenge(ctx context.Context, id string, at time.Time) error
	// InsertHandedIn keeps what the certificate says, and the signed challenge unless
	// it is nil.
	InsertHandedIn(ctx context.Context, h HandedIn, file []byte) error
	// UntieCertificate takes a handed-in certificate off a draft: it must be handed
	// in anew.
	UntieCertificate(ctx context.Context, id DelegationID) error
	// LockDelegationRows takes FOR NO KEY UPDATE on delegations, in the order of
	// their IDs, and reads nothing.
	LockDelegationRows(ctx context.Context, ids []DelegationID) error
	// MarkAnnounced records that due changes were announced and returns those that
	// were not before.
	MarkAnnounced(ctx context.Context, due []Change, at time.Time) ([]Change, error)
}

// NoticeTx changes what concerns notices.
type NoticeTx interface {
	NumberTx
	DispatchTx
	EndpointTx

	// Publish inserts the outbox row of a change.
	Publish(ctx context.Context, c Change) error
	// PublishAll inserts the outbox rows of changes, in their order.
	PublishAll(ctx context.Context, changes []Change) error
	InsertDelivery(ctx context.Context, d Delivery) error
	InsertWatch(ctx context.Context, w Watch) error
	DeleteWatch(ctx context.Context, recipientID string, id DelegationID) error
	// Head returns the head of a party's sequence.
	Head(ctx context.Context, partyID string) (stream string, sequence int64, err error)
	InsertEndpoint(ctx context.Context, e Endpoint) error
	UpdateEndpoint(ctx context.Context, e Endpoint) error
	DeleteEndpoint(ctx context.Context, id, partyID string) error
	InsertMail(ctx context.Context, m Mail) error
	MarkMailSent(ctx context.Context, id string, at time.Time) error
	InsertMailAddress(ctx context.Context, a MailAddress) error
	ConfirmMailAddress(ctx context.Context, id string, at time.Time) error
}

// Reader reads. Methods return ErrNotFound where nothing is there; who may see
// what is decided by the callers in this package (design.md, rule 11).
type Reader interface {
	AccessReader
	AccountReader
	MailReader
	LetterReader
	ApplicationReader
	DeskReader
	TitleReader
	RetentionReader
	EvidenceReader
	EndpointReader
	FeedReader
	LogReader

	Delegator(ctx context.Context, id string) (Delegator, error)
	Recipient(ctx context.Context, id string) (Recipient, error)
	Delegators(ctx context.Context, f PartyFilter, o Order, p Page) (List[Delegator], error)
	Recipients(ctx context.Context, f PartyFilter, o Order, p Page) (List[Recipient], error)
	PartyRefusals(ctx context.Context, partyID string) ([]Refusal, error)
	AccountByEmail(ctx context.Context, email string) (Account, error)
	Account(ctx context.Context, id string) (Account, error)
	// Accounts lists a party's accounts, or all staff for "".
	Accounts(ctx context.Context, partyID string) ([]Account, error)
	Tokens(ctx context.Context, partyID string) ([]Token, error)
	Published(ctx context.Context) ([]Published, error)
	Link(ctx context.Context, id string) (Link, error)

	Delegation(ctx context.Context, id DelegationID) (Delegation, error)
	Delegations(ctx context.Context, f DelegationFilter, o Order, p Page) (List[Delegation], error)
	// Replacement returns the accepted replacement of a delegation, or "".
	Replacement(ctx context.Context, id DelegationID) (DelegationID, error)
	Facts(ctx context.Context, id DelegationID) ([]Fact, error)
	// DetailsOf reads what belongs to each of the delegations in a handful of
	// statements, however many they are. Standings are left to the caller.
	DetailsOf(ctx context.Context, ids []DelegationID) (map[DelegationID]Details, error)
	Projection(ctx context.Context, id DelegationID) (Projection, error)
	Projections(ctx context.Context, ids []DelegationID) (map[DelegationID]Projection, error)
	Checks(ctx context.Context, id DelegationID) ([]Check, error)
	Refusals(ctx context.Context, id DelegationID) ([]Refusal, error)
	File(ctx context.Context, id DelegationID, kind FileKind) ([]byte, error)
	Challenge(ctx context.Context, id string) (Challenge, error)
	HandedIn(ctx context.Context, id DelegationID) (HandedIn, error)
	// DueTerms returns accepted delegations whose term starts, is about to end
	// or ended, or whose future-dated end took effect, without having been
	// announced.
	DueTerms(ctx context.Context, now time.Time, expiringAhead time.Duration, limit int) ([]Change, error)
	// StaleDrafts returns drafts older than the instant.
	StaleDrafts(ctx context.Context, before time.Time, limit int) ([]DelegationID, error)

	Endpoint(ctx context.Context, id string) (Endpoint, error)
	Endpoints(ctx context.Context, partyID string) ([]Endpoint, error)
	Delivery(ctx context.Context, id string) (Delivery, error)
	Deliveries(ctx context.Context, endpointID string, limit int) ([]Delivery, error)
	Notices(ctx context.Context, partyID string, after int64, limit int) ([]Notice, error)
	Watches(ctx context.Context, recipientID string, limit int) ([]Watch, error)
	// Watching tells whether the recipient watches the delegation.
	Watching(ctx context.Context, recipientID string, id DelegationID) (bool, error)
	MailAddresses(ctx context.Context, partyID string) ([]MailAddress, error)
	Mail(ctx context.Context, id string) (Mail, error)
	AuditEvents(ctx context.Context, f AuditFilter, p Page) (List[AuditEvent], error)
}

// Page asks for part of a list, as Relay's connections do: First and After, or
// Last and Before; cursors are opaque texts of the store. At most 100 rows.
type Page struct {
	First  int
	After  string
	Last   int
	Before string
	// CountTo bounds how far the rows are counted: one more than it means that
	// there are more. 0 counts all.
	CountTo int
}

// MaxPage is the largest page.
const MaxPage = 100

// List is a page of a list.
type List[T any] struct {
	Items       []T
	Cursors     []string
	HasNext     bool
	HasPrevious bool
	Total       int
}

// OrderField is what a list is ordered by; ties are broken by ID.
type OrderField string

// Order fields.
const (
	OrderCreated      OrderField = "CREATED_AT"
	OrderValidThrough OrderField = "VALID_THROUGH"
)

// Order is a field and a direction. The zero Order is newest first.
type Order struct {
	Field     OrderField
	Ascending bool
}

// PartyFilter narrows lists of parties. Zero fields do not filter.
type PartyFilter struct {
	IDs    []string
	States []EnrollmentState
	Kind   PartyKind
	// Search is text of a name or address, matched by keyed hashes of its
	// folded bigrams.
	Search string
}

// DelegationFilter narrows lists of delegations. Zero fields do not filter.
type DelegationFilter struct {
	DelegatorID string
	// WatchedBy keeps delegations that the recipient watches.
	WatchedBy string
	States    []State
	// Statuses are computed at Now from the projection.
	Statuses []ValidityStatus
	Now      time.Time
	Search   string
	// EndsBefore keeps terms that end before the day.
	EndsBefore Date
}

// AuditFilter narrows the list of audit events.
type AuditFilter struct {
	SubjectID string
	ActorID   string
	Actions   []Action
	// Outcome is DONE, a code, or REFUSED for everything but DONE.
	Outcome string
	From    time.Time
	Until   time.Time
}

// OutcomeRefused filters for whatever was not done.
const OutcomeRefused = "REFUSED"
