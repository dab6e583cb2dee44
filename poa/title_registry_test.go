// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"ininjo/poa"
)

// teller is a registry outside of the building that says what it is told to.
type teller struct {
	says  poa.RegistryAnswer
	fails error
	asked []poa.RegistryQuestion
}

func (*teller) Connected() []poa.Qualification { return []poa.Qualification{poa.TaxAccountant} }
func (*teller) States() []poa.RegistryState    { return nil }

func (r *teller) Look(_ context.Context, q poa.RegistryQuestion) (poa.RegistryAnswer, error) {
	r.asked = append(r.asked, q)
	return r.says, r.fails
}

func (c *counter) connect() *teller {
	r := &teller{says: poa.RegistryAnswer{Standing: poa.SeenRegistered, Number: registrationNumber, Name: delegatePerson.Name, AsOf: c.clock.Now()}}
	c.titles.Connect(r)
	return r
}

// due moves the clock to when the title is due and opens its round.
func (c *counter) due(d poa.Delegation) {
	c.tb.Helper()
	c.clock.Set(c.title(d).DueAt)
	n, err := c.titles.OpenDue(c.tb.Context())
	must(c.tb, err)
	if n != 1 {
		c.tb.Errorf("%d rounds were opened", n)
	}
	c.clock.Set(c.title(d).AskAt)
}

func TestConnector(t *testing.T) {
	t.Parallel()
	t.Run("registered settles the title, the engagement needs a person", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		r := c.connect()
		d := c.filed()
		if got := c.title(d); got.State != poa.TitleWaiting || !got.Registered || len(got.Looks) != 1 || got.Looks[0].By != poa.Connector {
			t.Errorf("the title is %+v", got)
		}
		if len(r.asked) != 1 || r.asked[0].Number != registrationNumber || r.asked[0].PerSecond != 1 || c.openCases(d) != 1 {
			t.Errorf("asked %+v, %d cases", r.asked, c.openCases(d))
		}
		c.look(c.reception, c.seen(d, poa.SeenNotAsked, engaged))
		c.wantState(d, poa.StateSubmitted, poa.TitleConfirmed)
	})
	t.Run("at the next time nobody is needed", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		r := c.connect()
		c.due(d)
		r.says.AsOf = c.clock.Now().Add(-24 * time.Hour)
		c.work(d)
		c.wantState(d, poa.StateAccepted, poa.TitleConfirmed)
		got := c.ask(poa.Question{DelegationID: string(d.ID)})
		if got.Qualification == nil || !got.Qualification.VerifiedAt.Equal(r.says.AsOf) || c.count("cases WHERE kind = 'TITLE'") != 1 {
			t.Errorf("answered %+v", got.Qualification)
		}
	})
	t.Run("suspended suspends at once", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		r := c.connect()
		c.due(d)
		r.says = poa.RegistryAnswer{Standing: poa.SeenSuspended, Number: registrationNumber, Name: delegatePerson.Name, From: poa.DateOf(c.clock.Now()), AsOf: c.clock.Now()}
		c.work(d)
		c.wantState(d, poa.StateAccepted, poa.TitleSuspended)
		c.wantStatus(d, poa.StatusSuspended)
	})
	t.Run("an outage goes to a person after its time", outage)
}

// TestConnectorHandsOver shows what of a connector's answers is for a person.
func TestConnectorHandsOver(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*teller, time.Time){
		"another name": func(r *teller, _ time.Time) { r.says.Name = "鈴木　花子" },
		"another name struck": func(r *teller, now time.Time) {
			r.says.Name, r.says.Standing, r.says.From = "鈴木　花子", poa.SeenStruckOff, poa.DateOf(now)
		},
		"not found": func(r *teller, _ time.Time) {
			r.says = poa.RegistryAnswer{Standing: poa.SeenNotFound, AsOf: r.says.AsOf}
		},
		"a state of months ago": func(r *teller, now time.Time) { r.says.AsOf = now.Add(-40 * 24 * time.Hour) },
	} {
		t.Run(name+" goes to a person", func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			d := c.confirmed()
			r := c.connect()
			c.due(d)
			change(r, c.clock.Now())
			c.work(d)
			c.wantState(d, poa.StateAccepted, poa.TitleWaiting)
			c.wantStatus(d, poa.StatusValid)
			if c.openCases(d) != 1 {
				t.Error("no case is open")
			}
			c.look(c.reception, c.seen(d, poa.SeenNotFound))
			c.wantState(d, poa.StateAccepted, poa.TitleWaiting)
			c.look(c.second, c.seen(d, poa.SeenNotFound))
			c.wantState(d, poa.StateAccepted, poa.TitleUnconfirmed)
		})
	}
}

