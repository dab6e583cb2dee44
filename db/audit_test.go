// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/log"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	e := sampleEvent(d)
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.Audit(ctx, e) })
	l, err := d.DB.AuditEvents(t.Context(), poa.AuditFilter{SubjectID: e.SubjectID, Actions: []poa.Action{e.Action}, From: e.At, Until: e.At.Add(time.Second)}, poa.Page{})
	if err != nil {
		t.Fatal(err)
	}
	want := e
	want.LeafHash = log.LeafHash(log.Row{EventID: e.ID, At: e.At, ActorKind: "STAFF", ActorID: "stf_1", Action: string(e.Action), SubjectID: "dgr_1", Outcome: "DONE",
		Data: []byte(`{"a":"\u003c1\u003e","b":"2","partyId":"dgr_1"}`)})
	if diff := cmp.Diff([]poa.AuditEvent{want}, l.Items); diff != "" {
		t.Error(diff)
	}
}

func TestFailingAuditFailsTheAct(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	d.Exec(t, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$`,
		`CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()`)
	p := sampleParty(poa.PartyDelegator, "A-1", d.Clock.Now())
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		if err := tx.InsertParty(ctx, p); err != nil {
			return err
		}
		return tx.Audit(ctx, sampleEvent(d))
	})
	if err == nil {
		t.Error("the act succeeded")
	}
	if _, err := d.DB.Delegator(t.Context(), p.ID); !errors.Is(err, poa.ErrNotFound) {
		t.Errorf("the act stayed: %v", err)
	}
}

// sqlState runs a statement as a login in its role and returns its SQLSTATE.
func sqlState(tb testing.TB, url, role, statement string) string {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(tb.Context()))
	if _, err := conn.Exec(tb.Context(), "SET ROLE "+role); err != nil {
		tb.Fatal(err)
	}
	_, err = conn.Exec(tb.Context(), statement)
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err != nil {
		tb.Fatal(err)
	}
	return "00000"
}

// TestHistoryStays tries to change history as the program's role (design.md,
// rule 5).
func TestHistoryStays(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	const denied = "42501"
	for table, column := range map[string]string{
		"audit_events": "outcome", "audit_events_default": "outcome", "inquiries": "nonce", "confirmations": "sealed", "party_refusals": "code",
		"published": "body", "facts": "kind", "filing_checks": "result", "refusals": "code", "delegate_certificates": "sealed", "attempts": "at",
		"key_checks": "value", "destroyed_keys": "at", "archive_manifests": "location",
		"party_versions": "sealed", "party_lookups": "sealed", "change_versions": "sealed",
	} {
		for _, statement := range []string{fmt.Sprintf("UPDATE %s SET %s = %s", table, column, column), "DELETE FROM " + table, "TRUNCATE " + table} {
			if got := sqlState(t, d.URL, db.RoleProgram, statement); got != denied {
				t.Errorf("%s: SQLSTATE %s", statement, got)
			}
		}
	}
	for _, statement := range []string{
		"UPDATE parties SET role = role", "UPDATE changes SET requested_by = requested_by", "UPDATE questions SET sealed = sealed", "UPDATE accounts SET roles = roles", "UPDATE api_tokens SET scope = scope", "UPDATE links SET hash = hash",
		"DELETE FROM parties", "DELETE FROM accounts", "CREATE TABLE mine (a int)", "ALTER TABLE audit_events ADD COLUMN b int", "SELECT audit_detach('a', 'b')", "SET ROLE ininjo_owner",
	} {
		if got := sqlState(t, d.URL, db.RoleProgram, statement); got != denied {
			t.Errorf("%s: SQLSTATE %s", statement, got)
		}
	}
	if got := sqlState(t, d.LoginURL(db.LoginAuditor), db.RoleAuditor, "SELECT id FROM audit_events"); got != "00000" {
		t.Errorf("the auditor cannot read: %s", got)
	}
	if got := sqlState(t, d.LoginURL(db.LoginAuditor), db.RoleAuditor, "SELECT sealed FROM parties"); got != denied {
		t.Errorf("the auditor reads parties: %s", got)
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.Audit(ctx, sampleEvent(d)) })
	rows := func() int64 {
		n, err := d.DB.DefaultRows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if rows() != 1 {
		t.Errorf("the default partitions hold %d rows", rows())
	}
	for range 2 { // the second time there is nothing to do
		if err := d.DB.MakePartitions(t.Context(), d.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if rows() != 0 {
		t.Errorf("the default partitions still hold %d rows", rows())
	}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		e := sampleEvent(d)
		e.At = e.At.AddDate(0, 3, 20)
		return tx.Audit(ctx, e)
	})
	l, err := d.DB.AuditEvents(t.Context(), poa.AuditFilter{}, poa.Page{})
	if err != nil || l.Total != 2 || rows() != 0 {
		t.Errorf("%v, %d events, %d in default partitions", err, l.Total, rows())
	}
}

func TestDetachWantsVerifiedManifest(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	if err := d.DB.MakePartitions(t.Context(), d.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error { return tx.Audit(ctx, sampleEvent(d)) })
	detach := func(partition string) string {
		return sqlState(t, d.LoginURL(db.LoginRetention), db.RoleRetention, "SELECT audit_detach('"+partition+"', 'arc_1')")
	}
	const part = "audit_events_y2026m06"
	if got := detach(part); got != "42501" {
		t.Errorf("without a manifest: %s", got)
	}
	d.Exec(t, `INSERT INTO archive_manifests (id, partition, rows, sha256, location, created_at) VALUES ('arc_1', '`+part+`', 2, sha256('x'), 'file:a', '2026-06-01')`)
	if got := detach(part); got != "42501" {
		t.Errorf("with an unverified one: %s", got)
	}
	d.Exec(t, "UPDATE archive_manifests SET verified_at = created_at")
	if got := detach(part); got != "42501" {
		t.Errorf("with another count: %s", got)
	}
	if got := detach("audit_events_default"); got != "42501" {
		t.Errorf("the default partition: %s", got)
	}
	if got := detach("parties"); got != "42P01" {
		t.Errorf("a table that is no partition: %s", got)
	}
	d.Exec(t, "UPDATE archive_manifests SET rows = 1")
	if got := detach(part); got != "00000" {
		t.Errorf("with a verified manifest: %s", got)
	}
	if l, err := d.DB.AuditEvents(t.Context(), poa.AuditFilter{}, poa.Page{}); err != nil || l.Total != 0 {
		t.Errorf("%v, %d events stayed", err, l.Total)
	}
}
