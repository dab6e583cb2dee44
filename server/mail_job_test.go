// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"ininjo/db/dbtest"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/mail"
)

// relay is a mail server that writes down what it is handed, and refuses the
// first message to each address for now and those to nobody@ for good.
type relay struct {
	mu  sync.Mutex
	got []handed
}

// handed is one message as it was handed over, taken or not.
type handed struct {
	from, to string
	message  *netmail.Message
	taken    bool
}

func (r *relay) NewSession(*smtp.Conn) (smtp.Session, error) { return &handing{relay: r}, nil }

type handing struct {
	*relay
	from, to string
}

func (h *handing) Mail(from string, _ *smtp.MailOptions) error { h.from = from; return nil }
func (h *handing) Reset()                                      {}
func (h *handing) Logout() error                               { return nil }

func (h *handing) Rcpt(to string, _ *smtp.RcptOptions) error {
	if h.to = to; strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	return nil
}

func (h *handing) Data(r io.Reader) error {
	message, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, message.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	again := false
	for _, each := range h.got {
		again = again || each.to == h.to
	}
	h.got = append(h.got, handed{h.from, h.to, message, again})
	if !again {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
	}
	return nil
}

// mailroom is the room of jobs at work, between a database and a mail server.
type mailroom struct {
	t        *testing.T
	data     *dbtest.Database
	relay    *relay
	notifier *poa.Notifier
	url      string
}

const reportSecret = "a secret of the mail server, long enough"

func newMailroom(t *testing.T) *mailroom {
	t.Helper()
	retries := jobs.Retries{Mail: make([]time.Duration, 3)}
	inserter, err := jobs.NewInserter(jobs.Config{Retries: retries})
	if err != nil {
		t.Fatal(err)
	}
	m := &mailroom{t: t, data: dbtest.New(t, dbtest.WithEnqueuer(inserter.Enqueue)), relay: &relay{}}
	policy, store, clock := poa.DefaultPolicy("https://ininjo.example"), m.data.DB, m.data.Clock
	policy.BounceAddress = "bounce@mail.ininjo.example"
	m.notifier = poa.NewNotifier(clock, store, policy)
	mailer, err := mail.NewSMTP(mail.SMTPConfig{Sender: mail.Sender{From: "no-reply@ininjo.example", Clock: machineClock}, Address: m.relay.listen(t), TLS: mail.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mailer.Close)
	room, err := jobs.New(jobs.Config{Pool: store.Pool(), Enrollment: poa.NewEnrollment(clock, store, policy, nil), Notifier: m.notifier, Registrar: poa.NewRegistrar(clock, store, policy, jpki.Profile{}),
		Access: poa.NewAccess(clock, store, policy, nil), Titles: poa.NewTitles(clock, store, policy), Retention: poa.NewRetention(clock, store, policy), Records: poa.NewRecords(clock, store), Upkeep: store, Leader: store, Due: store.Due(),
		Webhook: nobodyPosts{}, Mailer: mailer, Policy: policy, Clock: clock, Retries: retries})
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	reports := httptest.NewServer(bearer(&bounces{secret: sha256.Sum256([]byte(reportSecret)), bounced: m.notifier.Bounced, log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(reports.Close)
	m.url = reports.URL
	return m
}

// nobodyPosts stands where no endpoint is.
type nobodyPosts struct{}

func (nobodyPosts) Post(context.Context, jobs.Request) jobs.Response { return jobs.Response{} }

func (r *relay) listen(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(r)
	server.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

// party is under contract, with a confirmed address.
func (m *mailroom) party(email string) string {
	m.t.Helper()
	id, now := poa.NewID(poa.PrefixRecipient), m.data.Clock.Now()
	m.in(func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		address := poa.MailAddress{ID: poa.NewID(poa.PrefixAddress), PartyID: id, Email: email, Language: "ja", CreatedAt: now}
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: id, Role: poa.PartyRecipient, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Address: "東京都", Email: email}, Language: "ja", AppliedAt: now}),
			tx.DecideParty(ctx, id, poa.EnrollmentActive, now), tx.InsertMailAddress(ctx, address), tx.ConfirmMailAddress(ctx, address.ID, now))
	})
	return id
}

func (m *mailroom) in(fn func(context.Context, poa.Tx) error) {
	m.t.Helper()
	if err := m.data.DB.InTx(m.t.Context(), fn); err != nil {
		m.t.Fatal(err)
	}
}

