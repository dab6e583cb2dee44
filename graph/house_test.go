// SPDX-License-Identifier: Apache-2.0

package graph_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ininjo/db/dbtest"
	"ininjo/graph"
	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/locale"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
)

// The people of these tests.
var (
	representative = poatest.Person{Name: "山田　太郎", Address: "東京都千代田区霞が関１－１－１", BirthDate: "1970-04-01", Gender: "1"}
	deputy         = poatest.Person{Name: "佐藤　花子", Address: "大阪府大阪市北区梅田２－２－２", BirthDate: "1985-12-24", Gender: "2"}
)

const password = "correct horse battery"

// house is the room under test over a PostgreSQL of the test's own, reached by
// HTTP alone.
type house struct {
	tb      testing.TB
	data    *dbtest.Database
	url     string
	handler *graph.Handler
	log     *lines
	signers map[string]*poatest.Signer
	// actors are who is signed in, by the name that stands for a Bearer token.
	actors     map[string]poa.Actor
	enrollment *poa.Enrollment
	// unsigned is a house whose key for receipts is out of reach.
	unsigned bool
	// rates bound each token.
	rates poa.Rates
	// registration is what recipients need before they ask.
	registration poa.RegistrationMode
	// readTimeout is how long a request may take to arrive; zero is no bound.
	readTimeout time.Duration
	// bell wakes who waits for notices, notifier numbers them.
	bell     *poa.Bell
	notifier *poa.Notifier
	// lookUps counts how often the room asked who the caller is.
	lookUps atomic.Int64
}

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

func newHouse(tb testing.TB, change ...func(*house)) *house {
	tb.Helper()
	h := &house{tb: tb, data: dbtest.New(tb), log: &lines{}, actors: map[string]poa.Actor{}}
	for _, c := range change {
		c(h)
	}
	ca := poatest.MustCA(tb, h.data.Clock.Now())
	h.signers = map[string]*poatest.Signer{"representative": poatest.MustIssue(tb, ca, representative), "deputy": poatest.MustIssue(tb, ca, deputy)}
	h.serve(ca)
	h.staff()
	_, err := h.data.DB.Pool().Exec(tb.Context(), `INSERT INTO signing_keys (kid, purpose, jwk, valid_from)
		VALUES ('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', 'webhook', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}', now())`)
	must(tb, err)
	must(tb, h.enrollment.Publish(tb.Context(), poa.System, poa.PublishInput{Kind: poa.TermsOfUse, Version: "1", Title: "利用約款", Body: "第1条", EffectiveFrom: poa.DateOf(h.data.Clock.Now())}))
	return h
}

func (h *house) serve(ca *poatest.CA) {
	roots, err := jpki.NewRoots(ca.Root)
	must(h.tb, err)
	key, err := receipt.GenerateKey(rand.Reader)
	must(h.tb, err)
	var signer receipt.Signer
	if !h.unsigned {
		signer, err = receipt.NewES256Signer(key)
		must(h.tb, err)
	}
	store, clock, policy := h.data.DB, h.data.Clock, poa.DefaultPolicy("https://ininjo.example")
	policy.PolicyOID, policy.RecipientRegistration = "1.2.392.200000.1", h.registration
	h.enrollment = poa.NewEnrollment(clock, store, policy, hasher{})
	h.notifier, h.bell = poa.NewNotifier(clock, store, policy), poa.NewBell(store)
	go h.bell.Run(h.tb.Context(), nil, func(error) {})
	documents, err := graph.NewDocuments(nil, graph.Limits{})
	must(h.tb, err)
	h.handler = graph.New(graph.Config{
		Enrollment: h.enrollment,
		Registrar:  poa.NewRegistrar(clock, store, policy, jpki.Profile{Roots: roots, Policies: []string{poatest.PolicyTest}}),
		Responder:  poa.NewResponder(clock, store, policy, signer).BoundBy(poa.NewAllowances(clock, h.rates)),
		Notifier:   h.notifier,
		Records:    poa.NewRecords(clock, store),
		Bell:       h.bell, Documents: documents,
		Addresses: publicURL{}, Actor: h.actor, Credential: credential, Language: language, Text: locale.Text,
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
	})
	server := httptest.NewUnstartedServer(withRequest(h.handler))
	server.Config.ReadTimeout = h.readTimeout
	server.Start()
	h.tb.Cleanup(server.Close)
	h.url = server.URL
}

func (h *house) staff() {
	appointed := poa.System
	for _, each := range []struct {
		name string
		role poa.Role
	}{{"owner", poa.RoleServiceOwner}, {"manager", poa.RoleServiceManager}, {"operator", poa.RoleServiceOperator},
		{"reception", poa.RoleReception}, {"auditor", poa.RoleAuditor}, {"maintainer", poa.RoleMaintainer}} {
		email := each.name + "@ininjo.example"
		account, err := h.enrollment.AppointStaff(h.tb.Context(), appointed, poa.StaffInput{Name: "担当者", Email: email, Roles: []poa.Role{each.role}, Fitness: poatest.Fitness(), Password: password})
		must(h.tb, err)
		h.actors[each.name], err = h.enrollment.SignIn(h.tb.Context(), poa.SignInInput{Email: email, Password: password, Code: account.TOTPSecret[:6]})
		must(h.tb, err)
		appointed = h.actors["owner"]
	}
}

