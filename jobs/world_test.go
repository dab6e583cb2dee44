// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ininjo/db/dbtest"
	"ininjo/jobs"
	"ininjo/poa"
	"ininjo/poa/jpki"
)

// TestMain holds that nothing of a stopped room goes on: each test stops its
// own. What keeps the tests' PostgreSQL lives as long as the process.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("ininjo/db/embedded.launch.func1"),
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).writerDescriptor.func1"))
}

// patience bounds waiting for what must come.
const patience = 20 * time.Second

// received is a request that reached a party's endpoint.
type received struct {
	header http.Header
	body   []byte
}

// receiver is a party's endpoint: it answers as told, then 200.
type receiver struct {
	*httptest.Server
	got chan received

	mu      sync.Mutex
	answers []int
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	t.Helper()
	r := &receiver{got: make(chan received, 100), answers: answers}
	r.Server = httptest.NewServer(http.HandlerFunc(r.handle))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) handle(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	answer := http.StatusOK
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	r.mu.Unlock()
	w.WriteHeader(answer)
	r.got <- received{request.Header.Clone(), body}
}

// poster posts without the checks of server/outside, which has tests of its own.
type poster struct{ client *http.Client }

func (p poster) Post(ctx context.Context, r jobs.Request) jobs.Response {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return jobs.Response{Error: jobs.PostInvalid}
	}
	request.Header = r.Header
	answer, err := p.client.Do(request)
	if err != nil {
		return jobs.Response{Error: jobs.PostRefused}
	}
	defer answer.Body.Close()
	response := jobs.Response{Status: answer.StatusCode}
	if answer.StatusCode >= 300 {
		response.Error = jobs.PostStatus
	}
	return response
}

// postbox keeps what was sent; it fails as told first.
type postbox struct {
	got chan jobs.Message

	mu       sync.Mutex
	failures []error
	tried    int
}

func (p *postbox) Send(_ context.Context, m jobs.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried++
	if len(p.failures) > 0 {
		err := p.failures[0]
		p.failures = p.failures[1:]
		return err
	}
	p.got <- m
	return nil
}

// world is a database with the room on it, at work.
type world struct {
	*dbtest.Database
	jobs     *jobs.Jobs
	config   jobs.Config
	notifier *poa.Notifier
	mail     *postbox
	log      *bytes.Buffer
}

// atOnce tries again without waiting.
func atOnce(n int) jobs.Retries {
	return jobs.Retries{Webhook: make([]time.Duration, n), Mail: make([]time.Duration, n)}
}

func newWorld(t *testing.T, change ...func(*jobs.Config)) *world {
	t.Helper()
	retries := atOnce(3)
	inserter, err := jobs.NewInserter(jobs.Config{Retries: retries})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Database: dbtest.New(t, dbtest.WithEnqueuer(inserter.Enqueue)), mail: &postbox{got: make(chan jobs.Message, 100)}, log: &bytes.Buffer{}}
	policy := poa.DefaultPolicy("https://ininjo.example")
	w.notifier = poa.NewNotifier(w.Clock, w.DB, policy)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	w.config = jobs.Config{Pool: w.DB.Pool(), Enrollment: poa.NewEnrollment(w.Clock, w.DB, policy, nil), Notifier: w.notifier, Registrar: poa.NewRegistrar(w.Clock, w.DB, policy, jpki.Profile{}), Access: poa.NewAccess(w.Clock, w.DB, policy, nil), Titles: poa.NewTitles(w.Clock, w.DB, policy), Retention: poa.NewRetention(w.Clock, w.DB, policy), Records: poa.NewRecords(w.Clock, w.DB), Upkeep: w.DB, Leader: w.DB, Due: w.DB.Due(),
		Webhook: poster{client}, Mailer: w.mail, Policy: policy, Clock: w.Clock, Retries: retries, Version: "1",
		Log: slog.New(slog.NewTextHandler(&locked{w: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, c := range change {
		c(&w.config)
	}
	if w.jobs, err = jobs.New(w.config); err != nil {
		t.Fatal(err)
	}
	return w
}

// start puts the room to work until the test ends.
func (w *world) start(t *testing.T) {
	t.Helper()
	if err := w.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.stop(t) })
}

func (w *world) stop(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience) // the test's own is over
	defer cancel()
	if err := w.jobs.Stop(ctx); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (w *world) in(t *testing.T, fn func(context.Context, poa.Tx) error) {
	t.Helper()
	if err := w.DB.InTx(t.Context(), fn); err != nil {
		t.Fatalf("transaction: %v", err)
	}
}

// party inserts a party under contract with a confirmed address.
func (w *world) party(t *testing.T, role poa.PartyRole, language string) string {
	t.Helper()
	prefix := poa.PrefixDelegator
	if role == poa.PartyRecipient {
		prefix = poa.PrefixRecipient
	}
	id, now := poa.NewID(prefix), w.Clock.Now()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		address := poa.MailAddress{ID: poa.NewID(poa.PrefixAddress), PartyID: id, Email: id + "@example.com", Language: language, CreatedAt: now}
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: id, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: id + "@example.com"}, Language: language, AppliedAt: now}),
			tx.DecideParty(ctx, id, poa.EnrollmentActive, now), tx.InsertMailAddress(ctx, address), tx.ConfirmMailAddress(ctx, address.ID, now))
	})
	return id
}

