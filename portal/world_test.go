// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"ininjo/db/dbtest"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
	"ininjo/portal"
)

// The people of these tests.
var (
	signer = poatest.Person{Name: "山田　太郎", Address: "東京都千代田区霞が関１－１－１", BirthDate: "1970-04-01", Gender: "1"}
	deputy = poatest.Person{Name: "佐藤　花子", Address: "大阪府大阪市北区梅田２－２－２", BirthDate: "1985-12-24", Gender: "2"}
)

const password = "correct horse battery"

// world is the portal over a PostgreSQL of the test's own, behind a server.
type world struct {
	tb         testing.TB
	data       *dbtest.Database
	url        string
	log        *lines
	enrollment *poa.Enrollment
	signers    map[string]*poatest.Signer
	// staff are the second factors' codes, by e-mail address.
	codes map[string]string
	// mode and wait are what recipients need, and the bound of who has no account.
	mode poa.RegistrationMode
	wait func(*http.Request) time.Duration
	ca   *poatest.CA
	// authority is asked about certificates and for time stamps, registrar asks it.
	authority *authority
	registrar *poa.Registrar
}

// serveAgain serves the pages anew under what was changed of the world.
func (w *world) serveAgain() { w.tb.Helper(); w.serve(w.ca) }

// lines keeps what was logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps a line.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// session keeps who is signed in as server does.
type session struct {
	manager *scs.SessionManager
	store   poa.Store
	access  *poa.Access
	clock   poa.Clock
}

// Actor returns who is signed in.
func (s session) Actor(ctx context.Context) (poa.Actor, bool) {
	actor, err := s.store.ActorBySession(ctx, sha256.Sum256([]byte(s.manager.Token(ctx))), s.clock.Now())
	return actor, err == nil
}

// SignIn binds the session to the actor.
func (s session) SignIn(ctx context.Context, actor poa.Actor, agent string) error {
	if err := s.manager.RenewToken(ctx); err != nil {
		return err
	}
	s.manager.Put(ctx, "id", actor.SessionID)
	return s.access.BeginSession(ctx, actor, poa.Session{Hash: sha256.Sum256([]byte(s.manager.Token(ctx))), Agent: agent, ExpiresAt: s.clock.Now().Add(time.Hour)})
}

// Renew gives the session another token.
func (s session) Renew(ctx context.Context) error { return s.manager.RenewToken(ctx) }

// SignOut ends the session.
func (s session) SignOut(ctx context.Context) error { return s.manager.Destroy(ctx) }

// Keep keeps a value in the session.
func (s session) Keep(ctx context.Context, name, value string) { s.manager.Put(ctx, name, value) }

// Kept returns it.
func (s session) Kept(ctx context.Context, name string) string { return s.manager.GetString(ctx, name) }

// hasher is quick where argon2id is slow on purpose.
type hasher struct{}

// Hash returns what is kept of a password.
func (hasher) Hash(_ context.Context, password string) (string, error) {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:]), nil
}

// Matches compares.
func (h hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	want, err := h.Hash(ctx, password)
	return hash == want, err
}

// CodeStep takes the first six characters of the secret for the code, at a step
// that was never used: scenarios sign in again while the clock stands still.
func (hasher) CodeStep(secret, code string, _ time.Time) (int64, bool) {
	return timeSteps.Add(1), secret != "" && code == secret[:6]
}

var timeSteps atomic.Int64

// anywhere allows every address but one.
type anywhere struct{}

// Allowed refuses one host.
func (anywhere) Allowed(_ context.Context, u *url.URL) bool { return u.Hostname() != "10.0.0.1" }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, data: dbtest.New(tb), log: &lines{}, codes: map[string]string{}}
	ca := poatest.MustCA(tb, w.data.Clock.Now())
	w.signers = map[string]*poatest.Signer{"signer": poatest.MustIssue(tb, ca, signer), "deputy": poatest.MustIssue(tb, ca, deputy)}
	w.ca, w.authority = ca, &authority{tsa: poatest.MustTSA(tb, ca), clock: w.data.Clock}
	w.serve(ca)
	w.appoint()
	for _, version := range []string{"1.0", "1.1"} {
		must(tb, w.enrollment.Publish(tb.Context(), poa.System, poa.PublishInput{Kind: poa.TermsOfUse, Version: version, Title: "利用約款", Body: "第1条\n\n第2条 " + version, EffectiveFrom: poa.DateOf(w.data.Clock.Now())}))
		w.data.Clock.Advance(time.Second)
	}
	return w
}

