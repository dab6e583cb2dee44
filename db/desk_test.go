// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"fmt"
	"testing"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

// TestTheDeskInTheDatabase tries what the program never does: the database
// refuses it by itself.
func TestTheDeskInTheDatabase(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	const denied, checked, twice = "42501", "23514", "23505"
	staff := func(email string, roles ...poa.Role) poa.Account {
		account := poa.Account{ID: poa.NewID(poa.PrefixStaff), Kind: poa.ActorStaff, Roles: roles, Name: "担当", Email: email, Language: "ja", CreatedAt: d.Clock.Now()}
		inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
			if err := tx.InsertAccount(ctx, account); err != nil {
				return err
			}
			return appointed(ctx, tx, account)
		})
		return account
	}
	owner, reception, auditor := staff("o@example.jp", poa.RoleServiceOwner), staff("r@example.jp", poa.RoleReception), staff("a@example.jp", poa.RoleAuditor)
	appointment := func(account poa.Account, role poa.Role) string {
		return fmt.Sprintf("INSERT INTO appointments (id, account_id, role, from_at, appointed_by) VALUES ('%s', '%s', '%s', now(), 'migration')", poa.NewID(poa.PrefixAppointment), account.ID, role)
	}
	dismissal := func(account poa.Account, role poa.Role) string {
		return fmt.Sprintf("INSERT INTO dismissals (appointment_id, at, dismissed_by, sealed) SELECT appointment_id, now(), '%s', '' FROM held_roles WHERE account_id = '%s' AND role = '%s'", owner.ID, account.ID, role)
	}
	d.Exec(t, "INSERT INTO cases (id, kind, subject_id, opened_at, due_at, entered_by) VALUES ('cas_1', 'QUESTION', 'con_1', now(), now(), 'stf_1')",
		"INSERT INTO reviews (id, log, since, through, by, at, sealed) VALUES ('rev_1', 'AUDIT_LOG', now(), now(), 'stf_2', now(), '')",
		"INSERT INTO findings (id, review_id, ordinal, state, sealed, answer_sealed, answered_by, answered_at) VALUES ('fnd_1', 'rev_1', 0, 'ANSWERED', '', '', 'stf_3', now())")
	for _, row := range []struct{ what, statement, want string }{
		{"a role taken without an appointment", "UPDATE accounts SET roles = '{SERVICE_OWNER}'", denied},
		{"a holder written in", fmt.Sprintf("INSERT INTO held_roles (account_id, role, appointment_id) VALUES ('%s', 'MAINTAINER', 'apt_1')", reception.ID), denied},
		{"an account that says it is the manager", "INSERT INTO accounts (id, kind, roles, sealed, email_hash, language, created_at) VALUES ('stf_x', 'STAFF', '{SERVICE_MANAGER}', '', 'x', 'ja', now())", checked},
		{"a second owner", appointment(reception, poa.RoleServiceOwner), twice},
		{"a second auditor", appointment(reception, poa.RoleAuditor), twice},
		{"roles that exclude each other", appointment(reception, poa.RoleServiceManager), twice},
		{"an appointment without its check", "INSERT INTO appointments (id, account_id, role, from_at, appointed_by) VALUES ('apt_x', '" + reception.ID + "', 'MAINTAINER', now(), 'stf_1')", checked},
		{"the owner dismissed, and nobody after", dismissal(owner, poa.RoleServiceOwner), checked},
		{"the auditor dismissed by one alone", dismissal(auditor, poa.RoleAuditor), checked},
		{"an appointment altered", "UPDATE appointments SET role = role", denied},
		{"a dismissal taken back", "DELETE FROM dismissals", denied},
		{"a contact altered", "UPDATE contacts SET sealed = sealed", denied},
		{"a contact deleted", "DELETE FROM contacts", denied},
		{"a note altered", "UPDATE case_notes SET sealed = sealed", denied},
		{"a review altered", "UPDATE reviews SET sealed = sealed", denied},
		{"a finding's words altered", "UPDATE findings SET sealed = sealed", denied},
		{"a finding confirmed by whoever answered it", "UPDATE findings SET state = 'CONFIRMED', confirmed_by = 'stf_3', confirmed_at = now()", checked},
		{"a case decided by whoever entered it", "UPDATE cases SET closed_at = now(), closed_by = 'stf_1', outcome = 'ANSWERED'", checked},
		{"a claim without an end", "UPDATE cases SET claimed_by = 'stf_1', claimed_at = now()", checked},
		{"reception dismissed", dismissal(reception, poa.RoleReception), "00000"},
	} {
		if got := sqlState(t, d.URL, db.RoleProgram, row.statement); got != row.want {
			t.Errorf("%s: SQLSTATE %s, want %s", row.what, got, row.want)
		}
	}
	if got := d.Text(t, "SELECT (roles = '{}' AND disabled_at IS NOT NULL)::text FROM accounts WHERE id = '"+reception.ID+"'"); got != "true" {
		t.Error("who holds no role is not disabled")
	}
}
