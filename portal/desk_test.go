// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"encoding/csv"
	"maps"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/portal/webtest"
)

var (
	caseLink   = regexp.MustCompile(`/staff/cases/cas_[0-9a-z]{26}`)
	personLink = regexp.MustCompile(`/staff/people/stf_[0-9a-z]{26}`)
	endLink    = regexp.MustCompile(`/staff/appointments/apt_[0-9a-z]{26}/(dismiss|propose)`)
	eventLink  = regexp.MustCompile(`/staff/audit/evt_[0-9a-z]{26}`)
	answerLink = regexp.MustCompile(`/staff/findings/fnd_[0-9a-z]{26}/(answer|confirm)`)
	fitness    = url.Values{"fitness.items": {"CONDUCT", "CAREER", "KNOWLEDGE"}, "fitness.declared": {"yes"}, "fitness.note": {"人事票により確認"}}
)

func with(fields url.Values) url.Values {
	all := maps.Clone(fitness)
	maps.Copy(all, fields)
	return all
}

// staffed is a member of staff, signed in.
func (w *world) staffed(role string) *visitor {
	w.tb.Helper()
	v := w.visitor()
	v.signIn(role + "@ininjo.example")
	return v
}

// another appoints one more person, by the owner's page, and signs in.
func (w *world) another(owner *visitor, name, email string, role poa.Role) *visitor {
	w.tb.Helper()
	page := owner.submit(owner.open("/staff/people", 200), "/staff/people", with(url.Values{"name": {name}, "email": {email}, "roles": {string(role)}}), 200)
	_, rest, _ := strings.Cut(page.body, `<code id="totp-secret">`)
	w.codes[email] = rest[:6]
	link, v := w.link(email, poa.MailSetPassword), w.visitor()
	v.submit(v.open(link, 200), link, url.Values{"password": {password}, "repeat": {password}}, 200)
	v.sees(v.signIn(email), "受付")
	return v
}

// filed is a filing that waits for reception.
func (w *world) filed(reception *visitor) string {
	w.tb.Helper()
	delegator := w.register("delegator", delegatorEmail)
	w.enrol(reception, "delegator")
	id := w.draft(delegator)
	w.handIn()
	path := "/delegations/" + id
	signed, err := w.signers["signer"].SignDrafted([]byte(delegator.open(path+"/draft", 200).body))
	must(w.tb, err)
	delegator.upload(delegator.open(path, 200), path+"/file", signed, 200)
	return id
}

// TestTheQueue works through what waits: without script, by two people.
func TestTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, reception := w.staffed("service_owner"), w.staffed("reception")
	second := w.another(owner, "受付 二郎", "jiro@ininjo.example", poa.RoleReception)
	id := w.filed(reception)
	queue := reception.open("/staff", 200)
	reception.sees(queue, "電子委任状の登録申請", "株式会社見本", "キーボードでの操作")
	reception.sees(reception.open("/staff?kind=TITLE", 200), "条件に合う案件はありません")
	reception.sees(reception.open("/staff?q="+url.QueryEscape("A-20260601-000001")+"&who=unclaimed", 200), "株式会社見本")
	path := caseLink.FindString(queue.body)
	page := second.open(path, 200)
	second.sees(page, "/staff/filings/"+id, "登録を申請した")
	second.sees(second.submit(page, path+"/claim", nil, 200), "担当しました", "受付 二郎")
	t.Run("what another has tells the name, and nothing typed is lost", func(t *testing.T) {
		reception.sees(reception.open(path, 200), "受付 二郎さんが担当中です")
		reception.sees(reception.submit(page, path+"/claim", nil, 422), "受付 二郎さんが担当中です")
		filing := "/staff/filings/" + id
		reception.sees(reception.submit(reception.open(filing, 200), filing+"/accept", url.Values{"ground": {"電話で確認した"}}, 422), "受付 二郎さんが担当中です", "電話で確認した")
	})
	t.Run("notes and contacts belong to the case", func(t *testing.T) {
		second.submit(second.open(path, 200), path+"/note", nil, 422)
		second.sees(second.submit(second.open(path, 200), path+"/note", url.Values{"note": {"折り返し待ち"}}, 200), "メモを残しました", "折り返し待ち")
		form := second.open("/staff/contacts/new?case="+strings.TrimPrefix(path, "/staff/cases/"), 200)
		second.sees(second.submit(form, "/staff/contacts/new", url.Values{"person": {"山田 太郎"}, "channel": {"TELEPHONE"}, "direction": {"OUT"}, "about": {""}}, 422), "山田 太郎", "f-contact-about-error")
		second.sees(second.submit(form, "/staff/contacts/new", url.Values{"person": {"=山田 太郎"}, "channel": {"TELEPHONE"}, "direction": {"OUT"}, "about": {"書類を頼んだ"}}, 200), "応対を記録しました", "書類を頼んだ")
	})
	t.Run("the owner takes over, gives back, and reception decides", func(t *testing.T) {
		page := owner.open(path, 200)
		owner.submit(page, path+"/take-over", nil, 422)
		owner.sees(owner.submit(page, path+"/take-over", url.Values{"note": {"担当者が休みのため"}}, 200), "案件を引き取りました")
		owner.submit(owner.open(path, 200), path+"/release", nil, 200)
		filing := "/staff/filings/" + id
		reception.submit(reception.open(filing, 200), filing+"/accept", url.Values{"ground": {"電話で確認した"}}, 200)
		reception.sees(reception.open(path, 200), "終了", "承認して保管した")
		reception.sees(reception.open("/staff", 200), "判断を待つものはありません")
	})
	t.Run("the log of contacts is a harmless file", func(t *testing.T) {
		reception.sees(reception.open("/staff/contacts?channel=TELEPHONE&from=2026-06-01&until=2026-06-30", 200), "=山田 太郎", "この期間をCSVで保存")
		reception.sees(reception.open("/staff/contacts.csv?from=2026-05-01&until=2026-06-30", 422), "31日以内")
		file := reception.open("/staff/contacts.csv?from=2026-06-01&until=2026-06-30", 200)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][6] != "'=山田 太郎" || rows[1][5] != "株式会社見本" {
			t.Errorf("%v, %q", err, rows)
		}
	})
	t.Run("a question by telephone is answered by another", func(t *testing.T) {
		found := reception.open("/staff/contacts/new?q="+url.QueryEscape("見本"), 200)
		chosen := regexp.MustCompile(`/staff/contacts/new\?party=dgr_[0-9a-z]{26}`).FindString(found.body)
		page := reception.submit(reception.open(chosen, 200), "/staff/contacts/new", url.Values{"person": {"山田 太郎"}, "about": {"いつ保管されるか"}, "question": {"yes"}}, 200)
		reception.sees(page, "回答を待つ案件を開きました", "株式会社見本")
		path := caseLink.FindString(page.path)
		answer := url.Values{"channel": {"TELEPHONE"}, "person": {"山田 太郎"}, "about": {"本日中と伝えた"}}
		reception.submit(page, path+"/answer", answer, 403)
		second.sees(second.submit(second.open(path, 200), path+"/answer", answer, 200), "案件を終了しました", "本日中と伝えた")
	})
}

