// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
	"ininjo/portal"
)

// TestSignedPDFIsAccepted drafts as the page suggests, comes with wrong files
// first, and shows every check and the evidence of a filing that the machine
// accepted.
func TestSignedPDFIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.says(jpki.Good)
	delegator := w.enrolled("delegator", delegatorEmail)
	id := w.draft2(delegator, "")
	path := "/delegations/" + id
	w.handIn()
	page := delegator.open(path, 200)
	delegator.sees(page, "Acrobat と JPKI利用者ソフトで署名する", "ininjo sign", `accept=".pdf,.xml,.p7m,.p7s"`)
	draft := delegator.open(path+"/draft", 200)
	wantFile(t, draft, ".pdf", "application/pdf", "%PDF-")
	foreign, err := w.signers["deputy"].SignDrafted([]byte(draft.body))
	must(t, err)
	signed, err := w.signers["signer"].SignDrafted([]byte(draft.body))
	must(t, err)
	for name, wrong := range map[string]struct {
		file  []byte
		wants string
	}{
		"the draft itself":       {[]byte(draft.body), "電子署名が見つかりません"},
		"another's signature":    {foreign, "署名者の氏名"},
		"more after the file":    {append(bytes.Clone(signed), "more"...), ""},
		"what is no PDF at all":  {[]byte("<?xml version='1.0'?>"), ""},
		"no file":                {nil, "入力してください"},
		"a byte changed in it":   {bytes.Replace(signed, []byte("/Type"), []byte("/Tyqe"), 1), ""},
		"a file that is too big": {make([]byte, poa.MaxFile+1), "4 MB"},
	} {
		refused := delegator.upload(page, path+"/file", wrong.file, 422)
		delegator.sees(refused, wrong.wants, "下書きも手続きもそのまま残っています", "署名後の PDF（.pdf）")
		if !strings.Contains(refused.body, `id="f-submit-signedFile-error"`) {
			t.Errorf("%s: no fault stands at the field", name)
		}
	}
	done := delegator.upload(page, path+"/file", signed, 200)
	delegator.sees(done, "保管を開始しました", "有効", "OCSPで確認", "署名者の氏名", "署名者の住所", "受任者の氏名")
	if strings.Contains(done.body, "result-not_checked") || strings.Contains(done.body, "result-possible") {
		t.Error("a check did not pass:", text(done.body))
	}
	wantFile(t, delegator.open(path+"/signed", 200), "-signed.pdf", "application/pdf", "%PDF-")
	w.seesEvidence(delegator, path+"/evidence")
}

// seesEvidence shows the evidence before and after it is stamped, and verifies
// what is handed out.
func (w *world) seesEvidence(delegator *visitor, path string) {
	w.tb.Helper()
	delegator.sees(delegator.open(path, 200), "提出の検証", "受理・拒否の決定", "まだありません。自動で付けられます。")
	w.stampAll()
	page := delegator.open(path, 200)
	delegator.sees(page, "SHA-256", "次の付け直し", "ininjo verify evidence FILE", "決定した日時", "受理して保管")
	if strings.Contains(page.body, "受任者の電子証明書の証拠") {
		w.tb.Error("the delegate's chain is for staff alone")
	}
	file := delegator.open(path+"/file", 200)
	wantFile(w.tb, file, ".json", "application/json", "{")
	if file.header.Get("Cache-Control") != "no-store" {
		w.tb.Errorf("the evidence may be kept by a cache: %s", file.header.Get("Cache-Control"))
	}
	bundle, err := evidence.DecodeBundle([]byte(file.body))
	must(w.tb, err)
	if len(bundle.Records) != 2 || len(bundle.Records[0].Tokens) != 1 {
		w.tb.Errorf("the evidence holds %d records", len(bundle.Records))
	}
	delegator.open(path+"/file?chain=DELEGATE", 404)
}

func wantFile(tb testing.TB, got shown, end, mediaType, begins string) {
	tb.Helper()
	name := got.header.Get("Content-Disposition")
	if !strings.HasPrefix(name, "attachment") || !strings.HasSuffix(name, end+`"`) || got.header.Get("Content-Type") != mediaType || !strings.HasPrefix(got.body, begins) {
		tb.Errorf("the file came as %s, %s, %.8q", name, got.header.Get("Content-Type"), got.body)
	}
}

