// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func announcement(change ...func(*poa.AnnouncementInput)) poa.AnnouncementInput {
	in := poa.AnnouncementInput{IdempotencyKey: newKey(), Kind: poa.AnnounceOutage, Audience: poa.AudienceBoth, TitleJa: "障害のお知らせ", TitleEn: "Outage", TextJa: "障害が\n発生しました。", TextEn: "There is an outage."}
	for _, each := range change {
		each(&in)
	}
	return in
}

func (o *office) prepareAnnouncement(change ...func(*poa.AnnouncementInput)) string {
	o.tb.Helper()
	id, err := o.notifier.PrepareAnnouncement(o.tb.Context(), o.reception, announcement(change...))
	must(o.tb, err)
	return id
}

func (o *office) release(id string) {
	o.tb.Helper()
	must(o.tb, o.notifier.ReleaseAnnouncement(o.tb.Context(), o.serviceOwner, newKey(), id))
}

func (o *office) tell() {
	o.tb.Helper()
	for {
		n, err := o.notifier.TellAnnouncements(o.tb.Context())
		must(o.tb, err)
		if n == 0 {
			return
		}
	}
}

func (o *office) announced(id string) poa.AnnouncementView {
	o.tb.Helper()
	view, err := o.notifier.Announcement(o.tb.Context(), o.reception, id)
	must(o.tb, err)
	return view
}

func (o *office) letters(f poa.LetterFilter) []poa.LetterLine {
	o.tb.Helper()
	list, err := o.notifier.Letters(o.tb.Context(), o.reception, f, poa.Page{First: 100})
	must(o.tb, err)
	return list.Items
}

// TestAnnouncement: reception prepares, the owner releases, and one notice goes
// over every channel: sequence, webhook, mail, repository.
func TestAnnouncement(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.addAddress("unconfirmed@example.jp")
	hook := o.endpoint(o.recipient)
	o.number()
	id := o.prepareAnnouncement()
	if view := o.announced(id); view.State() != poa.AnnouncementPrepared || view.For != 2 || view.PreparedByName != "担当　者" {
		t.Fatalf("prepared: %+v", view)
	}
	wantCode(t, o.notifier.ReleaseAnnouncement(t.Context(), o.reception, newKey(), id), poa.CodeForbidden)
	o.tell()
	o.number()
	before := len(o.notices(o.recipient.PartyID))
	o.release(id)
	wantCode(t, o.notifier.ReleaseAnnouncement(t.Context(), o.serviceOwner, newKey(), id), poa.CodeConflict)
	published, err := o.records.Published(t.Context())
	must(t, err)
	if at := slices.IndexFunc(published, func(p poa.Published) bool { return p.Kind == poa.Announcement }); at < 0 ||
		published[at].ID != o.announced(id).PublishedID() || !strings.Contains(published[at].Body, "There is an outage.") {
		t.Errorf("the repository has %+v", published)
	}
	o.tell()
	o.number()
	o.tell()
	o.number()
	for _, party := range []string{o.recipient.PartyID, o.delegator.PartyID} {
		notices := o.notices(party)
		last := notices[len(notices)-1]
		if last.Type != poa.NoticeAnnouncement || last.AnnouncementID != id || last.DelegationID != "" || last.Sequence != int64(len(notices)) {
			t.Errorf("%s was told %+v", party, last)
		}
	}
	if got := len(o.notices(o.recipient.PartyID)); got != before+1 {
		t.Errorf("%d further notices", got-before)
	}
	delivery := o.deliveries(hook.ID)[0]
	if body := delivery.Body(); body.Type != poa.NoticeAnnouncement || body.Data.AnnouncementID != id || body.Data.DelegationID != "" {
		t.Errorf("the webhook says %+v", body)
	}
	after := int64(before)
	feed, err := o.notifier.Feed(t.Context(), o.recipient, poa.FeedInput{After: &after, Limit: 10})
	must(t, err)
	if diff := cmp.Diff([]poa.WebhookBody{o.notifier.BodyOf(delivery.Notice)}, []poa.WebhookBody{o.notifier.BodyOf(feed.Notices[0])}); diff != "" || feed.Notices[0].AnnouncementID != id {
		t.Error("the feed says otherwise than the webhook:", diff)
	}
	m := o.mailTo(recipientEmail, poa.MailAnnouncement)
	if m.Values["text"] != "障害が\n発生しました。" || m.Values["link"] != "https://ininjo.example/repository/"+o.announced(id).PublishedID() || m.Values["unsubscribe"] != "" {
		t.Errorf("mailed %+v", m)
	}
	for _, each := range o.mails() {
		if each.To == "unconfirmed@example.jp" && each.Template == poa.MailAnnouncement || each.Template == poa.MailNotice {
			t.Errorf("mailed %s to %s", each.Template, each.To)
		}
	}
	view := o.announced(id)
	if view.State() != poa.AnnouncementFinished || view.Parties != 2 || view.AnnouncementText.Told != 2 || view.Reach != (poa.Reach{Told: 2, Waiting: 2}) {
		t.Errorf("after telling: %s %+v", view.State(), view.Reach)
	}
	must(t, o.notifier.MailSent(t.Context(), m.ID))
	parcels, err := o.notifier.Parcels(t.Context(), []poa.Delivery{delivery})
	must(t, err)
	_, err = o.notifier.Attempted(t.Context(), o.clock.Now(), nil, []poa.Outcome{{Parcel: parcels[0], Attempt: poa.Attempt{DeliveryID: delivery.ID, Number: 1, At: o.clock.Now(), Status: 200}}})
	must(t, err)
	if reach := o.announced(id).Reach; reach != (poa.Reach{Told: 2, Mailed: 1, Webhooks: 1, Waiting: 1}) {
		t.Errorf("reached: %+v", reach)
	}
}

