// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/receipt"
)

// counter is an office with what checks titles, and a second person of
// reception.
type counter struct {
	*office
	titles *poa.Titles
	second poa.Actor
}

func newCounter(tb testing.TB) *counter {
	tb.Helper()
	o := newOffice(tb)
	return &counter{office: o, titles: poa.NewTitles(o.clock, o.store, o.policy), second: o.appoint(o.serviceOwner, "second@ininjo.example", poa.RoleReception)}
}

const registrationNumber = "123456"

func taxAccountant(in *poa.DraftInput) {
	in.Delegate.Qualification, in.Delegate.Title, in.Delegate.Identification = poa.TaxAccountant, "", registrationNumber
	in.ValidThrough = in.ValidFrom.AddDays(299)
}

// filed is a filing that waits for its title, with its case open.
func (c *counter) filed() poa.Delegation {
	c.tb.Helper()
	d := c.submitted(taxAccountant)
	c.work(d)
	return d
}

// work works the newest round's job off, as a worker would.
func (c *counter) work(d poa.Delegation) time.Duration {
	c.tb.Helper()
	var newest poa.AskTitle
	for _, job := range c.data.Jobs(c.tb) {
		var args poa.AskTitle
		if job.Kind != args.Kind() {
			continue
		}
		must(c.tb, json.Unmarshal([]byte(job.Args), &args))
		if args.DelegationID == d.ID && args.Round > newest.Round {
			newest = args
		}
	}
	again, err := c.titles.Ask(c.tb.Context(), newest)
	must(c.tb, err)
	return again
}

// seen is a look that nothing is wrong with.
func (c *counter) seen(d poa.Delegation, standing poa.TitleStanding, change ...func(*poa.LookInput)) poa.LookInput {
	in := poa.LookInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), Standing: standing, SeenOn: poa.DateOf(c.clock.Now()), Page: "https://www.zeirishikensaku.jp/"}
	switch standing {
	case poa.SeenRegistered, poa.SeenSuspended, poa.SeenStruckOff:
		in.Number, in.Name, in.Office = registrationNumber, delegatePerson.Name, "佐藤税理士事務所"
	case poa.SeenNotFound, poa.SeenUnreachable, poa.SeenNotAsked:
	}
	if standing == poa.SeenSuspended || standing == poa.SeenStruckOff {
		in.From = in.SeenOn
	}
	for _, each := range change {
		each(&in)
	}
	return in
}

func engaged(in *poa.LookInput) {
	in.Engaged, in.EngagedHow, in.EngagedBy = true, "委任者に電話した", "総務部 鈴木"
}

func (c *counter) look(by poa.Actor, in poa.LookInput) {
	c.tb.Helper()
	must(c.tb, c.titles.Look(c.tb.Context(), by, in))
}

func (c *counter) title(d poa.Delegation) poa.TitleCase {
	c.tb.Helper()
	got, err := c.titles.TitleCase(c.tb.Context(), c.reception, string(d.ID))
	must(c.tb, err)
	return got
}

func (c *counter) delegation(d poa.Delegation) poa.Delegation {
	c.tb.Helper()
	got, err := c.store.Delegation(c.tb.Context(), d.ID)
	must(c.tb, err)
	return got
}

func (c *counter) wantState(d poa.Delegation, state poa.State, title poa.TitleState) {
	c.tb.Helper()
	if got := c.delegation(d); got.State != state {
		c.tb.Errorf("the filing is %s, want %s", got.State, state)
	}
	if got := c.title(d); got.State != title {
		c.tb.Errorf("the title is %s, want %s", got.State, title)
	}
}

// confirmed is an accepted delegation whose title was confirmed.
func (c *counter) confirmed() poa.Delegation {
	c.tb.Helper()
	d := c.filed()
	c.look(c.reception, c.seen(d, poa.SeenRegistered, engaged))
	return c.accept(d)
}

func (c *counter) openCases(d poa.Delegation) int {
	c.tb.Helper()
	return c.count("cases WHERE kind = 'TITLE' AND closed_at IS NULL AND subject_id = '" + string(d.ID) + "'")
}

