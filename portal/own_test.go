// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/log"
)

var rotatePath = regexp.MustCompile(`/tokens/tok_[0-9a-z]+/rotate`)

// TestTokenIsRotated rotates a token with an overlap; the old one is told apart.
func TestTokenIsRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("recipient", recipientEmail)
	made := v.submit(v.open("/tokens", 200), "/tokens", url.Values{"name": {"基幹"}}, 200)
	path := rotatePath.FindString(made.body)
	page := v.open(path, 200)
	v.sees(page, "「基幹」と同じ名前と権限")
	v.sees(v.submit(page, path, url.Values{"overlapHours": {"9999"}}, 422), "この値は使えません")
	rotated := v.submit(page, path, url.Values{"overlapHours": {"24"}}, 200)
	if fresh := tokenText.FindString(rotated.body); fresh == "" || fresh == tokenText.FindString(made.body) {
		t.Error("no new text is shown")
	}
	v.sees(rotated, "更新済み（期限まで併用）")
	if again := v.submit(page, path, url.Values{"overlapHours": {"24"}}, 200); tokenText.MatchString(again.body) {
		t.Error("the text is shown twice")
	}
	stranger := w.enrolled("delegator", delegatorEmail)
	stranger.open(path, 404)
}

// TestPastChecks checks, looks the answer up again, and exports.
func TestPastChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	delegator := w.enrolled("delegator", delegatorEmail)
	id := w.draft2(delegator, "")
	w.handIn()
	w.file(delegator, reception, id)
	v := w.enrolled("recipient", recipientEmail)
	v.sees(v.open("/inquiries", 200), "有効性確認はまだありません")
	page := v.open("/check", 200)
	spoken := strings.ToLower(strings.ReplaceAll(id, "-", "　"))
	answer := v.submit(page, "/check", url.Values{"delegationId": {spoken}}, 200)
	v.sees(answer, "有効", id, "ファイルの照合は行っていません", "UTC", "JST", "回答書の SHA-256")
	v.sees(v.submit(page, "/check", url.Values{"delegationId": {id}, "at": {"2999-01-01T00:00"}}, 422), "未来の日時")
	v.sees(v.submit(page, "/check", url.Values{"delegationId": {id}, "at": {"x"}}, 422), "この値は使えません")
	v.sees(v.submit(page, "/check", url.Values{"delegationId": {id[:28] + "!"}}, 200), "該当なし")
	past := v.submit(page, "/check", url.Values{"delegationId": {id}, "at": {"2026-06-01T11:00"}, "documentSha256": {strings.Repeat("AB ", 32) + " file.p7s"}}, 200)
	v.sees(past, "該当なし", "一致しません")
	list := v.open("/inquiries", 200)
	v.sees(list, id, "有効", "（入力誤りのため記録なし）", "画面から")
	v.sees(v.open("/inquiries?delegationId="+url.QueryEscape(id), 200), id)
	v.sees(v.open("/inquiries?from=2030-01-01", 200), "条件に合うものはありません")
	v.open("/inquiries?from=nothing", 422)
	inquiry := regexp.MustCompile(`/inquiries/inq_[0-9a-z]+`).FindString(answer.body)
	v.sees(v.open(inquiry, 200), "有効", id, "回答した時点の内容です")
	if receipt := v.open(inquiry+"/receipt", 200); strings.Count(receipt.body, ".") != 2 {
		t.Errorf("the receipt is %.80s", receipt.body)
	}
	v.sees(v.open(inquiry, 200), "1〜2分後に取得できます")
	v.open(inquiry+"/proof", 404)
	w.seal()
	v.sees(v.open(inquiry, 200), "監査ログの包含証明をダウンロード")
	proof, err := log.ParseProof([]byte(v.open(inquiry+"/proof", 200).body))
	if err != nil || len(proof.Hashes) == 0 {
		t.Errorf("the proof is %+v, %v", proof, err)
	}
	file := v.open("/inquiries.csv", 200)
	if strings.Count(file.body, "\n") != 4 || !strings.Contains(file.body, id) || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
		t.Error(file.body)
	}
	v.open("/inquiries.csv?from=2024-01-01", 422)
	other := w.enrolledAs("recipient", "second@example.jp", reception)
	other.open(inquiry, 404)
	other.open(inquiry+"/receipt", 404)
	other.open(inquiry+"/proof", 404)
	v.submit(answer, "/watches", nil, 200)
	v.sees(v.open("/watches?status=VALID", 200), id)
	v.sees(v.open("/watches?status=ENDED", 200), "条件に合うものはありません")
	if file := v.open("/watches.csv", 200); !strings.Contains(file.body, id+",VALID") {
		t.Error(file.body)
	}
	ask := v.submit(v.open("/watches", 200), "/watches/end", nil, 200)
	v.sees(ask, "通知を止めますか", id)
	v.sees(v.submit(ask, "/watches/end", nil, 200), "通知を受ける電子委任状はまだありません")
	v.sees(v.submit(v.open("/watches", 200), "/watches/setting", url.Values{"asked": {"yes"}}, 200), "保存しました")
	v.submit(page, "/check", url.Values{"delegationId": {id}}, 200)
	v.sees(v.open("/watches", 200), id)
}

