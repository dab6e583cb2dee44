// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"ininjo/poa"
)

func isPermission(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

func (w *world) change(d poa.Delegation, version int) poa.Change {
	return poa.Change{Type: poa.NoticeRevoked, DelegationID: d.ID, DelegatorID: d.DelegatorID, Version: version, Status: poa.StatusRevoked, At: start}
}

func (w *world) take(t *testing.T) []poa.TakenChange {
	t.Helper()
	var taken []poa.TakenChange
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		var err error
		taken, err = tx.TakeChanges(ctx, 100, start)
		return err
	})
	return taken
}

func versions(changes []poa.TakenChange) []int {
	var found []int
	for _, c := range changes {
		found = append(found, c.Version)
	}
	return found
}

// TestOutbox shows that a change that commits late is taken late, not lost.
func TestOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	late := w.begun(t, fmt.Sprintf(`INSERT INTO outbox (type, delegation_id, delegator_id, version, status, at) VALUES ('%s', '%s', '%s', 1, '%s', '%s')`,
		poa.NoticeRevoked, d.ID, d.DelegatorID, poa.StatusRevoked, start.Format(time.RFC3339Nano)))
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.Publish(ctx, w.change(d, 2)), tx.Publish(ctx, w.change(d, 3)))
	})
	if got := versions(w.take(t)); !cmp.Equal(got, []int{2, 3}) {
		t.Errorf("taken first: %v", got)
	}
	must(t, late.Commit(t.Context()))
	got := w.take(t)
	want := w.change(d, 1)
	if len(got) == 1 {
		want.ID = got[0].ID
	}
	if diff := cmp.Diff([]poa.TakenChange{{Change: want, Watchers: []poa.Watcher{}}}, got); diff != "" {
		t.Error(diff)
	}
	if got := w.take(t); len(got) != 0 {
		t.Errorf("taken again: %v", got)
	}
}

// TestSequence shows that numbers have no gaps, and that a number drawn in a
// transaction that rolled back is drawn again.
func TestSequence(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.accepted(t, w.delegator, days(0, 5))
	number := func(change int64, fail error) error {
		return w.DB.InTx(ctx, func(ctx context.Context, tx poa.Tx) error {
			heads, err := tx.DrawSequences(ctx, map[string]int{w.recipient: 1})
			if err != nil {
				return err
			}
			c := w.change(d, int(change))
			c.ID = change
			return errors.Join(tx.InsertNotices(ctx, []poa.Notice{{PartyID: w.recipient, Stream: heads[w.recipient].Stream, Sequence: heads[w.recipient].Sequence, Change: c}}, nil, nil), fail)
		})
	}
	broken := errors.New("broken")
	if err := errors.Join(number(1, nil), number(2, nil)); err != nil {
		t.Fatal(err)
	}
	if err := number(3, broken); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if err := number(2, nil); !errors.Is(err, poa.ErrConflict) {
		t.Errorf("a change was numbered twice for one party: %v", err)
	}
	if err := number(4, nil); err != nil {
		t.Fatal(err)
	}
	notices, err := w.DB.Notices(ctx, w.recipient, 1, 10)
	if err != nil || len(notices) != 2 || notices[0].Sequence != 2 || notices[1].Sequence != 3 || notices[1].ID != 4 {
		t.Errorf("%+v, %v", notices, err)
	}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		stream, head, err := tx.Head(ctx, w.recipient)
		if head != 3 || stream != notices[0].Stream {
			t.Errorf("head %d of %s", head, stream)
		}
		_, none, err2 := tx.Head(ctx, w.delegator)
		if none != 0 {
			t.Errorf("head %d of a new stream", none)
		}
		return errors.Join(err, err2)
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	d := w.accepted(t, w.delegator, days(0, 5))
	watch := func(since int) {
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			return tx.InsertWatch(ctx, poa.Watch{RecipientID: w.recipient, DelegationID: d.ID, Since: start, SinceVersion: since})
		})
	}
	check := func(name string, version int, want []string) {
		t.Helper()
		w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.Publish(ctx, w.change(d, version)) })
		if taken := w.take(t); len(taken) != 1 || !slices.Equal(taken[0].Told(), want) {
			t.Errorf("%s: %v", name, taken)
		}
	}
	watch(1)
	watch(5)
	check("the change that it read", 1, nil)
	check("the next one, though it asked to watch again", 2, []string{w.recipient})
	if list, err := w.DB.Watches(ctx, w.recipient, 10); err != nil || len(list) != 1 || list[0].SinceVersion != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	for range 2 { // ending twice does nothing
		w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.DeleteWatch(ctx, w.recipient, d.ID) })
	}
	check("after the end", 2, nil)
	if on, err := w.DB.Watching(ctx, w.recipient, d.ID); err != nil || on {
		t.Error(on, err)
	}
	watch(2)
	check("begun again", 3, []string{w.recipient})
}

