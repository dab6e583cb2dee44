// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

func (o *office) mayAsk(c poa.Credential) error {
	_, err := o.responder.Ask(o.tb.Context(), c, []poa.Question{{DelegationID: string(poa.NewDelegationID())}})
	return err
}

func (o *office) newToken(actor poa.Actor, days int) (poa.Token, poa.Credential) {
	o.tb.Helper()
	token, text, err := o.enrollment.CreateToken(o.tb.Context(), actor, poa.TokenInput{IdempotencyKey: newKey(), Name: "基幹", Scope: poa.ScopeAll, ExpiresInDays: days})
	must(o.tb, err)
	return token, credentialOf(text)
}

func TestTokensAreRotated(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	rotate := func(id string, hours int) (poa.Token, string, error) {
		return o.enrollment.RotateToken(t.Context(), o.recipient, poa.RotateInput{IdempotencyKey: newKey(), TokenID: id, OverlapHours: hours, ExpiresInDays: 365})
	}
	t.Run("the old one goes on for the overlap and stops by the clock", func(t *testing.T) {
		old, oldCredential := o.newToken(o.recipient, 30)
		fresh, text, err := rotate(old.ID, 48)
		must(t, err)
		if fresh.Name != old.Name || fresh.Scope != old.Scope || text == "" {
			t.Errorf("%+v", fresh)
		}
		o.clock.Advance(48*time.Hour - time.Second)
		must(t, o.mayAsk(oldCredential))
		must(t, o.mayAsk(credentialOf(text)))
		o.clock.Advance(time.Second)
		wantCode(t, o.mayAsk(oldCredential), poa.CodeUnauthenticated)
		must(t, o.mayAsk(credentialOf(text)))
		_, _, err = rotate(old.ID, 0)
		wantCode(t, err, poa.CodeConflict)
	})
	t.Run("without an overlap it stops at once, and an overlap prolongs nothing", func(t *testing.T) {
		old, credential := o.newToken(o.recipient, 30)
		_, _, err := rotate(old.ID, 0)
		must(t, err)
		wantCode(t, o.mayAsk(credential), poa.CodeUnauthenticated)
		short, credential := o.newToken(o.recipient, 1)
		_, _, err = rotate(short.ID, 168)
		must(t, err)
		o.clock.Advance(24 * time.Hour)
		wantCode(t, o.mayAsk(credential), poa.CodeUnauthenticated)
		_, _, err = rotate(short.ID, 169)
		wantCode(t, err, poa.CodeInvalid)
	})
	t.Run("the same key shows no text again; of many at once one rotates", func(t *testing.T) {
		old, _ := o.newToken(o.recipient, 30)
		in := poa.RotateInput{IdempotencyKey: newKey(), TokenID: old.ID, OverlapHours: 1, ExpiresInDays: 30}
		first, text, err := o.enrollment.RotateToken(t.Context(), o.recipient, in)
		must(t, err)
		second, again, err := o.enrollment.RotateToken(t.Context(), o.recipient, in)
		if err != nil || again != "" || text == "" || second.ID != first.ID {
			t.Errorf("%v %q", err, again)
		}
		if won := winners(8, func() error { _, _, err := rotate(first.ID, 1); return err }); won != 1 {
			t.Errorf("%d rotated it", won)
		}
	})
	t.Run("another's looks missing, and a reader may not", func(t *testing.T) {
		theirs, _ := o.newToken(o.delegator, 30)
		for _, id := range []string{theirs.ID, poa.NewID(poa.PrefixToken), "x"} {
			_, _, err := rotate(id, 1)
			wantCode(t, err, poa.CodeNotFound)
		}
		reader := o.recipient
		reader.Member = poa.MemberReader
		_, _, err := o.enrollment.RotateToken(t.Context(), reader, poa.RotateInput{IdempotencyKey: newKey(), TokenID: theirs.ID, ExpiresInDays: 1})
		wantCode(t, err, poa.CodeForbidden)
	})
	t.Run("the database prolongs no token", func(t *testing.T) {
		if got := o.data.Text(t, "SELECT has_column_privilege('ininjo_program', 'api_tokens', 'expires_at', 'UPDATE')::text"); got != "true" {
			t.Fatal("the program cannot shorten one")
		}
		err := o.store.InTx(t.Context(), func(ctx context.Context, tx poa.Tx) error {
			old, _ := o.newToken(o.recipient, 1)
			return tx.ReplaceToken(ctx, old.ID, old.ID, o.clock.Now().Add(time.Hour), o.clock.Now())
		})
		if err == nil {
			t.Error("a token replaced itself")
		}
	})
}

// winners does something n times at once and tells how often it did not fail.
func winners(n int, do func() error) int {
	all := make([]func() error, n)
	for i := range all {
		all[i] = do
	}
	won := 0
	for _, err := range atOnce(all...) {
		if err == nil {
			won++
		}
	}
	return won
}

