// SPDX-License-Identifier: Apache-2.0

package poa

import "slices"

// Permission is one thing that staff may do. Which role may do what stands in
// one table, [Permissions]: it is asked at every act and printed as
// documentation (7.2.1).
type Permission string

// Permissions of staff.
const (
	MayAppoint              Permission = "APPOINT_STAFF"
	MayPublish              Permission = "PUBLISH_DOCUMENTS"
	MaySeeParties           Permission = "SEE_PARTIES"
	MayWorkDesk             Permission = "WORK_DESK"
	MayEnterCases           Permission = "ENTER_CASES"
	MayConfirmOrganisations Permission = "CONFIRM_ORGANISATIONS"
	MayDecideApplications   Permission = "DECIDE_APPLICATIONS"
	MayDecideFilings        Permission = "DECIDE_FILINGS"
	MaySuspend              Permission = "SUSPEND_DELEGATIONS"
	MayEndDelegations       Permission = "END_DELEGATIONS"
	MayCheckTitles          Permission = "CHECK_TITLES"
	MayCorrectBodies        Permission = "CORRECT_PROFESSIONAL_BODIES"
	MayLogContacts          Permission = "LOG_CONTACTS"
	MayReadAudit            Permission = "READ_AUDIT_LOG"
	MayExportAudit          Permission = "EXPORT_AUDIT_LOG"
	MayReviewAudit          Permission = "REVIEW_AUDIT_LOG"
	MaySeeQueues            Permission = "SEE_QUEUES"
	MaySeeRetention         Permission = "SEE_RETENTION"
	MayHold                 Permission = "SET_LEGAL_HOLDS"
	MayPrepareErasure       Permission = "PREPARE_ERASURE"
	MayReleaseErasure       Permission = "RELEASE_ERASURE"
	MayResetFactors         Permission = "RESET_SECOND_FACTORS"
)

// permissions says who may do what. Where the operating rules name the role,
// the clause stands beside it; the rest is ours.
var permissions = []struct {
	Permission Permission
	Roles      []Role
}{
	{MayAppoint, []Role{RoleServiceOwner}}, // 7.2.1
	{MayPublish, []Role{RoleServiceOwner}}, // 9.2
	{MaySeeParties, []Role{RoleReception, RoleServiceOwner, RoleServiceManager}},
	{MayWorkDesk, []Role{RoleReception, RoleServiceOwner}},
	{MayEnterCases, []Role{RoleReception}},
	{MayConfirmOrganisations, []Role{RoleReception}},
	{MayDecideApplications, []Role{RoleReception}},
	{MayDecideFilings, []Role{RoleReception}},
	{MaySuspend, []Role{RoleReception, RoleServiceOwner}},
	{MayEndDelegations, []Role{RoleServiceOwner, RoleReception}},
	{MayCheckTitles, []Role{RoleReception}},
	{MayCorrectBodies, []Role{RoleReception, RoleServiceOwner}},
	{MayLogContacts, []Role{RoleReception}},
	{MayReadAudit, []Role{RoleAuditor, RoleServiceManager}}, // 7.2.1: the auditor inspects, the manager watches
	{MayExportAudit, []Role{RoleAuditor}},                   // 7.2.1: the auditor extracts
	{MayReviewAudit, []Role{RoleAuditor}},                   // 6.2.2
	{MaySeeQueues, []Role{RoleServiceOwner, RoleServiceManager, RoleServiceOperator, RoleReception, RoleAuditor, RoleMaintainer}},
	{MaySeeRetention, []Role{RoleServiceOwner, RoleServiceManager, RoleAuditor}},
	{MayHold, []Role{RoleServiceOwner, RoleServiceManager}},
	{MayPrepareErasure, []Role{RoleServiceManager}},
	{MayReleaseErasure, []Role{RoleServiceOwner}},
	{MayResetFactors, []Role{RoleServiceOwner}},
}

// May reports whether the actor is staff in a role that has the permission.
func (a Actor) May(p Permission) bool {
	for _, row := range permissions {
		if row.Permission == p {
			return a.HasRole(row.Roles...)
		}
	}
	return false
}

// requirePermission returns nil if the actor may, UNAUTHENTICATED if nobody is
// signed in, else FORBIDDEN.
func (a Actor) requirePermission(p Permission) error {
	if err := a.require(ActorStaff); err != nil {
		return err
	}
	if !a.May(p) {
		return ErrForbidden
	}
	return nil
}

// RolesWith lists the roles that have a permission.
func RolesWith(p Permission) []Role {
	for _, row := range permissions {
		if row.Permission == p {
			return slices.Clone(row.Roles)
		}
	}
	return nil
}

// MemberRole is what a member of a party's account may do for the party.
type MemberRole string

// Roles of members, each with all that the next one has.
const (
	MemberAdministrator MemberRole = "ADMINISTRATOR" // members, tokens, the account itself
	MemberDeveloper     MemberRole = "DEVELOPER"     // tokens and endpoints of webhooks
	MemberReader        MemberRole = "READER"        // asks, watches and reads
)

// MemberRoles lists the roles of members, the most powerful first.
var MemberRoles = []MemberRole{MemberAdministrator, MemberDeveloper, MemberReader}

// IsMember reports whether the actor acts for a party in the role or in one
// that has more.
func (a Actor) IsMember(least MemberRole) bool {
	if a.Kind != ActorDelegator && a.Kind != ActorRecipient {
		return false
	}
	own := a.Member
	if own == "" {
		own = MemberAdministrator
	}
	return slices.Index(MemberRoles, own) <= slices.Index(MemberRoles, least)
}

// requireMember returns nil if the actor is a member in the role or more,
// UNAUTHENTICATED if nobody is signed in, else FORBIDDEN.
func (a Actor) requireMember(least MemberRole) error {
	if a.Kind == "" || a.Kind == ActorAnonymous {
		return ErrUnauthenticated
	}
	if !a.IsMember(least) {
		return ErrForbidden
	}
	return nil
}

// requireFor returns nil if the actor is of the kind and a member of its party in
// the role or more.
func (a Actor) requireFor(kind ActorKind, least MemberRole) error {
	if err := a.require(kind); err != nil {
		return err
	}
	return a.requireMember(least)
}