// requestKey carries the HTTP request to the functions that read it, as the
// server's own middleware does.
type requestKey struct{}

func withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, r)))
	})
}

func bearer(ctx context.Context) string {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

func language(ctx context.Context) string {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "en") {
		return "en"
	}
	return "ja"
}

func credential(ctx context.Context) poa.Credential {
	if token := bearer(ctx); token != "" {
		return poa.Credential{TokenHash: sha256.Sum256([]byte(token))}
	}
	return poa.Credential{Anonymous: true}
}

func (h *house) actor(ctx context.Context) (poa.Actor, poa.TokenScope, error) {
	h.lookUps.Add(1)
	token := bearer(ctx)
	hash, now := sha256.Sum256([]byte(token)), h.data.Clock.Now()
	actor, known := h.actors[token]
	var err error
	scope := poa.ScopeAll
	switch {
	case token == "":
		actor = poa.Anonymous(language(ctx))
	case known:
	case strings.HasPrefix(token, poa.LinkPrefix+"_"):
		if actor, err = h.data.DB.ActorByLink(ctx, hash, now); actor.Purpose != poa.LinkAnswer && actor.Purpose != poa.LinkRenounce {
			err = poa.ErrUnauthenticated
		}
	default:
		actor, scope, err = h.data.DB.ActorByToken(ctx, hash, now)
	}
	if poa.CodeOf(err) == poa.CodeNotFound && err != nil {
		err = poa.ErrUnauthenticated
	}
	return actor, scope, err
}

// signIn sets the password of a party by the link that was mailed to it.
func (h *house) signIn(name, email string) {
	h.tb.Helper()
	in := poa.SetPasswordInput{Token: h.link(email, poa.MailApplicationReceived), Password: password}
	must(h.tb, h.enrollment.SetPassword(h.tb.Context(), poa.Anonymous("ja"), in))
	actor, err := h.enrollment.SignIn(h.tb.Context(), poa.SignInInput{Email: email, Password: password})
	must(h.tb, err)
	h.actors[name] = actor
}

// link is the token of the newest link that was mailed to an address.
func (h *house) link(email string, template poa.MailTemplate) string {
	h.tb.Helper()
	jobs := h.data.Jobs(h.tb)
	for i := len(jobs) - 1; i >= 0; i-- {
		var args poa.SendMail
		if jobs[i].Kind != args.Kind() {
			continue
		}
		must(h.tb, json.Unmarshal([]byte(jobs[i].Args), &args))
		mail, err := h.data.DB.Mail(h.tb.Context(), args.MailID)
		must(h.tb, err)
		if mail.To == email && mail.Template == template {
			link := mail.Values["link"]
			return link[strings.LastIndex(link, "/")+1:]
		}
	}
	h.tb.Fatalf("no %s was mailed to %s", template, email)
	return ""
}

// post sends a request and returns status and body.
func (h *house) post(token, language string, body any) (int, []byte) {
	h.tb.Helper()
	text, err := json.Marshal(body)
	must(h.tb, err)
	return h.send(token, language, text)
}

func (h *house) send(token, language string, body []byte) (int, []byte) {
	h.tb.Helper()
	request, err := http.NewRequestWithContext(h.tb.Context(), http.MethodPost, h.url, bytes.NewReader(body))
	must(h.tb, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	request.Header.Set("Accept-Language", language)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	must(h.tb, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(h.tb, err)
	return response.StatusCode, answer
}

// direct asks as who reads HTTP himself, and says whether that was answered so.
func (h *house) direct(token, language string, body []byte) (answered bool, status int, answer []byte) {
	h.tb.Helper()
	request, err := http.NewRequestWithContext(h.tb.Context(), http.MethodPost, h.url, nil)
	must(h.tb, err)
	request.Header.Set("Accept-Language", language)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	var l graph.Lean
	answered = h.handler.Answer(context.WithValue(request.Context(), requestKey{}, request), &l, body)
	return answered, l.Status, l.Body
}

// hasher stands where the server's argon2id and RFC 6238 stand.
type hasher struct{}

// Hash returns a fast digest.
func (hasher) Hash(_ context.Context, password string) (string, error) {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(password))), nil
}

// Matches compares digests.
func (h hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	own, err := h.Hash(ctx, password)
	return own == hash, err
}

// CodeStep takes the first six characters of the secret for the code, at a step
// that was never used: scenarios sign in again while the clock stands still.
func (hasher) CodeStep(secret, code string, _ time.Time) (int64, bool) {
	return timeSteps.Add(1), secret != "" && code == secret[:6]
}

var timeSteps atomic.Int64

// publicURL refuses loopback alone.
type publicURL struct{}

// Allowed tells whether the URL is not loopback, and panics as a fault of ours
// would.
func (publicURL) Allowed(_ context.Context, u *url.URL) bool {
	if u.Hostname() == "panic.example" {
		panic("secret of the inside")
	}
	return u.Hostname() != "127.0.0.1"
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