// TestClosing: all parties are told 90 days before, at the release too (6.3.3).
func TestClosing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	today := poa.DateOf(o.clock.Now())
	closing := func(on poa.Date) poa.AnnouncementInput {
		return announcement(func(in *poa.AnnouncementInput) { in.Kind, in.ClosesOn = poa.AnnounceClosing, on })
	}
	for code, in := range map[poa.Code]poa.AnnouncementInput{
		poa.CodeRequired: closing(poa.Date{}), poa.CodeClosingTooSoon: closing(today.AddDays(89)),
		poa.CodeInvalid: announcement(func(in *poa.AnnouncementInput) {
			in.Kind, in.ClosesOn, in.Audience = poa.AnnounceClosing, today.AddDays(90), poa.AudienceDelegators
		}),
	} {
		_, err := o.notifier.PrepareAnnouncement(t.Context(), o.reception, in)
		wantCode(t, err, code)
	}
	id, err := o.notifier.PrepareAnnouncement(t.Context(), o.reception, closing(today.AddDays(90)))
	must(t, err)
	o.clock.Advance(24 * time.Hour)
	wantCode(t, o.notifier.ReleaseAnnouncement(t.Context(), o.serviceOwner, newKey(), id), poa.CodeClosingTooSoon)
	must(t, o.notifier.WithdrawAnnouncement(t.Context(), o.reception, newKey(), id))
	wantCode(t, o.notifier.ReleaseAnnouncement(t.Context(), o.serviceOwner, newKey(), id), poa.CodeConflict)
	id, err = o.notifier.PrepareAnnouncement(t.Context(), o.reception, closing(today.AddDays(91)))
	must(t, err)
	o.release(id)
	o.tell()
	o.number()
	for _, party := range []string{o.recipient.PartyID, o.delegator.PartyID} {
		if got := o.told(party); got[len(got)-1] != poa.NoticeClosing {
			t.Errorf("told %v", got)
		}
	}
	if m := o.mailTo(recipientEmail, poa.MailAnnouncement); m.Values["closesOn"] != today.AddDays(91).String() {
		t.Errorf("mailed %v", m.Values)
	}
}

// TestStopAndGoOn: nobody is told after a stop, everybody once after it.
func TestStopAndGoOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.crowd(450)
	id := o.prepareAnnouncement()
	o.release(id)
	if _, err := o.notifier.TellAnnouncements(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, o.notifier.StopAnnouncement(t.Context(), o.reception, newKey(), id), poa.CodeForbidden)
	must(t, o.notifier.StopAnnouncement(t.Context(), o.serviceOwner, newKey(), id))
	o.tell()
	if view := o.announced(id); view.AnnouncementText.Told != 200 || view.State() != poa.AnnouncementStopped {
		t.Fatalf("told %d, %s", view.AnnouncementText.Told, view.State())
	}
	must(t, o.notifier.ResumeAnnouncement(t.Context(), o.serviceOwner, newKey(), id))
	var workers sync.WaitGroup
	for range 3 { // several processes at once
		workers.Go(o.tell)
	}
	workers.Wait()
	o.number()
	o.wantToldOnce(id, 452)
}

// crowd adds parties under contract without any address: rows as the store
// writes them would take minutes.
func (o *office) crowd(n int) {
	o.tb.Helper()
	o.data.Exec(o.tb, fmt.Sprintf(`INSERT INTO parties SELECT (jsonb_populate_record(p, jsonb_build_object('id', 'rcp_' || lpad(to_hex(i), 26, '0'), 'number', 'N' || i))).*
		FROM parties p, generate_series(1, %d) i WHERE p.id = '%s'`, n, o.recipient.PartyID))
}

