// SPDX-License-Identifier: Apache-2.0

package poa

import (
	"context"
	"crypto/sha256"
	"slices"
)

// Permission is one thing that staff may do. Which role may do what stands in
// one table, [Grants]: it is asked at every act and printed as documentation
// (7.2.1, docs/roles.md).
type Permission string

// Permissions of staff.
const (
	MayAppoint              Permission = "APPOINT_STAFF"
	MayProposeDismissal     Permission = "PROPOSE_DISMISSAL"
	MaySeeStaff             Permission = "SEE_STAFF"
	MayPublish              Permission = "PUBLISH_DOCUMENTS"
	MaySeeParties           Permission = "SEE_PARTIES"
	MaySeeCases             Permission = "SEE_CASES"
	MayWorkDesk             Permission = "WORK_DESK"
	MayTakeOverCases        Permission = "TAKE_OVER_CASES"
	MayEnterCases           Permission = "ENTER_CASES"
	MayConfirmOrganisations Permission = "CONFIRM_ORGANISATIONS"
	MayDecideApplications   Permission = "DECIDE_APPLICATIONS"
	MayDecideFilings        Permission = "DECIDE_FILINGS"
	MayAnswerQuestions      Permission = "ANSWER_QUESTIONS"
	MaySuspend              Permission = "SUSPEND_DELEGATIONS"
	MayEndDelegations       Permission = "END_DELEGATIONS"
	MayCheckTitles          Permission = "CHECK_TITLES"
	MayCorrectBodies        Permission = "CORRECT_PROFESSIONAL_BODIES"
	MayLogContacts          Permission = "LOG_CONTACTS"
	MaySeeContacts          Permission = "SEE_CONTACTS"
	MayReadAudit            Permission = "READ_AUDIT_LOG"
	MayExportAudit          Permission = "EXPORT_AUDIT_LOG"
	MayReviewAudit          Permission = "REVIEW_AUDIT_LOG"
	MaySeeReviews           Permission = "SEE_AUDIT_REVIEWS"
	MayAnswerFindings       Permission = "ANSWER_FINDINGS"
	MaySeeQueues            Permission = "SEE_QUEUES"
	MaySeeRetention         Permission = "SEE_RETENTION"
	MayHold                 Permission = "SET_LEGAL_HOLDS"
	MayPrepareErasure       Permission = "PREPARE_ERASURE"
	MayReleaseErasure       Permission = "RELEASE_ERASURE"
	MayResetFactors         Permission = "RESET_SECOND_FACTORS"
)

// Grant says which roles have a permission, and the clause that it comes from;
// "" marks what is ours.
type Grant struct {
	Permission Permission
	Roles      []Role
	Clause     string
}

// permissions says who may do what. Where the operating rules name the role,
// the clause stands beside it; the rest is ours.
var permissions = []Grant{
	{MayAppoint, []Role{RoleServiceOwner}, "7.2.1"},
	{MayProposeDismissal, []Role{RoleServiceManager}, ""},
	{MaySeeStaff, []Role{RoleServiceOwner, RoleServiceManager, RoleAuditor}, "2.6.4"},
	{MayPublish, []Role{RoleServiceOwner}, "9.2"},
	{MaySeeParties, []Role{RoleReception, RoleServiceOwner, RoleServiceManager}, ""},
	{MaySeeCases, []Role{RoleReception, RoleServiceOwner, RoleServiceManager}, ""},
	{MayWorkDesk, []Role{RoleReception, RoleServiceOwner}, ""},
	{MayTakeOverCases, []Role{RoleServiceOwner}, ""},
	{MayEnterCases, []Role{RoleReception}, "10.2.1"},
	{MayConfirmOrganisations, []Role{RoleReception}, "3.1.3"},
	{MayDecideApplications, []Role{RoleReception}, ""},
	{MayDecideFilings, []Role{RoleReception}, "4.1.5"},
	{MayAnswerQuestions, []Role{RoleReception, RoleServiceOwner}, "10.2.1"},
	{MaySuspend, []Role{RoleReception, RoleServiceOwner}, ""},
	{MayEndDelegations, []Role{RoleServiceOwner, RoleReception}, ""},
	{MayCheckTitles, []Role{RoleReception}, "4.1.2"},
	{MayCorrectBodies, []Role{RoleReception, RoleServiceOwner}, "4.1.3"},
	{MayLogContacts, []Role{RoleReception, RoleServiceOwner}, "6.1"},
	{MaySeeContacts, []Role{RoleReception, RoleServiceOwner, RoleServiceManager}, "6.1"},
	{MayReadAudit, []Role{RoleAuditor, RoleServiceManager}, "7.2.1"}, // the auditor inspects, the manager watches
	{MayExportAudit, []Role{RoleAuditor}, "7.2.1"},                   // the auditor extracts
	{MayReviewAudit, []Role{RoleAuditor}, "6.2.2"},
	{MaySeeReviews, []Role{RoleAuditor, RoleServiceManager, RoleServiceOwner}, "2.6.5"},
	{MayAnswerFindings, []Role{RoleServiceManager}, "2.6.5"},
	{MaySeeQueues, []Role{RoleServiceOwner, RoleServiceManager, RoleServiceOperator, RoleReception, RoleAuditor, RoleMaintainer}, "7.2.1"},
	{MaySeeRetention, []Role{RoleServiceOwner, RoleServiceManager, RoleAuditor}, "6.2.9"},
	{MayHold, []Role{RoleServiceOwner, RoleServiceManager}, ""},
	{MayPrepareErasure, []Role{RoleServiceManager}, ""},
	{MayReleaseErasure, []Role{RoleServiceOwner}, ""},
	{MayReadEvidence, []Role{RoleReception, RoleAuditor}, "6.2.9"},
	{MayResetFactors, []Role{RoleServiceOwner}, "8.3"},
	{MayPostLetters, []Role{RoleReception}, "2.3.2(4)"},
	{MaySeeAnnouncements, []Role{RoleReception, RoleServiceOwner, RoleServiceManager}, ""},
	{MayPrepareAnnouncements, []Role{RoleReception}, ""},
	{MayReleaseAnnouncements, []Role{RoleServiceOwner}, ""},
}

// Grants lists who may do what, in the order of the table.
func Grants() []Grant {
	all := slices.Clone(permissions)
	for i := range all {
		all[i].Roles = slices.Clone(all[i].Roles)
	}
	return all
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
// signed in, else FORBIDDEN. Chapters ask by [office.permit], which audits.
func (a Actor) requirePermission(p Permission) error {
	if err := a.require(ActorStaff); err != nil {
		return err
	}
	if !a.May(p) {
		return ErrForbidden
	}
	return nil
}

// permit returns nil if the actor may do an act of staff: each of them begins with
// it.
func (o office) permit(ctx context.Context, actor Actor, p Permission, action Action) error {
	return o.admit(ctx, actor, action, actor.requirePermission(p))
}

// admit takes what an act wants of its actor, and hands it back. It is the one
// place where the refusal of somebody who is signed in leaves its audit event
// (6.2.1), of staff and of parties alike: every act that wants something of its
// actor begins with it, or asks inside the act. Who is nobody leaves none: the log
// would grow by whatever is sent here.
func (o office) admit(ctx context.Context, actor Actor, action Action, wanted error) error {
	if wanted == nil || actor.Kind == "" || actor.Kind == ActorAnonymous {
		return wanted
	}
	return o.refused(ctx, &act{actor: actor}, action, sha256.Sum256([]byte(action)), wanted)
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