func TestDueTerms(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	const ahead = 3 * 24 * time.Hour
	future := w.accepted(t, w.delegator, days(1, 10))
	w.accepted(t, w.delegator, days(0, 20)) // begun when accepted, ends later: nothing is due
	revoked := w.accepted(t, w.delegator, days(1, 12))
	w.append(t, revoked, poa.Fact{Kind: poa.FactRevoked, Stands: true, From: start.AddDate(0, 0, 5)})
	now := w.accepted(t, w.delegator, days(1, 12))
	w.append(t, now, poa.Fact{Kind: poa.FactRevoked, Stands: true, From: start})
	late := w.accepted(t, w.delegator, days(0, 8))
	w.append(t, late, poa.Fact{Kind: poa.FactEnded, Stands: true, From: start.AddDate(0, 0, 9)}) // after the term: it runs out instead
	names := map[poa.DelegationID]string{future.ID: "future", revoked.ID: "revoked", now.ID: "now", late.ID: "late"}
	announce := func(at time.Time) []string {
		t.Helper()
		due, err := w.DB.DueTerms(ctx, at, ahead, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range due {
			got = append(got, fmt.Sprintf("%s %s %s", names[c.DelegationID], strings.TrimPrefix(string(c.Type), "delegation."), c.Status))
			w.in(t, func(ctx context.Context, tx poa.Tx) error {
				fresh, err := tx.MarkAnnounced(ctx, []poa.Change{c}, at)
				again, err2 := tx.MarkAnnounced(ctx, []poa.Change{c}, at)
				if len(fresh) != 1 || len(again) != 0 {
					t.Errorf("%+v: fresh %v, again %v", c, fresh, again)
				}
				return errors.Join(err, err2)
			})
		}
		return got
	}
	begins := poa.DateOf(start).AddDays(1).Begins()
	for _, step := range []struct {
		at   time.Time
		want []string
	}{
		{begins.Add(-time.Microsecond), nil},
		{begins, []string{"future effective VALID", "revoked effective VALID"}},
		{begins, nil},
		{start.AddDate(0, 0, 5), []string{"revoked revoked REVOKED"}},
		{start.AddDate(0, 0, 6), []string{"late expiring VALID"}},
		{poa.DateOf(start).AddDays(9).Begins(), []string{"future expiring VALID", "late expired EXPIRED"}},
		{start.AddDate(0, 0, 40), []string{"future expired EXPIRED"}},
		{start.AddDate(0, 0, 40), nil},
	} {
		got := announce(step.at)
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, " ") }) // the one that ends last
		slices.Sort(got)
		if diff := cmp.Diff(step.want, got, cmpEmpty); diff != "" {
			t.Errorf("at %s: %s", step.at, diff)
		}
	}
}

var cmpEmpty = cmp.Transformer("empty", func(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
})

// TestPersonalDataIsSealed searches every row of every table for a name, as
// text and as bytes (design.md, rule 8).
func TestPersonalDataIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.submitted(t, w.delegator, days(0, 5), "")
	w.accept(t, d)
	w.ask(t, w.credential(), d.ID)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(
			tx.InsertRefusals(ctx, d.ID, []poa.Refusal{{Code: poa.CodeDeclined, Note: secretName, At: start}}),
			tx.InsertMail(ctx, poa.Mail{ID: "eml_1", DelegationID: d.ID, To: secretName, Template: poa.MailDelegateLink, Language: "ja", Values: map[string]string{"n": secretName}, CreatedAt: start}),
			tx.InsertMailAddress(ctx, poa.MailAddress{ID: "adr_1", PartyID: w.recipient, Email: secretName, Language: "ja", CreatedAt: start}),
			tx.InsertEndpoint(ctx, poa.Endpoint{ID: "whe_1", PartyID: w.recipient, URL: "https://x/" + secretName, State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight, Secret: secretName, CreatedAt: start}))
	})
	var tables []string
	rows, err := w.DB.Pool().Query(t.Context(), "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if rows.Err() != nil || len(tables) < 30 {
		t.Fatal(tables, rows.Err())
	}
	for _, table := range tables {
		var all string
		if err := w.DB.Pool().QueryRow(t.Context(), "SELECT coalesce(string_agg(x::text, ' '), '') FROM "+table+" AS x").Scan(&all); err != nil {
			t.Fatal(table, err)
		}
		for _, secret := range []string{"秘密野", "丸子", "taro@example.com", "受任"} {
			if strings.Contains(all, secret) || strings.Contains(all, hex.EncodeToString([]byte(secret))) {
				t.Errorf("%s holds personal data in the clear", table)
			}
		}
	}
}
