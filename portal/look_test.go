// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/locale"
	"ininjo/portal"
)

// TestLabelsOfTheContract holds the labels that design.md, section 5, fixes.
func TestLabelsOfTheContract(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"status.VALID": "有効", "status.NOT_YET_VALID": "委任期間開始前", "status.EXPIRED": "委任期間満了", "status.REVOKED": "失効（委任者の申出）", "status.RENOUNCED": "失効（受任者の辞任）",
		"status.SUPERSEDED": "廃番（更新済み）", "status.SUSPENDED": "一時停止中", "status.ENDED": "取扱い終了", "status.UNKNOWN": "該当なし",
		"state.DRAFTED": "署名待ち", "state.SUBMITTED": "審査中", "state.ACCEPTED": "保管中", "state.REFUSED": "保管不可", "state.WITHDRAWN": "取下げ",
	} {
		if got := locale.Text("ja", key, nil); got != want {
			t.Errorf("%s is %q, not %q", key, got, want)
		}
	}
	for _, each := range portal.Samples() {
		status, found := strings.CutPrefix(each.Name, "check-")
		if !found {
			continue
		}
		body, err := portal.Render("ja", each)
		must(t, err)
		if want := locale.Text("ja", "status."+strings.ToUpper(status), nil); !strings.Contains(body, `<p class="verdict">`+want+`</p>`) {
			t.Errorf("the answer %s does not say %q", status, want)
		}
	}
}

// TestPreferencesNeedNoScript chooses a theme and UTC by their links.
func TestPreferencesNeedNoScript(t *testing.T) {
	t.Parallel()
	v := newWorld(t).visitor()
	v.sees(v.open("/", 200), `media="screen and (prefers-color-scheme: dark)"`, `content="light dark"`, `<a href="?theme=system" aria-current="true">`)
	v.sees(v.open("/?theme=dark", 200), `content="dark"`)
	page := v.open("/sign-in?next=%2Ftokens", 200)
	v.sees(page, `content="dark"`, `media="screen"`, `href="?next=%2Ftokens&theme=light"`)
	if page = v.open("/repository?theme=light", 200); strings.Contains(page.body, "dark.css") {
		t.Error("the light theme loads the dark one")
	}
	v.sees(v.open("/repository?theme=evil", 200), `content="light"`)
	v.sees(v.open("/?utc=shown", 200), `with-utc"`)
	v.sees(v.open("/repository", 200), `with-utc"`)
}

// TestRefusedFormsKeepTheirPlace asks for the address of a form that was
// refused, as choosing a language there does.
func TestRefusedFormsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, want := range map[string]string{"/staff/applications/dgr_1/confirm?lang=en": "/staff/applications/dgr_1", "/l/injl_x/challenge": "/l/injl_x", "/sign-out": "/", "/endpoints/whe_1/test": "/endpoints/whe_1"} {
		if page := v.open(path, 303); page.header.Get("Location") != want {
			t.Errorf("%s leads to %q, not %q", path, page.header.Get("Location"), want)
		}
	}
}

// TestActsAreConfirmedByName types another word, and the right one another way.
func TestActsAreConfirmedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.enrolled("delegator", delegatorEmail)
	id := w.draft2(v, "")
	path := "/delegations/" + id + "/withdraw"
	page := v.open(path, 200)
	word := poa.DelegationID(id).Word()
	v.sees(page, "確認のため「"+word+"」と入力してください")
	page = v.submit(page, path, url.Values{"confirmation": {"XXXXX"}}, 422)
	v.sees(page, "画面に示した文字と一致しません", `value="XXXXX"`, `aria-invalid="true"`, "エラー：")
	v.submit(page, path, url.Values{"confirmation": {""}}, 422)
	v.sees(v.open("/delegations/"+id, 200), "署名待ち")
	v.sees(v.submit(page, path, url.Values{"confirmation": {" " + strings.ToLower(word)}}, 200), "取り下げました")
}

// TestFailuresShowAWayOut meets failures that no page foresees.
func TestFailuresShowAWayOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	page := v.ask(http.MethodPost, "/sign-in", http.Header{"Sec-Fetch-Site": {"cross-site"}})
	if page.status != http.StatusForbidden {
		t.Errorf("another site's form is answered %d", page.status)
	}
	v.sees(page, "この画面は開けません", "req-of-the-test", `href="/"`)
	large := strings.NewReader("email=" + strings.Repeat("a", 600<<10))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/sign-in", large)
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	v.sees(v.want(request, 413), "送信されたデータが大きすぎます", "req-of-the-test")
	for name, want := range map[string]string{"panic": "問題が起きました", "view": "Something went wrong", "early": "7 秒後に、もう一度お試しいただけます。"} {
		status, header, body := portal.Fail(name, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
		if !strings.Contains(body, want) || !strings.Contains(body, "req_1") || !strings.Contains(body, `href="/"`) || !strings.HasPrefix(header.Get("Content-Type"), "text/html") || status < 404 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}
