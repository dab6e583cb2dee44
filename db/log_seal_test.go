// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"ininjo/db"
	"ininjo/poa"
)

// sealer seals the log of this world.
func (w *world) sealer(t testing.TB) *poa.Records {
	t.Helper()
	return w.sealerOf(t, w.DB)
}

func (w *world) sealerOf(t testing.TB, store poa.Store) *poa.Records {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	records := poa.NewRecords(w.Clock, store)
	records.SealWith("https://ininjo.example", key)
	return records
}

// seal seals all that is old enough, and says how many leaves were added, and in how
// many steps.
func (w *world) seal(t testing.TB, records *poa.Records) (sealed, steps int) {
	t.Helper()
	round := records.Sealing(w.Clock.Now())
	for {
		n, more, err := round.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sealed += n
		if n > 0 {
			steps++
		}
		if !more {
			return sealed, steps
		}
	}
}

// askAt asks about a delegation so many times in one statement, at the instant.
func (w *world) askAt(t testing.TB, id poa.DelegationID, at time.Time, n int) {
	t.Helper()
	now := w.Clock.Now()
	w.Clock.Set(at)
	defer w.Clock.Set(now)
	inquiries := make([]poa.Inquiry, n)
	for i := range inquiries {
		inquiries[i] = w.inquiry(id)
		inquiries[i].ID = poa.NewInquiryID(at)
	}
	if _, err := w.DB.Ask(t.Context(), w.credential(), inquiries); err != nil {
		t.Fatal(err)
	}
}

// TestSealingInBatches: what was recorded at one instant and in one millisecond is
// more than a batch, and so is what committed late. Each row is sealed once.
func TestSealingInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records, d := w.sealer(t), w.accepted(t, w.delegator, days(0, 5))
	check := func(when string) (steps int) {
		t.Helper()
		_, steps = w.seal(t, records)
		const rows = "SELECT (SELECT count(*) FROM inquiries) + (SELECT count(*) FROM audit_events)"
		const leaves = `SELECT count(*) FROM (SELECT entry_id FROM log_leaves UNION SELECT unnest(entry_ids) FROM log_runs) l
			WHERE EXISTS (SELECT FROM inquiries i WHERE i.id = l.entry_id) OR EXISTS (SELECT FROM audit_events e WHERE e.id = l.entry_id)`
		if rows, leaves, all := w.count(t, rows), w.count(t, leaves), w.count(t, "SELECT size FROM log_head"); rows != leaves || all != rows {
			t.Fatalf("%s: %d rows, %d leaves of them, %d in all", when, rows, leaves, all)
		}
		if n := w.count(t, "SELECT count(*) FROM log_runs a JOIN log_runs b ON a.first_id < b.first_id AND a.last_id >= b.first_id"); n != 0 {
			t.Errorf("%s: %d runs reach into another, so that a leaf is looked for in the wrong one", when, n)
		}
		return steps
	}
	if sealed, _, err := w.DB.Followed(t.Context()); err != nil || !sealed.IsZero() {
		t.Errorf("sealed up to %v before the first time, %v", sealed, err)
	}
	check("before anybody asked")
	if sealed, _, err := w.DB.Followed(t.Context()); err != nil || !sealed.Equal(w.Clock.Now().Add(-10*time.Second)) {
		t.Errorf("sealed up to %v, %v", sealed, err)
	}
	// Instants go back and forth within a millisecond, as those of several processes do.
	begin := w.Clock.Now().Truncate(time.Millisecond)
	for i := range 90 {
		w.askAt(t, d.ID, begin.Add(time.Duration(i*37%90)*40*time.Microsecond), 70)
	}
	for range 30 {
		w.askAt(t, d.ID, begin.Add(5*time.Millisecond), 100)
	}
	w.Clock.Set(begin.Add(10*time.Second + 1500*time.Microsecond)) // in the midst of a millisecond
	if n, steps := w.seal(t, records); steps < 2 {
		t.Errorf("up to the midst of a millisecond: %d in %d steps", n, steps)
	}
	w.askAt(t, d.ID, begin.Add(1200*time.Microsecond), 3)
	if n, _ := w.seal(t, records); n != 3 {
		t.Errorf("late in that millisecond: %d", n)
	}
	w.Clock.Advance(time.Minute)
	if steps := check("all"); steps < 3 {
		t.Errorf("%d steps: no batch was full", steps)
	}
	for range 25 {
		w.askAt(t, d.ID, begin.Add(40*time.Millisecond), 100) // late
	}
	w.askAt(t, d.ID, w.Clock.Now().Add(-11*time.Second), 1)
	w.Clock.Advance(time.Second)
	check("what came late")
	if n, _ := w.seal(t, records); n != 0 {
		t.Errorf("%d again", n)
	}
	w.Clock.Advance(time.Hour)
	w.seal(t, records)
	w.askAt(t, d.ID, begin.Add(45*time.Millisecond), 100)
	if n, _ := w.seal(t, records); n != 0 {
		t.Errorf("%d were found that came very late, as if it looked far back each time", n)
	}
	w.Clock.Advance(24 * time.Hour)
	check("what came very late")
}

