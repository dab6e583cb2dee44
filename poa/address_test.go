// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"slices"
	"strings"
	"testing"

	"ininjo/poa"
)

func (o *office) addAddress(email string, types ...poa.NoticeType) poa.MailAddress {
	o.tb.Helper()
	a, err := o.notifier.AddAddress(o.tb.Context(), o.recipient, poa.AddressInput{IdempotencyKey: newKey(), Email: email, Language: "en", Types: types})
	must(o.tb, err)
	return a
}

func (o *office) confirmAddress(email string) {
	o.tb.Helper()
	must(o.tb, o.notifier.ConfirmAddress(o.tb.Context(), poa.Anonymous("ja"), tokenOf(o.mailTo(email, poa.MailConfirmAddress).Values["link"])))
}

// noticed counts the notices of a type that were mailed to an address.
func (o *office) noticed(email string, t poa.NoticeType) (n int, unsubscribe string) {
	o.tb.Helper()
	for _, m := range o.mails() {
		if m.To == email && m.Template == poa.MailNotice && m.Values["type"] == string(t) {
			n, unsubscribe = n+1, m.Values["unsubscribe"]
		}
	}
	return n, unsubscribe
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const all, some, never = "all@example.jp", "some@example.jp", "never@example.jp"
	o.addAddress(all)
	o.addAddress(some, poa.NoticeRevoked)
	o.addAddress(never)
	o.confirmAddress(all)
	o.confirmAddress(some)
	token := tokenOf(o.mailTo(all, poa.MailConfirmAddress).Values["link"])
	wantCode(t, o.notifier.ConfirmAddress(t.Context(), poa.Anonymous("ja"), token), poa.CodeLinkOver) // used
	d, e := o.accepted(), o.accepted()
	o.number()
	o.watch(o.recipient, d)
	o.watch(o.recipient, e)
	_, err := o.registrar.Suspend(t.Context(), o.reception, suspend(d, poa.ReasonServiceReview, o.clock.Now().Add(3600e9)))
	must(t, err)
	must(t, o.revoke(d, o.clock.Now()))
	o.number()
	for email, want := range map[string][2]int{all: {1, 1}, some: {0, 1}, never: {0, 0}, "recipient@example.jp": {1, 1}} {
		suspended, _ := o.noticed(email, poa.NoticeSuspended)
		revoked, _ := o.noticed(email, poa.NoticeRevoked)
		if got := [2]int{suspended, revoked}; got != want {
			t.Errorf("%s got %v, want %v", email, got, want)
		}
	}
	_, link := o.noticed(all, poa.NoticeRevoked)
	if !strings.HasPrefix(link, "https://ininjo.example/unsubscribe/adr_") {
		t.Fatalf("the link is %q", link)
	}
	mac := tokenOf(link)
	for _, wrong := range []string{mac[:len(mac)-1] + "g", mac[:len(mac)-2] + "zz", strings.Split(mac, ".")[0], "", "adr_x.00", "." + mac} {
		if o.notifier.MayUnsubscribe(wrong) {
			t.Errorf("%q may unsubscribe", wrong)
		}
		wantCode(t, o.notifier.Unsubscribe(t.Context(), wrong), poa.CodeNotFound)
	}
	must(t, o.notifier.Unsubscribe(t.Context(), mac))
	must(t, o.notifier.Unsubscribe(t.Context(), mac))
	must(t, o.revoke(e, o.clock.Now()))
	o.number()
	if n, _ := o.noticed(all, poa.NoticeRevoked); n != 1 {
		t.Errorf("after unsubscribing %d", n)
	}
	if n, _ := o.noticed(some, poa.NoticeRevoked); n != 2 {
		t.Errorf("the other address got %d", n)
	}
}

// TestServiceNoticesReachEverybody: notices of the service and of the account's
// security go to addresses that unsubscribed as well, without a way to do so.
func TestServiceNoticesReachEverybody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	unsubscribeAll(o)
	must(t, o.publishChange(poa.Change{Type: poa.NoticeClosing, DelegatorID: o.recipient.PartyID, At: o.clock.Now()}))
	o.number()
	n, link := o.noticed("recipient@example.jp", poa.NoticeClosing)
	if n != 1 || link != "" {
		t.Errorf("%d, %q", n, link)
	}
}

func TestAddressesBounds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first, err := o.notifier.Addresses(t.Context(), o.recipient)
	must(t, err)
	remove := func(actor poa.Actor, id string) error {
		return o.notifier.RemoveAddress(t.Context(), actor, newKey(), id)
	}
	wantCode(t, remove(o.recipient, first[0].ID), poa.CodeLastAddress)
	second := o.addAddress("second@example.jp")
	wantCode(t, remove(o.recipient, first[0].ID), poa.CodeLastAddress) // the second is not confirmed
	for name, in := range map[string]poa.AddressInput{"TAKEN": {Email: "SECOND@example.jp"}, "INVALID": {Email: "nothing"}, "NONE": {}, "TYPES": {Email: "x@example.jp", Types: []poa.NoticeType{poa.NoticeClosing}}} {
		in.IdempotencyKey, in.Language = newKey(), "ja"
		_, err := o.notifier.AddAddress(t.Context(), o.recipient, in)
		if code := codeOf(err); code != poa.CodeInvalid && code != poa.CodeAddressTaken {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, remove(o.delegator, second.ID), poa.CodeNotFound)
	wantCode(t, o.notifier.AskAgain(t.Context(), o.delegator, newKey(), second.ID), poa.CodeNotFound)
	must(t, o.notifier.AskAgain(t.Context(), o.recipient, newKey(), second.ID))
	o.confirmAddress("second@example.jp")
	if won := winners(1, func() error { return remove(o.recipient, first[0].ID) }); won != 1 {
		t.Error("the first could not be removed")
	}
	wantCode(t, remove(o.recipient, second.ID), poa.CodeLastAddress)
	for i := 1; i < poa.MaxAddresses; i++ {
		o.addAddress(newKey() + "@example.jp")
	}
	_, err = o.notifier.AddAddress(t.Context(), o.recipient, poa.AddressInput{IdempotencyKey: newKey(), Email: "eleventh@example.jp", Language: "ja"})
	wantCode(t, err, poa.CodeTooMany)
	list, err := o.notifier.Addresses(t.Context(), o.recipient)
	must(t, err)
	open := list[slices.IndexFunc(list, func(a poa.MailAddress) bool { return a.ConfirmedAt.IsZero() })]
	limited := false
	for range 25 {
		err := o.notifier.AskAgain(t.Context(), o.recipient, newKey(), open.ID)
		limited = limited || codeOf(err) == poa.CodeRateLimited
	}
	if !limited {
		t.Error("strangers can be flooded")
	}
	developer := o.recipient
	developer.Member = poa.MemberDeveloper
	_, err = o.notifier.Addresses(t.Context(), developer)
	wantCode(t, err, poa.CodeForbidden)
}
