// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// knownCorporation publishes one corporation, and nothing of any other.
type knownCorporation struct{}

// Find knows one number.
func (knownCorporation) Find(_ context.Context, number string) (poa.PublishedCorporation, error) {
	if number != "2040001999902" {
		return poa.PublishedCorporation{}, poa.ErrNotFound
	}
	return poa.PublishedCorporation{Number: number, Name: "株式会社国税商事あ", Address: "千葉県千葉市美浜区中瀬２－６－１"}, nil
}

var (
	changePath   = regexp.MustCompile(`/application/changes/chg_[0-9a-z]+`)
	questionPath = regexp.MustCompile(`qst_[0-9a-z]+`)
)

// TestPublishedIsPrefilled takes over what the agency publishes; what the
// applicant states otherwise is kept beside it, for reception to see.
func TestPublishedIsPrefilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrollment.LookUpWith(knownCorporation{})
	v := w.visitor()
	page := v.submit(v.open("/register/recipient", 200), "/register/recipient", url.Values{"kind": {"CORPORATION"}, "corporateNumber": {"2040001999902"}}, 200)
	v.sees(page, `value="株式会社国税商事あ"`, `value="千葉県千葉市美浜区中瀬２－６－１"`, "違うときは、正しい内容に直してください")
	unknown := v.submit(v.open("/register/recipient", 200), "/register/recipient", url.Values{"kind": {"CORPORATION"}, "corporateNumber": {"7000012050002"}}, 200)
	v.sees(unknown, "公表されていません", "番号をご確認ください")
	stated := application(recipientEmail)
	for _, name := range []string{"kind", "corporateNumber", "consent", "address"} {
		stated.Del(name)
	}
	page = v.submit(page, "/register/recipient", stated, 200)
	page = v.submit(page, "/register/recipient", url.Values{"consent": {"yes"}, "nameShown": {"yes"}}, 200)
	v.sees(page, "申込を受け付けました")
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	path := applicationLink.FindString(reception.open("/staff/applications?role=recipient", 200).body)
	page = reception.open(path, 200)
	reception.sees(page, "株式会社見本", "株式会社国税商事あ", "相違", "一致", "メールアドレスが未確認です")
	reception.sees(reception.submit(page, path+"/accept", nil, 422), "メールアドレスの確認がまだ済んでいません")
}

// TestTermsChangeMeanwhile tells and asks again; nothing typed is lost.
func TestTermsChangeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	page := v.submit(v.open("/register/delegator", 200), "/register/delegator", url.Values{"kind": {"CORPORATION"}, "corporateNumber": {"2040001999902"}}, 200)
	stated := application(delegatorEmail)
	stated.Del("consent")
	page = v.submit(page, "/register/delegator", stated, 200)
	must(t, w.enrollment.Publish(t.Context(), poa.System, poa.PublishInput{Kind: poa.TermsOfUse, Version: "2.0", Title: "利用約款", Body: "新しい約款", EffectiveFrom: poa.DateOf(w.data.Clock.Now())}))
	page = v.submit(page, "/register/delegator", url.Values{"consent": {"yes"}}, 422)
	v.sees(page, "版 2.0", "株式会社見本", "山田 太郎", delegatorEmail)
	if strings.Contains(page.body, ` checked`) {
		t.Error("consent to the old version is taken for consent to the new")
	}
	v.sees(v.submit(page, "/register/delegator", url.Values{"consent": {"yes"}}, 200), "申込を受け付けました")
}

// TestQuestionOnTheWay goes from an application over a question and its answer
// to acceptance, and through a change.
func TestQuestionOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recipient := w.register("recipient", recipientEmail)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	path := applicationLink.FindString(reception.open("/staff/applications?role=recipient", 200).body)
	page := reception.open(path, 200)
	reception.sees(reception.submit(page, path+"/ask", url.Values{"field": {"NAME"}}, 422), "f-ask-text-error")
	reception.sees(reception.submit(page, path+"/ask", url.Values{"field": {"NAME"}, "text": {"商号は登記のとおりですか"}}, 200), "質問を送りました", "回答を待っています")

	own := recipient.open("/application", 200)
	recipient.sees(own, "受付担当者からの質問があります", "商号は登記のとおりですか", `value="株式会社見本"`, "申込を受付", "メールアドレスを確認")
	recipient.sees(recipient.submit(own, "/application/answer", url.Values{"text": {""}, "correction": {"打ったとおり"}}, 422), "打ったとおり", "f-answer-text-error")
	own = recipient.submit(own, "/application/answer", url.Values{"text": {"訂正します"}, "correction": {"株式会社ミホン"}}, 200)
	recipient.sees(own, "回答を受け付けました", "株式会社ミホン", "第 1 版", "第 2 版", "判断の目安：")
	reception.sees(reception.submit(page, path+"/accept", nil, 422), "訂正されました") // the page shows what it was before
	reception.sees(reception.submit(reception.open(path, 200), path+"/accept", nil, 200), "申込を承認しました")

	w.changed(recipient, reception)
	own = recipient.open("/application/questions", 200)
	recipient.sees(recipient.submit(own, "/application/questions", url.Values{"text": {"受付時間は？"}}, 200), "質問を受け付けました", "受付時間は？")
	id := w.data.Text(t, "SELECT id FROM questions WHERE about = 'SERVICE'")
	page = reception.open("/staff/questions/"+id, 200)
	reception.sees(reception.submit(page, "/staff/questions/"+id, url.Values{"text": {"9 時からです"}}, 200), "9 時からです")
	recipient.sees(recipient.open("/application/questions", 200), "9 時からです")
	first := questionPath.FindString(w.data.Text(t, "SELECT id FROM questions WHERE about = 'APPLICATION'"))
	reception.sees(reception.open("/staff/questions/"+first, 200), "株式会社ミホン") // leads to the application
	w.visitor().open("/staff/questions/"+first, 200)                          // the sign-in page
}