// rowOf is where the row of a list leads that has the text.
func (p shown) rowOf(text string) string {
	for row := range strings.SplitSeq(p.body, "<tr>") {
		if strings.Contains(row, text) && personLink.MatchString(row) {
			return personLink.FindString(row)
		}
	}
	return ""
}

// TestPeople appoints, hands over and dismisses by pages.
func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, auditor := w.staffed("service_owner"), w.staffed("auditor")
	owner.sees(owner.open("/staff/roles", 200), "管理者", "兼ねられない役割", "当サービス独自")
	form := owner.open("/staff/people", 200)
	owner.sees(owner.submit(form, "/staff/people", url.Values{"name": {"管理 四郎"}, "email": {"m@ininjo.example"}, "roles": {"SERVICE_MANAGER"}}, 422), "管理 四郎", "f-people-fitness-items-error", "11.1")
	owner.sees(owner.submit(form, "/staff/people", with(url.Values{"name": {"管理 四郎"}, "email": {"m@ininjo.example"}, "roles": {"SERVICE_MANAGER", "RECEPTION"}}), 422), "兼ねることはできません")
	manager := w.staffed("service_manager")
	people := owner.open("/staff/people", 200)
	owner.sees(people, "管理者", "確認済み")
	reception, watching, minding := people.rowOf("受付担当者"), people.rowOf("監査人"), people.rowOf("保守員")
	owner.sees(owner.submit(owner.open(reception, 200), reception+"/appoint", with(url.Values{"roles": {"MAINTAINER"}}), 422), "すでにほかの人")
	leaving := endLink.FindString(owner.open(minding, 200).body)
	owner.submit(owner.open(leaving, 200), leaving, url.Values{"name": {"担当者"}, "ground": {"異動"}}, 200)
	owner.sees(owner.submit(owner.open(reception, 200), reception+"/appoint", with(url.Values{"roles": {"MAINTAINER"}}), 200), "任命しました", "保守員")
	t.Run("the auditor is dismissed by two", func(t *testing.T) {
		end := endLink.FindString(owner.open(watching, 200).body)
		gone := url.Values{"name": {"担当者"}, "ground": {"任期の満了"}}
		owner.sees(owner.submit(owner.open(end, 200), end, gone, 422), "先にサービス管理者の申立てが必要です")
		proposal := endLink.FindString(manager.open(watching, 200).body)
		manager.sees(manager.submit(manager.open(proposal, 200), proposal, gone, 200), "解任を申し立てました")
		owner.submit(owner.open(end, 200), end, url.Values{"name": {"別の人"}, "ground": {"任期の満了"}}, 422)
		owner.sees(owner.submit(owner.open(end, 200), end, gone, 200), "解任しました", "停止中")
		auditor.client.CheckRedirect = nil
		if page := auditor.open("/staff/audit", 200); !strings.HasPrefix(page.path, "/sign-in") {
			t.Error("whoever was dismissed still reads")
		}
	})
	t.Run("the owner hands over in one act", func(t *testing.T) {
		third := w.another(owner, "後任 五郎", "goro@ininjo.example", poa.RoleReception)
		successor := owner.open("/staff/people", 200).rowOf("後任 五郎")
		over := url.Values{"name": {"後任 五郎"}, "ground": {"退任"}}
		owner.sees(owner.submit(owner.open(successor+"/hand-over", 200), successor+"/hand-over", with(over), 422), "兼ねることはできません")
		end := endLink.FindString(owner.open(successor, 200).body)
		owner.submit(owner.open(end, 200), end, url.Values{"name": {"後任五郎"}, "ground": {"引継ぎのため"}}, 200)
		page := owner.submit(owner.open(successor+"/hand-over", 200), successor+"/hand-over", with(over), 200)
		if !strings.HasPrefix(page.path, "/sign-in") {
			t.Errorf("the former owner stands at %s", page.path)
		}
		if page := third.open("/staff/people", 200); !strings.HasPrefix(page.path, "/sign-in") {
			t.Errorf("a session from before the dismissal still holds at %s", page.path)
		}
		third.signIn("goro@ininjo.example")
		third.sees(third.open("/staff/people", 200), "担当者の任命")
	})
}

