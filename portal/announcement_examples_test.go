// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

var announcementPath = regexp.MustCompile(`/staff/announcements/ann_[0-9a-z]{26}`)

// announced is a form that nothing is wrong with.
func announced(pairs ...string) url.Values {
	form := url.Values{"kind": {"OUTAGE"}, "audience": {"BOTH"}, "titleJa": {"障害のお知らせ"}, "titleEn": {"An outage"}, "textJa": {"本日、障害が発生しました。\r\n\r\n復旧まで\r\nお待ちください。"}, "textEn": {"There is an outage."}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// prepared returns the path of an announcement that reception prepared.
func (w *world) prepared(reception *visitor, pairs ...string) string {
	page := reception.submit(reception.open("/staff/announcements/new", 200), "/staff/announcements/new", announced(pairs...), 200)
	return announcementPath.FindString(page.path)
}

// tell tells what was released.
func (w *world) tell() {
	w.tb.Helper()
	notifier := poa.NewNotifier(w.data.Clock, w.data.DB, poa.DefaultPolicy("https://ininjo.example"))
	for {
		n, err := notifier.TellAnnouncements(w.tb.Context())
		must(w.tb, err)
		if n == 0 {
			return
		}
	}
}

// suppress has a party's address under suppression.
func (w *world) suppress(email string) {
	w.tb.Helper()
	account, err := w.data.DB.AccountByEmail(w.tb.Context(), email)
	must(w.tb, err)
	must(w.tb, w.data.DB.InTx(w.tb.Context(), func(ctx context.Context, tx poa.Tx) error {
		return tx.Suppress(ctx, poa.Suppression{ID: poa.NewID(poa.PrefixSuppression), PartyID: account.PartyID, Email: email, Reason: poa.SuppressedBounced, Status: "5.1.1", At: w.data.Clock.Now()})
	}))
}

// A tour has announcements in their states, a letter and an address that bounces.
var _ = onTour(func(w *tour) {
	reception, owner := w.people["reception"], w.people["service_owner"]
	w.suppress(otherRecipientEmail)
	w.at["told"] = w.prepared(reception)
	owner.submit(owner.open(w.at["told"]+"/release", 200), w.at["told"]+"/release", nil, 200)
	w.tell()
	w.at["stopped"] = w.prepared(reception, "kind", "GENERAL")
	owner.submit(owner.open(w.at["stopped"]+"/release", 200), w.at["stopped"]+"/release", nil, 200)
	owner.submit(owner.open(w.at["stopped"], 200), w.at["stopped"]+"/stop", nil, 200)
	w.at["prepared"] = w.prepared(reception, "kind", "CLOSING", "closesOn", poa.DateOf(w.data.Clock.Now()).AddDays(120).String())
})

var _ = examples(func(w *tour) []example {
	return []example{
		pictured(page("GET /staff/letters", "reception", "/staff/letters"), "letters"),
		page("GET /staff/letters", "reception", "/staff/letters?state=POSTED"),
		refused("POST /staff/letters", "reception", "/staff/letters", "/staff/letters"),
		page("GET /staff/mail", "reception", "/staff/mail"),
		page("GET /addresses", "other recipient", "/addresses"),
		page("GET /staff/announcements", "reception", "/staff/announcements"),
		page("GET /staff/announcements/new", "reception", "/staff/announcements/new"),
		refused("POST /staff/announcements/new", "reception", "/staff/announcements/new", "/staff/announcements/new"),
		pictured(page("GET /staff/announcements/{id}", "service_owner", w.at["told"]), "announcement"),
		page("GET /staff/announcements/{id}", "service_owner", w.at["stopped"]),
		page("GET /staff/announcements/{id}", "reception", w.at["prepared"]),
		file("GET /staff/announcements/{id}/letter.pdf", "reception", w.at["prepared"]+"/letter.pdf"),
		unrefused("POST /staff/announcements/{id}/withdraw", "reception", w.at["told"]+"/withdraw", "nothing is typed"),
		page("GET /staff/announcements/{id}/release", "service_owner", w.at["prepared"]+"/release"),
		unrefused("POST /staff/announcements/{id}/release", "service_owner", w.at["told"]+"/release", "nothing is typed"),
		unrefused("POST /staff/announcements/{id}/stop", "service_owner", w.at["prepared"]+"/stop", "nothing is typed"),
		unrefused("POST /staff/announcements/{id}/resume", "service_owner", w.at["prepared"]+"/resume", "nothing is typed"),
	}
})

var (
	seeAnnouncements = []string{"reception", "service_owner", "service_manager"}
	postLetters      = []string{"reception"}
)

var _ = mayReach(map[string]reach{
	"GET /staff/letters":                       only(postLetters...),
	"POST /staff/letters":                      only(postLetters...),
	"GET /staff/mail":                          only(seeAnnouncements...),
	"GET /staff/announcements":                 only(seeAnnouncements...),
	"GET /staff/announcements/new":             only("reception"),
	"POST /staff/announcements/new":            only("reception"),
	"GET /staff/announcements/{id}":            only(seeAnnouncements...),
	"GET /staff/announcements/{id}/letter.pdf": only(seeAnnouncements...),
	"POST /staff/announcements/{id}/withdraw":  only("reception"),
	"GET /staff/announcements/{id}/release":    only("service_owner"),
	"POST /staff/announcements/{id}/release":   only("service_owner"),
	"POST /staff/announcements/{id}/stop":      only("service_owner"),
	"POST /staff/announcements/{id}/resume":    only("service_owner"),
})

// TestAnnouncementThroughThePages: prepared by one, released by another, told,
// and where mail bounces posted as a letter that reception prints.
func TestAnnouncementThroughThePages(t *testing.T) {
	t.Parallel()
	w := newTour(t)
	reception, owner, bouncing := w.people["reception"], w.people["service_owner"], w.people["other recipient"]
	page := reception.submit(reception.open("/staff/announcements/new", 200), "/staff/announcements/new", announced("kind", "CLOSING", "closesOn", "2026-06-30", "titleJa", ""), 422)
	reception.sees(page, "90日以上後", "本日、障害が発生しました。")
	reception.sees(reception.open(w.at["prepared"], 200), "承認待ち", "取扱業務の終了", "障害のお知らせ")
	reception.open(w.at["prepared"]+"/release", 403)
	owner.sees(owner.open(w.at["prepared"]+"/release", 200), "主務省庁への届出")
	page = owner.submit(owner.open(w.at["prepared"]+"/release", 200), w.at["prepared"]+"/release", nil, 200)
	owner.sees(page, "承認しました", "送信中")
	w.tell()
	owner.sees(owner.open(w.at["prepared"], 200), "送信完了")
	owner.sees(owner.open("/repository", 200), "障害のお知らせ")
	owner.submit(owner.open(w.at["stopped"], 200), w.at["stopped"]+"/resume", nil, 200)
	bouncing.sees(bouncing.open("/addresses", 200), "不達", "確認メールを再送")
	reception.sees(reception.open("/staff/mail", 200), otherRecipientEmail, "5.1.1")

	page = reception.open("/staff/letters", 200)
	reception.sees(page, "不達のため送信停止中", "印刷待ち")
	ids := regexp.MustCompile(`ltr_[0-9a-z]{26}`).FindAllString(page.body, -1)
	if len(ids) < 2 {
		t.Fatalf("%d letters", len(ids))
	}
	pdf := reception.submit(page, "/staff/letters", url.Values{"letters": ids}, 200)
	if !strings.HasPrefix(pdf.body, "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("printed %s", pdf.header.Get("Content-Type"))
	}
	page, stale := reception.open("/staff/letters?state=PRINTED", 200), reception.open("/staff/letters?state=PRINTED", 200)
	reception.submit(page, "/staff/letters", url.Values{"letters": ids[:1], "act": {"post"}}, 200)
	reception.sees(reception.open("/staff/letters?state=POSTED", 200), "投函済み")
	reception.sees(reception.submit(stale, "/staff/letters", url.Values{"letters": ids[:1], "act": {"post"}}, 422), "ほかの担当者が先に")
	reception.sees(reception.open("/staff/contacts", 200), "郵便")
}
