// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"html"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

var (
	tokenText    = regexp.MustCompile(`inj_live_[0-9a-f_]+`)
	secretText   = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)
	endpointPath = regexp.MustCompile(`/endpoints/whe_[0-9a-z]+`)
	revokePath   = regexp.MustCompile(`/tokens/tok_[0-9a-z]+/revoke`)
)

func (w *world) enrolled(role, email string) *visitor {
	w.tb.Helper()
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	v := w.register(role, email)
	w.enrol(reception, role)
	return v
}

// TestSecretsAreShownOnce makes a token and an endpoint and looks again.
func TestSecretsAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("recipient", recipientEmail)
	v.sees(v.open("/recipient", 200), "株式会社見本", "有効性確認")

	list := v.open("/tokens", 200)
	v.sees(list, "トークンはまだありません")
	v.sees(v.submit(list, "/tokens", url.Values{"name": {"基幹"}, "expiresInDays": {"9999"}}, 422), `value="基幹"`, "9999")
	v.submit(list, "/tokens", url.Values{"name": {"基幹"}, "expiresInDays": {"x"}}, 422)
	made := v.submit(list, "/tokens", url.Values{"name": {"基幹"}}, 200)
	if tokenText.FindString(made.body) == "" {
		t.Errorf("the token is not shown: %s", text(made.body))
	}
	again := v.submit(list, "/tokens", url.Values{"name": {"基幹"}}, 200)
	v.sees(again, "もう表示できません")
	list = v.open("/tokens", 200)
	if tokenText.MatchString(list.body) || strings.Count(list.body, "基幹") == 0 {
		t.Errorf("the list shows a token's text, or not the token: %s", text(list.body))
	}
	path := revokePath.FindString(list.body)
	page := v.open(path, 200)
	v.sees(page, "「基幹」を使うシステムは")
	v.sees(v.submit(page, path, nil, 200), "トークンを無効にしました", "無効")

	list = v.open("/endpoints", 200)
	v.sees(v.submit(list, "/endpoints", url.Values{"url": {"http://10.0.0.1/"}}, 422), "http://10.0.0.1/")
	made = v.submit(list, "/endpoints", url.Values{"url": {"https://hook.example/x"}, "types": {"delegation.revoked"}}, 200)
	secret := secretText.FindString(html.UnescapeString(made.body)) // a secret may hold +
	path = endpointPath.FindString(made.body)
	page = v.open(path, 200)
	if secret == "" || strings.Contains(html.UnescapeString(page.body), secret) {
		t.Error("the secret is not shown, or twice")
	}
	page = v.submit(page, path+"/test", nil, 200)
	v.sees(page, "送信の試験", "送信待ち", "自動的に更新されます")
	rotated := v.submit(v.open(path+"/rotate", 200), path+"/rotate", url.Values{"overlapHours": {"1"}}, 200)
	if fresh := secretText.FindString(html.UnescapeString(rotated.body)); fresh == "" || fresh == secret {
		t.Error("no new secret is shown")
	}
	page = v.submit(v.open(path, 200), path, url.Values{"description": {"変えた"}, "enabled": nil}, 200)
	v.sees(page, "変えた", "停止中")
	page = v.open(path+"/delete", 200)
	v.sees(page, "https://hook.example/x")
	v.submit(page, path+"/delete", url.Values{"typed": {"hook.example.com"}}, 422)
	v.sees(v.submit(page, path+"/delete", url.Values{"typed": {"hook.example"}}, 200), "送信先はまだありません")
}