func TestTokensAreWarnedOf(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.newToken(o.recipient, 30)
	replaced, _ := o.newToken(o.recipient, 30)
	_, _, err := o.enrollment.RotateToken(t.Context(), o.recipient, poa.RotateInput{IdempotencyKey: newKey(), TokenID: replaced.ID, OverlapHours: 1, ExpiresInDays: 730})
	must(t, err)
	warned := func() int {
		t.Helper()
		for {
			n, err := o.enrollment.WarnTokens(t.Context())
			must(t, err)
			if n == 0 {
				break
			}
		}
		n := 0
		for _, m := range o.mails() {
			if m.Template == poa.MailTokenExpiring {
				n++
			}
		}
		return n
	}
	unsubscribeAll(o)
	for _, step := range []struct {
		days, want int
	}{{15, 0}, {1, 1}, {12, 1}, {1, 2}, {3, 2}} { // on day 15 nothing, 16 the first, 28 none, 29 the second, then it is over
		o.clock.Advance(time.Duration(step.days) * 24 * time.Hour)
		if got := warned(); got != step.want {
			t.Errorf("after %d more days %d warnings, want %d", step.days, got, step.want)
		}
	}
	o.newToken(o.recipient, 1)
	if got := warned(); got != 3 {
		t.Errorf("a token of one day was warned of %d times", got-2)
	}
}

func unsubscribeAll(o *office) {
	o.tb.Helper()
	addresses, err := o.notifier.Addresses(o.tb.Context(), o.recipient)
	must(o.tb, err)
	for _, a := range addresses {
		must(o.tb, o.notifier.UpdateAddress(o.tb.Context(), o.recipient, poa.AddressInput{IdempotencyKey: newKey(), ID: a.ID, Language: "ja"}))
	}
}

func TestEndpointsAreVerified(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	tested := func() poa.Delivery {
		t.Helper()
		id, err := o.notifier.TestEndpoint(t.Context(), o.recipient, newKey(), e.ID)
		must(t, err)
		if !o.goesOut(id) {
			t.Error("a test does not go out")
		}
		return poa.Delivery{ID: id}
	}
	verified := func() bool {
		t.Helper()
		got, err := o.records.Endpoint(t.Context(), o.recipient, e.ID)
		must(t, err)
		return !got.VerifiedAt.IsZero()
	}
	attempt := func(d poa.Delivery, status int) {
		t.Helper()
		o.attempt(d.ID, status, "no\x1b[31m\u202e"+strings.Repeat("x", 9000))
	}
	first := tested()
	attempt(first, 500)
	if verified() {
		t.Error("a failed test verified it")
	}
	d, attempts, err := o.records.Delivery(t.Context(), o.recipient, first.ID)
	must(t, err)
	if d.State != poa.DeliveryFailed || len(attempts) != 1 || len(attempts[0].Answer) != poa.MaxAnswer || !strings.HasPrefix(attempts[0].AnswerText(), "no␛[31m\uFFFDx") {
		t.Errorf("%+v %.40q", d, attempts[0].AnswerText())
	}
	late := tested()
	o.clock.Advance(time.Second)
	_, err = o.notifier.UpdateEndpoint(t.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: e.ID, URL: "https://elsewhere.example/", Enabled: true}, anyURL{})
	must(t, err)
	attempt(late, 200)
	if verified() {
		t.Error("a test of the former address verified the new one")
	}
	attempt(tested(), 204)
	if !verified() {
		t.Error("a test that arrived did not verify it")
	}
	if text := o.data.Text(t, "SELECT encode(answer, 'escape') FROM attempts WHERE answer IS NOT NULL LIMIT 1"); strings.Contains(text, "xxxx") {
		t.Error("answers are not sealed")
	}
}

func TestDeliveriesAreResent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	id, err := o.notifier.TestEndpoint(t.Context(), o.recipient, newKey(), e.ID)
	must(t, err)
	resend := func(actor poa.Actor, key, id string) error {
		_, err := o.notifier.ResendDelivery(t.Context(), actor, key, id)
		return err
	}
	wantCode(t, resend(o.recipient, newKey(), id), poa.CodeConflict) // it still waits
	o.attempt(id, 200, "", time.Minute)
	if o.goesOut(id) {
		t.Error("one that arrived goes out again by itself")
	}
	key := newKey()
	must(t, resend(o.recipient, key, id))
	must(t, resend(o.recipient, key, id)) // the same key
	wantCode(t, resend(o.recipient, newKey(), id), poa.CodeConflict)
	if got := o.deliveries(e.ID); len(got) != 1 || !o.goesOut(id) {
		t.Errorf("%d deliveries", len(got))
	}
	o.clock.Advance(time.Minute)
	o.attempt(id, 503, "", time.Minute)
	d, attempts, err := o.records.Delivery(t.Context(), o.recipient, id)
	if err != nil || d.State != poa.DeliveryDelivered || d.DeliveredAt.Equal(o.clock.Now()) || len(attempts) != 2 || attempts[0].Status != 503 || !d.ResendAt.IsZero() {
		t.Errorf("%+v %+v %v", d, attempts, err)
	}
	for name, other := range map[string]string{"another's": id, "none": poa.NewID(poa.PrefixDelivery), "no ID": "x"} {
		if err := resend(o.delegator, newKey(), other); codeOf(err) != poa.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := o.records.Delivery(t.Context(), o.delegator, other); codeOf(err) != poa.CodeNotFound {
			t.Errorf("reading %s: %v", name, err)
		}
	}
	got, err := o.records.AttemptsOf(t.Context(), o.delegator, []string{id}, 9)
	if err != nil || len(got) > 0 {
		t.Errorf("another's attempts: %v, %v", got, err)
	}
}

func TestEndpointsAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range poa.MaxEndpoints - 3 {
		o.endpoint(o.recipient)
	}
	won := winners(12, func() error {
		_, err := o.notifier.CreateEndpoint(context.Background(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), URL: "https://example.jp/hook"}, anyURL{})
		return err
	})
	if won != 3 {
		t.Errorf("%d of the last 3 were made", won)
	}
}
