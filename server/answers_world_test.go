// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"ininjo/poa"
)

// answerWorld is three processes that answer on one database, a fourth one that
// changes what they answer about, and the history that is written along.
type answerWorld struct {
	t     *testing.T
	own   *ownDatabase
	clock *demoClock
	// ahead is the file by which the processes set their clocks.
	ahead  string
	writer *service // in this process, without a listener
	// parties and who acts for them.
	recipient, delegator poa.Actor
	reception            poa.Actor
	processes            [3]*answerProcess

	mu      sync.Mutex
	stories []story
	tokens  []withdrawable
	faults  []error
}

// answerProcess is one process that answers, or is gone.
type answerProcess struct {
	mu      sync.Mutex
	program *program
	base    string
	// gone counts how often it went: who asked it meanwhile may be left without
	// an answer.
	gone int
}

func (p *answerProcess) at() (base string, gone int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base, p.gone
}

// withdrawable is a token with the instants around the commit of its withdrawal.
type withdrawable struct {
	id, text    string
	begun, done time.Time
}

// newAnswerWorld starts everything.
func newAnswerWorld(t *testing.T) *answerWorld {
	t.Helper()
	w := &answerWorld{t: t, own: newOwnDatabase(t), clock: newDemoClock(0), ahead: filepath.Join(t.TempDir(), "ahead")}
	w.moveClock(0)
	var err error
	if w.writer, err = newService(t.Context(), w.config(), w.clock, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.writer.stop(context.Background()) })
	if err := w.writer.wire("https://ininjo.example.jp"); err != nil {
		t.Fatal(err)
	}
	w.enrol()
	for i := range w.processes {
		w.processes[i] = &answerProcess{program: w.launch()}
	}
	for i := range w.processes {
		w.serves(i)
	}
	return w
}

// midnightIn sets all clocks so that Japan's midnight comes after a time.
func (w *answerWorld) midnightIn(wait time.Duration) {
	w.t.Helper()
	now := machineClock.Now()
	w.moveClock(poa.DateOf(now).Ends().Sub(now) - wait)
	for _, p := range w.processes {
		p.program.signal(w.t, syscall.SIGUSR1)
		p.program.line(w.t, "moved")
	}
}

