// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// bouncing is an office whose mail has a return path.
func bouncing(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.policy.BounceAddress = "bounce@mail.ininjo.example"
	o.wire()
	return o
}

// sent lets an address get a message and returns it.
func (o *office) sent(email string) poa.Mail {
	o.tb.Helper()
	d := o.accepted()
	o.number()
	o.watch(o.recipient, d)
	must(o.tb, o.revoke(d, o.clock.Now()))
	o.number()
	m := o.mailTo(email, poa.MailNotice)
	must(o.tb, o.notifier.MailSent(o.tb.Context(), m.ID))
	return m
}

func (o *office) bounce(m poa.Mail, status string) poa.BounceOutcome {
	o.tb.Helper()
	outcome, err := o.notifier.Bounced(o.tb.Context(), poa.Bounce{ReturnPath: o.notifier.ReturnPath(m.ID), Status: status})
	must(o.tb, err)
	return outcome
}

// out reports whether a message would go out.
func (o *office) out(m poa.Mail) bool {
	o.tb.Helper()
	_, err := o.notifier.OutgoingMail(o.tb.Context(), m.ID)
	if err != nil {
		wantCode(o.tb, err, poa.CodeNotFound)
	}
	return err == nil
}

func (o *office) bouncesSince(email string) time.Time {
	o.tb.Helper()
	addresses, err := o.notifier.Addresses(o.tb.Context(), o.recipient)
	must(o.tb, err)
	for _, a := range addresses {
		if strings.EqualFold(a.Email, email) {
			return a.BouncesSince
		}
	}
	o.tb.Fatalf("no address %s", email)
	return time.Time{}
}

const recipientEmail = "recipient@example.jp"

// TestBounceForGood: a report for good suppresses the address at once; its
// owner and reception see it, nothing goes there but the link to confirm it
// again, and confirming it lifts the suppression.
func TestBounceForGood(t *testing.T) {
	t.Parallel()
	o := bouncing(t)
	m := o.sent(recipientEmail)
	if outcome := o.bounce(m, "5.1.1"); outcome != poa.BounceSuppressed {
		t.Fatalf("led to %s", outcome)
	}
	if got, err := o.store.Mail(t.Context(), m.ID); err != nil || got.Failure != poa.MailBounced || got.Status != "5.1.1" || got.FailedAt.IsZero() || got.SentAt.IsZero() {
		t.Errorf("the message says %+v, %v", got, err)
	}
	if o.bouncesSince(recipientEmail) != o.clock.Now() {
		t.Error("its owner does not see it")
	}
	list, err := o.notifier.Suppressions(t.Context(), o.reception, poa.Page{First: 10})
	must(t, err)
	if len(list.Items) != 1 || list.Items[0].Email != recipientEmail || list.Items[0].Status != "5.1.1" || list.Items[0].PartyName != "株式会社やまだ" {
		t.Errorf("reception sees %+v", list.Items)
	}
	if o.out(o.unsent(recipientEmail)) {
		t.Error("the next notice goes out")
	}
	o.bounce(m, "5.1.1") // reported twice
	addresses, err := o.notifier.Addresses(t.Context(), o.recipient)
	must(t, err)
	must(t, o.notifier.AskAgain(t.Context(), o.recipient, newKey(), addresses[0].ID))
	if !o.out(o.mailTo(recipientEmail, poa.MailConfirmAddress)) {
		t.Fatal("the link to confirm does not go out")
	}
	o.confirmAddress(recipientEmail)
	if !o.bouncesSince(recipientEmail).IsZero() || !o.out(o.unsent(recipientEmail)) {
		t.Error("it is suppressed still")
	}
	wantCode(t, o.notifier.AskAgain(t.Context(), o.recipient, newKey(), addresses[0].ID), poa.CodeConflict)
	if kept := strings.Join(o.data.Rows(t), "\n"); strings.Contains(strings.ToLower(kept), recipientEmail) {
		t.Error("an address stands in the clear")
	}
}

// unsent is a further notice that waits to be sent.
func (o *office) unsent(email string) poa.Mail {
	o.tb.Helper()
	d := o.accepted()
	o.number()
	o.watch(o.recipient, d)
	must(o.tb, o.revoke(d, o.clock.Now()))
	o.number()
	return o.mailTo(email, poa.MailNotice)
}

