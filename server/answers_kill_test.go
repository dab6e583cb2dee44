// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db/embedded"
	"ininjo/poa"
)

// answersGiven are the inquiries whose answers arrived.
type answersGiven struct {
	mu  sync.Mutex
	ids []string
}

func (a *answersGiven) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.ids)
}

// ask asks once and keeps the inquiry of a whole answer.
func (a *answersGiven) ask(ctx context.Context, client *http.Client, base, token string, id poa.DelegationID) error {
	body := fmt.Appendf(nil, `{"query":"query ($id: ID!) { validity(delegationId: $id) { status inquiryId } }","variables":{"id":"%s"}}`, id)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Data struct {
			Validity struct{ Status, InquiryID string }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if v := answer.Data.Validity; v.Status != "" {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ids = append(a.ids, v.InquiryID)
	}
	return nil
}

// TestNoAnswerWithoutItsEvent kills the program or its PostgreSQL, by kill -9, at
// random moments while many ask: no answer was given whose audit event is
// missing. ININJO_ANSWER_KILLS says how often.
func TestNoAnswerWithoutItsEvent(t *testing.T) {
	t.Parallel()
	kills := 4
	if text := os.Getenv("ININJO_ANSWER_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := freshHome(t)
	p, base := serving(t, nil, "--data-dir", dir, "--token-rate", "0")
	token, id := askedIn(t, dir)
	given := &answersGiven{}
	for i := range kills {
		var asked sync.WaitGroup
		client, before := asking(16), given.count()
		for range 16 {
			asked.Go(func() {
				for given.ask(t.Context(), client, base, token, id) == nil {
				}
			})
		}
		await(t, "answers come", func() bool { return given.count() > before+200 })
		pause(time.Duration(random.IntN(200)) * time.Millisecond)
		if i%2 == 0 {
			p.signal(t, syscall.SIGKILL)
		} else {
			killPostgres(t, dir)
		}
		p.status(t, patience)
		asked.Wait()
		client.CloseIdleConnections()
		if i%2 == 0 {
			goneWith(t, dir) // a killed one leaves its file
		}
		p, base = serving(t, nil, "--data-dir", dir, "--token-rate", "0")
		given.check(t, dir)
	}
	t.Logf("%d answers, %d kills", given.count(), kills)
	p.stop(t)
}

// askedIn makes, beside the program that serves a data folder, a recipient with a
// token and a delegation to ask about.
func askedIn(t *testing.T, dir string) (string, poa.DelegationID) {
	t.Helper()
	c := Config{Addr: "127.0.0.1:0", DataDir: dir, RecipientRegistration: "approval", ServiceName: "Ininjo", MailFrom: "no-reply@localhost.localdomain", SMTPTLS: "starttls", beside: true}
	s, err := newService(t.Context(), c, poa.SystemClock{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.stop(context.Background()) }()
	if err := s.wire("https://ininjo.example.jp"); err != nil {
		t.Fatal(err)
	}
	w := &answerWorld{t: t, clock: newDemoClock(0), writer: s}
	w.enrol()
	today := poa.DateOf(w.clock.Now())
	n := w.file(poa.Term{From: today, Through: today.AddDays(9)})
	for _, fault := range w.faults {
		t.Fatal(fault)
	}
	_, token := w.newest()
	return token, w.stories[n].id
}

// killPostgres kills the first process of the private PostgreSQL; its others see
// that and end.
func killPostgres(t *testing.T, dir string) {
	t.Helper()
	pid, err := postgresOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// check looks for the audit event of every answer that was given.
func (a *answersGiven) check(t *testing.T, dir string) {
	t.Helper()
	cluster, err := embedded.Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), cluster.SuperuserURL(databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var kept int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM inquiries WHERE id = ANY($1)", a.ids).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept != len(a.ids) {
		t.Errorf("%d answers were given, %d stand in the audit log", len(a.ids), kept)
	}
}
