// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/receipt"
	"ininjo/poa/statuslist"
)

// TestVerifyStatus looks delegations up in a list that is at hand as a file.
func TestVerifyStatus(t *testing.T) {
	t.Parallel()
	key, err := receipt.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := receipt.NewES256Signer(key)
	check(t, err)
	public, err := receipt.PublicJWK(&key.PublicKey)
	check(t, err)
	keys, err := receipt.JWKS([]receipt.PublicKey{{JWK: public, Purpose: receipt.TypStatusList, NotBefore: keptAt.AddDate(0, 0, -1)}})
	check(t, err)
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, text, 0o600))
		return path
	}
	entries := statuslist.NewEntries()
	entries.Set(7, statuslist.Valid)
	entries.Set(8, statuslist.Suspended)
	issue := func(name string, n string, issued time.Time) string {
		compact, err := statuslist.Issue(t.Context(), signer, statuslist.Token{URI: "https://example.test/status-lists/" + n, IssuedAt: issued, ExpiresAt: issued.Add(6 * time.Hour), TTL: time.Minute, Entries: entries})
		check(t, err)
		return write(name, []byte(compact+"\n"))
	}
	jwks, list, other := write("jwks.json", keys), issue("list.jwt", "1", keptAt), issue("other.jwt", "2", keptAt)
	content := document.Content{DelegationID: keptID, DraftedAt: keptAt, Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "7000012050002", Name: "株式会社委任",
		HeadOffice: "東京都清瀬市観布子南1-1", RepresentativeTitle: "代表取締役", RepresentativeName: "黒桐幹也"}, Delegate: document.Delegate{Name: "山田太郎", Address: "東京都港区芝1-2-3"},
		Powers: []string{"契約の締結"}, ValidFrom: "2026-11-01", ValidThrough: "2027-10-31",
		Service: document.Service{Name: "委任状サービス", PolicyURL: "https://example.test/policy", ValidityURL: "https://example.test/validity"},
		Status:  document.Status{ListURI: "https://example.test/status-lists/1", Index: 7}}
	asXML, err := document.XML{}.Marshal(content)
	check(t, err)
	asPDF, err := document.PDF{}.Marshal(content)
	check(t, err)
	english, japanese := []string{"LC_ALL=C"}, []string{"LC_ALL=ja_JP.UTF-8"}
	args := func(more ...string) []string {
		return append([]string{"verify", "status", "--jwks", jwks, "--at", "2026-11-01T04:00:00Z"}, more...)
	}
	for name, file := range map[string]string{"XML": write("file.xml", asXML), "PDF": write("file.pdf", asPDF)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantText(t, succeed(t, english, args(file, "--list", list)...), "The status list verifies.", keptID, "Status: Valid (VALID)", "Index: 7", "Issued at: 2026-11-01 12:00:00 JST", "own file was not verified")
			wantText(t, succeed(t, japanese, args(file, "--list", list)...), "状態リストの署名を確認しました", "有効 (VALID)")
			wantText(t, refused(t, english, args(file, "--list", other)...), "stands in another status list")
		})
	}
	t.Run("by its place", func(t *testing.T) {
		t.Parallel()
		var said verifiedStatus
		text := succeed(t, english, args("--index", "7", "--list", list, "--json")...)
		if err := json.Unmarshal([]byte(text), &said); err != nil || said.Status != "VALID" || said.List != "https://example.test/status-lists/1" {
			t.Errorf("printed %s: %v", text, err)
		}
		for place, status := range map[string]string{"8": "Suspended (SUSPENDED)", "9": "Not valid (INVALID)"} {
			p := launch(t, english, args("--index", place, "--list", list)...)
			if ended := p.status(t, patience); ended != 1 {
				t.Errorf("ended with %d", ended)
			}
			wantText(t, p.stdout.String(), status)
			wantText(t, p.stderr.String(), "the delegation is not valid")
		}
	})
	t.Run("what is refused", func(t *testing.T) {
		t.Parallel()
		wantText(t, refused(t, english, args("--list", list)...), "one of them")
		wantText(t, refused(t, english, args("--list", list, "--index", "1048576")...), "0 to 1048575")
		wantText(t, refused(t, english, args("--list", list, jwks)...), "no delegation can be read")
		wantText(t, refused(t, english, args("--list", jwks, "--index", "7")...), "this is no status list")
		wantText(t, refused(t, english, "verify", "status", "--jwks", jwks, "--list", list, "--index", "7", "--at", "2026-11-01T09:00:00Z"), "held until 2026-11-01 18:00:00 JST")
		wantText(t, refused(t, english, "verify", "status", "--jwks", jwks, "--list", list, "--index", "7", "--at", "2026-11-01T02:00:00Z"), "after the moment of the check")
		wantText(t, refused(t, english, args("--list", issue("early.jwt", "1", keptAt.AddDate(-1, 0, 0)), "--index", "7")...), "outside of its key's period")
		text, err := os.ReadFile(list)
		check(t, err)
		changed := &text[len(text)-10] // a digit of base 64 stays one
		if *changed == 'A' {
			*changed = 'B'
		} else {
			*changed = 'A'
		}
		wantText(t, refused(t, japanese, args("--list", write("changed.jwt", text), "--index", "7")...), "署名が正しくありません")
	})
}
