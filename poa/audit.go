// SPDX-License-Identifier: Apache-2.0

package poa

import "time"

// Action names what an audit event records (operating rules 6.2.1).
type Action string

// Actions. Inquiries are audited in a table of their own.
const (
	ActionStart             Action = "service.start"
	ActionStop              Action = "service.stop"
	ActionMigrate           Action = "database.migrate"
	ActionSignIn            Action = "access.sign_in"
	ActionSignInRefused     Action = "access.sign_in_refused"
	ActionSignOut           Action = "access.sign_out"
	ActionTokenCreated      Action = "access.token_created"
	ActionTokenRevoked      Action = "access.token_revoked"
	ActionStaffAppointed    Action = "permission.staff_appointed"
	ActionPublished         Action = "repository.published"
	ActionRegistered        Action = "enrollment.applied"
	ActionConfirmed         Action = "enrollment.confirmed"
	ActionEnrolled          Action = "enrollment.accepted"
	ActionEnrollmentRefused Action = "enrollment.refused"
	ActionDrafted           Action = "delegation.drafted"
	ActionLinkSent          Action = "delegation.link_sent"
	ActionChallenged        Action = "delegate.challenged"
	ActionHandedIn          Action = "delegate.certificate_handed_in"
	ActionDeclined          Action = "delegate.declined"
	ActionSubmitted         Action = "delegation.submitted"
	ActionAccepted          Action = "delegation.accepted"
	ActionRefused           Action = "delegation.refused"
	ActionWithdrawn         Action = "delegation.withdrawn"
	ActionAbandoned         Action = "delegation.abandoned"
	ActionRevoked           Action = "delegation.revoked"
	ActionRenounced         Action = "delegation.renounced"
	ActionSuperseded        Action = "delegation.superseded"
	ActionSuspended         Action = "delegation.suspended"
	ActionResumed           Action = "delegation.resumed"
	ActionEnded             Action = "delegation.ended"
	ActionAnnounced         Action = "delegation.announced"
	ActionWatched           Action = "recipient.watched"
	ActionUnwatched         Action = "recipient.unwatched"
	ActionEndpointCreated   Action = "endpoint.created"
	ActionEndpointUpdated   Action = "endpoint.updated"
	ActionEndpointDeleted   Action = "endpoint.deleted"
	ActionEndpointRotated   Action = "endpoint.secret_rotated"
	ActionEndpointTested    Action = "endpoint.tested"
	ActionEndpointDisabled  Action = "endpoint.disabled"
	ActionAddressAdded      Action = "mail.address_added"
	ActionAddressConfirmed  Action = "mail.address_confirmed"
	ActionAuditRead         Action = "audit.read"
)

// OutcomeDone is the outcome of an act that was done; a refusal's outcome is
// its code.
const OutcomeDone = "DONE"

// AuditEvent is one line of the audit log: date, time, actor and content of an
// event (6.2.1). It holds IDs and codes only, no personal data.
type AuditEvent struct {
	ID        string
	At        time.Time
	ActorKind ActorKind
	ActorID   string
	PartyID   string
	Action    Action
	// SubjectID is what the act was about: a delegation, a party, an account.
	SubjectID string
	Outcome   string
	// Data holds codes, versions and digests by name.
	Data map[string]string
	// LeafHash is set when the event was read back from the store.
	LeafHash [32]byte
}
