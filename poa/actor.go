// SPDX-License-Identifier: Apache-2.0

package poa

import "slices"

// ActorKind says what kind of party acts.
type ActorKind string

// Kinds of actors.
const (
	ActorAnonymous ActorKind = "ANONYMOUS"
	ActorDelegator ActorKind = "DELEGATOR"
	ActorRecipient ActorKind = "RECIPIENT"
	ActorDelegate  ActorKind = "DELEGATE"
	ActorStaff     ActorKind = "STAFF"
	ActorSystem    ActorKind = "SYSTEM"
)

// Role is a role of the provider's staff (operating rules 7.2, 7.2.1).
type Role string

// The six roles.
const (
	RoleServiceOwner    Role = "SERVICE_OWNER"
	RoleServiceManager  Role = "SERVICE_MANAGER"
	RoleServiceOperator Role = "SERVICE_OPERATOR"
	RoleReception       Role = "RECEPTION"
	RoleAuditor         Role = "AUDITOR"
	RoleMaintainer      Role = "MAINTAINER"
)

// Roles lists the six roles in the order of the operating rules.
var Roles = []Role{RoleServiceOwner, RoleServiceManager, RoleServiceOperator, RoleReception, RoleAuditor, RoleMaintainer}

// Actor is the signed-in party of any kind. The zero Actor is nobody.
type Actor struct {
	Kind ActorKind
	// ID names the actor in audit events: an account, a token's account, a
	// delegate's link, or "system".
	ID string
	// PartyID is the delegator or recipient for whom the actor acts.
	PartyID string
	// DelegationID bounds a delegate to the delegation of the link.
	DelegationID DelegationID
	// LinkID is the one-time link that a delegate came by.
	LinkID string
	// Purpose is what the link may be used for.
	Purpose LinkPurpose
	// LinkUsed says that the link was used up. Its bearer sees nothing any more
	// and is only given the answer of the act that used it again, for the same
	// idempotency key; whatever else it tries is LINK_OVER.
	LinkUsed bool
	// Roles are those of staff.
	Roles []Role
	// Member is what a party's member may do for it.
	Member MemberRole
	// SessionID names the browser's session, "" where the actor came by a token.
	SessionID string
	// TokenID names the API token that the actor came by, "" otherwise.
	TokenID string
	// Enrolling is the account of somebody who gave the right password and must
	// add a second factor before anything else: of kind ANONYMOUS till then.
	Enrolling string
	// Language is "ja" or "en", for mail that the act causes.
	Language string
	// Anonymous callers are told apart by the keyed hash of their e-mail
	// address where an idempotency key needs a scope.
	Scope string
}

// System is the actor of jobs.
var System = Actor{Kind: ActorSystem, ID: "system", Language: "ja"}

// Anonymous returns the actor of a caller who is not signed in.
func Anonymous(language string) Actor {
	return Actor{Kind: ActorAnonymous, ID: "anonymous", Language: language}
}

// HasRole reports whether the actor is staff in one of the roles.
func (a Actor) HasRole(roles ...Role) bool {
	if a.Kind != ActorStaff {
		return false
	}
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// require returns nil if the actor is of the kind, UNAUTHENTICATED if nobody is
// signed in, else FORBIDDEN.
func (a Actor) require(kind ActorKind) error {
	switch {
	case a.Kind == kind:
		return nil
	case a.Kind == "" || a.Kind == ActorAnonymous:
		return ErrUnauthenticated
	default:
		return ErrForbidden
	}
}
