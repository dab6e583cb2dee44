// SPDX-License-Identifier: Apache-2.0

package poa

import "slices"

// RetainedTable says by which rule the rows of a table end, and how they are
// found. Columns are names of the database; "" where there is no such way.
type RetainedTable struct {
	Table string
	Kind  RecordKind
	// Party, Delegation and Staff are the columns that hold the ID of the erased
	// subject: its erasure deletes the rows.
	Party, Delegation, Staff string
	// Parent is a table whose rows these belong to, by the column Ref, which
	// holds the parent's ID: they go before it.
	Parent, Ref string
	// Age is the instant or day from which the rule of a table that is swept
	// counts; rows without it are kept.
	Age string
	// OwnKey is the class of a data key that is named by the row's ID and seals
	// the row, where no Party does: it is destroyed with the row.
	OwnKey string
}

// retainedTables lists every table of the database. A test reads the schema and
// fails where one is missing.
var retainedTables = []RetainedTable{
	// What belongs to a party or a member of staff.
	{Table: "parties", Kind: RecordProof}, // the row stays without its profile: delegations refer to it
	{Table: "party_refusals", Kind: RecordApplication, Party: "party_id"},
	{Table: "confirmations", Kind: RecordContract, Party: "party_id"},
	{Table: "mail_addresses", Kind: RecordContract, Party: "party_id"},
	{Table: "mail_suppressions", Kind: RecordContract, Party: "party_id", Delegation: "delegation_id"},
	{Table: "announcement_parties", Kind: RecordContract, Party: "party_id"},
	{Table: "contract_ends", Kind: RecordContract, Party: "party_id"},
	{Table: "token_warnings", Kind: RecordContract, Parent: "api_tokens", Ref: "token_id"},
	{Table: "party_versions", Kind: RecordContract, Party: "party_id"},
	{Table: "party_lookups", Kind: RecordContract, Party: "party_id"},
	{Table: "changes", Kind: RecordContract, Party: "party_id"},
	{Table: "change_versions", Kind: RecordContract, Parent: "changes", Ref: "change_id"},
	{Table: "questions", Kind: RecordContract, Party: "party_id"},
	{Table: "dismissal_proposals", Kind: RecordStaff, Parent: "appointments", Ref: "appointment_id"},
	{Table: "dismissals", Kind: RecordStaff, Parent: "appointments", Ref: "appointment_id"},
	{Table: "held_roles", Kind: RecordStaff, Parent: "appointments", Ref: "appointment_id"},
	{Table: "appointments", Kind: RecordStaff, Parent: "accounts", Ref: "account_id"},
	{Table: "accounts", Kind: RecordContract, Party: "party_id", Staff: "id"},
	{Table: "api_tokens", Kind: RecordContract, Parent: "accounts", Ref: "account_id"},
	{Table: "passkeys", Kind: RecordContract, Parent: "accounts", Ref: "account_id"},
	{Table: "recovery_codes", Kind: RecordContract, Parent: "accounts", Ref: "account_id"},
	{Table: "devices", Kind: RecordContract, Parent: "accounts", Ref: "account_id"},
	{Table: "invitations", Kind: RecordContract, Party: "party_id"},
	{Table: "endpoints", Kind: RecordEndpoint, Party: "party_id", Age: "deleted_at"},
	{Table: "deliveries", Kind: RecordDelivery, Party: "party_id", Parent: "endpoints", Ref: "endpoint_id", Age: "at"},
	{Table: "resends", Kind: RecordDelivery, Party: "party_id", Parent: "endpoints", Ref: "endpoint_id", Age: "created_at"},
	{Table: "heartbeats", Kind: RecordEndpoint, Parent: "endpoints", Ref: "endpoint_id"},
	{Table: "attempts", Kind: RecordDelivery, Parent: "deliveries", Ref: "delivery_id"},
	{Table: "watches", Kind: RecordWatch, Party: "recipient_id", Delegation: "delegation_id", Age: "ended_at"},
	{Table: "case_notes", Kind: RecordCase, Parent: "cases", Ref: "case_id"},
	{Table: "contacts", Kind: RecordContact, Party: "party_id", Age: "entered_at", OwnKey: "account"},
	{Table: "cases", Kind: RecordCase, Party: "party_id", Delegation: "subject_id", Age: "closed_at", OwnKey: "account"},
	// What belongs to a delegation.
	{Table: "delegations", Kind: RecordProof}, // the row stays without its contents: its ID is answered for
	{Table: "delegation_files", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "delegate_certificates", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "filing_checks", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "refusals", Kind: RecordRefusedFiling, Delegation: "delegation_id"},
	{Table: "challenges", Kind: RecordLink, Delegation: "delegation_id", Age: "expires_at"},
	{Table: "evidence_due", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "evidence_stamps", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "evidence", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "announced", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "title_looks", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "title_rounds", Kind: RecordDelegation, Delegation: "delegation_id"},
	{Table: "titles", Kind: RecordDelegation, Delegation: "delegation_id"},
	// What ends by itself.
	{Table: "findings", Kind: RecordReview, Parent: "reviews", Ref: "review_id"},
	{Table: "reviews", Kind: RecordReview, Age: "at", OwnKey: "audit"},
	{Table: "links", Kind: RecordLink, Delegation: "delegation_id", Parent: "accounts", Ref: "subject_id", Age: "expires_at"},
	{Table: "sessions", Kind: RecordSession, Parent: "accounts", Ref: "account_id", Age: "expires_at"},
	{Table: "attempts_to_sign_in", Kind: RecordSignIn, Age: "last_at"},
	{Table: "password_requests", Kind: RecordSignIn, Age: "created_at"},
	{Table: "idempotency_keys", Kind: RecordIdempotency, Age: "until"},
	{Table: "letters", Kind: RecordLetter, Party: "party_id", Age: "posted_at"},
	{Table: "mail_bounces", Kind: RecordMail, Party: "party_id", Delegation: "delegation_id", Age: "at"},
	{Table: "mails", Kind: RecordMail, Party: "party_id", Delegation: "delegation_id", Age: "created_at"},
	{Table: "notices", Kind: RecordNotice, Party: "party_id", Age: "at"},
	{Table: "feed_acknowledgements", Kind: RecordNotice, Party: "party_id", Age: "at"},
	{Table: "outbox", Kind: RecordNotice, Age: "numbered_at"},
	{Table: "counters", Kind: RecordCounter, Age: "day"},
	{Table: "search_grams", Kind: RecordContract, Party: "subject_id", Delegation: "subject_id"},
	// The audit log.
	{Table: "audit_events", Kind: RecordAuditLog},
	{Table: "inquiries", Kind: RecordAuditLog},
	{Table: "inquiry_index", Kind: RecordAuditLog, Party: "recipient_id"}, // dropped when its month is taken out
	{Table: "archive_manifests", Kind: RecordAuditArchive},
	{Table: "archive_writings", Kind: RecordAuditArchive},
	// What stays: no personal data, and proofs rest on it.
	{Table: "facts", Kind: RecordProof},
	{Table: "projections", Kind: RecordProof},
	{Table: "status_lists", Kind: RecordProof},
	{Table: "status_list_shards", Kind: RecordProof},
	{Table: "status_list_entries", Kind: RecordProof},
	{Table: "status_list_standings", Kind: RecordProof},
	{Table: "status_list_changes", Kind: RecordProgram},
	{Table: "status_list_publications", Kind: RecordProgram},
	{Table: "streams", Kind: RecordProof},
	{Table: "log_leaves", Kind: RecordProof},
	{Table: "log_runs", Kind: RecordProof},
	{Table: "log_nodes", Kind: RecordProof},
	{Table: "log_checkpoints", Kind: RecordProof},
	{Table: "log_head", Kind: RecordProof},
	{Table: "published", Kind: RecordPublished},
	{Table: "announcements", Kind: RecordPublished},
	{Table: "signing_keys", Kind: RecordSigningKey},
	{Table: "destroyed_keys", Kind: RecordErasure},
	{Table: "retention_holds", Kind: RecordErasure},
	{Table: "retention_lifts", Kind: RecordErasure},
	{Table: "retention_runs", Kind: RecordErasure},
	{Table: "retention_items", Kind: RecordErasure},
	{Table: "backups", Kind: RecordErasure},
	{Table: "professional_bodies", Kind: RecordProgram},
	{Table: "title_slots", Kind: RecordProgram},
	{Table: "revocation_lists", Kind: RecordProgram},
	{Table: "inquiry_index_mark", Kind: RecordProgram},
	{Table: "marks", Kind: RecordProgram},
	{Table: "key_checks", Kind: RecordProgram},
	{Table: "bun_migrations", Kind: RecordProgram},
	{Table: "bun_migration_locks", Kind: RecordProgram},
}

// RetainedTables returns every table with its rule.
func RetainedTables() []RetainedTable { return slices.Clone(retainedTables) }

// TablesOf lists the tables that follow a rule.
func TablesOf(kind RecordKind) []string {
	var names []string
	for _, t := range retainedTables {
		if t.Kind == kind {
			names = append(names, t.Table)
		}
	}
	return names
}
