// SPDX-License-Identifier: Apache-2.0

package poa

// Codes of what staff can put right at the desk.
const (
	CodeRoleTaken      Code = "ROLE_TAKEN"
	CodeRolesExclude   Code = "ROLES_EXCLUDE"
	CodeNotDeclared    Code = "FITNESS_NOT_DECLARED"
	CodeLastOwner      Code = "LAST_OWNER"
	CodeNotProposed    Code = "DISMISSAL_NOT_PROPOSED"
	CodeCaseClaimed    Code = "CASE_CLAIMED"
	CodeEnteredByOwn   Code = "ENTERED_BY_YOURSELF"
	CodePeriodTooLong  Code = "PERIOD_TOO_LONG"
	CodeUnknownParty   Code = "PARTY_UNKNOWN"
	CodeUnknownCase    Code = "CASE_UNKNOWN"
	CodeFindingNotOpen Code = "FINDING_STATE"
)

// Actions of the desk (6.2.1).
const (
	ActionStaffDismissed    Action = "permission.staff_dismissed"
	ActionDismissalProposed Action = "permission.dismissal_proposed"
	ActionHandedOver        Action = "permission.owner_handed_over"
	ActionStaffRead         Action = "permission.staff_read"
	ActionCasesRead         Action = "case.listed"
	ActionCaseLooked        Action = "case.looked_at"
	ActionCaseClaimed       Action = "case.claimed"
	ActionCaseTakenOver     Action = "case.taken_over"
	ActionCaseReleased      Action = "case.released"
	ActionCaseNoted         Action = "case.noted"
	ActionCaseAnswered      Action = "case.answered"
	ActionContactLogged     Action = "contact.logged"
	ActionContactsRead      Action = "contact.listed"
	ActionContactsExported  Action = "contact.exported"
	ActionRetentionRead     Action = "retention.read"
	ActionTitlesRead        Action = "title.read"
	ActionAuditExported     Action = "audit.exported"
	ActionAuditReviewed     Action = "audit.reviewed"
	ActionReviewsRead       Action = "audit.reviews_read"
	ActionFindingAnswered   Action = "audit.finding_answered"
	ActionFindingConfirmed  Action = "audit.finding_confirmed"
)

// Prefixes of the desk's own IDs.
const (
	PrefixAppointment = "apt_"
	PrefixNote        = "cnt_"
	PrefixContact     = "con_"
	PrefixReview      = "rev_"
	PrefixFinding     = "fnd_"
)