// TestAuditorsPages reads, extracts and reviews.
func TestAuditorsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auditor, manager := w.staffed("auditor"), w.staffed("service_manager")
	page := auditor.open("/staff/audit?action=permission.staff_appointed&outcome=DONE&from=2026-06-01&until=2026-06-01", 200)
	auditor.sees(page, "permission.staff_appointed", "この期間をCSVで保存")
	auditor.sees(auditor.open("/staff/audit?from=yesterday", 422), "f-audit-from-error")
	auditor.sees(auditor.open(eventLink.FindString(page.body), 200), "リーフハッシュ", "role.")
	file := auditor.open("/staff/audit.csv?action=permission.staff_appointed&from=2026-06-01&until=2026-06-01", 200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 7 || rows[0][0] != "at_utc" || len(rows[1][10]) != 64 {
		t.Errorf("%v, %q", err, rows)
	}
	auditor.sees(auditor.open("/staff/audit?action=audit.exported", 200), "audit.exported")
	auditor.sees(auditor.open("/staff/audit.csv?from=2026-01-01&until=2026-06-01", 422), "31日以内")
	manager.open("/staff/audit.csv?from=2026-06-01&until=2026-06-01", 403)
	form := auditor.open("/staff/reviews", 200)
	auditor.sees(form, "検証の期限超過")
	auditor.sees(auditor.submit(form, "/staff/reviews", url.Values{"log": {"AUDIT_LOG"}, "from": {"2026-05-01"}, "through": {"2026-06-01"}, "text": {""}}, 422), "f-review-text-error")
	auditor.sees(auditor.submit(form, "/staff/reviews", url.Values{"log": {"AUDIT_LOG"}, "from": {"2026-05-01"}, "through": {"2026-06-01"}, "text": {"抽出して照合した"}, "findings": {"夜間の操作\n古い権限"}}, 200), "検証を記録しました", "古い権限", "期限内")
	task := manager.open("/staff/reviews", 200)
	answer := answerLink.FindString(task.body)
	manager.submit(task, answer, nil, 422)
	manager.sees(manager.submit(task, answer, url.Values{"findingAnswer": {"手順を改めた"}}, 200), "対応を回答しました", "手順を改めた")
	done := auditor.open("/staff/reviews", 200)
	auditor.sees(auditor.submit(done, answerLink.FindString(done.body), nil, 200), "対応を確認しました", "確認済み")
}

// TestTheDeskInABrowser works through the queue by keyboard alone and reads the
// audit log in Chromium, with script and without.
func TestTheDeskInABrowser(t *testing.T) {
	t.Parallel()
	for script, people := range map[string][]string{"1": {"reception", "service_owner", "auditor"}, "0": {"reception", "auditor"}} {
		t.Run("script "+script, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.filed(w.staffed("reception"))
			for _, who := range people {
				email := who + "@ininjo.example"
				webtest.Node(t, "browser/desk.mjs", map[string]string{"BASE_URL": w.url, "PASSWORD": password, "JS": script, "SCREENSHOT_DIR": os.Getenv("SCREENSHOT_DIR"),
					"EMAIL": email, "CODE": w.codes[email], "WHO": who, "DELEGATION_ID": id})
			}
		})
	}
}
