// SPDX-License-Identifier: Apache-2.0

package outside_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/mail"
	"ininjo/server/outside/webhook"
)

const benchRecipients = 100

// arrivals is the receiver of a benchmark: it notes when the first byte of each
// notice came, by the version that the body names. Posts to /hang are never
// answered.
type arrivals struct {
	*httptest.Server
	at      sync.Map // arrival → time.Time
	came    chan string
	twice   atomic.Int64
	release chan struct{}
}

// clock is the machine's.
var clock poa.SystemClock

// wait returns once so many notices came.
func (a *arrivals) wait(b *testing.B, notices int) {
	end := time.After(5 * time.Minute)
	for n := range notices {
		select {
		case <-a.came:
		case <-end:
			b.Fatalf("%d of %d arrived", n, notices)
		}
	}
}

func newArrivals(b *testing.B) *arrivals {
	a := &arrivals{release: make(chan struct{}), came: make(chan string, 200_000)}
	a.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		now := clock.Now()
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/hang" {
			select {
			case <-r.Context().Done():
			case <-a.release:
			}
			return
		}
		var hook poa.WebhookBody
		if json.Unmarshal(body, &hook) != nil {
			return
		}
		key := arrival(hook.Data.DelegationID, hook.Data.Version)
		if _, known := a.at.LoadOrStore(key, now); known {
			a.twice.Add(1)
			return
		}
		a.came <- key
	}))
	b.Cleanup(func() { close(a.release); a.Close() })
	return a
}

// arrival is the key of a notice among the arrivals.
func arrival(id poa.DelegationID, version int) string { return fmt.Sprintf("%s/%d", id, version) }

// noticeWorld is the program's room on a database, with recipients that each
// watch one delegation and have one endpoint.
type noticeWorld struct {
	*dbtest.Database
	receiver  *arrivals
	notifier  *poa.Notifier
	delegator string
	watched   []poa.DelegationID
	version   atomic.Int64
}

func newNoticeWorld(b *testing.B, hanging int) *noticeWorld {
	debug.SetGCPercent(400) // as the program's --gogc
	inserter, err := jobs.NewInserter(jobs.Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := &noticeWorld{Database: dbtest.New(b, dbtest.WithEnqueuer(inserter.Enqueue)), receiver: newArrivals(b), delegator: poa.NewID(poa.PrefixDelegator)}
	w.version.Store(10)
	w.party(b, w.delegator, poa.PartyDelegator)
	for i := range benchRecipients {
		url := w.receiver.URL
		if i >= benchRecipients-hanging {
			url += "/hang"
		}
		w.recipient(b, url)
	}
	w.start(b)
	return w
}

func (w *noticeWorld) party(b *testing.B, id string, role poa.PartyRole) {
	now := w.Clock.Now()
	must(b, w.DB.InTx(b.Context(), func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: id, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: id + "@example.com"}, Language: "ja", AppliedAt: now}), tx.DecideParty(ctx, id, poa.EnrollmentActive, now))
	}))
}

func (w *noticeWorld) recipient(b *testing.B, url string) {
	party, id, now := poa.NewID(poa.PrefixRecipient), poa.NewDelegationID(), w.Clock.Now()
	w.party(b, party, poa.PartyRecipient)
	d := poa.Delegation{ID: id, DelegatorID: w.delegator, State: poa.StateDrafted, ValidFrom: poa.DateOf(now), ValidThrough: poa.DateOf(now).AddDays(99), DraftedAt: now,
		Contents: poa.Contents{Mandator: poa.Mandator{Kind: poa.Corporation, Name: "例社"}, Delegate: poa.Delegate{Name: "受任 太郎", Email: "taro@example.com"}}}
	must(b, w.DB.InTx(b.Context(), func(ctx context.Context, tx poa.Tx) error {
		var err error
		if d.StatusList, err = tx.AllocateStatusEntry(ctx); err != nil {
			return err
		}
		return errors.Join(tx.InsertDelegation(ctx, d, []byte("draft")),
			tx.InsertEndpoint(ctx, poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: party, URL: url, State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight,
				Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: now}),
			tx.InsertWatch(ctx, poa.Watch{RecipientID: party, DelegationID: id, Since: now, SinceVersion: 1}))
	}))
	w.watched = append(w.watched, id)
}