// TestEndsOfFilings withdraws, declines, replaces, renounces.
func TestEndsOfFilings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	delegator := w.enrolled("delegator", delegatorEmail)

	withdrawn := "/delegations/" + w.draft2(delegator, "")
	page := delegator.submit(delegator.open(withdrawn, 200), withdrawn+"/link", nil, 200)
	delegator.sees(page, "受任者に新しいリンクを送りました")
	page = delegator.open(withdrawn+"/withdraw", 200)
	delegator.sees(delegator.submit(page, withdrawn+"/withdraw", nil, 200), "取り下げました", "作成取りやめ")

	declined := w.draft2(delegator, "")
	link, delegate := w.link(delegateEmail, poa.MailDelegateLink), w.visitor()
	delegate.sees(delegate.submit(delegate.open(link+"/decline", 200), link+"/decline", nil, 200), "辞退を受け付けました")
	delegate.sees(delegate.open(link, 404), "このリンクは使えません", "新しいリンクの送信をお頼みください")
	delegator.sees(delegator.open("/delegations/"+declined, 200), "作成取りやめ")

	old := w.draft2(delegator, "")
	w.handIn()
	w.file(delegator, reception, old)
	fresh := w.draft2(delegator, old)
	w.handIn()
	w.file(delegator, reception, fresh)
	delegator.sees(delegator.open("/delegations/"+old, 200), "廃番（更新済み）", fresh)

	link = w.link(delegateEmail, poa.MailRenounceLink)
	page = delegate.open(link, 200)
	delegate.sees(page, "受任者を辞めるとき")
	delegate.sees(delegate.submit(delegate.open(link+"/renounce", 200), link+"/renounce", nil, 200), "辞任を受け付けました")
	delegator.sees(delegator.open("/delegations/"+fresh, 200), "失効（受任者の辞任）")
}

// draft2 drafts without going wrong first; with an ID it takes that one's place
// and sends the form as the page filled it in.
func (w *world) draft2(delegator *visitor, replaces string) string {
	w.tb.Helper()
	if replaces == "" {
		return w.draftWith(delegator, nil)
	}
	return w.drafted(delegator.submit(delegator.open("/delegations/new?replaces="+replaces, 200), "/delegations/new", nil, 200))
}

// draftWith drafts with fields on top of those that it needs.
func (w *world) draftWith(delegator *visitor, more url.Values) string {
	w.tb.Helper()
	fields := url.Values{"delegate.name": {"佐藤 花子"}, "delegate.title": {"営業部長"}, "delegate.address": {deputy.Address}, "delegate.identification": {"E-1024"}, "delegate.email": {delegateEmail},
		"powers": {"契約の締結"}, "limits": {"一件 1,000 万円まで"}, "validThrough": {"2027-05-31"}}
	maps.Copy(fields, more)
	return w.drafted(delegator.submit(delegator.open("/delegations/new", 200), "/delegations/new", fields, 200))
}

// drafted is the ID of a delegation whose page is shown.
func (w *world) drafted(page shown) string {
	made, _, _ := strings.Cut(page.path, "?")
	return strings.TrimPrefix(made, "/delegations/")
}

// TestStaffAreAppointed shows the second factor once, to the owner.
func TestStaffAreAppointed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.visitor()
	owner.signIn("service_owner@ininjo.example")
	page := owner.open("/staff/people", 200)
	owner.sees(owner.submit(page, "/staff/people", url.Values{"name": {"受付 二郎"}, "email": {"jiro@ininjo.example"}}, 422), "受付 二郎", "f-people-roles-error")
	fitness := url.Values{"fitness.items": {"CONDUCT", "CAREER", "KNOWLEDGE"}, "fitness.declared": {"yes"}, "fitness.note": {"人事票により確認"}}
	in := url.Values{"name": {"受付 二郎"}, "email": {"jiro@ininjo.example"}, "roles": {"RECEPTION"}}
	maps.Copy(in, fitness)
	page = owner.submit(page, "/staff/people", in, 200)
	owner.sees(page, "受付 二郎 を任命しました", "otpauth://totp/jiro@ininjo.example?")
	link := w.link("jiro@ininjo.example", poa.MailSetPassword)
	owner.sees(owner.open(link, 200), "パスワードの設定")
	owner.sees(owner.open("/staff/queues", 200), "webhooks", "7")
	owner.sees(owner.submit(owner.open("/staff", 200), "/sign-out", nil, 200), "サインアウトしました")
}
