// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/poa/poatest"
	"ininjo/portal/webtest"
)

// titled takes a filing that claims a qualification to where it waits for its
// title, through pages, and returns its ID.
func (w *world) titled(delegator *visitor) string {
	w.tb.Helper()
	page := delegator.open("/delegations/new", 200)
	fields := url.Values{"delegate.name": {"佐藤 花子"}, "delegate.qualification": {"CERTIFIED_PUBLIC_TAX_ACCOUNTANT"}, "delegate.address": {deputy.Address}, "delegate.identification": {"第12号"},
		"delegate.email": {delegateEmail}, "powers": {"税務代理"}, "validFrom": {"2026-06-01"}, "validThrough": {"2027-05-31"}}
	page = delegator.submit(page, "/delegations/new", fields, 200)
	delegator.sees(page, "登録番号の形式が、知られている形式（例：123456）と異なります")
	path, _, _ := strings.Cut(page.path, "?")
	w.handOver()
	draft := delegator.open(path+"/draft", 200)
	signed, err := w.signers["signer"].SignDrafted([]byte(draft.body))
	must(w.tb, err)
	page = delegator.upload(delegator.open(path, 200), path+"/file", signed, 200)
	delegator.sees(page, "審査中")
	w.askTitles()
	return strings.TrimPrefix(path, "/delegations/")
}

// handOver hands the delegate's certificate in.
func (w *world) handOver() {
	w.tb.Helper()
	delegate, link := w.visitor(), w.link(delegateEmail, poa.MailDelegateLink)
	page := delegate.submit(delegate.open(link, 200), link+"/challenge", nil, 200)
	signed, err := w.signers["deputy"].SignAttached([]byte(delegate.open(page.path+"/file", 200).body))
	must(w.tb, err)
	delegate.upload(page, page.path, signed, 200)
}

// askTitles works the jobs of titles off, as workers would.
func (w *world) askTitles() {
	w.tb.Helper()
	titles := poa.NewTitles(w.data.Clock, w.data.DB, poa.DefaultPolicy("https://ininjo.example"))
	for _, job := range w.data.Jobs(w.tb) {
		var args poa.AskTitle
		if job.Kind != args.Kind() {
			continue
		}
		must(w.tb, json.Unmarshal([]byte(job.Args), &args))
		_, err := titles.Ask(context.Background(), args)
		must(w.tb, err)
	}
}

// colleague appoints a second person of reception.
func (w *world) colleague() string {
	w.tb.Helper()
	const email = "second@ininjo.example"
	owner, err := w.enrollment.SignIn(w.tb.Context(), poa.SignInInput{Email: "service_owner@ininjo.example", Password: password, Code: w.codes["service_owner@ininjo.example"]})
	must(w.tb, err)
	account, err := w.enrollment.AppointStaff(w.tb.Context(), owner, poa.StaffInput{Name: "受付 次子", Email: email, Roles: []poa.Role{poa.RoleReception}, Fitness: poatest.Fitness(), Password: password})
	must(w.tb, err)
	w.codes[email] = account.TOTPSecret[:6]
	return email
}