// announce releases an announcement of an outage.
func (m *mailroom) announce() {
	m.t.Helper()
	now := m.data.Clock.Now()
	m.in(func(ctx context.Context, tx poa.Tx) error {
		return errors.Join(tx.InsertAnnouncement(ctx, poa.AnnouncementText{ID: poa.NewID(poa.PrefixAnnouncement), Kind: poa.AnnounceOutage, Audience: poa.AudienceBoth, Letters: true,
			TitleJa: "障害", TitleEn: "Outage", TextJa: "障害です。", TextEn: "Outage.", PreparedBy: "acc_1", PreparedAt: now, ReleasedBy: "acc_2", ReleasedAt: now}),
			tx.Enqueue(ctx, poa.TellAnnouncements{}, time.Time{}))
	})
}

// until waits for a number that the database gives.
func (m *mailroom) until(want, sql string) {
	m.t.Helper()
	got := ""
	for m.t.Context().Err() == nil {
		if got = m.data.Text(m.t, sql); got == want {
			return
		}
		select {
		case <-m.t.Context().Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	m.t.Fatalf("%s gives %s, want %s", sql, got, want)
}

func (m *mailroom) post(secret, body string) (int, string) {
	m.t.Helper()
	request, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.url+"/mail/bounces", strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, strings.TrimSpace(string(said))
}

func reportTo(returnPath, status string) string {
	return fmt.Sprintf("To: %s\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: %s\r\n--b--\r\n", returnPath, status)
}

// TestMailFromEndToEnd: a message that is refused for now comes again with the
// same Message-ID and return path; its report suppresses the address and the
// announcement becomes a letter, as that to a refused recipient does.
func TestMailFromEndToEnd(t *testing.T) {
	t.Parallel()
	m := newMailroom(t)
	reached, refused := m.party("hanako@example.com"), m.party("nobody@example.com")
	m.announce()
	m.until("1", `SELECT count(*) FROM announcement_parties WHERE mailed_at IS NOT NULL`)
	m.until("REFUSED", `SELECT coalesce(min(reason), '') FROM letters WHERE party_id = '`+refused+`'`)
	m.relay.mu.Lock()
	got := m.relay.got
	m.relay.mu.Unlock()
	if len(got) != 2 || got[0].taken || !got[1].taken {
		t.Fatalf("handed over %d times", len(got))
	}
	first, second := got[0], got[1]
	if id := first.message.Header.Get("Message-Id"); id == "" || id != second.message.Header.Get("Message-Id") || first.from != second.from || !strings.HasPrefix(first.from, "bounce+") {
		t.Errorf("%s and %s from %s and %s", id, second.message.Header.Get("Message-Id"), first.from, second.from)
	}
	for name, each := range map[string]struct {
		secret, body string
		status       int
		says         string
	}{
		"another secret":      {"guess", reportTo(first.from, "5.1.1"), http.StatusUnauthorized, "UNAUTHENTICATED"},
		"no report":           {reportSecret, "To: x@example.com\r\n\r\nI am away.", http.StatusAccepted, "IGNORED"},
		"a report of nothing": {reportSecret, reportTo("bounce+x-y@mail.ininjo.example", "5.1.1"), http.StatusAccepted, "UNKNOWN"},
		"too large":           {reportSecret, strings.Repeat("x", mail.MaxReport+1), http.StatusRequestEntityTooLarge, "TOO_LARGE"},
	} {
		if status, says := m.post(each.secret, each.body); status != each.status || says != each.says {
			t.Errorf("%s: %d %s", name, status, says)
		}
	}
	if n := m.data.Text(t, `SELECT count(*) FROM letters WHERE party_id = '`+reached+`'`); n != "0" {
		t.Fatal("a letter though the message arrived")
	}
	for range 2 {
		if status, says := m.post(reportSecret, reportTo(strings.ToUpper(first.from), "5.1.1")); status != http.StatusOK || says != "SUPPRESSED" {
			t.Fatalf("reported: %d %s", status, says)
		}
	}
	m.until("BOUNCED/1", `SELECT min(reason) || '/' || count(*) FROM letters WHERE party_id = '`+reached+`'`)
	m.announce() // neither address gets another message
	m.until("2", `SELECT count(*) FROM letters WHERE reason = 'SUPPRESSED'`)
	if n := m.data.Text(t, `SELECT count(*) FROM mails`); n != "2" {
		t.Errorf("%s messages", n)
	}
	if !bytes.Contains([]byte(m.data.Text(t, `SELECT string_agg(action || coalesce(data::text, ''), ' ') FROM audit_events`)), []byte("mail.failed")) {
		t.Error("the audit log does not tell")
	}
}