// TestDraftForBusinessSoftware drafts as XML and files a detached signature.
func TestDraftForBusinessSoftware(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delegator := w.enrolled("delegator", delegatorEmail)
	delegator.sees(delegator.submit(delegator.open("/delegations/new", 200), "/delegations/new", url.Values{"format": {"DOCX"}, "powers": {"打ったとおり"}}, 422), "XML か PDF を選んでください", "打ったとおり")
	id := w.draftAs(delegator, "XML")
	w.handIn()
	path := "/delegations/" + id
	page := delegator.open(path, 200)
	delegator.sees(page, "XML は Acrobat では署名できません", "openssl cms -sign")
	draft := delegator.open(path+"/draft", 200)
	wantFile(t, draft, ".xml", "application/xml", "<?xml")
	signed, err := w.signers["signer"].SignDetached([]byte(draft.body))
	must(t, err)
	delegator.sees(delegator.upload(page, path+"/file", signed, 200), "審査中")
	wantFile(t, delegator.open(path+"/signed", 200), ".xml.p7s", "application/pkcs7-signature", string(signed[:4]))
	delegator.sees(delegator.open("/delegations/new?replaces="+id, 200), `value="XML" checked`)
}

// TestPersonDecidesOnCharacters sets the certificate beside the register, and
// keeps the ground of the decision.
func TestPersonDecidesOnCharacters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.says(jpki.Good)
	w.signers["signer"] = w.vague()
	delegator, reception := w.enrolled("delegator", delegatorEmail), w.staffed("reception")
	id := w.draft2(delegator, "")
	w.handIn()
	w.submitSigned(delegator, id)
	desk := "/staff/filings/" + id
	page := reception.open(desk, 200)
	reception.sees(page, `<mark class="substitute">太</mark>`, "（代替文字）", "3 文字目", "霞", `<mark>ヶ</mark>`, `<mark>が</mark>`, "かなの大きさ・種類が異なります", "要確認", "違いはありません")
	if body := delegator.open("/delegations/"+id, 200).body; strings.Contains(body, "霞ヶ関") {
		t.Error("the delegator's page shows what the certificate says")
	}
	reception.sees(reception.submit(page, desk+"/accept", nil, 422), "f-accept-ground-error", "<mark>ヶ</mark>")
	reception.sees(reception.submit(page, desk+"/accept", url.Values{"ground": {"運転免許証の写しで確かめた"}}, 200), "電子委任状を保管しました", "運転免許証の写しで確かめた", "受付担当者の判断")
	reception.sees(reception.open("/staff/evidence/"+id, 200), "運転免許証の写しで確かめた", "提出の証拠", "受任者の電子証明書の証拠")
	own := delegator.open("/delegations/"+id, 200)
	delegator.sees(own, "代替文字が使われています", "（3 文字目）")
	if strings.Contains(own.body+delegator.open("/delegations/"+id+"/evidence", 200).body, "運転免許証") {
		t.Error("the ground is reception's own")
	}
	auditor := w.staffed("auditor")
	auditor.sees(auditor.open("/staff/evidence/"+id, 200), "提出の証拠")
	auditor.open("/staff/evidence/"+string(poa.NewDelegationID()), 404)
	w.staffed("service_manager").open("/staff/evidence/"+id, 403)
}