// count counts the rows of a table, or of what follows FROM.
func (c *counter) count(from string) int {
	c.tb.Helper()
	n, err := strconv.Atoi(c.data.Text(c.tb, "SELECT count(*)::text FROM "+from))
	must(c.tb, err)
	return n
}

func TestTitle(t *testing.T) {
	t.Parallel()
	t.Run("a filing waits for title and engagement, then for reception", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		if n := c.openCases(d); n != 1 {
			t.Errorf("%d cases are open", n)
		}
		_, err := c.decide(d, true)
		wantCode(t, err, poa.CodeQualificationMissing)
		c.look(c.reception, c.seen(d, poa.SeenUnreachable))
		c.look(c.reception, c.seen(d, poa.SeenRegistered))
		c.wantState(d, poa.StateSubmitted, poa.TitleWaiting)
		if !c.title(d).Registered {
			t.Error("the registration is not taken for settled")
		}
		c.look(c.second, c.seen(d, poa.SeenNotAsked, engaged))
		c.wantState(d, poa.StateSubmitted, poa.TitleConfirmed)
		if n := c.openCases(d); n != 0 {
			t.Errorf("%d cases are open", n)
		}
		d = c.accept(d)
		got := c.ask(poa.Question{DelegationID: string(d.ID)})
		if q := got.Qualification; q == nil || q.Qualification != poa.TaxAccountant || q.Standing != poa.TitleFresh || !q.VerifiedAt.Equal(c.clock.Now()) {
			t.Errorf("the answer tells %+v", q)
		}
		compact, err := c.responder.Receipt(t.Context(), got)
		must(t, err)
		claims, err := receipt.Verify(compact, c.jwks, receipt.TypReceipt)
		must(t, err)
		if q := claims.Answer.Qualification; q == nil || q.Qualification != "CERTIFIED_PUBLIC_TAX_ACCOUNTANT" || q.Standing != "CONFIRMED" || !q.VerifiedAt.Equal(c.clock.Now()) {
			t.Errorf("the receipt tells %+v", q)
		}
	})
	t.Run("where nothing else needs a person, the confirmation accepts", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		at := c.clock.Now()
		c.data.Exec(t, "INSERT INTO filing_checks (delegation_id, kind, result, at) SELECT DISTINCT delegation_id, kind, 'PASSED', '"+at.Format(time.RFC3339)+"'::timestamptz FROM filing_checks WHERE result <> 'PASSED' AND kind <> 'QUALIFICATION'")
		c.look(c.reception, c.seen(d, poa.SeenRegistered, engaged))
		c.wantState(d, poa.StateAccepted, poa.TitleConfirmed)
		c.wantStatus(d, poa.StatusValid)
		c.mailTo("delegator@example.jp", poa.MailFilingAccepted)
	})
	t.Run("a suspension or a striking off refuses a filing with its own code", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		for standing, code := range map[poa.TitleStanding]poa.Code{poa.SeenSuspended: poa.CodeQualificationSuspended, poa.SeenStruckOff: poa.CodeQualificationStruckOff} {
			d := c.filed()
			c.look(c.reception, c.seen(d, standing))
			c.wantState(d, poa.StateRefused, poa.TitleOver)
			details, err := c.records.Details(t.Context(), c.delegator, c.delegation(d))
			must(t, err)
			if len(details.Refusals) != 1 || details.Refusals[0].Code != code {
				t.Errorf("refused for %+v", details.Refusals)
			}
			c.mailTo(delegateEmail, poa.MailTitleRefused)
			wantCode(t, c.titles.Look(t.Context(), c.reception, c.seen(d, poa.SeenRegistered)), poa.CodeAlreadyEnded)
		}
	})
	t.Run("a withdrawn filing's case is closed", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		_, err := c.registrar.Withdraw(t.Context(), c.delegator, end(d, time.Time{}))
		must(t, err)
		c.wantState(d, poa.StateWithdrawn, poa.TitleOver)
		if n := c.openCases(d); n != 0 {
			t.Errorf("%d cases are open", n)
		}
		c.work(d)
		if n := c.openCases(d); n != 0 {
			t.Error("the job opened it again")
		}
	})
}

