// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/poa"
)

// held keeps the tokens' table locked, so that a statement under way stays away
// and others gather behind it.
func (w *world) held(t *testing.T) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE api_tokens IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("%s never came", what)
}

// away says whether a statement is at the server and waits there.
func (w *world) away(t *testing.T) func() bool {
	n := w.statements(t)
	return func() bool { return n() > 0 }
}

// statements counts those that are at the server and wait there.
func (w *world) statements(t *testing.T) func() int {
	conn, err := pgx.Connect(t.Context(), w.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return func() int {
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// batch are as many inquiries about a delegation as a request may have.
func (w *world) batch(id poa.DelegationID) []poa.Inquiry {
	inquiries := make([]poa.Inquiry, poa.MaxInquiries)
	for i := range inquiries {
		inquiries[i] = w.inquiry(id)
	}
	return inquiries
}

// asker puts one question, with a token of its own or with none that holds.
type asker struct {
	hash     [32]byte
	inquiry  poa.Inquiry
	readings []poa.Reading
	err      error
}

func (w *world) start(asking *sync.WaitGroup, ctx context.Context, a *asker) {
	asking.Go(func() { a.readings, a.err = w.DB.Ask(ctx, poa.Credential{TokenHash: a.hash}, []poa.Inquiry{a.inquiry}) })
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	tokens := make([][32]byte, 8)
	for i := range tokens {
		tokens[i] = sha256.Sum256(fmt.Append(nil, "token", i))
		w.newToken(t, poa.NewID(poa.PrefixToken), tokens[i], w.account, w.recipient, poa.ActorRecipient, poa.ScopeValidity)
	}
	release, away := w.held(t), w.away(t)
	var asking sync.WaitGroup
	first := &asker{hash: tokens[0], inquiry: w.inquiry(d.ID)}
	w.start(&asking, t.Context(), first)
	until(t, "the first statement", away)
	gone, leave := context.WithCancel(t.Context())
	left := &asker{hash: tokens[0], inquiry: w.inquiry(d.ID)}
	w.start(&asking, gone, left)
	until(t, "who will leave", func() bool { return w.DB.Waiting() == 1 })
	leave()
	askers := make([]*asker, 40)
	for i := range askers {
		askers[i] = &asker{hash: tokens[i%len(tokens)], inquiry: w.inquiry(d.ID)}
		switch i % 10 {
		case 7:
			askers[i].hash = sha256.Sum256([]byte("foreign"))
		case 8:
			askers[i].inquiry = w.inquiry(poa.NewDelegationID())
		}
		w.start(&asking, t.Context(), askers[i])
	}
	until(t, "the others", func() bool { return w.DB.Waiting() == len(askers)+1 })
	release()
	asking.Wait()
	if first.err != nil || !first.readings[0].Found || !errors.Is(left.err, context.Canceled) {
		t.Errorf("%v, %v", first.err, left.err)
	}
	for i, a := range askers {
		r := a.readings[0]
		if a.err != nil || r.Found != (i%10 < 7 || i%10 == 9) || (r.Asker.Kind == "") != (i%10 == 7) || (r.LeafHash == [32]byte{}) != (i%10 == 7) {
			t.Errorf("%d: %v, %+v", i, a.err, r)
		}
	}
	if n := w.count(t, "SELECT count(*) FROM inquiries"); n != 1+36 {
		t.Errorf("%d inquiries", n)
	}
	if n := w.count(t, "SELECT count(DISTINCT xmin::text) FROM inquiries"); n != 2 {
		t.Errorf("%d transactions", n)
	}
}

// TestAnsweredDoNotWaitForTheNext holds the second statement, by a lock that was asked
// for behind the first one: who was answered by the first is told meanwhile.
func TestAnsweredDoNotWaitForTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	w.ask(t, w.credential(), d.ID) // the statement is prepared: that takes locks of its own
	release, statements := w.held(t), w.statements(t)
	var first, second, locking sync.WaitGroup
	askers := []*asker{{hash: w.token, inquiry: w.inquiry(d.ID)}, {hash: w.token, inquiry: w.inquiry(d.ID)}}
	w.start(&first, t.Context(), askers[0])
	until(t, "the first statement", func() bool { return statements() == 1 })
	var releaseSecond func()
	locking.Go(func() { releaseSecond = w.held(t) })
	until(t, "the second lock", func() bool { return statements() == 2 })
	w.start(&second, t.Context(), askers[1])
	until(t, "who asks second", func() bool { return w.DB.Waiting() == 1 })
	release()
	locking.Wait()
	until(t, "the second statement", func() bool { return statements() == 1 })
	first.Wait() // or the test ends with its time
	if n := statements(); n != 1 {
		t.Errorf("%d statements are held", n)
	}
	releaseSecond()
	second.Wait()
	for i, a := range askers {
		if a.err != nil || !a.readings[0].Found {
			t.Errorf("%d: %v", i, a.err)
		}
	}
}

func TestOneSpoilsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	twice := w.inquiry(d.ID)
	if _, err := w.DB.Ask(t.Context(), w.credential(), []poa.Inquiry{twice}); err != nil {
		t.Fatal(err)
	}
	release, away := w.held(t), w.away(t)
	var asking sync.WaitGroup
	askers := make([]*asker, 9)
	for i := range askers {
		askers[i] = &asker{hash: w.token, inquiry: w.inquiry(d.ID)}
		if i == 4 {
			askers[i].inquiry = twice
		}
		w.start(&asking, t.Context(), askers[i])
		if i == 0 {
			until(t, "the first statement", away)
		}
	}
	until(t, "the others", func() bool { return w.DB.Waiting() == len(askers)-1 })
	release()
	asking.Wait()
	for i, a := range askers {
		if i == 4 != errors.Is(a.err, poa.ErrConflict) || i != 4 && (a.err != nil || !a.readings[0].Found) {
			t.Errorf("%d: %v", i, a.err)
		}
	}
	if n := w.count(t, "SELECT count(*) FROM inquiries"); n != len(askers) {
		t.Errorf("%d inquiries", n)
	}
}

// TestGroupLosesItsConnection cuts the connection of a statement under way: who
// is in it is told to ask again, who waited is answered on another.
func TestGroupLosesItsConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	release, away := w.held(t), w.away(t)
	var asking sync.WaitGroup
	cut, waiting := &asker{hash: w.token, inquiry: w.inquiry(d.ID)}, &asker{hash: w.token, inquiry: w.inquiry(d.ID)}
	w.start(&asking, t.Context(), cut)
	until(t, "the first statement", away)
	w.start(&asking, t.Context(), waiting)
	until(t, "the other", func() bool { return w.DB.Waiting() == 1 })
	w.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
	release()
	asking.Wait()
	if poa.CodeOf(cut.err) != poa.CodeUnavailable {
		t.Errorf("want UNAVAILABLE, have %v", cut.err)
	}
	if waiting.err != nil || !waiting.readings[0].Found {
		t.Errorf("%v", waiting.err)
	}
	if n := w.count(t, "SELECT count(*) FROM inquiries WHERE id = $1", cut.inquiry.ID); n != 0 {
		t.Error("what was refused stands in the audit log")
	}
}

func TestGroupsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	release, statements := w.held(t), w.statements(t)
	var asking sync.WaitGroup
	const askers = 12
	errs := make([]error, askers)
	for i := range errs {
		asking.Go(func() {
			_, errs[i] = w.DB.Ask(context.Background(), w.credential(), w.batch(d.ID))
		})
		if i < db.BatchLanes { // each lane's first statement has one request
			until(t, "the statement", func() bool { return statements() == i+1 })
		}
	}
	until(t, "the others", func() bool { return w.DB.Waiting() == (askers-db.BatchLanes)*poa.MaxInquiries })
	release()
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := w.count(t, "SELECT max(n) FROM (SELECT count(*) AS n FROM inquiries GROUP BY xmin::text) s"); n > db.MaxGrouped || n <= poa.MaxInquiries {
		t.Errorf("%d inquiries in one statement", n)
	}
}

// TestBatchesHaveLanesOfTheirOwn: while as many batches are away as may be, and one
// more waits, a single question goes at once.
func TestBatchesHaveLanesOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.accepted(t, w.delegator, days(0, 5))
	release, statements := w.held(t), w.statements(t)
	var asking sync.WaitGroup
	errs := make([]error, db.BatchLanes+1)
	for i := range errs {
		asking.Go(func() { _, errs[i] = w.DB.Ask(t.Context(), w.credential(), w.batch(d.ID)) })
		until(t, "the batch", func() bool {
			return statements() == min(i+1, db.BatchLanes) && w.DB.Waiting() == max(i+1-db.BatchLanes, 0)*poa.MaxInquiries
		})
	}
	single := &asker{hash: w.token, inquiry: w.inquiry(d.ID)}
	w.start(&asking, t.Context(), single)
	until(t, "the single question", func() bool { return statements() == db.BatchLanes+1 })
	release()
	asking.Wait()
	if err := errors.Join(append(errs, single.err)...); err != nil || !single.readings[0].Found {
		t.Error(err)
	}
}

