// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"ininjo/poa"
)

// TestTold shows who is told of a revocation, by webhook and by mail, and who
// is not.
func TestTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine, others := o.files(o.demo, "told"), o.files(o.other, "others")
	o.watch("recipient", mine.id)
	o.watch("second recipient", others.id)
	o.revokes(o.delegator, mine.id)

	hook := o.partners["recipient"].next(t, poa.NoticeRevoked)
	if string(hook.Data.DelegationID) != mine.id || hook.Data.Status != poa.StatusRevoked || hook.Data.Sequence != 1 || hook.Data.Previous != 0 || hook.Data.Stream == "" {
		t.Errorf("the recipient was told %+v", hook)
	}
	if hook := o.partners["delegator"].next(t, poa.NoticeRevoked); string(hook.Data.DelegationID) != mine.id {
		t.Errorf("the delegator was told %+v", hook)
	}
	mail, err := o.mailbox.next(t.Context(), mailOf("recipient"), func(r received) bool { return strings.Contains(r.text, mine.id) })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(mail.subject, "失効") || strings.Contains(mail.text, company) {
		t.Errorf("mail %q: %s", mail.subject, mail.text)
	}
	o.idle()
	if taken := o.partners["second recipient"].taken(); len(taken) != 0 {
		t.Errorf("the second recipient was told %s", taken)
	}
	o.noMailAbout(mailOf("second recipient"), mine.id)

	// Its way is open: of its own delegation it is told, with its first number.
	o.revokes(o.other.delegator, others.id)
	hook = o.partners["second recipient"].next(t, poa.NoticeRevoked)
	if string(hook.Data.DelegationID) != others.id || hook.Data.Sequence != 1 {
		t.Errorf("the second recipient was told %+v", hook)
	}
	o.idle()
	for role, p := range o.partners {
		for _, body := range p.taken() {
			if (role == "second recipient") != strings.Contains(body, others.id) {
				t.Errorf("%s was told %s", role, body)
			}
		}
		if len(p.refused) > 0 {
			t.Errorf("%s refused webhooks: %v", role, p.refused)
		}
	}
	if err := o.stop(); err != nil {
		t.Error(err)
	}
}

// noMailAbout wants no mail to the address that names the delegation.
func (o *office) noMailAbout(to, id string) {
	o.t.Helper()
	mails, err := (&mailbox{dir: o.mailbox.dir, seen: map[string]bool{}}).unread()
	o.must(err)
	if len(mails) == 0 {
		o.t.Error("no mail at all arrived")
	}
	for _, m := range mails {
		if strings.Contains(m.to, to) && strings.Contains(m.text+m.subject, id) {
			o.t.Errorf("%s got %q", to, m.subject)
		}
	}
}