func (w *world) endpoint(t *testing.T, party, url string, types ...poa.NoticeType) poa.Endpoint {
	t.Helper()
	e := poa.Endpoint{ID: poa.NewID(poa.PrefixEndpoint), PartyID: party, URL: url, Types: types, State: poa.EndpointActive, MaxInFlight: poa.DefaultInFlight,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: w.Clock.Now()}
	w.in(t, func(ctx context.Context, tx poa.Tx) error { return tx.InsertEndpoint(ctx, e) })
	return e
}

// delegation inserts an accepted delegation.
func (w *world) delegation(t *testing.T, delegator string) poa.Delegation {
	t.Helper()
	now := w.Clock.Now()
	d := poa.Delegation{ID: poa.NewDelegationID(), DelegatorID: delegator, State: poa.StateDrafted, ValidFrom: poa.DateOf(now), ValidThrough: poa.DateOf(now).AddDays(99),
		DraftedAt: now, DraftSHA256: sha256.Sum256([]byte("draft")), Contents: poa.Contents{
			Mandator: poa.Mandator{Kind: poa.Corporation, Name: "例社", RepresentativeName: "代表 花子"},
			Delegate: poa.Delegate{Name: "受任 太郎", Qualification: poa.TaxAccountant, Email: "taro@example.com"}, Powers: []string{"契約の締結"}}}
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		var err error
		if d.StatusList, err = tx.AllocateStatusEntry(ctx); err != nil {
			return err
		}
		if err := tx.InsertDelegation(ctx, d, []byte("draft")); err != nil {
			return err
		}
		number, err := tx.NextNumber(ctx, "D", poa.DateOf(now))
		if err != nil {
			return err
		}
		d.Acknowledgement = &poa.Acknowledgement{Number: number, SubmittedAt: now, FileSHA256: sha256.Sum256([]byte("file")), VerifiedAt: now}
		d.State, d.FileSHA256 = poa.StateSubmitted, d.Acknowledgement.FileSHA256
		d.DelegateCertificateSHA256, d.DelegateCertifiedAt = sha256.Sum256([]byte("certificate")), now
		err = errors.Join(tx.InsertHandedIn(ctx, poa.HandedIn{DelegationID: d.ID, CertificateSHA256: d.DelegateCertificateSHA256, Name: "受任 太郎", At: now}, []byte("signed")),
			tx.Submit(ctx, d, []byte("file"), sha256.Sum256([]byte("content")), nil), tx.Accept(ctx, d.ID, now))
		if err != nil {
			return err
		}
		_, err = tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: now, EventID: "evt_1"}, poa.Term{From: d.ValidFrom, Through: d.ValidThrough}, now)
		return err
	})
	return d
}

func (w *world) watch(t *testing.T, recipient string, id poa.DelegationID) {
	t.Helper()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.InsertWatch(ctx, poa.Watch{RecipientID: recipient, DelegationID: id, Since: w.Clock.Now(), SinceVersion: 1})
	})
}

// revoked publishes a revocation.
func (w *world) revoked(t *testing.T, d poa.Delegation) {
	t.Helper()
	w.in(t, func(ctx context.Context, tx poa.Tx) error {
		return tx.Publish(ctx, poa.Change{Type: poa.NoticeRevoked, DelegationID: d.ID, DelegatorID: d.DelegatorID, Version: 2, Status: poa.StatusRevoked, At: w.Clock.Now()})
	})
}

// next waits for the next of what comes.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	panic("unreachable")
}

// until waits until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	end, tick := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