// TestFewTellNothingOfANeighbour asks for an unknown ID, alone and among many:
// the row that is read in its place, so that it takes the time of a known one, is
// told to nobody.
func TestFewTellNothingOfANeighbour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 20 {
		w.accepted(t, w.delegator, days(0, 5))
	}
	for _, size := range []int{1, db.Few, db.Few + 1} {
		ids := make([]poa.DelegationID, size)
		for i := range ids {
			ids[i] = poa.NewDelegationID()
		}
		ids[size-1] = "00000-00000-00000-00000-00000" // before all others: there is a neighbour
		for _, r := range w.ask(t, w.credential(), ids...) {
			want := poa.Reading{Asker: r.Asker, Scope: r.Scope, Active: r.Active, LeafHash: r.LeafHash}
			if diff := cmp.Diff(want, r); diff != "" || r.LeafHash == [32]byte{} {
				t.Errorf("of %d: %s", size, diff)
			}
		}
	}
	if n := w.count(t, "SELECT count(*) FROM inquiries WHERE version IS NOT NULL"); n != 0 {
		t.Errorf("%d inquiries with a version", n)
	}
}

// TestWatchersWaitAlone locks a delegation as a change under way does: who begins
// a watch waits for it, others are answered meanwhile (design.md, rule 14).
func TestWatchersWaitAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d, watched := w.accepted(t, w.delegator, days(0, 5)), w.accepted(t, w.delegator, days(0, 5))
	watcher := w.party(t, poa.PartyRecipient)
	hash := sha256.Sum256([]byte("watcher"))
	w.newToken(t, poa.NewID(poa.PrefixToken), hash, w.newAccount(t, watcher, poa.ActorRecipient), watcher, poa.ActorRecipient, poa.ScopeAll)
	w.Exec(t, "UPDATE parties SET watch_asked = true WHERE id = '"+watcher+"'")
	if r, err := w.DB.Ask(t.Context(), poa.Credential{TokenHash: hash}, []poa.Inquiry{w.inquiry(watched.ID)}); err != nil || !r[0].Found {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), w.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "BEGIN; SELECT FROM delegations FOR NO KEY UPDATE"); err != nil {
		t.Fatal(err)
	}
	away := w.away(t)
	var asking sync.WaitGroup
	var readings []poa.Reading
	asking.Go(func() {
		readings, err = w.DB.Ask(context.Background(), poa.Credential{TokenHash: hash}, []poa.Inquiry{w.inquiry(watched.ID), w.inquiry(d.ID), w.inquiry("")})
	})
	until(t, "the watch", away)
	if r := w.ask(t, w.credential(), d.ID)[0]; !r.Found {
		t.Errorf("%+v", r)
	}
	if r, err := w.DB.Ask(t.Context(), poa.Credential{TokenHash: hash}, []poa.Inquiry{w.inquiry(watched.ID)}); err != nil || !r[0].Found {
		t.Errorf("who watches already waits: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	asking.Wait()
	if err != nil || len(readings) != 3 || !readings[0].Found || !readings[1].Found || readings[2].Found || readings[2].LeafHash == [32]byte{} {
		t.Errorf("%v, %+v", err, readings)
	}
	if n := w.count(t, "SELECT count(*) FROM watches WHERE recipient_id = $1", watcher); n != 2 {
		t.Errorf("%d watches", n)
	}
	if n := w.count(t, "SELECT count(*) FROM inquiries WHERE recipient_id = $1", watcher); n != 5 {
		t.Errorf("%d inquiries", n)
	}
}

func TestHowManyGoTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		usual         float64
		waiting, away int
		wanted, most  int
	}{
		{"of the usual number half is taken, and nearly as many are waited for", 32, 16, 16, 12, 17},
		{"half though more wait", 32, 30, 2, 0, 17},
		{"a sudden crowd goes as a whole", 1, 40, 1, 0, db.MaxGrouped},
		{"one alone waits for nobody", 1, 1, 0, 0, 2},
		{"after few nobody is waited for", 3, 1, 3, 0, 3},
		{"no statement takes more than its bound", 5000, 4000, 512, db.MaxGrouped, db.MaxGrouped},
	} {
		if wanted, most := db.NextOf(c.usual, c.waiting, c.away); wanted != c.wanted || most != c.most {
			t.Errorf("%s: %d and %d, want %d and %d", c.name, wanted, most, c.wanted, c.most)
		}
	}
}
