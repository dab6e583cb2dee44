// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

const (
	delegatorEmail = "delegator@example.jp"
	recipientEmail = "recipient@example.jp"
	delegateEmail  = "delegate@example.jp"
)

func application(email string) url.Values {
	return url.Values{"kind": {"CORPORATION"}, "corporateNumber": {"2040001999902"}, "name": {"株式会社見本"}, "address": {"千葉県千葉市美浜区中瀬２－６－１"},
		"representative.title": {"代表取締役"}, "representative.name": {"山田 太郎"}, "representative.address": {signer.Address}, "representative.telephone": {"03-0000-0000"},
		"filer": {"山田 次郎"}, "email": {email}, "consent": {"yes"}}
}

// applyInSteps goes through the steps of an application, first with a fault in each.
func (w *world) applyInSteps(v *visitor, page shown, role string, stated url.Values) shown {
	w.tb.Helper()
	action := "/register/" + role
	page = v.submit(page, action, url.Values{"kind": stated["kind"], "corporateNumber": {"2040001999903"}}, 422)
	v.sees(page, `aria-describedby="f-register-corporateNumber-hint f-register-corporateNumber-error"`, "エラー：", `value="2040001999903"`)
	page = v.submit(page, action, url.Values{"corporateNumber": stated["corporateNumber"]}, 200)
	v.sees(page, "国税庁の公表情報", "検査数字だけを確認しました")
	second := url.Values{}
	for _, name := range []string{"name", "address", "representative.title", "representative.name", "representative.address", "representative.telephone", "filer", "email"} {
		second[name] = stated[name]
	}
	page = v.submit(page, action, url.Values{"name": {"打ったとおり"}}, 422)
	v.sees(page, "打ったとおり", "f-register-email-error")
	page = v.submit(page, action, second, 200)
	v.sees(page, stated.Get("name"), "山田 太郎", "利用約款 (版 1.1)")
	back := v.submit(page, action, url.Values{"go": {"back"}}, 200)
	v.sees(back, `value="`+stated.Get("name")+`"`)
	page = v.submit(back, action, nil, 200)
	page = v.submit(page, action, nil, 422)
	v.sees(page, "f-register-consent", stated.Get("name"))
	page = v.submit(page, action, url.Values{"consent": stated["consent"]}, 200)
	v.sees(page, "申込を受け付けました", strings.ToUpper(map[string]string{"delegator": "a", "recipient": "r"}[role])+"-2026")
	return page
}

// register files an application and sets the password.
func (w *world) register(role, email string) *visitor {
	w.tb.Helper()
	v := w.visitor()
	page := v.open("/register/"+role, 200)
	v.sees(page, "個人情報の利用目的")
	w.applyInSteps(v, page, role, application(email))
	link := w.link(email, poa.MailApplicationReceived)
	page = v.open(link, 200)
	page = v.submit(page, link, url.Values{"password": {password}, "repeat": {"another one here"}}, 422)
	page = v.submit(page, link, url.Values{"password": {password}, "repeat": {password}}, 200)
	v.sees(page, "パスワードを設定しました")
	v.open(link, 404)
	v.sees(v.signIn(email), "利用申込の状況", "申込受付")
	return v
}

var applicationLink = regexp.MustCompile(`/staff/applications/[a-z]+_[0-9a-z]+`)

// enrol lets reception decide on the one application that waits.
func (w *world) enrol(reception *visitor, role string) {
	w.tb.Helper()
	page := reception.open("/staff/applications?role="+role, 200)
	path := applicationLink.FindString(page.body)
	page = reception.open(path, 200)
	if role == "delegator" {
		refused := reception.submit(page, path+"/accept", nil, 422)
		reception.sees(refused, "入力内容をご確認ください")
		says := url.Values{"documentDate": {"2026-05-20"}, "corporateNumber": {"2040001999902"}, "name": {"株式会社見本"}, "address": {"千葉県千葉市美浜区中瀬二丁目６番地１"},
			"representativeTitle": {"代表取締役"}, "representativeName": {"山田 太郎"}, "representativeAddress": {signer.Address}}
		future := url.Values{"documentDate": {"2030-01-01"}, "name": {"打ったとおり"}}
		reception.sees(reception.submit(page, path+"/confirm", future, 422), "打ったとおり")
		page = reception.submit(page, path+"/confirm", says, 200)
		reception.sees(page, "確認を記録しました")
	}
	reception.sees(reception.submit(page, path+"/accept", nil, 200), "申込を承認しました", "契約中")
}

// TestMainJob goes the whole way through pages alone, without script.
func TestMainJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.sees(reception.signIn("reception@ininjo.example"), "受付担当者")
	delegator := w.register("delegator", delegatorEmail)
	w.enrol(reception, "delegator")
	recipient := w.register("recipient", recipientEmail)
	w.enrol(reception, "recipient")

	id := w.draft(delegator)
	w.handIn()
	w.file(delegator, reception, id)
	w.ask(recipient, delegator, id)
	w.end(recipient, delegator, id)
	if strings.Contains(w.log.String(), "injl_") {
		t.Error("the log holds a link's token")
	}
	auditor := w.visitor()
	auditor.signIn("auditor@ininjo.example")
	auditor.sees(auditor.open("/staff/audit?subject="+id, 200), "delegation.accepted", "delegation.revoked")
}