// TestQuietRoundIsShort: where little was recorded a round looks back in few steps,
// since a program that stops waits for it.
func TestQuietRoundIsShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := w.sealer(t)
	for _, when := range []string{"the first", "the next"} {
		steps, round := 0, records.Sealing(w.Clock.Now())
		for more := true; more; steps++ {
			var err error
			if _, more, err = round.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if steps > 16 {
			t.Errorf("%s round takes %d steps", when, steps)
		}
		w.Clock.Advance(time.Hour)
	}
}

// counted keeps how many rows each look at what is sealed counted.
type counted struct {
	*db.DB
	rows []int
	// looking is told of each look, where it is set; what ends before full has in
	// every stretch more than a look may count.
	looking func(until time.Time)
	full    time.Time
}

func (c *counted) Sealed(ctx context.Context, table string, since, until time.Time, most int) (rows int, whole bool, err error) {
	if until.Before(c.full) && until.Sub(since) > time.Millisecond {
		c.rows = append(c.rows, most+1)
		return most + 1, false, nil
	}
	rows, whole, err = c.DB.Sealed(ctx, table, since, until, most)
	if c.rows = append(c.rows, rows); c.looking != nil {
		c.looking(until)
	}
	return rows, whole, err
}

// newLookedAt is a world in which looks are counted, sealed once.
func newLookedAt(t *testing.T) (*world, *counted, *poa.Records, poa.Delegation) {
	t.Helper()
	w := newWorld(t)
	store := &counted{DB: w.DB}
	records, d := w.sealerOf(t, store), w.accepted(t, w.delegator, days(0, 5))
	w.seal(t, records)
	return w, store, records, d
}

// TestMorningAfterAQuietNight: a look that grew over hours in which nobody asked does
// not count all at once what came then, which would take the processors from
// answers. A late row is found all the same, by the next round and a day later.
func TestMorningAfterAQuietNight(t *testing.T) {
	t.Parallel()
	w, store, records, d := newLookedAt(t)
	w.Clock.Advance(10 * time.Hour)
	morning := w.Clock.Now()
	const rows = 12_000
	for i := range rows / 100 {
		w.askAt(t, d.ID, morning.Add(time.Duration(i)*8*time.Millisecond), 100)
	}
	look := func(when string, want int) {
		t.Helper()
		store.rows = nil
		sealed, _ := w.seal(t, records)
		if sealed != want {
			t.Errorf("%s: %d were sealed, want %d", when, sealed, want)
		}
		if most := slices.Max(store.rows); most > 10_001 || most < 5_000 {
			t.Errorf("%s: %d rows were counted in one look", when, most)
		}
	}
	w.Clock.Advance(time.Minute)
	if sealed, _ := w.seal(t, records); sealed != rows {
		t.Errorf("%d were sealed, want %d", sealed, rows)
	}
	w.askAt(t, d.ID, morning.Add(420*time.Millisecond), 7)
	w.Clock.Advance(time.Minute)
	look("what came late", 7)
	w.Clock.Advance(time.Hour)
	w.seal(t, records)
	w.askAt(t, d.ID, morning.Add(430*time.Millisecond), 9)
	w.Clock.Advance(24 * time.Hour)
	look("what came very late", 9)
}

// TestLooksBackInTurns: looking back takes as long as sealing, so that answers have
// little beside them all the time, and not nothing and then much.
func TestLooksBackInTurns(t *testing.T) {
	t.Parallel()
	w, store, records, d := newLookedAt(t)
	for minute := range 3 {
		for i := range 30 {
			w.askAt(t, d.ID, w.Clock.Now().Add(time.Duration(i)*2*time.Second), 100)
		}
		w.Clock.Advance(time.Minute)
		if minute < 2 {
			w.seal(t, records)
		}
	}
	turns, round := "", records.Sealing(w.Clock.Now())
	for more := true; more; {
		store.rows = nil
		var sealed int
		var err error
		if sealed, more, err = round.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		switch {
		case sealed > 0:
			turns += "S"
		case store.rows != nil:
			turns += "L"
		}
	}
	if strings.Count(turns, "LS") < 2 {
		t.Errorf("sealed and looked back in the order %s", turns)
	}
}