func TestSecondLook(t *testing.T) {
	t.Parallel()
	t.Run("not found wants another person", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		c.look(c.reception, c.seen(d, poa.SeenNotFound))
		c.look(c.reception, c.seen(d, poa.SeenNotFound))
		c.wantState(d, poa.StateSubmitted, poa.TitleWaiting)
		if got := c.title(d); !got.Second || !got.SecondOfOther {
			t.Errorf("the page says %+v", got)
		}
		c.look(c.second, c.seen(d, poa.SeenNotFound))
		c.wantState(d, poa.StateRefused, poa.TitleOver)
	})
	t.Run("who disagree wait for one more", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		c.look(c.reception, c.seen(d, poa.SeenNotFound))
		c.look(c.second, c.seen(d, poa.SeenRegistered, engaged))
		c.wantState(d, poa.StateSubmitted, poa.TitleWaiting)
		if got := c.title(d); !got.Disagree || len(got.Looks) != 2 {
			t.Errorf("the page says %+v", got)
		}
		c.look(c.appoint(c.serviceOwner, "third@ininjo.example", poa.RoleReception), c.seen(d, poa.SeenRegistered))
		c.wantState(d, poa.StateSubmitted, poa.TitleConfirmed)
	})
	t.Run("two at once count as two", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.filed()
		var both sync.WaitGroup
		for _, by := range []poa.Actor{c.reception, c.second} {
			both.Go(func() {
				if err := c.titles.Look(t.Context(), by, c.seen(d, poa.SeenNotFound)); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		c.wantState(d, poa.StateRefused, poa.TitleOver)
		if n := c.count("refusals"); n != 1 {
			t.Errorf("%d refusals", n)
		}
	})
}

func TestTitleOfAnAcceptedDelegation(t *testing.T) {
	t.Parallel()
	t.Run("a suspension is dated back to the body's word and passes with it", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		accepted := c.clock.Now()
		_, err := c.notifier.Watch(t.Context(), c.recipient, poa.WatchInput{IdempotencyKey: newKey(), DelegationID: string(d.ID)})
		must(t, err)
		c.clock.Advance(10 * 24 * time.Hour)
		today := poa.DateOf(c.clock.Now())
		c.look(c.reception, c.seen(d, poa.SeenSuspended, func(in *poa.LookInput) { in.From, in.Until = today.AddDays(-5), today.AddDays(4) }))
		got := c.ask(poa.Question{DelegationID: string(d.ID)})
		if got.Status != poa.StatusSuspended || got.Reason != poa.ReasonQualificationSuspended || got.Qualification != nil {
			t.Errorf("answered %s, %s, %+v", got.Status, got.Reason, got.Qualification)
		}
		was := c.ask(poa.Question{DelegationID: string(d.ID), At: today.AddDays(-3).Begins()})
		then := c.ask(poa.Question{DelegationID: string(d.ID), At: today.AddDays(-3).Begins(), KnownAt: today.AddDays(-3).Begins()})
		if was.Status != poa.StatusSuspended || then.Status != poa.StatusValid || then.Qualification == nil || then.Qualification.Standing != poa.TitleFresh {
			t.Errorf("as known now %s, as known then %s, %+v", was.Status, then.Status, then.Qualification)
		}
		for _, to := range []string{delegateEmail, "delegator@example.jp"} {
			if m := c.mailTo(to, poa.MailTitleSuspended); m.Values["reason"] != string(poa.ReasonQualificationSuspended) {
				t.Errorf("mailed %v", m.Values)
			}
		}
		if due := c.title(d).DueAt; !due.Equal(today.AddDays(4).Ends()) {
			t.Errorf("asked again at %s", due)
		}
		c.clock.Set(today.AddDays(5).Begins())
		if got := c.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusValid || got.Qualification == nil || got.Qualification.Standing != poa.TitleStale || !got.Qualification.VerifiedAt.Equal(accepted) {
			t.Errorf("after its end %s, %+v: what was verified before it counts no more", got.Status, got.Qualification)
		}
		n, err := c.notifier.Number(t.Context())
		must(t, err)
		if n == 0 || c.count("notices WHERE type = 'delegation.suspended'") != 2 {
			t.Error("watcher and delegator were not told")
		}
	})
	t.Run("a confirmation lifts the suspension that the checks caused, and no other", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		c.clock.Advance(time.Hour)
		c.look(c.reception, c.seen(d, poa.SeenStruckOff))
		c.wantStatus(d, poa.StatusSuspended)
		c.clock.Advance(time.Hour)
		c.look(c.second, c.seen(d, poa.SeenRegistered))
		c.wantState(d, poa.StateAccepted, poa.TitleConfirmed)
		c.wantStatus(d, poa.StatusValid)
		c.mailTo(delegateEmail, poa.MailTitleResumed)
		_, err := c.registrar.Suspend(t.Context(), c.reception, poa.SuspendInput{IdempotencyKey: newKey(), DelegationID: string(d.ID), Reason: poa.ReasonServiceReview})
		must(t, err)
		c.clock.Advance(time.Hour)
		c.look(c.second, c.seen(d, poa.SeenRegistered))
		c.wantStatus(d, poa.StatusSuspended)
	})
}