// draft makes a delegation, first with faults, and returns its ID.
func (w *world) draft(delegator *visitor) string {
	w.tb.Helper()
	delegator.sees(delegator.open("/delegations", 200), "電子委任状はまだありません")
	page := delegator.open("/delegations/new", 200)
	fields := url.Values{"delegate.name": {"佐藤 花子"}, "delegate.title": {"営業部長"}, "delegate.address": {deputy.Address}, "delegate.identification": {"E-1024"}, "delegate.email": {delegateEmail},
		"powers": {"契約の締結\n代金の請求"}, "limits": {"一件 1,000 万円まで"}, "validFrom": {"2026-06-01"}, "validThrough": {"2026-05-01"}}
	page = delegator.submit(page, "/delegations/new", fields, 422)
	delegator.sees(page, "契約の締結\n代金の請求", "f-draft-validThrough-error")
	fields.Set("validThrough", "2027-05-31")
	page = delegator.submit(page, "/delegations/new", fields, 200)
	delegator.sees(page, "受任者の証明書を待っています", "署名待ち")
	delegator.sees(delegator.open("/delegations?q=&state=DRAFTED", 200), "佐藤 花子")
	path, _, _ := strings.Cut(page.path, "?")
	return strings.TrimPrefix(path, "/delegations/")
}

// handIn is the delegate's part.
func (w *world) handIn() {
	w.tb.Helper()
	delegate, link := w.visitor(), w.link(delegateEmail, poa.MailDelegateLink)
	page := delegate.open(link, 200)
	delegate.sees(page, "契約の締結", "一件 1,000 万円まで", "2027年5月31日")
	page = delegate.submit(page, link+"/challenge", nil, 200)
	challenge := delegate.open(page.path+"/file", 200)
	if got := challenge.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		w.tb.Errorf("the challenge came as %q", got)
	}
	delegate.upload(page, page.path, []byte("no signature"), 422)
	delegate.upload(page, page.path, nil, 422)
	signed, err := w.signers["deputy"].SignAttached([]byte(challenge.body))
	must(w.tb, err)
	page = delegate.upload(page, page.path, signed, 200)
	delegate.sees(page, "電子証明書は提出済みです")
	delegate.sees(delegate.open(link+"/decline", 200), "委任を辞退しますか")
}

// file is the representative's signature, and reception's word.
func (w *world) file(delegator, reception *visitor, id string) {
	w.tb.Helper()
	path := "/delegations/" + id
	draft := delegator.open(path+"/draft", 200)
	signed, err := w.signers["signer"].SignDrafted([]byte(draft.body))
	must(w.tb, err)
	foreign, err := w.signers["deputy"].SignDrafted([]byte(draft.body))
	must(w.tb, err)
	page := delegator.open(path, 200)
	delegator.sees(delegator.upload(page, path+"/file", foreign, 422), "f-submit-signedFile-error")
	page = delegator.upload(page, path+"/file", signed, 200)
	delegator.sees(page, "審査中", "D-2026")
	reception.sees(reception.open("/staff/filings", 200), id)
	desk := "/staff/filings/" + id
	page = reception.open(desk, 200)
	reception.sees(page, deputy.Name, "未確認")
	reception.submit(page, desk+"/accept", nil, 422)
	reception.submit(page, desk+"/refuse", nil, 422)
	reception.sees(reception.submit(page, desk+"/accept", url.Values{"ground": {"電話で確認した"}}, 200), "電子委任状を保管しました")
	delegator.sees(delegator.open(path, 200), "有効", "保管開始")
	delegator.sees(delegator.open("/delegations?state=VALID", 200), "佐藤 花子")
}

// ask is the recipient's part.
func (w *world) ask(recipient, delegator *visitor, id string) {
	w.tb.Helper()
	page := recipient.open("/check?id="+id, 200)
	answer := recipient.submit(page, "/check", nil, 200)
	recipient.sees(answer, "有効", "ファイルの照合は行っていません", "inq_", "2027年5月31日")
	signed := delegator.open("/delegations/"+id+"/signed", 200)
	sum := sha256.Sum256([]byte(signed.body))
	answer = recipient.submit(page, "/check", url.Values{"documentSha256": {hex.EncodeToString(sum[:])}}, 200)
	recipient.sees(answer, "登録された電子委任状と一致します")
	file := recipient.submit(answer, "/check/receipt", nil, 200)
	if strings.Count(file.body, ".") != 2 || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
		w.tb.Errorf("the receipt came as %q", file.body)
	}
	recipient.sees(recipient.submit(page, "/check", url.Values{"delegationId": {"00000-00000-00000-00000-00001"}}, 200), "該当なし", "入力誤り")
	recipient.submit(page, "/check", url.Values{"documentSha256": {"zz"}}, 422)
	recipient.sees(recipient.submit(answer, "/watches", nil, 200), "変更の通知を始めました", id)
}

// end revokes, and asks again.
func (w *world) end(recipient, delegator *visitor, id string) {
	w.tb.Helper()
	path := "/delegations/" + id + "/revoke"
	page := delegator.open(path, 200)
	delegator.sees(delegator.submit(page, path, url.Values{"when": {"later"}, "at": {"2020-01-01T00:00"}}, 422), "2020-01-01T00:00")
	delegator.sees(delegator.submit(page, path, nil, 200), "失効の申出を受け付けました", "失効（委任者の申出）")
	delegator.submit(page, path, url.Values{"idempotencyKey": {"another"}}, 422)
	recipient.sees(recipient.submit(recipient.open("/check?id="+id, 200), "/check", nil, 200), "委任者が失効させています")
	watches := recipient.open("/watches", 200)
	sure := recipient.submit(watches, "/watches/end", nil, 200)
	recipient.sees(recipient.submit(sure, "/watches/end", nil, 200), "通知を止めました")
}
