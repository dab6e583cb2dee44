// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"time"

	"ininjo/poa"
)

// announcementSamples are the pages of announcements, letters and addresses that
// bounce.
func announcementSamples() []Sample {
	text := poa.AnnouncementText{ID: "ann_1", Kind: poa.AnnounceClosing, Audience: poa.AudienceBoth, Letters: true, TitleJa: "取扱業務終了のお知らせ", TitleEn: "The service is closing",
		TextJa: "取扱業務を終了いたします。\n\n詳しくは窓口まで。", TextEn: "The service will end.", ClosesOn: poa.Date{Year: 2027, Month: 3, Day: 31}, PreparedBy: "stf_2", PreparedAt: sampleAt}
	state := func(change func(*poa.AnnouncementText)) announcementView {
		v := announcementView{AnnouncementView: poa.AnnouncementView{AnnouncementText: text, PreparedByName: "受付 花子", For: 20_000,
			Reach: poa.Reach{Told: 12_000, Mailed: 9_000, Webhooks: 300, Letters: 40, Posted: 10, Waiting: 2_000}}}
		change(&v.AnnouncementText)
		v.State = v.AnnouncementText.State()
		return v
	}
	release := func(t *poa.AnnouncementText) {
		t.ReleasedBy, t.ReleasedAt, t.Parties, t.Told = "stf_1", sampleAt, 20_000, 12_000
	}
	prepared := state(func(*poa.AnnouncementText) {})
	running := state(release)
	stopped := state(func(t *poa.AnnouncementText) { release(t); t.StoppedBy, t.StoppedAt = "stf_1", sampleAt })
	finished := state(func(t *poa.AnnouncementText) { release(t); t.Told, t.FinishedAt = 20_000, sampleAt })
	withdrawn := state(func(t *poa.AnnouncementText) { t.WithdrawnBy, t.WithdrawnAt = "stf_2", sampleAt })
	for _, v := range []*announcementView{&running, &stopped, &finished} {
		v.ReleasedByName = "責任 太郎"
	}
	prepared.MayRelease = true
	letter := poa.LetterLine{Letter: poa.Letter{ID: "ltr_1", PartyID: "rcp_1", AnnouncementID: "ann_1", Language: "ja", Reason: poa.LetterSuppressed, CreatedAt: sampleAt,
		To: poa.Addressee{Name: "株式会社サンプル銀行", Address: "東京都千代田区丸の内一丁目1番1号", Title: "代表取締役", Person: "銀行 太郎"}}, Title: text.TitleJa}
	posted := letter
	posted.PrintedBy, posted.PrintedAt, posted.PostedBy, posted.PostedAt, posted.PostedByName = "stf_2", sampleAt, "stf_2", sampleAt.Add(time.Hour), "受付 花子"
	letters := lettersView{State: string(poa.LetterWaiting), States: poa.LetterStates, Reasons: poa.LetterReasons, Lines: []poa.LetterLine{letter}, Pager: pager{Total: 1}, Chosen: true}
	return []Sample{
		{"announcements", "announcements", staffWho, announcementsView{Items: []poa.AnnouncementText{prepared.AnnouncementText, running.AnnouncementText, stopped.AnnouncementText, finished.AnnouncementText, withdrawn.AnnouncementText}}, nil},
		{"announcements-empty", "announcements", staffWho, announcementsView{}, nil},
		{"announcement-new", "announcement-new", staffWho, nil, []*Form{faulty("announcement", "kind", "audience", "titleJa", "titleEn", "textJa", "textEn", "closesOn")}},
		{"announcement-prepared", "announcement", staffWho, prepared, nil},
		{"announcement-running", "announcement", staffWho, running, nil},
		{"announcement-stopped", "announcement", staffWho, stopped, nil},
		{"announcement-finished", "announcement", staffWho, finished, nil},
		{"announcement-withdrawn", "announcement", staffWho, withdrawn, nil},
		{"announcement-release", "announcement-release", staffWho, prepared, nil},
		{"letters", "letters", staffWho, letters, nil},
		{"letters-refused", "letters", staffWho, letters, []*Form{faulty("letters", "letters")}},
		{"letters-posted", "letters", staffWho, lettersView{State: string(poa.LetterPosted), States: poa.LetterStates, Reasons: poa.LetterReasons, Lines: []poa.LetterLine{posted}, Pager: pager{Total: 1}}, nil},
		{"letters-empty", "letters", staffWho, lettersView{State: string(poa.LetterWaiting), States: poa.LetterStates, Reasons: poa.LetterReasons}, nil},
		{"suppressions", "suppressions", staffWho, suppressionsView{Pager: pager{Total: 1}, Lines: []poa.SuppressionLine{{Suppression: poa.Suppression{ID: "sup_1", PartyID: "rcp_1", Email: "bank@example.jp", Reason: poa.SuppressedBounced, Status: "5.1.1", At: sampleAt}, PartyName: "株式会社サンプル銀行"}}}, nil},
		{"suppressions-empty", "suppressions", staffWho, suppressionsView{}, nil},
	}
}
