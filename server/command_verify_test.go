// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/evidence"
	"ininjo/poa/jpki"
	"ininjo/poa/kanji"
	"ininjo/poa/poatest"
	"ininjo/poa/receipt"
)

// keptEvidence is a bundle on disk, with the folders of roots that verify it.
type keptEvidence struct{ file, roots, authorities string }

const keptID = "01234-56789-ABCDE-FGHJK-MNPQR"

var keptAt = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

func keepEvidence(t *testing.T) keptEvidence {
	t.Helper()
	ca, authority := poatest.MustCA(t, keptAt), poatest.MustCA(t, keptAt, poatest.WithOrganization("TSA"))
	signer := poatest.MustIssue(t, ca, poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７", BirthDate: "1980-02-17"})
	drafted, err := document.XML{}.Marshal(document.Content{
		DelegationID: keptID, DraftedAt: keptAt,
		Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "7000012050002", Name: "株式会社委任", HeadOffice: "東京都清瀬市観布子南1-1",
			RepresentativeTitle: "代表取締役", RepresentativeName: "黒桐幹也"},
		Delegate: document.Delegate{Name: "山田太郎", Address: "東京都港区芝1-2-3"}, Powers: []string{"契約の締結"}, ValidFrom: "2026-11-01", ValidThrough: "2027-10-31",
		Service: document.Service{Name: "委任状サービス", PolicyURL: "https://example.test/policy", ValidityURL: "https://example.test/validity"},
		Status:  document.Status{ListURI: "https://example.test/status-lists/1", Index: 7},
	})
	check(t, err)
	file, err := signer.SignAttached(drafted)
	check(t, err)
	list, err := ca.RevocationList(keptAt)
	check(t, err)
	answer, err := jpki.CheckCRL(list, signer.Certificate, ca.Root, keptAt)
	check(t, err)
	root := sha256.Sum256(ca.Root.Raw)
	passed := func(kind string) evidence.Check {
		return evidence.Check{Kind: kind, Result: "PASSED", At: keptAt}
	}
	record, err := evidence.Encode(evidence.Record{Kind: evidence.KindIntake, DelegationID: keptID, Mode: evidence.ModeDemo, Instant: keptAt, Format: "XML",
		File: file, Drafted: drafted, Chain: [][]byte{signer.Certificate.Raw, ca.Root.Raw}, Expected: &evidence.Person{Name: "黒桐幹也"},
		Status: []evidence.Status{{Source: answer.Source, Standing: string(answer.Standing), AskedAt: keptAt, ProducedAt: answer.ProducedAt, ThisUpdate: answer.ThisUpdate,
			NextUpdate: answer.NextUpdate, Raw: answer.Raw}},
		Checks: []evidence.Check{passed("SIGNATURE"), passed("CERTIFICATE_PATH"), passed("CERTIFICATE_STATUS"), passed("SIGNER_NAME")},
		Rules:  "2.01", KanjiTable: kanji.TableVersion, Root: hex.EncodeToString(root[:]), Policies: []string{jpki.PolicyTest}, Policy: jpki.PolicyTest})
	check(t, err)
	token, err := poatest.MustTSA(t, authority).Stamp(evidence.Imprint(crypto.SHA256, record, nil), crypto.SHA256, keptAt.Add(time.Minute))
	check(t, err)
	bundle, err := evidence.EncodeBundle(evidence.Bundle{Records: []evidence.Stamped{{Record: record, Tokens: [][]byte{token}}}})
	check(t, err)
	kept := keptEvidence{file: filepath.Join(t.TempDir(), "evidence.json"), roots: t.TempDir(), authorities: t.TempDir()}
	check(t, os.WriteFile(kept.file, bundle, 0o600))
	check(t, ca.WriteRoots(kept.roots))
	check(t, authority.WriteRoots(kept.authorities))
	return kept
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestVerifyEvidence(t *testing.T) {
	t.Parallel()
	kept := keepEvidence(t)
	whole := []string{"verify", "evidence", kept.file, "--roots", kept.roots, "--tsa-roots", kept.authorities, "--at", "2027-01-01T00:00:00Z"}
	english, japanese := []string{"LC_ALL=", "LC_MESSAGES=", "LANG=C"}, []string{"LC_ALL=", "LC_MESSAGES=", "LANG=ja_JP.UTF-8"}
	t.Run("in both languages", func(t *testing.T) {
		t.Parallel()
		said := succeed(t, english, whole...)
		wantText(t, said, "Everything verifies", keptID, "[OK] Time stamp", "Time: 2026-11-01 12:01:00 JST", "Kind: Intake of a filing (INTAKE)")
		wantText(t, succeed(t, japanese, whole...), "すべて検証できました", "[検証済] 電子署名", "確認項目: 署名者の氏名 (SIGNER_NAME)", "2027-01-01 09:00:00 JST", "種別: 提出の検証 (INTAKE)")
		if strings.Contains(said, "黒桐") || strings.Contains(said, "清瀬") {
			t.Error("the report names the signer")
		}
	})
	t.Run("as JSON, from standard input", func(t *testing.T) {
		t.Parallel()
		path, err := binary()
		check(t, err)
		file, err := os.Open(kept.file)
		check(t, err)
		defer func() { _ = file.Close() }()
		args := append([]string{"verify", "evidence", "-"}, append(whole[3:], "--json")...)
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Stdin = file
		said, err := cmd.Output()
		check(t, err)
		var report evidence.Report
		if err := json.Unmarshal(said, &report); err != nil || report.Result != evidence.OK || report.DelegationID != keptID || len(report.Findings) < 7 {
			t.Errorf("printed %s: %v", said, err)
		}
	})
	t.Run("without roots", func(t *testing.T) {
		t.Parallel()
		wantText(t, succeed(t, english, "verify", "evidence", kept.file), "Nothing failed, but", "--roots", "--tsa-roots")
		wantText(t, refused(t, english, "verify", "evidence", kept.file, "--strict"), "not all of it is verifiable")
		succeed(t, english, append(whole, "--strict")...)
	})
	t.Run("long after its time stamp ended", func(t *testing.T) {
		t.Parallel()
		p := launch(t, english, append(whole[:len(whole)-1:len(whole)-1], "2045-01-01T00:00:00Z")...)
		if status := p.status(t, patience); status != 1 {
			t.Errorf("ended with %d", status)
		}
		wantText(t, p.stdout.String(), "[FAIL] Time stamp", "TIME_STAMP_ENDED")
		wantText(t, p.stderr.String(), "ininjo: it was not verified")
		wantText(t, refused(t, japanese, append(whole[:len(whole)-1:len(whole)-1], "2045-01-01T00:00:00Z")...), "検証できませんでした")
	})
	t.Run("a weak digest", func(t *testing.T) {
		t.Parallel()
		wantText(t, refused(t, english, append(whole, "--weak", "SHA-256=2026-12-01")...), "it was not verified")
		wantText(t, refused(t, english, append(whole, "--weak", "MD5=2026-12-01")...), "MD5")
		wantText(t, refused(t, english, append(whole, "--weak", "SHA-256=soon")...), "soon is no day")
	})
	t.Run("another policy", func(t *testing.T) {
		t.Parallel()
		wantText(t, refused(t, english, append(whole, "--policy", jpki.PolicyCard)...), "it was not verified")
	})
	t.Run("what is no evidence", func(t *testing.T) {
		t.Parallel()
		text, err := os.ReadFile(kept.file)
		check(t, err)
		damaged := filepath.Join(t.TempDir(), "damaged.json")
		check(t, os.WriteFile(damaged, append(text, '\n'), 0o600))
		wantText(t, refused(t, english, "verify", "evidence", damaged), "no evidence that the service handed out")
		wantText(t, refused(t, english, "verify", "evidence", kept.roots), "reading")
		wantText(t, refused(t, english, "verify", "evidence", damaged+"."), "no such file")
		wantText(t, refused(t, english, "verify", "evidence", kept.file, "--roots", t.TempDir()), "--roots", "pins.txt")
	})
}

// TestVerifySaysWhatIsWrongInBothLanguages: files and flags, too; --language comes before the terminal's.
func TestVerifySaysWhatIsWrongInBothLanguages(t *testing.T) {
	t.Parallel()
	english, japanese := []string{"LC_ALL=", "LC_MESSAGES=", "LANG=C"}, []string{"LC_ALL=", "LC_MESSAGES=", "LANG=ja_JP.UTF-8"}
	folder := t.TempDir()
	file, none := filepath.Join(folder, "file"), filepath.Join(folder, "none")
	check(t, os.WriteFile(file, []byte("{}"), 0o600))
	for _, c := range []struct {
		args   []string
		ja, en string
	}{
		{[]string{"evidence", none}, none + " がありません", "no such file"},
		{[]string{"evidence", folder}, folder + " はフォルダーです", "it is a folder"},
		{[]string{"evidence", file}, "サービスが渡した証拠ではない", "no evidence that the service handed out"},
		{[]string{"evidence", file, "--roots", none}, "--roots に指定したフォルダー " + none + " がありません", "--roots: there is no folder"},
		{[]string{"evidence", file, "--tsa-roots", folder}, "--tsa-roots のフォルダーから認証局の証明書を読み取れません", "reading --tsa-roots"},
		{[]string{"evidence", file, "--weak", "SHA-256=soon"}, "--weak の日付 soon を読み取れません", "soon is no day"},
		{[]string{"evidence", file, "--weak", "MD5=2030-01-01"}, "--weak の MD5 は", "MD5 is none of"},
		{[]string{"evidence", file, "--weak", "soon"}, "--weak の値が正しくありません", "--weak"},
		{[]string{"evidence", file, "--at", "soon"}, "--at の値が正しくありません", "--at"},
		{[]string{"evidence", file, "--nothing"}, "--nothing という指定はありません", "--nothing"},
		{[]string{"evidence", file, file}, file + " は余分です", "unexpected argument"},
		{[]string{"evidence"}, "ファイルを指定してください", "<file>"},
		{[]string{}, "のどれかを指定してください", "one of"},
		{[]string{"receipt", none, "--jwks", file}, none + " がありません", "no such file"},
		{[]string{"receipt", file, "--jwks", none}, none + " がありません", "no such file"},
		{[]string{"receipt", file}, "--jwks を指定してください", "--jwks"},
		{[]string{"receipt", file, "--jwks", file}, "回答書を検証できませんでした", "the receipt does not verify"},
	} {
		args := append([]string{"verify"}, c.args...)
		wantText(t, refused(t, japanese, args...), c.ja)
		wantText(t, refused(t, english, args...), c.en)
		wantText(t, refused(t, english, append(args, "--language", "ja")...), c.ja)
	}
	wantText(t, refused(t, japanese, "verify", "--language=en", "evidence", none), "no such file")
	wantText(t, refused(t, japanese, "verify", "evidence", file, "--language", "fr"), "--language の値が正しくありません")
}

func TestVerifyReceipt(t *testing.T) {
	t.Parallel()
	key, err := receipt.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := receipt.NewES256Signer(key)
	check(t, err)
	public, err := receipt.PublicJWK(&key.PublicKey)
	check(t, err)
	keys, err := receipt.JWKS([]receipt.PublicKey{{JWK: public, Purpose: receipt.TypReceipt, NotBefore: keptAt.AddDate(0, 0, -1)}})
	check(t, err)
	document := filepath.Join(t.TempDir(), "signed.xml")
	check(t, os.WriteFile(document, []byte("signed"), 0o600))
	sum, yes, version := sha256.Sum256([]byte("signed")), true, 3
	bare := receipt.Claims{Issuer: "https://poa.example", Recipient: "rcp_1", IssuedAt: keptAt, Question: receipt.Question{DelegationID: keptID, Nonce: "n-1"},
		Answer: receipt.Answer{Status: "VALID", AsOf: keptAt, KnownAt: keptAt, AnsweredAt: keptAt, ValidThrough: "2027-10-31"}, Version: &version, EventID: "inq_1", LeafHash: strings.Repeat("0", 64)}
	compared := bare
	compared.Question.DocumentSHA256, compared.Answer.DocumentMatches, compared.Answer.FileCompared = hex.EncodeToString(sum[:]), &yes, true
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, text, 0o600))
		return path
	}
	sign := func(name string, c receipt.Claims) string {
		compact, err := receipt.Issue(t.Context(), signer, c)
		check(t, err)
		return write(name, []byte(compact+"\n"))
	}
	jwks, plain, about := write("jwks.json", keys), sign("bare.jws", bare), sign("compared.jws", compared)
	english := []string{"LC_ALL=C"}
	t.Run("question, answer, time and key", func(t *testing.T) {
		t.Parallel()
		said := succeed(t, english, "verify", "receipt", plain, "--jwks", jwks, "--issuer", "https://poa.example")
		wantText(t, said, "The receipt verifies.", "Delegation asked about: "+keptID, "Answer: Valid (VALID)", "Answered at: 2026-11-01 12:00:00 JST", "Nonce: n-1", "Signed by key: ", "No file was compared")
		wantText(t, succeed(t, []string{"LC_ALL=ja_JP.UTF-8"}, "verify", "receipt", plain, "--jwks", jwks), "有効性確認回答書の署名を確認しました", "ファイルの照合は行っていません", "有効 (VALID)")
	})
	t.Run("a file that was compared", func(t *testing.T) {
		t.Parallel()
		said := succeed(t, english, "verify", "receipt", about, "--jwks", jwks, "--document", document)
		wantText(t, said, "File matches: yes")
		if strings.Contains(said, "No file was compared") {
			t.Errorf("printed %s", said)
		}
		wantText(t, refused(t, english, "verify", "receipt", plain, "--jwks", jwks, "--document", document), "compared no file")
		wantText(t, refused(t, english, "verify", "receipt", about, "--jwks", jwks, "--document", jwks), "another file")
		wantText(t, refused(t, []string{"LC_ALL=ja_JP.UTF-8"}, "verify", "receipt", about, "--jwks", jwks, "--document", jwks), "別のファイルについての回答書です")
	})
	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		var said struct {
			KeyID        string `json:"keyId"`
			FileCompared bool   `json:"fileCompared"`
			Claims       struct {
				Issuer string `json:"iss"`
			} `json:"claims"`
		}
		text := succeed(t, english, "verify", "receipt", plain, "--jwks", jwks, "--json")
		if err := json.Unmarshal([]byte(text), &said); err != nil || said.KeyID == "" || said.FileCompared || said.Claims.Issuer != "https://poa.example" {
			t.Errorf("printed %s: %v", text, err)
		}
	})
	t.Run("what does not verify", func(t *testing.T) {
		t.Parallel()
		text, err := os.ReadFile(plain)
		check(t, err)
		changed := []byte(string(text))
		changed[len(changed)-10] ^= 1
		wantText(t, refused(t, english, "verify", "receipt", write("changed.jws", changed), "--jwks", jwks), "the receipt does not verify")
		wantText(t, refused(t, english, "verify", "receipt", plain, "--jwks", write("none.json", []byte(`{"keys":[]}`))), "none of the keys")
		wantText(t, refused(t, english, "verify", "receipt", jwks, "--jwks", jwks), "this is no receipt")
		wantText(t, refused(t, english, "verify", "receipt", plain, "--jwks", jwks, "--issuer", "https://other.example"), "issued by https://poa.example")
		wantText(t, refused(t, english, "verify", "receipt", plain), "--jwks")
		early := bare
		early.IssuedAt = keptAt.AddDate(-1, 0, 0)
		wantText(t, refused(t, english, "verify", "receipt", sign("early.jws", early), "--jwks", jwks), "outside of its key's period")
	})
}
