// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
)

var (
	secretShown = regexp.MustCompile(`id="totp-secret">([A-Z2-7]+)<`)
	resetPath   = regexp.MustCompile(`/staff/second-factors/stf_[0-9a-z]+`)
)

// TestStaffWithoutAFactorAddOneFirst resets somebody's second factor: every page
// leads to the page that adds one, until it is added.
func TestStaffWithoutAFactorAddOneFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, reception := w.visitor(), w.visitor()
	owner.signIn("service_owner@ininjo.example")
	reception.signIn("reception@ininjo.example")
	list := owner.open("/staff/second-factors", 200)
	for _, path := range resetPath.FindAllString(list.body, -1) {
		if page := owner.open(path, 200); strings.Contains(page.body, "reception@ininjo.example") {
			owner.sees(owner.submit(page, path, nil, 200), "二要素認証をリセットし")
		}
	}
	reception.sees(reception.open("/staff", 200), "サインイン") // the session ended
	v := w.visitor()
	delete(w.codes, "reception@ininjo.example")
	v.sees(v.signIn("reception@ininjo.example"), "二要素認証を登録してください")
	for _, path := range []string{"/staff", "/account", "/account/sessions", "/tokens", "/sign-in"} {
		if page := v.open(path, 200); !strings.HasPrefix(page.path, "/account/enrol") {
			t.Errorf("%s led to %s", path, page.path)
		}
	}
	page := v.submit(v.open("/account/enrol", 200), "/account/totp", nil, 200)
	v.sees(page, "QR")
	secret := secretShown.FindStringSubmatch(page.body)[1]
	v.sees(v.submit(page, "/account/totp/confirm", url.Values{"code": {"wrong"}}, 422), "確認コードが違うか")
	v.sees(v.submit(page, "/account/totp/confirm", url.Values{"code": {secret[:6]}}, 200), "リカバリーコードを保管してください")
	v.open("/staff", 200)
	page = v.submit(v.open("/account/totp/remove", 200), "/account/totp/remove", url.Values{"password": {password}}, 422)
	v.sees(page, "最後の一つは解除できません")
}

// TestWhoPlantedTheSessionIsNotHalfwayIn gives a browser the session of somebody
// else before its holder types the password.
func TestWhoPlantedTheSessionIsNotHalfwayIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base, err := url.Parse(w.url)
	must(t, err)
	half := func(v *visitor, email string) shown {
		return v.submit(v.open("/sign-in", 200), "/sign-in", url.Values{"email": {email}, "password": {password}}, 200)
	}
	planter, victim := w.visitor(), w.visitor()
	half(planter, "auditor@ininjo.example")
	victim.client.Jar.SetCookies(base, planter.client.Jar.Cookies(base))
	if page := half(victim, "reception@ininjo.example"); !strings.HasPrefix(page.path, "/sign-in/second") {
		t.Fatalf("led to %s", page.path)
	}
	page := planter.open("/sign-in/second", 200)
	if strings.HasPrefix(page.path, "/sign-in/second") {
		page = planter.submit(page, "/sign-in/second", url.Values{"code": {w.codes["reception@ininjo.example"]}}, 200)
	}
	if strings.HasPrefix(page.path, "/staff") {
		t.Error("without the password somebody came in by the code alone")
	}
}

// TestMembersSeeWhatTheyMay invites a reader, whose pages hide what it may not do.
func TestMembersSeeWhatTheyMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.enrolled("recipient", recipientEmail)
	page := admin.open("/account/members", 200)
	admin.sees(admin.submit(page, "/account/members", url.Values{"email": {"not an address"}}, 422), "not an address")
	admin.sees(admin.submit(page, "/account/members", url.Values{"email": {"reader@example.jp"}, "member": {"READER"}, "language": {"ja"}}, 200), "招待のメールを送りました", "招待中")
	link := w.link("reader@example.jp", poa.MailInvitation)
	reader := w.visitor()
	page = reader.open(link, 200)
	reader.sees(page, "株式会社見本", "閲覧者")
	reader.submit(page, link, url.Values{"name": {"新人 花子"}, "password": {"short"}, "repeat": {"short"}}, 422)
	reader.submit(page, link, url.Values{"name": {"新人 花子"}, "password": {password}, "repeat": {password}}, 200)
	reader.sees(reader.open(link, 404), "このリンクは使えません")
	reader.signIn("reader@example.jp")
	for path, form := range map[string]string{"/tokens": `action="/tokens"`, "/endpoints": `action="/endpoints"`, "/account/members": `action="/account/members"`} {
		if page := reader.open(path, 200); strings.Contains(page.body, form) {
			t.Errorf("%s shows a reader the form %s", path, form)
		}
	}
	for _, path := range []string{"/check", "/recipient", "/inquiries", "/watches"} {
		reader.open(path, 200)
	}

	page = admin.open("/account/sessions", 200)
	admin.sees(page, "この端末")
	page = admin.submit(admin.open("/account/password", 200), "/account/password", url.Values{"current": {"wrong"}, "password": {"another long password"}, "repeat": {"another long password"}}, 422)
	admin.sees(page, "パスワードが違います")
	admin.sees(admin.submit(page, "/account/password", url.Values{"current": {password}, "password": {"another long password"}, "repeat": {"another long password"}}, 200), "パスワードを変更し")
	for _, email := range []string{recipientEmail, "nobody@example.jp"} {
		v := w.visitor()
		v.sees(v.submit(v.open("/forgot-password", 200), "/forgot-password", url.Values{"email": {email}}, 200), "登録されているメールアドレスであれば")
	}
}
