// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ininjo/db"
	"ininjo/poa"
	"ininjo/poa/kanji"
)

// TestLooks stores looks at a title: they are read back as they were, sealed,
// erased with the delegation, and history for the program's role.
func TestLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	title := poa.Title{DelegationID: d.ID, Qualification: poa.TaxAccountant, State: poa.TitleWaiting, Round: 1, OpenedAt: start, AskAt: start}
	look := poa.TitleLook{ID: poa.NewID(poa.PrefixLook), DelegationID: d.ID, Number: 1, Round: 1, By: "stf_1", Standing: poa.SeenRegistered, Engaged: true, Name: kanji.MATCH, SamePerson: true,
		SeenAt: start, RecordedAt: start, EventID: "evt_1", Seen: poa.TitleSeen{Number: "123456", Name: "鵜飼玻璃子", Office: "玻璃事務所", Remark: "旧姓", From: poa.DateOf(start)}}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		if err := tx.OpenTitle(ctx, title); err != nil {
			return err
		}
		return tx.InsertLook(ctx, look)
	})
	looks, err := w.DB.Looks(t.Context(), d.ID)
	if diff := cmp.Diff([]poa.TitleLook{look}, looks); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	raw := w.Text(t, "SELECT string_agg(l::text, ' ') FROM title_looks l")
	for _, secret := range []string{"鵜飼", "123456", "玻璃", "旧姓"} {
		if strings.Contains(raw, secret) {
			t.Errorf("the row tells %s", secret)
		}
	}
	for _, table := range []string{"title_looks", "title_rounds", "professional_bodies"} {
		for _, statement := range []string{"DELETE FROM " + table, "TRUNCATE " + table, "UPDATE " + table + " SET recorded_at = now()", "UPDATE " + table + " SET opened_at = now()"} {
			if got := sqlState(t, w.URL, db.RoleProgram, statement); got != "42501" && got != "42703" {
				t.Errorf("%s: SQLSTATE %s", statement, got)
			}
		}
	}
	if got := sqlState(t, w.URL, db.RoleProgram, "DELETE FROM titles"); got != "42501" {
		t.Errorf("titles: SQLSTATE %s", got)
	}
	if err := w.DB.Erase(t.Context(), db.Subject{Class: db.ClassDelegation, ID: string(d.ID)}, start); err != nil {
		t.Fatal(err)
	}
	if looks, err = w.DB.Looks(t.Context(), d.ID); err != nil || len(looks) != 1 || looks[0].Seen != (poa.TitleSeen{}) || looks[0].Standing != poa.SeenRegistered {
		t.Errorf("after erasure %v, %+v", err, looks)
	}
}

// TestTitlesThatMustNotBe shows what the database refuses.
func TestTitlesThatMustNotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	id := "'" + string(d.ID) + "'"
	w.Exec(t, "INSERT INTO titles (delegation_id, qualification, state, round, opened_at, ask_at) VALUES ("+id+", 'ATTORNEY', 'WAITING', 1, now(), now())",
		"INSERT INTO title_rounds VALUES ("+id+", 1, now(), now())")
	look := "INSERT INTO title_looks (id, delegation_id, number, round, by_connector, looked_by, standing, engaged, name_result, same_person, seen_at, recorded_at, event_id, sealed) VALUES "
	for name, statement := range map[string]string{
		"confirmed without the engagement": "UPDATE titles SET state = 'CONFIRMED', verified_at = now(), due_at = now()",
		"a round opened twice":             "INSERT INTO title_rounds VALUES (" + id + ", 1, now(), now())",
		"a look of no round":               look + "('lok_1', " + id + ", 1, 2, false, 'stf_1', 'NOT_FOUND', false, '', false, now(), now(), 'evt', '')",
		"an engagement by a machine":       look + "('lok_1', " + id + ", 1, 1, true, 'connector', 'REGISTERED', true, '', false, now(), now(), 'evt', '')",
		"a look from the future":           look + "('lok_1', " + id + ", 1, 1, false, 'stf_1', 'NOT_FOUND', false, '', false, now() + interval '1 day', now(), 'evt', '')",
		"a search page without TLS":        "UPDATE professional_bodies SET search_url = 'http://x'",
		"a confirmation without an end":    "INSERT INTO facts (delegation_id, version, kind, stands, effective_from, recorded_at, event_id) VALUES (" + id + ", 2, 'TITLE_CONFIRMED', true, now(), now(), 'evt')",
	} {
		if got := sqlState(t, w.SuperuserURL, "postgres", statement); !strings.HasPrefix(got, "23") {
			t.Errorf("%s: SQLSTATE %q", name, got)
		}
	}
}
