// SPDX-License-Identifier: Apache-2.0

package db

// Roles of the database (design.md, rule 15). None can log in; logins are
// members of them.
const (
	RoleOwner     = "ininjo_owner"
	RoleProgram   = "ininjo_program"
	RoleRetention = "ininjo_retention"
	RoleAuditor   = "ininjo_auditor"
)
