// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// NoticeType is the type of a change notice, as webhooks write it.
type NoticeType string

// Types of notices.
const (
	NoticeAccepted     NoticeType = "delegation.accepted"
	NoticeRefused      NoticeType = "delegation.refused"
	NoticeEffective    NoticeType = "delegation.effective"
	NoticeRevoked      NoticeType = "delegation.revoked"
	NoticeRenounced    NoticeType = "delegation.renounced"
	NoticeSuperseded   NoticeType = "delegation.superseded"
	NoticeSuspended    NoticeType = "delegation.suspended"
	NoticeResumed      NoticeType = "delegation.resumed"
	NoticeExpiring     NoticeType = "delegation.expiring"
	NoticeExpired      NoticeType = "delegation.expired"
	NoticeEnded        NoticeType = "delegation.ended"
	NoticeAnnouncement NoticeType = "service.announcement"
	NoticeClosing      NoticeType = "service.closing"
	NoticeTest         NoticeType = "endpoint.test"
	// NoticeHeartbeat is signed and says where the sequence stands. Like a test it
	// has no number of its own and is sent whatever an endpoint's filter says.
	NoticeHeartbeat NoticeType = "service.heartbeat"
)

// NoticeTypes lists every type that an endpoint can ask for.
var NoticeTypes = []NoticeType{NoticeAccepted, NoticeRefused, NoticeEffective, NoticeRevoked, NoticeRenounced, NoticeSuperseded,
	NoticeSuspended, NoticeResumed, NoticeExpiring, NoticeExpired, NoticeEnded, NoticeAnnouncement, NoticeClosing}

// Change is one outbox row: a change that committed, before it is numbered for
// the parties that it concerns. It holds no personal data.
type Change struct {
	ID           int64
	Type         NoticeType
	DelegationID DelegationID
	DelegatorID  string
	// Version of the delegation's history that the change made.
	Version int
	Status  ValidityStatus
	At      time.Time
	// EffectiveAt is when the change takes effect; zero means at At.
	EffectiveAt time.Time
	// PartyID is the one party that a change of the service concerns; "" where it
	// concerns a delegator and who watches.
	PartyID string
	// AnnouncementID is the announcement that a change of the service tells of.
	AnnouncementID string
}

// Notice is a change with its number in one party's sequence.
type Notice struct {
	PartyID  string
	Stream   string
	Sequence int64
	Change
}

// EndpointState tells whether an endpoint is delivered to.
type EndpointState string

// States of endpoints.
const (
	EndpointActive   EndpointState = "ACTIVE"
	EndpointDisabled EndpointState = "DISABLED"
)

// Endpoint is a party's webhook endpoint. URL and secrets are kept sealed.
type Endpoint struct {
	ID      string
	PartyID string
	URL     string
	// Types is the filter; empty means every type.
	Types []NoticeType
	State EndpointState
	// Secret is `whsec_` and base64 of 32 bytes. PreviousSecret signs as well
	// until PreviousUntil after a rotation.
	Secret         string
	PreviousSecret string
	PreviousUntil  time.Time
	Description    string
	CreatedAt      time.Time
	// DisabledReason is a code, e.g. GONE.
	DisabledReason string
	// VerifiedAt is when a test first arrived at the address; zero before.
	VerifiedAt time.Time
	// AddressAt is when the address became what it is.
	AddressAt time.Time
	// MaxInFlight is how many posts may be under way to it from one process, 1 to
	// 64.
	MaxInFlight int
	// RatePerSecond bounds posts a second from one process, at most 1,000; 0 means
	// no bound.
	RatePerSecond int
	// FailingSince is when the failures began that still go on, zero where the last
	// attempt arrived. Failures counts them, Warned the mails about them.
	FailingSince time.Time
	Failures     int
	Warned       int
	// WarnedAt is when the last of these mails was written.
	WarnedAt time.Time
	// PausedUntil is what the circuit breaker waits for; zero where it is closed.
	PausedUntil time.Time
	// DisabledAt is when it was switched off; zero while it is active.
	DisabledAt time.Time
	EndpointSettings
}

// DefaultInFlight is how many posts may be under way to a new endpoint at once.
const DefaultInFlight = 16

// DeliveryState is where a delivery stands.
type DeliveryState string

// States of deliveries.
const (
	DeliveryPending   DeliveryState = "PENDING"
	DeliveryDelivered DeliveryState = "DELIVERED"
	DeliveryFailed    DeliveryState = "FAILED"
)