// TestBounceForNow: one report suppresses nothing, the third of another message
// does; those of before a confirmation, and of long ago, do not count.
func TestBounceForNow(t *testing.T) {
	t.Parallel()
	o := bouncing(t)
	first := o.sent(recipientEmail)
	for range 4 { // the same message again and again counts once
		if outcome := o.bounce(first, "4.2.2"); outcome != poa.BounceRecorded {
			t.Fatalf("led to %s", outcome)
		}
	}
	o.clock.Advance(31 * 24 * time.Hour)
	o.bounce(o.sent(recipientEmail), "4.4.7")
	o.clock.Advance(time.Hour)
	if outcome := o.bounce(o.sent(recipientEmail), "4.4.7"); outcome != poa.BounceRecorded {
		t.Fatal("a report of last month counts")
	}
	if outcome := o.bounce(o.sent(recipientEmail), "4.4.7"); outcome != poa.BounceSuppressed || o.bouncesSince(recipientEmail).IsZero() {
		t.Fatalf("the third led to %s", outcome)
	}
	addresses, err := o.notifier.Addresses(t.Context(), o.recipient)
	must(t, err)
	must(t, o.notifier.AskAgain(t.Context(), o.recipient, newKey(), addresses[0].ID))
	o.clock.Advance(time.Minute)
	o.confirmAddress(recipientEmail)
	o.clock.Advance(time.Minute)
	if outcome := o.bounce(o.sent(recipientEmail), "4.4.7"); outcome != poa.BounceRecorded {
		t.Error("reports of before the confirmation count")
	}
}

// TestForgedBounces: who does not hold the key has nobody suppressed.
func TestForgedBounces(t *testing.T) {
	t.Parallel()
	o := bouncing(t)
	m := o.sent(recipientEmail)
	path := o.notifier.ReturnPath(m.ID)
	local, _, _ := strings.Cut(path, "@")
	if len(local) > 64 || path != strings.ToLower(path) {
		t.Fatalf("the return path is %s", path)
	}
	other := o.notifier.ReturnPath(poa.NewID(poa.PrefixMail))
	mac := local[strings.LastIndex(local, "-")+1:]
	for name, forged := range map[string]string{
		"no address":              "",
		"without a MAC":           "bounce+" + strings.TrimPrefix(m.ID, poa.PrefixMail) + "@mail.ininjo.example",
		"another one's MAC":       "bounce+" + strings.TrimPrefix(m.ID, poa.PrefixMail) + "-" + strings.Split(strings.Split(other, "-")[1], "@")[0] + "@mail.ininjo.example",
		"a message that is not":   other,
		"another domain":          local + "@evil.example",
		"the address alone":       "bounce@mail.ininjo.example",
		"a MAC cut short":         strings.Replace(path, mac, mac[:len(mac)-1], 1),
		"a MAC with more":         strings.Replace(path, mac, mac+"0", 1),
		"something of everything": strings.Repeat("+-@", 100),
	} {
		_, err := o.notifier.Bounced(t.Context(), poa.Bounce{ReturnPath: forged, Status: "5.1.1"})
		if err == nil {
			t.Errorf("%s: taken", name)
		}
		wantCode(t, err, poa.CodeNotFound)
	}
	for _, status := range []string{"", "2.0.0", "5", "5.1.1; x", "5.1.1000", "6.1.1"} {
		_, err := o.notifier.Bounced(t.Context(), poa.Bounce{ReturnPath: path, Status: status})
		wantCode(t, err, poa.CodeInvalid)
	}
	if !o.bouncesSince(recipientEmail).IsZero() {
		t.Error("it is suppressed")
	}
	if outcome, err := o.notifier.Bounced(t.Context(), poa.Bounce{ReturnPath: " " + strings.ToUpper(path), Status: "5.1.1"}); err != nil || outcome != poa.BounceSuppressed {
		t.Errorf("in capitals: %s, %v", outcome, err)
	}
}

// TestRefusedAtOnce: a server that refuses the recipient suppresses the address,
// one that refuses the message does not.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	o := bouncing(t)
	must(t, o.notifier.MailRefused(t.Context(), o.unsent(recipientEmail).ID, "5.6.0", false))
	if !o.bouncesSince(recipientEmail).IsZero() {
		t.Error("a refused message suppresses the address")
	}
	must(t, o.notifier.MailGivenUp(t.Context(), o.unsent(recipientEmail).ID))
	if !o.bouncesSince(recipientEmail).IsZero() {
		t.Error("a server that was away suppresses the address")
	}
	must(t, o.notifier.MailRefused(t.Context(), o.unsent(recipientEmail).ID, "5.1.1", true))
	if o.bouncesSince(recipientEmail).IsZero() {
		t.Error("a refused recipient is not suppressed")
	}
}
