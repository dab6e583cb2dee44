// SPDX-License-Identifier: Apache-2.0

package poa

import "slices"

// RoleRule says of a role how many persons may hold it at once and who appoints
// and dismisses them (7.2.1).
type RoleRule struct {
	Role Role
	// Limit is how many may hold it at once; 0 is any number.
	Limit int
	// AppointedBy is the role that appoints and dismisses. The first service
	// owner is appointed once by the staff command; the role then passes from
	// one person to the next in one act.
	AppointedBy Role
	// Clause is where the operating rules say who appoints; "" marks ours.
	Clause string
}

// roleRules is one person in each role but reception (7.2, 7.2.1). Manager and
// operator are the owner's to appoint; that the others are, too, is ours.
var roleRules = []RoleRule{
	{RoleServiceOwner, 1, RoleServiceOwner, ""},
	{RoleServiceManager, 1, RoleServiceOwner, "7.2.1"},
	{RoleServiceOperator, 1, RoleServiceOwner, "7.2.1"},
	{RoleReception, 0, RoleServiceOwner, ""},
	{RoleAuditor, 1, RoleServiceOwner, ""},
	{RoleMaintainer, 1, RoleServiceOwner, ""},
}

// Exclusion is two roles that one person never holds together, and why: a key
// of poa/locale. That roles exclude each other is ours; the clause is the one
// that lets each check the other.
type Exclusion struct {
	One, Other Role
	Why        string
	Clause     string
}

// exclusions are the pairs of roles of which one checks the other. The database
// holds the same pairs and refuses them again.
var exclusions = []Exclusion{
	{RoleAuditor, RoleServiceOwner, "independent", "2.6.3"},
	{RoleAuditor, RoleServiceManager, "independent", "2.6.3"},
	{RoleAuditor, RoleServiceOperator, "independent", "2.6.3"},
	{RoleAuditor, RoleReception, "independent", "2.6.3"},
	{RoleAuditor, RoleMaintainer, "independent", "2.6.3"},
	{RoleServiceOwner, RoleServiceManager, "prepares-releases", ""},
	{RoleServiceOwner, RoleServiceOperator, "lends-access", "8.1"},
	{RoleServiceOwner, RoleMaintainer, "approves-entry", "10.2.3"},
	{RoleServiceOwner, RoleReception, "takes-over", ""},
	{RoleServiceManager, RoleServiceOperator, "no-servers", "7.2.1"},
	{RoleServiceManager, RoleMaintainer, "no-entry", "7.2.1"},
	{RoleServiceManager, RoleReception, "watches-log", "7.2.1"},
	{RoleServiceOperator, RoleMaintainer, "never-alone", "7.2.1"},
}

// TwoPersons is what needs two people: whoever did the first half never does
// the second.
type TwoPersons struct {
	// Name is a key of poa/locale.
	Name string
	// First and Second are the permissions of the halves.
	First, Second Permission
	Clause        string
}

// twoPersons lists what one person never does alone (ours, unless a clause
// stands beside it).
var twoPersons = []TwoPersons{
	{"application", MayEnterCases, MayDecideApplications, ""},
	{"filing", MayEnterCases, MayDecideFilings, ""},
	{"question", MayEnterCases, MayAnswerQuestions, ""},
	{"title", MayCheckTitles, MayCheckTitles, ""},
	{"erasure", MayPrepareErasure, MayReleaseErasure, ""},
	{"auditor", MayProposeDismissal, MayAppoint, ""},
	{"finding", MayAnswerFindings, MayReviewAudit, "2.6.5"},
}

// RoleRules lists the rule of each role, in the order of the operating rules.
func RoleRules() []RoleRule { return slices.Clone(roleRules) }

// Exclusions lists the pairs of roles that nobody holds together.
func Exclusions() []Exclusion { return slices.Clone(exclusions) }

// NeedsTwo lists what needs two people.
func NeedsTwo() []TwoPersons { return slices.Clone(twoPersons) }

// Exclude reports whether one person may not hold both roles.
func Exclude(one, other Role) bool {
	return slices.ContainsFunc(exclusions, func(e Exclusion) bool {
		return e.One == one && e.Other == other || e.One == other && e.Other == one
	})
}

// limit is how many may hold a role at once, 0 any number.
func (r Role) limit() int {
	for _, rule := range roleRules {
		if rule.Role == r {
			return rule.Limit
		}
	}
	return 0
}

// appointer is the role that appoints to a role and dismisses from it.
func (r Role) appointer() Role {
	for _, rule := range roleRules {
		if rule.Role == r {
			return rule.AppointedBy
		}
	}
	return ""
}

// checkRoles finds what forbids that an account holds the roles beside what it
// and others hold now: roles that exclude each other, and roles that are taken.
func checkRoles(held []Appointment, accountID string, roles []Role) Faults {
	var faults Faults
	var own []Role
	for _, a := range held {
		if a.AccountID == accountID {
			own = append(own, a.Role)
		}
	}
	for i, role := range roles {
		if slices.Contains(own, role) {
			faults.Add(CodeRoleTaken, "roles")
			continue
		}
		holders := 0
		for _, a := range held {
			if a.Role == role {
				holders++
			}
		}
		if limit := role.limit(); limit > 0 && holders >= limit {
			faults.Add(CodeRoleTaken, "roles")
		}
		if slices.ContainsFunc(append(own, roles[:i]...), func(other Role) bool { return Exclude(role, other) }) {
			faults.Add(CodeRolesExclude, "roles")
		}
	}
	return faults
}