// changed asks for a change of the e-mail address and the name, and lets it be
// accepted.
func (w *world) changed(recipient, reception *visitor) {
	w.tb.Helper()
	form := recipient.open("/application/change", 200)
	recipient.sees(recipient.submit(form, "/application/change", url.Values{"reason": {"変更"}}, 422), "変更された項目がありません")
	page := recipient.submit(form, "/application/change", url.Values{"reason": {"担当の交代"}, "filer": {"別の 者"}}, 200)
	recipient.sees(page, "変更しました", "別の 者", "山田 次郎")
	form = recipient.open("/application/change", 200)
	page = recipient.submit(form, "/application/change", url.Values{"reason": {"商号変更"}, "name": {"株式会社あらた"}, "email": {"new@example.jp"}}, 200)
	recipient.sees(page, "新しいメールアドレスの確認待ち", "株式会社ミホン", "株式会社あらた")
	link := w.link("new@example.jp", poa.MailAddressProof)
	mailbox := w.visitor()
	mailbox.sees(mailbox.submit(mailbox.open(link, 200), link, nil, 200), "メールアドレスを確認しました")
	mailbox.open(link, 404)
	path := changePath.FindString(page.path)
	desk := "/staff" + strings.TrimPrefix(path, "/application")
	review := reception.open(desk, 200)
	reception.sees(review, "商号変更", "株式会社あらた")
	reception.submit(review, desk+"/refuse", nil, 422)
	reception.sees(reception.submit(review, desk+"/accept", nil, 200), "変更を承認しました", "変更済み")
	recipient.sees(recipient.open(path, 200), "変更は反映されています")
	recipient.sees(recipient.open("/application", 200), "new@example.jp", "株式会社あらた", "第 4 版")
	recipient.sees(w.visitor().signIn("new@example.jp"), "株式会社あらた")
	form = recipient.open("/application/change", 200)
	page = recipient.submit(form, "/application/change", url.Values{"reason": {"移転"}, "address": {"東京都"}}, 200)
	back := changePath.FindString(page.path) + "/withdraw"
	recipient.sees(recipient.submit(recipient.open(back, 200), back, nil, 200), "変更の申出を取り下げました")
}

// TestStaffEnterOnPaper enters an application and lets another person decide.
func TestStaffEnterOnPaper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	form := reception.open("/staff/enter/recipient", 200)
	stated := application(recipientEmail)
	reception.sees(reception.submit(form, "/staff/enter/recipient", stated, 422), "f-register-cameBy-error", "株式会社見本")
	stated.Set("cameBy", "POST")
	page := reception.submit(form, "/staff/enter/recipient", stated, 200)
	reception.sees(page, "申込を登録しました", "郵送")
	path, _, _ := strings.Cut(page.path, "?")
	link := w.link(recipientEmail, poa.MailApplicationReceived)
	v := w.visitor()
	v.submit(v.open(link, 200), link, url.Values{"password": {password}, "repeat": {password}}, 200)
	reception.submit(reception.open(path, 200), path+"/accept", nil, 403)
}

// TestWithdrawAndApplyAgain withdraws and begins with what was stated.
func TestWithdrawAndApplyAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.register("delegator", delegatorEmail)
	page := v.open("/application/withdraw", 200)
	v.sees(v.submit(page, "/application/withdraw", nil, 200), "申込を取り下げました", "取下げ")
	form := v.open("/application/again", 200)
	v.sees(form, `value="株式会社見本"`, "利用約款")
	v.sees(v.submit(form, "/application/again", url.Values{"name": {"株式会社再見本"}}, 422), "株式会社再見本", "f-register-consent")
	v.sees(v.submit(form, "/application/again", url.Values{"name": {"株式会社再見本"}, "consent": {"yes"}}, 200), "あらためて申込を受け付けました", "株式会社再見本", "申込受付")
}

// TestMailIsSentAgain tells everybody the same.
func TestMailIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	page := w.applyInSteps(v, v.open("/register/recipient", 200), "recipient", application(recipientEmail))
	resend, _, _ := strings.Cut(page.path, "?")
	w.data.Clock.Advance(11 * time.Minute)
	for _, email := range []string{recipientEmail, "nobody@example.jp"} {
		v.sees(v.submit(page, resend+"/resend", url.Values{"email": {email}}, 200), "一致するお申込みがあれば")
	}
	v.submit(page, resend+"/resend", url.Values{"email": {""}}, 422)
	link := w.link(recipientEmail, poa.MailAddressProof)
	v.sees(v.open(link, 200), "パスワードの設定")
}