// TestCertificateIsAskedAboutAgain waits for the word of the authority: until it
// comes nobody accepts.
func TestCertificateIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delegator, reception := w.enrolled("delegator", delegatorEmail), w.staffed("reception")
	w.authority.isSilent()
	id := w.draft2(delegator, "")
	w.handIn()
	link := w.link(delegateEmail, poa.MailDelegateLink)
	w.visitor().sees(w.visitor().open(link, 200), "受任者の電子証明書の失効情報を照会中です", "遅くとも")
	w.authority.says(jpki.Good)
	w.askAgain()
	if body := w.visitor().open(link, 200).body; strings.Contains(body, "照会中") {
		t.Error("the delegate is not told that the authority answered")
	}
	w.authority.isSilent()
	w.submitSigned(delegator, id)
	delegator.sees(delegator.open("/delegations/"+id, 200), "署名者の電子証明書の失効情報を照会中です", "次の照会", "失効情報を照会中です（照会先から回答がありません）")
	desk := "/staff/filings/" + id
	page := reception.open(desk, 200)
	reception.sees(page, "署名者の電子証明書の失効情報を照会中です", "失効情報の回答があるまで、承認できません")
	if _, offered := page.values(desk + "/accept"); offered {
		t.Error("what would be refused is offered")
	}
	// A page that was opened before may still have the form.
	early := reception.submit(shown{body: `<form method="post" action="` + desk + `/accept"><input name="idempotencyKey" value="once"></form>`}, desk+"/accept", url.Values{"ground": {"待てない"}}, 422)
	reception.sees(early, "電子証明書の失効情報を照会中です。回答があるまで受け付けられません")
	w.data.Clock.Advance(time.Hour)
	w.authority.says(jpki.Good)
	w.askAgain()
	delegator.sees(delegator.open("/delegations/"+id, 200), "有効", "この後に結果が更新されました")
}

// TestDelegateHearsThatHisCertificateIsRevoked is told by a new link.
func TestDelegateHearsThatHisCertificateIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delegator := w.enrolled("delegator", delegatorEmail)
	w.authority.isSilent()
	id := w.draft2(delegator, "")
	w.handIn()
	w.authority.says(jpki.Revoked)
	w.askAgain()
	w.visitor().sees(w.visitor().open(w.link(delegateEmail, poa.MailDelegateLink), 200), "前に提出された電子証明書は使えませんでした", "失効しています", "提出の手続を始める")
	delegator.sees(delegator.open("/delegations/"+id, 200), "受任者の証明書を待っています", "不適合")
	w.authority.says(jpki.Good)
	w.handIn()
}

// TestServiceProviderKeepsNoCertificate says why there is no signed file.
func TestServiceProviderKeepsNoCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.authority.mode = poa.ModeSP
	w.authority.says(jpki.Good)
	w.serveAgain()
	w.signers["signer"] = w.vague()
	delegator, reception := w.enrolled("delegator", delegatorEmail), w.staffed("reception")
	id := w.draft2(delegator, "")
	w.handIn()
	w.submitSigned(delegator, id)
	path := "/delegations/" + id
	delegator.sees(delegator.open(path, 200), "署名済みファイルはここにはありません", "検証プラットフォームで確認")
	delegator.open(path+"/signed", 404)
	delegator.sees(delegator.open(path+"/evidence", 200), "電子証明書と署名済みファイルは証拠に含まれません")
	reception.sees(reception.open("/staff/filings/"+id, 200), "署名者の電子証明書の文字は保管していません", "（3 文字目）")
	if file := delegator.open(path+"/evidence/file", 200); bytes.Contains([]byte(file.body), w.signers["signer"].Certificate.Raw) {
		t.Error("the evidence holds the certificate")
	}
}

var _ poa.TimeStamper = (*authority)(nil)

// TestMarksStandAtTheCharactersThatDiffer on both sides, also where one leaves
// something out; what cannot be placed is told by its note alone.
func TestMarksStandAtTheCharactersThatDiffer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		compare                                   func(certificate, flags, register string) []kanji.Difference
		certificate, flags, register, left, right string
	}{
		"two forms and a substitute": {kanji.ExplainName, "髙嶋　一郎", "00010", "高嶋 一郎", "[髙]1嶋　[一*]2郎", "[高]1嶋 [一]2郎"},
		"nothing differs":            {kanji.ExplainName, "山田　太郎", "00000", "山田太郎", "山田　太郎", "山田太郎"},
		"one has no prefecture":      {kanji.ExplainAddress, "東京都千代田区霞ヶ関１－１", "", "千代田区霞が関1-1", "東京都千代田区霞[ヶ]2関１－１", "千代田区霞[が]2関1-1"},
		"names of other lengths":     {kanji.ExplainName, "山田　太郎", "", "山田 太", "山田　太郎", "山田 太"},
	} {
		left, right := portal.Marked(poa.Compared{Certificate: c.certificate, Substitutes: c.flags, Register: c.register, Differences: c.compare(c.certificate, c.flags, c.register)})
		if left != c.left || right != c.right {
			t.Errorf("%s: %q and %q, want %q and %q", name, left, right, c.left, c.right)
		}
	}
}