func (w *answerWorld) moveClock(ahead time.Duration) {
	w.t.Helper()
	w.clock.offset.Store(int64(ahead))
	if err := os.WriteFile(w.ahead, []byte(ahead.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *answerWorld) config() Config {
	return Config{Addr: "127.0.0.1:0", DataDir: freshHome(w.t), DatabaseURL: w.own.app, MigrateDatabaseURL: w.own.migrate, Keys: w.own.keys, KeyStore: w.own.keyStore,
		RecipientRegistration: "approval", ServiceName: "Ininjo", MailFrom: "no-reply@localhost.localdomain", SMTPTLS: "starttls", LogFormat: "text"}
}

func (w *answerWorld) launch() *program {
	w.t.Helper()
	return answering{Config: w.config(), Ahead: w.ahead, Level: slog.LevelWarn}.launch(w.t)
}

// serves waits until a process serves, and lets it be asked.
func (w *answerWorld) serves(i int) {
	w.t.Helper()
	p := w.processes[i]
	base := p.program.line(w.t, "http://")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
}

// kill ends a process as a power cut does.
func (w *answerWorld) kill(i int) {
	w.t.Helper()
	p := w.processes[i]
	p.mu.Lock()
	p.gone++
	p.base = ""
	p.mu.Unlock()
	if err := p.program.cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	p.program.status(w.t, patience)
}

func (w *answerWorld) fault(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, err)
}

// enrol makes the parties, their accounts and the first token.
func (w *answerWorld) enrol() {
	w.t.Helper()
	w.delegator = w.party(poa.PartyDelegator, poa.PrefixDelegator, poa.ActorDelegator)
	w.recipient = w.party(poa.PartyRecipient, poa.PrefixRecipient, poa.ActorRecipient)
	w.reception = poa.Actor{Kind: poa.ActorStaff, ID: poa.NewID(poa.PrefixStaff), Roles: []poa.Role{poa.RoleReception}, Language: "ja"}
	w.newToken()
}

func (w *answerWorld) party(role poa.PartyRole, prefix string, kind poa.ActorKind) poa.Actor {
	w.t.Helper()
	now := w.clock.Now()
	actor := poa.Actor{Kind: kind, ID: poa.NewID(poa.PrefixAccount), PartyID: poa.NewID(prefix), Member: poa.MemberAdministrator, Language: "ja"}
	err := w.writer.db.InTx(w.t.Context(), func(ctx context.Context, tx poa.Tx) error {
		number, err := tx.NextNumber(ctx, "A", poa.DateOf(now))
		return errors.Join(err, tx.InsertParty(ctx, poa.Party{ID: actor.PartyID, Role: role, Kind: poa.Corporation, State: poa.EnrollmentApplied, Number: number,
			Profile: poa.Profile{Name: "例社", Email: actor.PartyID + "@example.com"}, Language: "ja", AppliedAt: now}),
			tx.DecideParty(ctx, actor.PartyID, poa.EnrollmentActive, now),
			tx.InsertAccount(ctx, poa.Account{ID: actor.ID, PartyID: actor.PartyID, Kind: kind, Member: poa.MemberAdministrator, Email: actor.ID + "@example.com", Language: "ja", CreatedAt: now}))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

// newToken gives the recipient one more token; askers take the newest.
func (w *answerWorld) newToken() {
	token, text, err := w.writer.chapters.enrollment.CreateToken(w.t.Context(), w.recipient, poa.TokenInput{IdempotencyKey: poa.NewID(""), Name: "試験",
		Scope: poa.ScopeValidity, ExpiresInDays: 30})
	w.fault(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens = append(w.tokens, withdrawable{id: token.ID, text: text})
}

// withdrawToken makes a new token and withdraws the one before it.
func (w *answerWorld) withdrawToken() {
	w.newToken()
	w.mu.Lock()
	n := len(w.tokens) - 2
	id := w.tokens[n].id
	w.tokens[n].begun = machineClock.Now()
	w.mu.Unlock()
	w.fault(w.writer.chapters.enrollment.RevokeToken(w.t.Context(), w.recipient, poa.NewID(""), id))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[n].done = machineClock.Now()
}

// file files a delegation: it is drafted and handed in, and accepted with its
// first change. It returns the story's number.
func (w *answerWorld) file(term poa.Term) int {
	d := w.submit(term)
	w.mu.Lock()
	n := len(w.stories)
	w.stories = append(w.stories, story{id: d.ID, term: term})
	w.mu.Unlock()
	w.change(n, change{kind: changeAccepted}, func() error {
		now := w.clock.Now()
		return w.writer.db.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
			if err := tx.Accept(ctx, d.ID, now); err != nil {
				return err
			}
			_, err := tx.AppendFact(ctx, poa.Fact{DelegationID: d.ID, Kind: poa.FactAccepted, Stands: true, From: now, EventID: poa.NewID("evt_")}, term, now)
			return err
		})
	})
	return n
}

func (w *answerWorld) submit(term poa.Term) poa.Delegation {
	now := w.clock.Now()
	d := poa.Delegation{ID: poa.NewDelegationID(), DelegatorID: w.delegator.PartyID, State: poa.StateDrafted, Format: "XML", ValidFrom: term.From, ValidThrough: term.Through,
		DraftedAt: now, DraftSHA256: sha256.Sum256([]byte("draft")), Contents: poa.Contents{Mandator: poa.Mandator{Kind: poa.Corporation, Name: "例社"},
			Delegate: poa.Delegate{Name: "受任 太郎", Email: "taro@example.com"}, Powers: []string{"契約の締結"}}}
	w.fault(w.writer.db.InTx(context.Background(), func(ctx context.Context, tx poa.Tx) error {
		var err error
		if d.StatusList, err = tx.AllocateStatusEntry(ctx); err != nil {
			return err
		}
		number, err := tx.NextNumber(ctx, "D", poa.DateOf(now))
		err = errors.Join(err, tx.InsertDelegation(ctx, d, []byte("draft")))
		d.Acknowledgement = &poa.Acknowledgement{Number: number, SubmittedAt: now, FileSHA256: sha256.Sum256([]byte("file")), VerifiedAt: now}
		d.State, d.FileSHA256 = poa.StateSubmitted, d.Acknowledgement.FileSHA256
		d.DelegateCertificateSHA256, d.DelegateCertifiedAt = sha256.Sum256([]byte("certificate")), now
		return errors.Join(err, tx.InsertHandedIn(ctx, poa.HandedIn{DelegationID: d.ID, CertificateSHA256: d.DelegateCertificateSHA256, Name: "受任 太郎", Address: "東京都", BirthDate: "1980-01-02", At: now},
			[]byte("signed challenge")),
			tx.Submit(ctx, d, []byte("file"), sha256.Sum256([]byte("content")), []poa.Check{{Kind: poa.CheckPath, Result: poa.CheckPassed, At: now}}))
	}))
	return d
}

// change writes a change into the history, around its commit.
func (w *answerWorld) change(n int, c change, commit func() error) {
	c.begun = machineClock.Now()
	c.done = c.begun.Add(24 * time.Hour) // till it is acknowledged
	w.mu.Lock()
	w.stories[n].changes = append(w.stories[n].changes, c)
	at := len(w.stories[n].changes) - 1
	w.mu.Unlock()
	err := commit()
	w.fault(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stories[n].changes[at].done = machineClock.Now()
}

// snapshot is the history so far, in the time of the services' clock.
func (w *answerWorld) snapshot() []story {
	w.mu.Lock()
	defer w.mu.Unlock()
	ahead := time.Duration(w.clock.offset.Load())
	stories := make([]story, len(w.stories))
	for i, s := range w.stories {
		stories[i] = story{id: s.id, term: s.term}
		for _, c := range s.changes {
			c.begun, c.done = c.begun.Add(ahead), c.done.Add(ahead)
			stories[i].changes = append(stories[i].changes, c)
		}
	}
	return stories
}

// newest is the token that askers take, by its number.
func (w *answerWorld) newest() (n int, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n = len(w.tokens) - 1
	return n, w.tokens[n].text
}

// asking is a way in that keeps its connections.
func asking(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxIdleConns: connections * 3}, Timeout: patience}
}