func (w *noticeWorld) start(b *testing.B) {
	allowed, err := webhook.ParseAllowance(w.receiver.Listener.Addr().String())
	must(b, err)
	hooks := webhook.NewClient(webhook.Config{Allowed: []webhook.Allowance{allowed}})
	mailer, err := mail.NewFolder(b.TempDir(), mail.Sender{From: "no-reply@ininjo.example", Clock: poa.SystemClock{}})
	must(b, err)
	policy := poa.DefaultPolicy("https://ininjo.example")
	w.notifier = poa.NewNotifier(w.Clock, w.DB, policy)
	room, err := jobs.New(jobs.Config{Pool: w.DB.Pool(), Enrollment: poa.NewEnrollment(w.Clock, w.DB, policy, nil), Notifier: w.notifier, Registrar: poa.NewRegistrar(w.Clock, w.DB, policy, jpki.Profile{}),
		Access: poa.NewAccess(w.Clock, w.DB, policy, nil), Titles: poa.NewTitles(w.Clock, w.DB, policy), Retention: poa.NewRetention(w.Clock, w.DB, policy), Records: poa.NewRecords(w.Clock, w.DB),
		Upkeep: w.DB, Leader: w.DB, Due: w.DB.Due(), Webhook: hooks, Mailer: mailer, Policy: policy, Clock: w.Clock})
	must(b, err)
	must(b, room.Start(b.Context()))
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = room.Stop(ctx)
		hooks.Close()
	})
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// commit commits one change of one delegation and returns the instant after.
func (w *noticeWorld) commit(tb testing.TB, id poa.DelegationID) (key string, at time.Time) {
	version := int(w.version.Add(1))
	must(tb, w.DB.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
		return tx.Publish(ctx, poa.Change{Type: poa.NoticeSuspended, DelegationID: id, DelegatorID: w.delegator, Version: version, Status: poa.StatusSuspended, At: w.Clock.Now()})
	}))
	return arrival(id, version), clock.Now()
}

// run lets writers commit events, each as fast as it can, waits until all
// arrived and reports.
func (w *noticeWorld) run(b *testing.B, writers, events int, of []poa.DelegationID) {
	w.receiver.at.Clear()
	committed := make([]sync.Map, writers)
	var next atomic.Int64
	var writing sync.WaitGroup
	began := clock.Now()
	for n := range writers {
		writing.Go(func() {
			for i := next.Add(1); i <= int64(events); i = next.Add(1) {
				key, at := w.commit(b, of[int(i)%len(of)])
				committed[n].Store(key, at)
			}
		})
	}
	writing.Wait()
	written := clock.Now().Sub(began)
	w.receiver.wait(b, events)
	took := clock.Now().Sub(began)
	var late []time.Duration
	for n := range committed {
		committed[n].Range(func(key, at any) bool {
			arrived, _ := w.receiver.at.Load(key)
			late = append(late, max(0, arrived.(time.Time).Sub(at.(time.Time))))
			return true
		})
	}
	report(b, late, took)
	b.ReportMetric(float64(events)/written.Seconds(), "commits/s")
}

func report(b *testing.B, late []time.Duration, took time.Duration) {
	slices.Sort(late)
	at := func(share float64) float64 {
		return late[min(len(late)-1, int(share*float64(len(late))))].Seconds() * 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(late))/took.Seconds(), "deliveries/s")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
}

// BenchmarkNotices measures from the return of a commit to the first byte at the
// receiver. Database, program and receiver share the machine; the database keeps
// its safety against power cuts where ININJO_TEST_DATABASE_FSYNC is 1.
func BenchmarkNotices(b *testing.B) {
	for _, each := range []struct {
		name                   string
		writers, events, among int
		hanging                int
	}{
		{"one at a time", 1, 300, 1, 0},
		{"8 writers, one endpoint", 8, 5000, 1, 0},
		{"16 writers, one endpoint", 16, 10000, 1, 0},
		{"8 writers, 100 endpoints", 8, 5000, 100, 0},
		{"16 writers, 100 endpoints", 16, 10000, 100, 0},
		{"8 writers, 100 endpoints of which one hangs, the others", 8, 5000, 99, 1},
	} {
		b.Run(each.name, func(b *testing.B) {
			w := newNoticeWorld(b, each.hanging)
			w.run(b, min(each.writers, 2), 100, w.watched[:each.among]) // warm
			for range each.hanging * 200 {
				w.commit(b, w.watched[benchRecipients-1])
			}
			b.ResetTimer()
			if each.writers == 1 {
				w.oneAtATime(b, each.events)
				return
			}
			w.run(b, each.writers, each.events, w.watched[:each.among])
			if n := w.receiver.twice.Load(); n > 0 {
				b.Logf("%d arrived twice", n)
			}
			if failed := w.Text(b, "SELECT coalesce(string_agg(t, ', '), '') FROM (SELECT a.error || ' ' || count(*) AS t FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN endpoints e ON e.id = d.endpoint_id WHERE a.error <> '' AND e.failing_since IS NULL GROUP BY a.error) AS f"); failed != "" {
				b.Logf("failed attempts: %s", failed)
			}
		})
	}
}