func outage(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	d := c.confirmed()
	r := c.connect()
	c.due(d)
	r.fails = &poa.RegistrySilent{RetryAfter: time.Hour, Cause: errors.New("503")}
	if again := c.work(d); again != time.Hour || c.openCases(d) != 0 {
		t.Errorf("again after %s, %d cases", again, c.openCases(d))
	}
	c.clock.Advance(c.policy.TitleOutage - time.Minute)
	if again := c.work(d); again != time.Minute {
		t.Errorf("again after %s", again)
	}
	c.clock.Advance(time.Minute)
	if again := c.work(d); again != 0 || c.openCases(d) != 1 {
		t.Errorf("again after %s, %d cases", again, c.openCases(d))
	}
}

func TestDueTitles(t *testing.T) {
	t.Parallel()
	t.Run("asked again in time, before a person, by its body's rate", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		var all []poa.Delegation
		for range 5 {
			all = append(all, c.confirmed())
		}
		for _, d := range all {
			if due := c.title(d).DueAt; due.After(c.clock.Now().Add(c.policy.TitleRecheck)) || due.Before(c.clock.Now().Add(c.policy.TitleRecheck-24*time.Hour)) {
				t.Errorf("due at %s", due)
			}
		}
		c.clock.Advance(c.policy.TitleRecheck + 30*24*time.Hour) // a stop of weeks
		n, err := c.titles.OpenDue(t.Context())
		must(t, err)
		again, err := c.titles.OpenDue(t.Context())
		must(t, err)
		if n != 5 || again != 0 {
			t.Errorf("%d and %d rounds were opened", n, again)
		}
		var at []time.Time
		for _, d := range all {
			at = append(at, c.title(d).AskAt)
		}
		slices.SortFunc(at, time.Time.Compare)
		for i, each := range at {
			if want := c.clock.Now().Add(time.Duration(i) * 24 * time.Hour / 200); !each.Equal(want) {
				t.Errorf("the %dth is asked at %s, want %s", i, each, want)
			}
		}
		c.work(all[0])
		if c.openCases(all[0]) != 1 {
			t.Error("no case was opened")
		}
		c.look(c.reception, c.seen(all[0], poa.SeenRegistered))
		c.wantState(all[0], poa.StateAccepted, poa.TitleConfirmed)
	})
	t.Run("several processes at once open nothing twice", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		for range 4 {
			c.confirmed()
		}
		c.clock.Advance(c.policy.TitleRecheck)
		var total [4]int
		var fs []func() error
		for i := range total {
			titles := poa.NewTitles(c.clock, c.data.Open(t), c.policy)
			fs = append(fs, func() (err error) { total[i], err = titles.OpenDue(t.Context()); return err })
		}
		for _, err := range atOnce(fs...) {
			must(t, err)
		}
		if sum := total[0] + total[1] + total[2] + total[3]; sum != 4 || c.count("title_rounds WHERE round = 2") != 4 || c.count("test_jobs WHERE kind = 'ask_title'") != 8 {
			t.Errorf("opened %v", total)
		}
	})
	t.Run("what ended is asked for no more", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		over, waiting := c.confirmed(), c.confirmed()
		must(t, c.revoke(over, time.Time{}))
		c.wantState(over, poa.StateAccepted, poa.TitleOver)
		c.due(waiting)
		c.work(waiting)
		c.clock.Set(waiting.ValidThrough.Ends())
		n, err := c.titles.EndOver(t.Context())
		must(t, err)
		again, err := c.titles.EndOver(t.Context())
		must(t, err)
		if n != 1 || again != 0 {
			t.Errorf("%d and %d checks were ended", n, again)
		}
		c.wantState(waiting, poa.StateAccepted, poa.TitleOver)
		if c.openCases(waiting) != 0 {
			t.Error("its case is open")
		}
	})
}