func TestTitleLostAgain(t *testing.T) {
	t.Parallel()
	t.Run("two who do not find it any more suspend it as unconfirmed", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		c.look(c.reception, c.seen(d, poa.SeenNotFound))
		c.wantStatus(d, poa.StatusValid)
		c.look(c.second, c.seen(d, poa.SeenNotFound))
		if got := c.ask(poa.Question{DelegationID: string(d.ID)}); got.Status != poa.StatusSuspended || got.Reason != poa.ReasonUnconfirmed {
			t.Errorf("answered %s, %s", got.Status, got.Reason)
		}
	})
	t.Run("a suspension that was over already is history, and the round goes on", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		d := c.confirmed()
		c.clock.Advance(20 * 24 * time.Hour)
		today := poa.DateOf(c.clock.Now())
		c.look(c.reception, c.seen(d, poa.SeenSuspended, func(in *poa.LookInput) { in.From, in.Until = today.AddDays(-10), today.AddDays(-5) }))
		c.wantState(d, poa.StateAccepted, poa.TitleWaiting)
		c.wantStatus(d, poa.StatusValid)
		if got := c.ask(poa.Question{DelegationID: string(d.ID), At: today.AddDays(-8).Begins()}); got.Status != poa.StatusSuspended {
			t.Errorf("in it: %s", got.Status)
		}
	})
	t.Run("overdue becomes stale by the clock alone", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		c.policy.TitleRecheck, c.policy.TitleGrace = 20*24*time.Hour, 2*24*time.Hour
		c.titles = poa.NewTitles(c.clock, c.store, c.policy)
		c.wire()
		d := c.confirmed()
		until := c.clock.Now().Add(22 * 24 * time.Hour)
		for at, want := range map[time.Time]poa.Freshness{until.Add(-time.Microsecond): poa.TitleFresh, until: poa.TitleStale} {
			c.clock.Set(at)
			if got := c.ask(poa.Question{DelegationID: string(d.ID)}); got.Qualification == nil || got.Qualification.Standing != want {
				t.Errorf("at %s: %+v, want %s", at, got.Qualification, want)
			}
		}
	})
}