// TestTitlePages goes through the check of a title with pages alone: a second
// look, the confirmation, a suspension.
func TestTitlePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	reception.sees(reception.open("/staff/titles", 200), "該当する資格の確認はありません")
	delegator := w.register("delegator", delegatorEmail)
	w.enrol(reception, "delegator")
	id := w.titled(delegator)
	reception.sees(reception.open("/staff/titles", 200), id, "税理士")
	path := "/staff/titles/" + id
	page := reception.open(path, 200)
	reception.sees(page, "https://www.zeirishikensaku.jp/", `rel="noreferrer noopener external"`, "第12号", "大阪府", "桁数", `value="2026-06-01"`)
	wrong := url.Values{"standing": {"REGISTERED"}, "name": {"鈴木 一郎"}, "number": {"第12号"}, "office": {"打ったとおり"}}
	reception.sees(reception.submit(page, path, wrong, 422), "打ったとおり", "f-look-name-error", "電子委任状の記載と異なります")
	reception.sees(reception.submit(page, path, url.Values{"standing": {"NOT_FOUND"}}, 200), "確認した内容を記録しました", "あなたが「該当なし」と記録しています")
	filing := "/staff/filings/" + id
	reception.sees(reception.submit(reception.open(filing, 200), filing+"/accept", url.Values{"ground": {"急ぎ"}}, 422), "資格を確認できませんでした")

	second := w.visitor()
	second.signIn(w.colleague())
	page = second.open(path, 200)
	second.sees(page, "別の担当者による二度目の確認が必要です")
	seen := url.Values{"standing": {"REGISTERED"}, "name": {"佐藤　花子"}, "number": {"第12号"}}
	second.sees(second.submit(page, path, seen, 200), "確認結果が分かれています")
	seen.Set("engaged", "yes")
	seen.Set("engagedHow", "委任者に電話した")
	seen.Set("engagedBy", "総務部 鈴木")
	reception.sees(reception.submit(reception.open(path, 200), path, seen, 200), "確認済み")
	reception.sees(reception.submit(reception.open(filing, 200), filing+"/accept", url.Values{"ground": {"確認した"}}, 200), "電子委任状を保管しました", "資格を確認")
	delegator.sees(delegator.open("/delegations/"+id, 200), "有効", "確認済み")

	page = reception.open(path, 200)
	suspended := url.Values{"standing": {"SUSPENDED"}, "name": {"佐藤 花子"}, "number": {"第12号"}, "from": {"2026-06-01"}, "until": {"2026-06-30"}}
	reception.sees(reception.submit(page, path, suspended, 200), "業務停止")
	delegator.sees(delegator.open("/delegations/"+id, 200), "一時停止中", "受任者の資格の業務停止")
	auditor := w.visitor()
	auditor.signIn("auditor@ininjo.example")
	auditor.open(path, 403)
	auditor.open("/staff/bodies", 403)
}

// TestBodyPages corrects a professional body.
func TestBodyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	reception.sees(reception.open("/staff/bodies", 200), "日本弁護士連合会", "日本公認会計士協会", "自動での取得はしない", "なし（人が確認します）")
	path := "/staff/bodies/ATTORNEY"
	page := reception.open(path, 200)
	reception.sees(reception.submit(page, path, url.Values{"numberPattern": {"([0-9"}, "usage": {"打ったとおり"}}, 422), "打ったとおり", "f-body-numberPattern-error")
	reception.sees(reception.submit(page, path, url.Values{"telephone": {"03-0000-1111"}}, 200), "新しい版を記録しました", "03-0000-1111")
	reception.open("/staff/bodies/NOTARY", 404)
}

// TestTitleInABrowser lives through the check of a title in Chromium, with
// script and without.
func TestTitleInABrowser(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"1", "0"} {
		t.Run("script "+script, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reception := w.visitor()
			reception.signIn("reception@ininjo.example")
			delegator := w.register("delegator", delegatorEmail)
			w.enrol(reception, "delegator")
			id := w.titled(delegator)
			second := w.colleague()
			webtest.Node(t, "browser/title.mjs", map[string]string{"BASE_URL": w.url, "JS": script, "PASSWORD": password, "DELEGATION_ID": id,
				"EMAIL": "reception@ininjo.example", "CODE": w.codes["reception@ininjo.example"], "SECOND_EMAIL": second, "SECOND_CODE": w.codes[second]})
			delegator.sees(delegator.open("/delegations/"+id, 200), "一時停止中", "受任者の資格の業務停止")
			w.told(t, id)
		})
	}
}

// told wants the notices of a suspension: to the delegate, and to the delegator.
func (w *world) told(t *testing.T, id string) {
	t.Helper()
	told := map[string]bool{}
	for _, job := range w.data.Jobs(t) {
		var args poa.SendMail
		if job.Kind != args.Kind() {
			continue
		}
		must(t, json.Unmarshal([]byte(job.Args), &args))
		m, err := w.data.DB.Mail(t.Context(), args.MailID)
		must(t, err)
		if m.Template == poa.MailTitleSuspended && m.Values["delegationId"] == id {
			told[m.To] = true
		}
	}
	if !told[delegateEmail] || !told[delegatorEmail] {
		t.Errorf("told of the suspension: %v", told)
	}
}