// wantToldOnce wants every party to have exactly one notice, one row of the
// count and, of those without mail, one letter.
func (o *office) wantToldOnce(id string, parties int) {
	o.tb.Helper()
	for what, sql := range map[string]string{
		"notices": `SELECT count(*) || '/' || count(DISTINCT party_id) FROM notices WHERE announcement_id = '` + id + `'`,
		"rows":    `SELECT count(*) || '/' || count(DISTINCT party_id) FROM announcement_parties WHERE announcement_id = '` + id + `'`,
		"changes": `SELECT count(*) || '/' || count(DISTINCT party_id) FROM outbox WHERE announcement_id = '` + id + `'`,
		"heads":   `SELECT count(*) || '/' || count(DISTINCT p.id) FROM parties p JOIN notices n ON n.party_id = p.id JOIN streams s ON s.party_id = p.id WHERE n.announcement_id = '` + id + `' AND n.sequence <= s.sequence`,
	} {
		if got := o.data.Text(o.tb, sql); got != fmt.Sprintf("%d/%d", parties, parties) {
			o.tb.Errorf("%s: %s, want %d", what, got, parties)
		}
	}
}

// TestLettersInstead: who has no confirmed address, whose address is suppressed,
// and whose last message fails gets exactly one letter.
func TestLettersInstead(t *testing.T) {
	t.Parallel()
	o := bouncing(t)
	o.addAddress("second@example.jp")
	o.confirmAddress("second@example.jp")
	none := o.enrol("none@example.jp")
	o.data.Exec(t, "DELETE FROM mail_addresses WHERE party_id = '"+none.PartyID+"'")
	o.bounce(o.delegatorMail(), "5.1.1")
	id := o.prepareAnnouncement()
	o.release(id)
	o.tell()
	reasons := map[string]poa.LetterReason{}
	for _, l := range o.letters(poa.LetterFilter{AnnouncementID: id}) {
		reasons[l.PartyID] = l.Reason
		if l.Title != "障害のお知らせ" || l.To.Name != "株式会社やまだ" || l.To.Address != "東京都港区芝１－１－１" || l.State() != poa.LetterWaiting {
			t.Errorf("a letter says %+v", l)
		}
	}
	if len(reasons) != 2 || reasons[none.PartyID] != poa.LetterNoAddress || reasons[o.delegator.PartyID] != poa.LetterSuppressed {
		t.Errorf("letters: %v", reasons)
	}
	first, second := o.mailTo(recipientEmail, poa.MailAnnouncement), o.mailTo("second@example.jp", poa.MailAnnouncement)
	must(t, o.notifier.MailSent(t.Context(), first.ID))
	must(t, o.notifier.MailRefused(t.Context(), second.ID, "5.1.1", true))
	if n := len(o.letters(poa.LetterFilter{PartyID: o.recipient.PartyID})); n != 0 {
		t.Fatalf("%d letters though a message arrived", n)
	}
	for range 2 {
		o.bounce(first, "5.1.1")
	}
	if got := o.letters(poa.LetterFilter{PartyID: o.recipient.PartyID}); len(got) != 1 || got[0].Reason != poa.LetterBounced {
		t.Errorf("after the bounce: %+v", got)
	}
	if reach := o.announced(id).Reach; reach != (poa.Reach{Told: 3, Letters: 3, Waiting: 3}) {
		t.Errorf("reached: %+v", reach)
	}
	t.Run("an address that is confirmed again takes no letter back, and writes none anew", func(t *testing.T) {
		must(t, o.lift())
		if got := o.letters(poa.LetterFilter{PartyID: o.recipient.PartyID}); len(got) != 1 || got[0].State() != poa.LetterWaiting || !o.bouncesSince(recipientEmail).IsZero() {
			t.Errorf("letters: %+v", got)
		}
		if _, err := o.notifier.PrintLetters(t.Context(), o.reception, poa.LettersInput{IdempotencyKey: newKey(), IDs: []string{o.letters(poa.LetterFilter{PartyID: o.recipient.PartyID})[0].ID}}); err != nil {
			t.Error(err)
		}
	})
	t.Run("of two messages that fail at once, one letter comes", func(t *testing.T) {
		id := o.prepareAnnouncement()
		must(t, o.lift())
		o.release(id)
		o.tell()
		var failing sync.WaitGroup
		for _, email := range []string{recipientEmail, "second@example.jp"} {
			m := o.mailTo(email, poa.MailAnnouncement)
			failing.Go(func() { must(t, o.notifier.MailGivenUp(t.Context(), m.ID)) })
		}
		failing.Wait()
		if got := o.letters(poa.LetterFilter{PartyID: o.recipient.PartyID, AnnouncementID: id}); len(got) != 1 || got[0].Reason != poa.LetterGivenUp {
			t.Errorf("letters: %+v", got)
		}
	})
	t.Run("a general announcement becomes a letter where that was chosen", func(t *testing.T) {
		general := func(in *poa.AnnouncementInput) { in.Kind = poa.AnnounceGeneral }
		quiet, chosen := o.prepareAnnouncement(general), o.prepareAnnouncement(general, func(in *poa.AnnouncementInput) { in.Letters = true })
		o.release(quiet)
		o.release(chosen)
		o.tell()
		if n, m := len(o.letters(poa.LetterFilter{AnnouncementID: quiet})), len(o.letters(poa.LetterFilter{AnnouncementID: chosen, PartyID: none.PartyID})); n != 0 || m != 1 {
			t.Errorf("%d and %d letters", n, m)
		}
	})
}