func TestWrongLooks(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	d := c.filed()
	before := c.count("title_looks")
	for name, each := range map[string]struct {
		by     poa.Actor
		in     poa.LookInput
		code   poa.Code
		fields []string
	}{
		"another's name":                   {c.reception, c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.Name = "鈴木　一郎" }), poa.CodeOtherPerson, []string{"name"}},
		"another number":                   {c.reception, c.seen(d, poa.SeenSuspended, func(in *poa.LookInput) { in.Number = "654321" }), poa.CodeOtherPerson, []string{"number"}},
		"the same person without a ground": {c.reception, c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.Name, in.SamePerson = "旧姓　花子", true }), poa.CodeGroundRequired, []string{"remark"}},
		"a day to come":                    {c.reception, c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.SeenOn = in.SeenOn.AddDays(1) }), poa.CodeFuture, []string{"seenOn"}},
		"too long ago":                     {c.reception, c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.SeenOn = in.SeenOn.AddDays(-31) }), poa.CodeLookTooOld, []string{"seenOn"}},
		"a suspension without its day":     {c.reception, c.seen(d, poa.SeenSuspended, func(in *poa.LookInput) { in.From = poa.Date{} }), poa.CodeRequired, []string{"from"}},
		"neither page nor telephone":       {c.reception, c.seen(d, poa.SeenNotFound, func(in *poa.LookInput) { in.Page = "" }), poa.CodeRequired, []string{"page"}},
		"an engagement without how":        {c.reception, c.seen(d, poa.SeenRegistered, func(in *poa.LookInput) { in.Engaged = true }), poa.CodeRequired, []string{"engagedHow", "engagedBy"}},
		"the auditor":                      {c.auditor, c.seen(d, poa.SeenRegistered), poa.CodeForbidden, nil},
		"the delegator":                    {c.delegator, c.seen(d, poa.SeenRegistered), poa.CodeForbidden, nil},
	} {
		err := c.titles.Look(t.Context(), each.by, each.in)
		if codeOf(err) != each.code {
			t.Errorf("%s: %v, want %s", name, err, each.code)
		}
		var faults poa.Faults
		if errors.As(err, &faults) {
			var got []string
			for _, f := range faults {
				got = append(got, f.Field[0])
			}
			if !slices.Equal(got, each.fields) {
				t.Errorf("%s: faults at %v, want %v", name, got, each.fields)
			}
		}
	}
	if after := c.count("title_looks"); after != before {
		t.Error("a wrong look was kept")
	}
	c.look(c.reception, c.seen(d, poa.SeenRegistered, engaged, func(in *poa.LookInput) {
		in.Name, in.SamePerson, in.Remark, in.Number = "鈴木　花子", true, "旧姓で登録", "１２３４５６"
	}))
	c.wantState(d, poa.StateSubmitted, poa.TitleConfirmed)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	bodies, err := c.titles.Bodies(t.Context(), c.reception)
	must(t, err)
	if len(bodies) != 8 {
		t.Fatalf("%d bodies", len(bodies))
	}
	for i, b := range bodies {
		if b.Qualification != poa.Qualifications[i] || b.NumberExample != "" && !b.NumberFits(b.NumberExample) {
			t.Errorf("%s: its own example %q does not fit", b.Qualification, b.NumberExample)
		}
	}
	b := bodies[5]
	in := poa.BodyInput{IdempotencyKey: newKey(), Qualification: b.Qualification, Version: b.Version, NameJA: b.NameJA, NameEN: b.NameEN, SearchURL: b.SearchURL, Keys: b.Keys,
		NumberPattern: `[0-9]{1,7}`, NumberExample: "1234567", Telephone: "03-0000-0000", ConnectorPerSecond: 2, HandPerDay: 50}
	must(t, c.titles.CorrectBody(t.Context(), c.reception, in))
	in.IdempotencyKey = newKey()
	wantCode(t, c.titles.CorrectBody(t.Context(), c.reception, in), poa.CodeConflict)
	wantCode(t, c.titles.CorrectBody(t.Context(), c.auditor, in), poa.CodeForbidden)
	in.NumberPattern, in.SearchURL = "([0-9", "http://plain.example"
	wantCode(t, c.titles.CorrectBody(t.Context(), c.reception, in), poa.CodeInvalid)
	versions, err := c.titles.BodyVersions(t.Context(), c.reception, b.Qualification)
	must(t, err)
	if len(versions) != 2 || versions[0].HandPerDay != 50 || versions[0].RecordedBy != c.reception.ID || versions[1].RecordedBy != "system" {
		t.Errorf("the versions are %+v", versions)
	}
	d := c.draft(taxAccountant, func(in *poa.DraftInput) { in.Delegate.Identification = "第１２号" })
	if _, warn, err := c.titles.NumberNote(t.Context(), d); err != nil || !warn {
		t.Errorf("another form gave no note: %v", err)
	}
}