// Delivery is one notice on its way to one endpoint. Its ID is the webhook-id
// and stays the same over every attempt.
type Delivery struct {
	ID         string
	EndpointID string
	Notice     Notice
	// Previous is the last number that passed the endpoint's filter; 0 if none.
	Previous    int64
	State       DeliveryState
	Attempts    int
	LastStatus  int
	LastError   string // a code: TIMEOUT, REFUSED, ADDRESS_NOT_ALLOWED, STATUS, …
	LastAt      time.Time
	DeliveredAt time.Time
	// ResendAt is when its owner wanted one more attempt that is still to come;
	// zero where none is.
	ResendAt time.Time
	// NextAt is when the next attempt is due; zero where none is to come.
	// LeasedUntil is until when a worker has it in hand.
	NextAt, LeasedUntil time.Time
	// Head and Heartbeat are the number and the JWS of a heartbeat.
	Head      int64
	Heartbeat string
}

// Attempt is one try of a delivery.
type Attempt struct {
	DeliveryID string
	Number     int
	At         time.Time
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	Error  string
	Millis int64
	// Answer is the beginning of what was answered, at most [MaxAnswer] bytes. It
	// is kept sealed.
	Answer []byte
}

// MailAddress is an address for a party's notices; it counts once confirmed.
type MailAddress struct {
	ID          string
	PartyID     string
	Email       string
	Language    string
	ConfirmedAt time.Time
	CreatedAt   time.Time
	// Types are the notices that go there; empty means every type.
	Types []NoticeType
	// UnsubscribedAt is when its reader unsubscribed; zero while notices go there.
	UnsubscribedAt time.Time
	// BouncesSince is since when mail does not arrive there; zero while it does.
	BouncesSince time.Time
}

// MailTemplate names a kind of mail. Each has its texts in jobs/mail.
type MailTemplate string

// Kinds of mail.
const (
	MailApplicationReceived MailTemplate = "application-received"
	MailApplicationAccepted MailTemplate = "application-accepted"
	MailApplicationRefused  MailTemplate = "application-refused"
	MailDelegateLink        MailTemplate = "delegate-link"
	MailRenounceLink        MailTemplate = "renounce-link"
	MailFilingReceived      MailTemplate = "filing-received"
	MailFilingAccepted      MailTemplate = "filing-accepted"
	MailFilingRefused       MailTemplate = "filing-refused"
	MailNotice              MailTemplate = "notice"
	MailConfirmAddress      MailTemplate = "confirm-address"
	MailSetPassword         MailTemplate = "set-password"
)

// Mail is a message to be sent by a job. To and Values are kept sealed, so
// that a job's arguments hold nothing but the ID.
type Mail struct {
	ID string
	// PartyID or DelegationID names whose data key seals the message.
	PartyID      string
	DelegationID DelegationID
	To           string
	Template     MailTemplate
	Language     string
	// Values fill the template: organisation, delegationId, link, number, …
	Values    map[string]string
	CreatedAt time.Time
	SentAt    time.Time
	// ChangeID is the change that a notice by mail tells of, 0 for other mail.
	ChangeID int64
	// AnnouncementID is the announcement that it tells of, "" where it is none.
	AnnouncementID string
	// Failure says why it did not arrive, "" as long as nothing says so; it may
	// come after SentAt. Status is the enhanced status code of it (RFC 3463).
	Failure  MailFailure
	Status   string
	FailedAt time.Time
}

// Watch is a recipient's wish to be told of a delegation's changes.
type Watch struct {
	RecipientID  string
	DelegationID DelegationID
	Since        time.Time
	// SinceVersion is the version that the watcher was told when it began:
	// changes of later versions are numbered for it.
	SinceVersion int
}

// Job is work for River: a kind and arguments without personal data.
type Job interface{ Kind() string }

// SendMail sends one message.
type SendMail struct {
	MailID string `json:"mailId"`
}

// Kind names the job.
func (SendMail) Kind() string { return "send_mail" }

// WarnEndpoints tells parties of endpoints that fail for long and switches off
// those that failed too long.
type WarnEndpoints struct{}

// Kind names the job.
func (WarnEndpoints) Kind() string { return "warn_endpoints" }

// AnnounceTerms announces starts and ends of terms that are due. No answer
// depends on it.
type AnnounceTerms struct{}

// Kind names the job.
func (AnnounceTerms) Kind() string { return "announce_terms" }

// AbandonDrafts ends drafts that nobody filed for 30 days, and applications whose
// e-mail address nobody proved.
type AbandonDrafts struct{}

// Kind names the job.
func (AbandonDrafts) Kind() string { return "abandon_drafts" }

// MakePartitions makes the audit tables' partitions three months ahead.
type MakePartitions struct{}

// Kind names the job.
func (MakePartitions) Kind() string { return "make_partitions" }

// IndexInquiries takes what was asked into the index by recipient.
type IndexInquiries struct{}

// Kind names the job.
func (IndexInquiries) Kind() string { return "index_inquiries" }

// RebuildSearch rebuilds the unlogged table of search hashes.
type RebuildSearch struct{}

// Kind names the job.
func (RebuildSearch) Kind() string { return "rebuild_search" }
