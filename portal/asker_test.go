// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// TestAnyoneAsksWhereNobodyRegisters opens the page that asks for validity to
// all comers, within their bound, and says so on the pages.
func TestAnyoneAsksWhereNobodyRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mode, w.wait = poa.RegistrationNone, func(*http.Request) time.Duration { return 0 }
	w.serveAgain()
	v := w.visitor()
	v.sees(v.open("/", 200), "有効性の確認には登録が不要です")
	v.sees(v.open("/register/recipient", 200), "有効性の確認には登録が不要です")
	page := v.open("/check", 200)
	v.sees(v.submit(page, "/check", url.Values{"delegationId": {"00000-00000-00000-00000-00001"}}, 200), "該当なし", "inq_")
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	reception.submit(reception.open("/check", 200), "/check", url.Values{"delegationId": {"00000-00000-00000-00000-00001"}}, 200)
	if rows := w.data.Text(t, "SELECT count(*)::text FROM inquiries WHERE account_id = 'anonymous' AND recipient_id = ''"); rows != "2" {
		t.Errorf("%s inquiries are audited as anonymous", rows)
	}
	recipient := w.registered("recipient", recipientEmail) // active without reception
	recipient.sees(recipient.open("/recipient", 200), "契約中")

	w.wait = func(*http.Request) time.Duration { return time.Minute }
	w.serveAgain()
	v = w.visitor()
	v.submit(v.open("/check", 200), "/check", url.Values{"delegationId": {"00000-00000-00000-00000-00001"}}, http.StatusTooManyRequests)
}

// registered applies and sets a password, whatever comes of it.
func (w *world) registered(role, email string) *visitor {
	w.tb.Helper()
	v := w.visitor()
	w.applyInSteps(v, v.open("/register/"+role, 200), role, application(email))
	link := w.link(email, poa.MailApplicationReceived)
	v.submit(v.open(link, 200), link, url.Values{"password": {password}, "repeat": {password}}, 200)
	v.signIn(email)
	return v
}

func TestOnlyRecipientsAskWhereTheyRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.sees(v.open("/", 200), "受付担当者による承認が必要です")
	if page := v.open("/check", 200); !strings.HasPrefix(page.path, "/sign-in") {
		t.Errorf("anyone is shown %s", page.path)
	}
}