// pages are parsed once for all worlds.
var pages = sync.OnceValues(func() (*portal.PageViews, error) { return portal.ParseViews(locale.Text) })

func (w *world) serve(ca *poatest.CA) {
	roots, err := jpki.NewRoots(ca.Root)
	must(w.tb, err)
	key, err := receipt.GenerateKey(rand.Reader)
	must(w.tb, err)
	receipts, err := receipt.NewES256Signer(key)
	must(w.tb, err)
	store, clock, policy := w.data.DB, w.data.Clock, poa.DefaultPolicy("https://ininjo.example")
	policy.RecipientRegistration = w.mode
	w.enrollment = poa.NewEnrollment(clock, store, policy, hasher{})
	manager, access := scs.New(), poa.NewAccess(clock, store, policy, hasher{}).WithPasskeys(checker{})
	manager.Store = w.data.DB.Sessions()
	views, err := pages()
	must(w.tb, err)
	w.registrar = poa.NewRegistrar(clock, store, policy, jpki.Profile{Roots: roots, Policies: []string{poatest.PolicyTest}})
	w.registrar.Equip(poa.Verification{Mode: w.authority.mode, Status: w.authority, Stamper: w.authority, StampRoots: w.authority.tsa.Roots()})
	handler, err := portal.New(portal.Config{PageViews: views, Enrollment: w.enrollment,
		Registrar: w.registrar,
		Responder: poa.NewResponder(clock, store, policy, receipts), Notifier: poa.NewNotifier(clock, store, policy), Records: poa.NewRecords(clock, store),
		Access: access, Desk: poa.NewDesk(clock, store, policy), Titles: poa.NewTitles(clock, store, policy), Retention: poa.NewRetention(clock, store, policy),
		Clock: clock, Policy: policy, Wait: w.wait, Addresses: anywhere{}, Session: session{manager, store, access, clock}, Text: locale.Text,
		LinkActor: func(ctx context.Context, token string) (poa.Actor, error) {
			actor, err := store.ActorByLink(ctx, sha256.Sum256([]byte(token)), clock.Now())
			if err == nil && actor.LinkUsed {
				err = poa.ErrNotFound
			}
			return actor, err
		},
		Queues: func(context.Context) ([]portal.Queue, error) {
			return []portal.Queue{{Name: "webhooks", Available: 7}}, nil
		},
		Log: slog.New(slog.NewTextHandler(w.log, nil))})
	must(w.tb, err)
	server := httptest.NewServer(manager.LoadAndSave(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Request-Id", "req-of-the-test")
		handler.ServeHTTP(rw, r)
	})))
	w.tb.Cleanup(server.Close)
	w.url = server.URL
}

func (w *world) appoint() {
	appointing := poa.System
	for _, role := range poa.Roles {
		email := strings.ToLower(string(role)) + "@ininjo.example"
		account, err := w.enrollment.AppointStaff(w.tb.Context(), appointing, poa.StaffInput{Name: "担当者", Email: email, Roles: []poa.Role{role}, Fitness: poatest.Fitness(), Password: password})
		must(w.tb, err)
		w.codes[email] = account.TOTPSecret[:6]
		if role == poa.RoleServiceOwner {
			appointing, err = w.enrollment.SignIn(w.tb.Context(), poa.SignInInput{Email: email, Password: password, Code: w.codes[email]})
			must(w.tb, err)
		}
	}
}

// link is the path of the newest link that was mailed to an address.
func (w *world) link(email string, template poa.MailTemplate) string {
	w.tb.Helper()
	jobs := w.data.Jobs(w.tb)
	for i := len(jobs) - 1; i >= 0; i-- {
		var args poa.SendMail
		if jobs[i].Kind != args.Kind() {
			continue
		}
		must(w.tb, json.Unmarshal([]byte(jobs[i].Args), &args))
		mail, err := w.data.DB.Mail(w.tb.Context(), args.MailID)
		must(w.tb, err)
		if mail.To == email && mail.Template == template {
			return strings.TrimPrefix(mail.Values["link"], "https://ininjo.example")
		}
	}
	must(w.tb, errors.New("no mail "+string(template)+" to "+email))
	return ""
}