// TestSweepIsNotLost: where another process seals while a round looks at what is a
// day old, the round ends, and the next one finds there what came late.
func TestSweepIsNotLost(t *testing.T) {
	t.Parallel()
	w, store, records, d := newLookedAt(t)
	w.Clock.Advance(time.Hour)
	w.seal(t, records)
	late := w.Clock.Now().Add(-12 * time.Hour) // there are looks behind the one that finds it
	w.askAt(t, d.ID, late, 3)
	w.Clock.Advance(24 * time.Hour)
	release, other := make(chan struct{}), make(chan error, 1)
	store.looking = func(until time.Time) {
		if until.Before(late) || until.After(w.Clock.Now().Add(-20*time.Hour)) {
			return
		}
		store.looking = nil
		locked := make(chan struct{})
		go func() {
			other <- w.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
				_, _, err := tx.LockLog(ctx)
				close(locked)
				<-release
				return err
			})
		}()
		<-locked
	}
	round := records.Sealing(w.Clock.Now())
	for more := true; more; {
		var err error
		if _, more, err = round.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if store.looking == nil && release != nil {
			close(release)
			if err := <-other; err != nil {
				t.Fatal(err)
			}
			release = nil
		}
	}
	if release != nil {
		t.Fatal("it did not look at what is a day old")
	}
	if sealed, _ := w.seal(t, records); sealed != 3 {
		t.Errorf("the next round sealed %d of 3", sealed)
	}
}

// TestOldDoesNotHoldUpNew: where there is more that is a day old than one round can
// look at, the round ends, what is new is sealed, and the next one goes on.
func TestOldDoesNotHoldUpNew(t *testing.T) {
	t.Parallel()
	w, store, records, d := newLookedAt(t)
	w.Clock.Advance(72 * time.Hour)
	store.full = w.Clock.Now().Add(-24 * time.Hour)
	w.askAt(t, d.ID, w.Clock.Now().Add(-time.Minute), 5)
	swept := func() (at time.Time) {
		w.in(t, func(ctx context.Context, tx poa.Tx) error {
			head, _, err := tx.LockLog(ctx)
			at = head.SweptAt
			return err
		})
		return at
	}
	before := swept()
	for round := range 2 {
		store.rows = nil
		if sealed, _ := w.seal(t, records); sealed != 5*(1-round) {
			t.Errorf("round %d sealed %d", round, sealed)
		}
		if len(store.rows) > 2000 {
			t.Errorf("round %d took %d looks", round, len(store.rows))
		}
		after := swept()
		if !after.After(before) {
			t.Errorf("round %d stayed at %v", round, before)
		}
		before = after
	}
}

// TestPositionsAreTakenOnce: no leaf is stored where a run has one, nor the other way.
func TestPositionsAreTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Exec(t, "INSERT INTO log_runs (position, size, first_id, last_id, entry_ids, leaves) VALUES (3, 2, 'inq_a', 'inq_b', '{inq_a,inq_b}', sha256('a') || sha256('b'))")
	w.Exec(t, "INSERT INTO log_leaves (position, entry_id, at, leaf) VALUES (5, 'evt_a', now(), sha256('c'))")
	for _, taken := range []string{
		"INSERT INTO log_leaves (position, entry_id, at, leaf) VALUES (4, 'evt_b', now(), sha256('d'))",
		"INSERT INTO log_runs (position, size, first_id, last_id, entry_ids, leaves) VALUES (5, 1, 'inq_c', 'inq_c', '{inq_c}', sha256('e'))",
		"INSERT INTO log_runs (position, size, first_id, last_id, entry_ids, leaves) VALUES (4, 1, 'inq_c', 'inq_c', '{inq_c}', sha256('e'))",
		"INSERT INTO log_runs (position, size, first_id, last_id, entry_ids, leaves) VALUES (6, 3, 'inq_c', 'inq_d', '{inq_c,NULL,inq_d}', sha256('e') || sha256('e') || sha256('e'))",
	} {
		if _, err := w.DB.Pool().Exec(t.Context(), taken); err == nil {
			t.Errorf("stored: %s", taken)
		}
	}
}
