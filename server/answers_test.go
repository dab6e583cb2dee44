// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/poa"
)

// spanOf is a time that the environment names, such as 30s or 1h.
func spanOf(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		t.Fatalf("%s is %q: want a time, such as 30s", name, text)
	}
	return d
}

// longestRound bounds the answers that one round keeps in memory.
const longestRound = time.Minute

// TestAnswersAgainstHistory lets three processes answer while delegations are
// filed, suspended, resumed and revoked, their terms begin and end at midnight,
// tokens are withdrawn and one process is killed and started again. Then it
// replays all answers against the history: none contradicts what was committed
// before its question and after its arrival, and each stands in the audit log as
// it was given. ININJO_ANSWERS says for how long.
func TestAnswersAgainstHistory(t *testing.T) {
	t.Parallel()
	all, count := spanOf(t, "ININJO_ANSWERS", 6*time.Second), 0
	for all > 0 && !t.Failed() {
		span := min(all, longestRound)
		all -= span
		t.Run("a round", func(t *testing.T) { count += answersFor(t, span) }) // its processes end with it
		t.Logf("%d answers were checked so far", count)
	}
}

func answersFor(t *testing.T, span time.Duration) int {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newAnswerWorld(t)
	w.midnightIn(span / 2)
	w.file(poa.Term{From: poa.DateOf(w.clock.Now()), Through: poa.DateOf(w.clock.Now())})
	askers, changers := make([]*asker, 12), make([]*changer, 4)
	ctx, end := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for i := range askers {
		a := &asker{answerWorld: w, http: asking(len(askers)), random: rand.New(rand.NewPCG(seed, uint64(i)))}
		askers[i] = a
		working.Go(func() {
			for ctx.Err() == nil {
				a.ask()
			}
			a.http.CloseIdleConnections()
		})
	}
	for i := range changers {
		c := &changer{answerWorld: w, random: rand.New(rand.NewPCG(seed, uint64(100+i))), open: map[int]lifting{}}
		changers[i] = c
		working.Go(func() {
			for ctx.Err() == nil {
				c.step()
				pause(time.Duration(c.random.IntN(20)) * time.Millisecond)
			}
		})
	}
	working.Go(func() {
		for ctx.Err() == nil {
			w.withdrawToken()
			pause(span / 20)
		}
	})
	pause(span / 4)
	w.kill(2)
	pause(span / 8)
	w.processes[2].program = w.launch()
	w.serves(2)
	pause(span * 5 / 8)
	end()
	working.Wait()
	return w.verdict(t, askers, changers)
}

// verdict checks what the askers were answered, and wants that the run showed
// something.
func (w *answerWorld) verdict(t *testing.T, askers []*asker, changers []*changer) int {
	t.Helper()
	stories := w.snapshot()
	var answers []validityAnswer
	var uses []tokenUse
	lost, made, refused := 0, 0, 0
	for _, a := range askers {
		answers, uses, lost = append(answers, a.answers...), append(uses, a.tokens...), lost+a.lost
	}
	for _, c := range changers {
		made, refused = made+c.made, refused+c.refused
	}
	for _, fault := range w.faults[:min(len(w.faults), 10)] {
		t.Errorf("%v", fault)
	}
	found := append(contradictions(stories, answers, w.audited(t)), misuses(w.tokens, uses, time.Duration(w.clock.offset.Load()))...)
	for _, each := range found[:min(len(found), 20)] {
		t.Error(each)
	}
	seen, from := map[poa.ValidityStatus]int{}, map[int]int{}
	for _, a := range answers {
		seen[a.status]++
		from[a.process]++
	}
	t.Logf("%d answers (%v, by process %v), %d contradictions; %d changes of %d delegations (%d came too late), %d tokens, %d questions lost with their process",
		len(answers), seen, from, len(found), made, len(stories), refused, len(w.tokens), lost)
	for _, status := range []poa.ValidityStatus{poa.StatusUnknown, poa.StatusValid, poa.StatusNotYetValid, poa.StatusExpired, poa.StatusSuspended, poa.StatusRevoked} {
		if seen[status] == 0 {
			t.Errorf("no answer said %s: the run showed too little", status)
		}
	}
	if len(from) != len(w.processes) || refused*5 > made {
		t.Errorf("answers came by process %v, %d of %d changes came too late: the run showed too little", from, refused, made)
	}
	return len(answers)
}

// audited reads the audit log of questions.
func (w *answerWorld) audited(t *testing.T) map[string]audited {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.own.superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT id, coalesce(delegation_id, ''), coalesce(version, 0), answered_at, nonce, recipient_id FROM inquiries`)
	if err != nil {
		t.Fatal(err)
	}
	log := map[string]audited{}
	var id, recipient string
	var row audited
	if _, err := pgx.ForEachRow(rows, []any{&id, &row.delegation, &row.version, &row.answeredAt, &row.nonce, &recipient}, func() error {
		row.answeredAt = row.answeredAt.UTC()
		if recipient != w.recipient.PartyID {
			t.Errorf("%s is audited for %s", id, recipient)
		}
		log[id] = row
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return log
}