func (w *noticeWorld) oneAtATime(b *testing.B, events int) {
	var late []time.Duration
	began := clock.Now()
	for range events {
		key, at := w.commit(b, w.watched[0])
		w.receiver.wait(b, 1)
		arrived, _ := w.receiver.at.Load(key)
		late = append(late, max(0, arrived.(time.Time).Sub(at)))
	}
	report(b, late, clock.Now().Sub(began))
}

// BenchmarkEndOfTerms measures the load of 31 March, 24:00: terms that end at
// once, from the round of the job that finds them to the last one's arrival.
func BenchmarkEndOfTerms(b *testing.B) {
	for _, terms := range []int{100_000} {
		b.Run(fmt.Sprint(terms), func(b *testing.B) {
			w := newNoticeWorld(b, 0)
			w.endTogether(b, terms)
			began := clock.Now()
			b.ResetTimer()
			for {
				n, err := w.notifier.AnnounceTerms(b.Context())
				must(b, err)
				if n == 0 {
					break
				}
			}
			announced := clock.Now().Sub(began)
			w.receiver.wait(b, terms)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(announced.Seconds(), "s-announced")
			b.ReportMetric(clock.Now().Sub(began).Seconds(), "s-all")
			b.ReportMetric(float64(terms)/clock.Now().Sub(began).Seconds(), "deliveries/s")
		})
	}
}

// endTogether inserts accepted delegations whose terms ended with yesterday, each
// watched by one of the recipients.
func (w *noticeWorld) endTogether(b *testing.B, terms int) {
	recipients := w.Text(b, "SELECT string_agg(quote_literal(id), ',') FROM parties WHERE role = 'RECIPIENT'")
	today := poa.DateOf(w.Clock.Now())
	w.Exec(b, fmt.Sprintf(`CREATE TEMP TABLE ends AS SELECT 'ZZZZZ-ZZZZZ-' || lpad((i / 100000)::text, 5, '0') || '-' || lpad((i %% 100000)::text, 5, '0') || '-00000' AS id, i,
			(ARRAY[%[4]s])[1 + i %% %[5]d] AS recipient FROM generate_series(1, %[1]d) AS i;
		INSERT INTO status_lists (list) VALUES (1000);
		INSERT INTO status_list_entries (list, index) SELECT 1000, i FROM ends;
		INSERT INTO delegations (id, delegator_id, state, sealed, valid_from, valid_through, status_list, status_index, version, drafted_at, draft_sha256,
			acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256, delegate_certificate_sha256, delegate_certified_at, accepted_at)
		SELECT id, '%[6]s', 'ACCEPTED', '\x00', '%[2]s', '%[3]s', 1000, i, 1, d, z, 'X-' || id, d, d, z, z, z, d, d
		FROM ends, (SELECT '%[2]s'::timestamptz + interval '1 day' AS d, decode(repeat('00', 32), 'hex') AS z) AS same;
		INSERT INTO projections (delegation_id, accepted_at, valid_from, valid_through, version, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at)
		SELECT id, accepted_at, valid_from, valid_through, 1, file_sha256, content_sha256, delegate_certificate_sha256, signature_verified_at FROM delegations WHERE status_list = 1000;
		INSERT INTO watches (recipient_id, delegation_id, since, since_version) SELECT recipient, id, '%[2]s', 1 FROM ends;
		DROP TABLE ends`, terms, today.AddDays(-365), today.AddDays(-1), recipients, benchRecipients, w.delegator), "ANALYZE")
}