// enrolledAs registers another party of a role with reception's yes.
func (w *world) enrolledAs(role, email string, reception *visitor) *visitor {
	w.tb.Helper()
	v := w.register(role, email)
	w.enrol(reception, role)
	return v
}

// TestAddressesForNotices adds, confirms, changes, unsubscribes and removes.
func TestAddressesForNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("recipient", recipientEmail)
	page := v.open("/addresses", 200)
	v.sees(v.submit(page, "/addresses", url.Values{"email": {"nothing"}}, 422), `value="nothing"`)
	v.sees(v.submit(page, "/addresses", url.Values{"email": {"b@example.jp"}, "types": {"delegation.revoked"}}, 200), "b@example.jp", "確認待ち")
	link := w.link("b@example.jp", poa.MailConfirmAddress)
	stranger := w.visitor()
	ask := stranger.open(link, 200)
	stranger.sees(ask, "お知らせの宛先の確認")
	v.sees(v.open("/addresses", 200), "確認待ち")
	stranger.sees(stranger.submit(ask, link+"/confirm", nil, 200), "メールアドレスを確認しました")
	stranger.open(link, 404)
	list := v.open("/addresses", 200)
	paths := regexp.MustCompile(`/addresses/adr_[0-9a-z]+"`).FindAllString(list.body, -1)
	path := strings.Trim(paths[len(paths)-1], `"`)
	token := strings.TrimPrefix(path, "/addresses/") + "." + w.mac(strings.TrimPrefix(path, "/addresses/"))
	stranger.sees(stranger.open("/unsubscribe/"+token, 200), "配信を停止する")
	v.sees(v.open("/addresses", 200), "配信中")
	if strings.Contains(v.open("/addresses", 200).body, "配信停止中") {
		t.Error("opening the page unsubscribes")
	}
	w.oneClick(token, http.StatusOK)
	w.oneClick(token, http.StatusOK)
	w.oneClick(token[:len(token)-1]+"x", http.StatusNotFound)
	v.sees(v.open("/addresses", 200), "配信停止中")
	v.sees(v.submit(v.open(path, 200), path, url.Values{"subscribed": {"yes"}}, 200), "保存しました")
	stranger.open("/unsubscribe/adr_x.00", 404)
	v.sees(v.submit(v.open(path+"/remove", 200), path+"/remove", nil, 200), "宛先を削除しました")
	last := strings.Trim(paths[0], `"`)
	v.sees(v.submit(v.open(last+"/remove", 200), last+"/remove", nil, 422), "少なくとも一つ必要です")
	w.enrolled("delegator", delegatorEmail).open(last, 404)
}

func (w *world) mac(id string) string {
	return poa.UnsubscribeToken(w.data.DB, id)[len(id)+1:]
}

// oneClick posts as a mail program does: no cookie, from anywhere (RFC 8058).
func (w *world) oneClick(token string, want int) {
	w.tb.Helper()
	response, err := http.PostForm(w.url+"/unsubscribe/"+token, url.Values{"List-Unsubscribe": {"One-Click"}})
	must(w.tb, err)
	defer response.Body.Close()
	if response.StatusCode != want {
		w.tb.Errorf("one click answered %d, want %d", response.StatusCode, want)
	}
}

// TestAccountIsClosed exports and closes, and confirms the erasure.
func TestAccountIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("delegator", delegatorEmail)
	page := v.open("/closing", 200)
	v.sees(page, "株式会社見本", "10 年", "取扱い終了")
	file := v.open("/closing/export", 200)
	archive, err := zip.NewReader(bytes.NewReader([]byte(file.body)), int64(len(file.body)))
	if err != nil || len(archive.File) < 6 {
		t.Errorf("the export: %v", err)
	}
	v.sees(v.submit(page, "/closing", url.Values{"typed": {"別の会社"}}, 422), "一致しません", "別の会社")
	v.sees(v.submit(page, "/closing", url.Values{"typed": {"株式会社見本"}}, 200), "アカウントを閉鎖しました")
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.open("/delegations", 303)
	link := w.link(delegatorEmail, poa.MailContractEnded)
	stranger := w.visitor()
	ask := stranger.open(link, 200)
	stranger.sees(stranger.submit(ask, link, nil, 200), "消去の完了を記録しました")
	stranger.open("/erased/inje_none", 404)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	w.data.Clock.Advance(time.Second)
	id := w.data.Text(t, "SELECT id FROM parties LIMIT 1")
	reception.sees(reception.open("/staff/contracts/"+id, 200), "契約は終了しています", "署名用アプリケーションの消去")
	auditor := w.visitor()
	auditor.signIn("auditor@ininjo.example")
	auditor.open("/staff/contracts/"+id, 403)
}

// TestStaffEndAContract ends a recipient's contract at the desk.
func TestStaffEndAContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("recipient", recipientEmail)
	reception := w.visitor()
	reception.signIn("reception@ininjo.example")
	id := w.data.Text(t, "SELECT id FROM parties LIMIT 1")
	page := reception.open("/staff/contracts/"+id, 200)
	reception.submit(page, "/staff/contracts/"+id, url.Values{"typed": {""}}, 422)
	reception.sees(reception.submit(page, "/staff/contracts/"+id, url.Values{"typed": {"株式会社見本"}}, 200), "契約を終了しました")
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.open("/recipient", 303)
	reception.open("/staff/contracts/rcp_x", 404)
}
