// SPDX-License-Identifier: Apache-2.0

package outside_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ininjo/db/dbtest"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/server/outside/mail"
	"ininjo/server/outside/webhook"
)

// mailServer keeps the messages that it took.
type mailServer struct{ got chan string }

func (m mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m mailServer) Mail(string, *smtp.MailOptions) error        { return nil }
func (m mailServer) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m mailServer) Reset()                                      {}
func (m mailServer) Logout() error                               { return nil }
func (m mailServer) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	m.got <- string(content)
	return err
}

func (m mailServer) listen(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(m)
	server.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

// posted is a webhook as it arrived.
type posted struct {
	header http.Header
	body   []byte
}

// A change that commits reaches the party's endpoint by TLS and its mailbox
// through a mail server, with the clients that the program uses.
func TestChangeArrives(t *testing.T) {
	t.Parallel()
	hooks, letters := make(chan posted, 10), mailServer{make(chan string, 10)}
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hooks <- posted{r.Header.Clone(), body}
	}))
	t.Cleanup(receiver.Close)
	d := start(t, receiver, letters.listen(t))
	party := poa.NewID(poa.PrefixDelegator)
	endpoint := poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: party, URL: receiver.URL, State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: d.Clock.Now()}
	address := poa.MailAddress{ID: poa.NewID(poa.PrefixAddress), PartyID: party, Email: "hanako@example.com", Language: "ja", CreatedAt: d.Clock.Now()}
	err := d.DB.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
		now := d.Clock.Now()
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: party, Role: poa.PartyDelegator, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: address.Email}, Language: "ja", AppliedAt: now}),
			tx.InsertEndpoint(ctx, endpoint), tx.InsertMailAddress(ctx, address), tx.ConfirmMailAddress(ctx, address.ID, now),
			tx.Publish(ctx, poa.Change{Type: poa.NoticeAnnouncement, DelegatorID: party, At: now}))
	})
	if err != nil {
		t.Fatal(err)
	}
	checkHook(t, next(t, hooks), endpoint.Secret)
	if letter := next(t, letters.got); !strings.Contains(letter, "To: <hanako@example.com>") || !strings.Contains(letter, "@ininjo.example>") {
		t.Errorf("the letter:\n%s", letter)
	}
}

func checkHook(t *testing.T, got posted, secret string) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(got.body, got.header); err != nil {
		t.Errorf("the official library refuses the webhook: %v", err)
	}
	var body poa.WebhookBody
	if err := json.Unmarshal(got.body, &body); err != nil || body.Type != poa.NoticeAnnouncement || body.Data.Sequence != 1 {
		t.Errorf("told %+v, %v", body, err)
	}
}

// start wires a database, the jobs' room and the clients as the program does.
func start(t *testing.T, receiver *httptest.Server, smtpAddress string) *dbtest.Database {
	t.Helper()
	inserter, err := jobs.NewInserter(jobs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.New(t, dbtest.WithEnqueuer(inserter.Enqueue))
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	allowed, err := webhook.ParseAllowance(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	hooks := webhook.NewClient(webhook.Config{Allowed: []webhook.Allowance{allowed}, Roots: roots})
	mailer, err := mail.NewSMTP(mail.SMTPConfig{Sender: mail.Sender{From: "no-reply@ininjo.example", Clock: poa.SystemClock{}}, Address: smtpAddress, TLS: mail.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	policy := poa.DefaultPolicy("https://ininjo.example")
	room, err := jobs.New(jobs.Config{Pool: d.DB.Pool(), Enrollment: poa.NewEnrollment(d.Clock, d.DB, policy, nil), Notifier: poa.NewNotifier(d.Clock, d.DB, policy), Registrar: poa.NewRegistrar(d.Clock, d.DB, policy, jpki.Profile{}), Access: poa.NewAccess(d.Clock, d.DB, policy, nil), Titles: poa.NewTitles(d.Clock, d.DB, policy), Retention: poa.NewRetention(d.Clock, d.DB, policy), Records: poa.NewRecords(d.Clock, d.DB),
		Upkeep: d.DB, Leader: d.DB, Webhook: hooks, Mailer: mailer, Policy: policy, Clock: d.Clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Stop(context.Background()); err != nil { // the test's own is over
			t.Error(err)
		}
		hooks.Close()
	})
	return d
}

// next waits for the next of what comes.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	panic("unreachable")
}
