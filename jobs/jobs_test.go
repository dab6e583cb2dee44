// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/jobs"
	"ininjo/poa"
)

// Work that was begun is ended before the room stops; what waits stays.
func TestStopIsGraceful(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(c *jobs.Config) {
		c.Webhook = postFunc(func(context.Context) jobs.Response {
			close(begun)
			<-release
			return jobs.Response{Status: http.StatusOK}
		})
	})
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), "https://example.com")
	w.test(t, e)
	next(t, begun)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.stop(t)
	}()
	select {
	case <-stopped:
		t.Error("stopped while a job was at work")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	next(t, stopped)
	if d := w.delivery(t, e); d.State != poa.DeliveryDelivered {
		t.Errorf("the delivery is %s", d.State)
	}
}

type postFunc func(context.Context) jobs.Response

func (f postFunc) Post(ctx context.Context, _ jobs.Request) jobs.Response { return f(ctx) }

// What is cut off is no attempt of the endpoint's, and made again later.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	w := newWorld(t, func(c *jobs.Config) {
		c.Webhook = postFunc(func(ctx context.Context) jobs.Response {
			close(begun)
			<-ctx.Done()
			return jobs.Response{Error: jobs.PostTimeout}
		})
	})
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), "https://example.com")
	w.test(t, e)
	next(t, begun)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.jobs.Stop(over); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(t, e); d.State != poa.DeliveryPending || d.Attempts != 0 {
		t.Errorf("recorded %+v", d)
	}
	if d := w.delivery(t, e); d.NextAt.IsZero() || !d.LeasedUntil.IsZero() {
		t.Errorf("it does not wait for another attempt: %+v", d)
	}
}

func TestPanicKeepsItsValue(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	first := make(chan struct{}, 1)
	first <- struct{}{}
	w := newWorld(t)
	inner := w.config.Webhook
	w.config.Webhook = postFunc(func(ctx context.Context) jobs.Response {
		select {
		case <-first:
			panic("hanako@example.com")
		default:
			return inner.Post(ctx, jobs.Request{URL: r.URL, Header: http.Header{}})
		}
	})
	var err error
	if w.jobs, err = jobs.New(w.config); err != nil {
		t.Fatal(err)
	}
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.test(t, w.endpoint(t, w.party(t, poa.PartyRecipient, "ja"), r.URL))
	next(t, r.got)
	w.stop(t)
	if strings.Contains(w.rows(t), "hanako") || strings.Contains(w.log.String(), "hanako") {
		t.Error("the value of a panic was written")
	}
	if !strings.Contains(w.log.String(), "job panicked") {
		t.Error("the panic was not logged")
	}
}

// rows are all job rows as text.
func (w *world) rows(t *testing.T) string {
	t.Helper()
	var all string
	if err := w.DB.Pool().QueryRow(t.Context(), "SELECT coalesce(string_agg(j::text, E'\n'), '') FROM river.river_job j").Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// open are all deliveries and attempts as text, which nothing personal stands in
// either: what was answered is sealed.
func (w *world) open(t *testing.T) string {
	t.Helper()
	var all string
	err := w.DB.Pool().QueryRow(t.Context(), "SELECT (SELECT coalesce(string_agg(d::text, ''), '') FROM deliveries d) || (SELECT coalesce(string_agg(a::text, ''), '') FROM attempts a)").Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// No address, name, link or secret stands in a job's row or in the log.
func TestNothingPersonalIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.failures = []error{errors.New("the mail server answered 451")}
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	delegator, watcher, r := w.party(t, poa.PartyDelegator, "ja"), w.party(t, poa.PartyRecipient, "en"), newReceiver(t, 500)
	e := w.endpoint(t, watcher, r.URL)
	d := w.delegation(t, delegator)
	w.watch(t, watcher, d.ID)
	w.revoked(t, d)
	w.send(t, poa.Mail{PartyID: delegator, To: "hanako@example.com", Template: poa.MailApplicationReceived, Language: "ja", Values: values})
	for range 3 {
		next(t, w.mail.got)
	}
	next(t, r.got)
	next(t, r.got)
	w.stop(t)
	written := w.rows(t) + w.open(t) + w.log.String()
	for _, secret := range []string{"hanako", "@example.com", "例社", "花子", "injl_", "whsec_", e.Secret, r.URL} {
		if strings.Contains(written, secret) {
			t.Errorf("%q was written", secret)
		}
	}
	if !strings.Contains(written, e.ID) {
		t.Error("the search looked at nothing")
	}
}

func TestUpkeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Clock.Set(time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC))
	delegator := w.party(t, poa.PartyDelegator, "ja")
	d := w.delegation(t, delegator)
	w.Clock.Advance(100 * 24 * time.Hour) // the term is over
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.Enqueue(ctx, poa.RebuildSearch{}, time.Time{}) })
	w.start(t)
	for _, kind := range []string{"announce_terms", "abandon_drafts", "make_partitions", "rebuild_search"} {
		until(t, kind+" ran", func() bool { return w.count(t, kind, "completed") > 0 })
	}
	var notices []poa.Notice
	until(t, "the end of the term is announced", func() bool {
		var err error
		notices, err = w.DB.Notices(t.Context(), delegator, 0, 10)
		return err == nil && len(notices) > 0 && notices[len(notices)-1].Type == poa.NoticeExpired
	})
	if last := notices[len(notices)-1]; last.DelegationID != d.ID || last.Status != poa.StatusExpired {
		t.Errorf("announced %+v", last)
	}
	var partitions int
	if err := w.DB.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE relname LIKE 'audit_events%2031%'").Scan(&partitions); err != nil || partitions == 0 {
		t.Errorf("%d partitions, %v", partitions, err)
	}
}

func TestQueues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recipient := w.party(t, poa.PartyRecipient, "ja")
	e := w.endpoint(t, recipient, "https://example.com")
	w.test(t, e)
	w.test(t, e)
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		later := (poa.SystemClock{}).Now().Add(time.Hour)
		return errors.Join(tx.Enqueue(ctx, poa.RebuildSearch{}, later), tx.Enqueue(ctx, poa.SealLog{}, later), tx.Enqueue(ctx, poa.IndexInquiries{}, later))
	})
	got, err := w.jobs.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Oldest.IsZero() {
			t.Errorf("%s has no instant", got[i].Kind)
		}
		got[i].Oldest = time.Time{}
	}
	want := []jobs.QueueCount{{Queue: "log", Kind: "index_inquiries", State: "scheduled", Count: 1}, {Queue: "log", Kind: "seal_log", State: "scheduled", Count: 1}, {Queue: "upkeep", Kind: "rebuild_search", State: "scheduled", Count: 1}, {Queue: "webhook", Kind: "deliver_webhook", State: "available", Count: 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A job is there with the change that caused it or not at all.
func TestRollbackLeavesNoJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed := errors.New("no")
	err := w.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.Enqueue(ctx, poa.RebuildSearch{}, time.Time{}), failed)
	})
	if !errors.Is(err, failed) || w.rows(t) != "" {
		t.Errorf("%v, rows %q", err, w.rows(t))
	}
}

func TestNewWantsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*jobs.Config){
		"pool": func(c *jobs.Config) { c.Pool = nil }, "notifier": func(c *jobs.Config) { c.Notifier = nil }, "clock": func(c *jobs.Config) { c.Clock = nil },
		"leader": func(c *jobs.Config) { c.Leader = nil }, "mailer": func(c *jobs.Config) { c.Mailer = nil },
	} {
		c := w.config
		change(&c)
		if _, err := jobs.New(c); err == nil {
			t.Errorf("without %s: taken", name)
		}
	}
}