// delegatorMail is a message to the delegator that was sent.
func (o *office) delegatorMail() poa.Mail {
	o.tb.Helper()
	must(o.tb, o.revoke(o.accepted(), o.clock.Now()))
	o.number()
	m := o.mailTo("delegator@example.jp", poa.MailNotice)
	must(o.tb, o.notifier.MailSent(o.tb.Context(), m.ID))
	return m
}

// lift confirms the recipient's addresses again.
func (o *office) lift() error {
	addresses, err := o.notifier.Addresses(o.tb.Context(), o.recipient)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if a.BouncesSince.IsZero() {
			continue
		}
		if err := o.notifier.AskAgain(o.tb.Context(), o.recipient, newKey(), a.ID); err != nil {
			return err
		}
		o.confirmAddress(a.Email)
	}
	return nil
}

// TestPostingLetters: reception prints several in one PDF, marks them as posted
// once, and the log of contacts has each.
func TestPostingLetters(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other := o.appoint(o.serviceOwner, "other@ininjo.example", poa.RoleReception)
	o.data.Exec(t, "DELETE FROM mail_addresses")
	id := o.prepareAnnouncement()
	o.release(id)
	o.tell()
	var ids []string
	for _, l := range o.letters(poa.LetterFilter{}) {
		ids = append(ids, l.ID)
	}
	choose := func(ids ...string) poa.LettersInput {
		return poa.LettersInput{IdempotencyKey: newKey(), IDs: ids}
	}
	for code, in := range map[poa.Code]poa.LettersInput{poa.CodeNothingChosen: choose(), poa.CodeLetterUnknown: choose(ids[0], poa.NewID(poa.PrefixLetter)),
		poa.CodeTooMany: choose(slices.Repeat(ids[:1], 101)...)} {
		_, err := o.notifier.PrintLetters(t.Context(), o.reception, in)
		wantCode(t, err, code)
	}
	wantCode(t, o.notifier.PostLetters(t.Context(), o.reception, choose(ids...)), poa.CodeLetterPosted) // never printed
	pdf, err := o.notifier.PrintLetters(t.Context(), o.reception, choose(ids...))
	must(t, err)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(o.letters(poa.LetterFilter{State: poa.LetterPrinted})) != 2 {
		t.Error("not printed")
	}
	var at sync.WaitGroup
	outcomes := make([]error, 2)
	for i, actor := range []poa.Actor{o.reception, other} {
		at.Go(func() { outcomes[i] = o.notifier.PostLetters(t.Context(), actor, choose(ids...)) })
	}
	at.Wait()
	if (outcomes[0] == nil) == (outcomes[1] == nil) || codeOf(outcomes[0]) != poa.CodeLetterPosted && codeOf(outcomes[1]) != poa.CodeLetterPosted {
		t.Errorf("two at once: %v, %v", outcomes[0], outcomes[1])
	}
	posted := o.letters(poa.LetterFilter{State: poa.LetterPosted})
	if len(posted) != 2 || posted[0].PostedByName == "" || posted[0].PostedAt != o.clock.Now() {
		t.Errorf("posted: %+v", posted)
	}
	contacts, err := o.desk().Contacts(t.Context(), o.reception, poa.ContactFilter{Channel: poa.ContactPost}, poa.Page{First: 10})
	must(t, err)
	if len(contacts.Items) != 2 || contacts.Items[0].Person != representative.Name {
		t.Errorf("the log of contacts has %+v", contacts.Items)
	}
	if reach := o.announced(id).Reach; reach != (poa.Reach{Told: 2, Letters: 2, Posted: 2}) {
		t.Errorf("reached: %+v", reach)
	}
	if _, err := o.notifier.PrintLetters(t.Context(), o.reception, choose(ids[0])); err != nil {
		t.Errorf("printing again: %v", err)
	}
	if kept := strings.Join(o.data.Rows(t), "\n"); strings.Contains(kept, "東京都港区芝") {
		t.Error("an address stands in the clear")
	}
	sample, err := o.notifier.SampleLetter(t.Context(), o.reception, id, "en")
	if err != nil || !bytes.HasPrefix(sample, []byte("%PDF-")) {
		t.Errorf("the sample: %v", err)
	}
}
