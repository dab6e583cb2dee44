// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ininjo/db"
	"ininjo/db/dbtest"
	"ininjo/poa"
)

// sentinels are texts that stand nowhere but in what TestNoPersonalDataOnDisk
// writes.
var sentinels = []string{"黒曜石屋商店", "鵜飼玻璃子", "礼文郡青嵐町四丁目", "080-0000-9137", "sentinel.harriko@example.jp", "玻璃子の鍵", "鵜飼様へ再提出"}

// TestNoPersonalDataOnDisk writes persons and looks for them in every file of
// the cluster, write-ahead log included (design.md, rule 8).
func TestNoPersonalDataOnDisk(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	writeSentinels(t, d)
	conn, err := pgx.Connect(t.Context(), d.SuperuserURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var dir string
	if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	// The control shows that the search finds what is there.
	const control = "照合用の対照文字列"
	d.Exec(t, "CREATE TABLE control (a text)", "INSERT INTO control VALUES ('"+control+"')", "CHECKPOINT")
	found := searchFiles(t, dir, append([]string{control}, sentinels...))
	if !found[control] {
		t.Error("the search does not find what is there")
	}
	for _, s := range sentinels {
		if found[s] {
			t.Errorf("%q is on the disk", s)
		}
	}
}

func writeSentinels(t *testing.T, d *dbtest.Database) {
	t.Helper()
	p := sampleParty(poa.PartyDelegator, "A-1", d.Clock.Now())
	p.Profile = poa.Profile{Name: sentinels[0], Address: sentinels[2], Email: sentinels[4], Filer: sentinels[1],
		Representative: poa.Representative{Name: sentinels[1], Address: sentinels[2], Telephone: sentinels[3]}}
	a := sampleAccount(p, sentinels[4])
	token := poa.Token{ID: poa.NewID(poa.PrefixToken), AccountID: a.ID, PartyID: p.ID, Kind: a.Kind, Name: sentinels[5], Scope: poa.ScopeAll, CreatedAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}
	c := poa.Confirmation{ID: poa.NewID(poa.PrefixRegister), PartyID: p.ID, Document: poa.IdentityDocument, DocumentDate: poa.Date{Year: 2026, Month: 1, Day: 1},
		Says: poa.RegisterEntry{Name: sentinels[0], RepresentativeName: sentinels[1]}, ConfirmedBy: "stf_1", ConfirmedAt: d.Clock.Now()}
	inTx(t, d.DB, func(ctx context.Context, tx poa.Tx) error {
		if _, err := tx.Remember(ctx, "ANONYMOUS:"+sentinels[4], sentinels[1], [32]byte{1}, d.Clock.Now()); err != nil {
			return err
		}
		return errors.Join(tx.InsertParty(ctx, p), tx.InsertAccount(ctx, a), accessSentinels(ctx, tx, a), tx.InsertToken(ctx, token), tx.InsertConfirmation(ctx, c),
			tx.InsertPartyRefusals(ctx, p.ID, []poa.Refusal{{Code: poa.CodeContentUnclear, Note: sentinels[6], At: d.Clock.Now()}}))
	})
	if err := d.DB.Sessions().CommitCtx(t.Context(), "token", []byte(sentinels[4]+sentinels[1]), d.Clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := d.DB.RebuildSearch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l, err := d.DB.Delegators(t.Context(), poa.PartyFilter{Search: "玻璃子"}, poa.Order{}, poa.Page{}); err != nil || len(l.Items) != 1 || l.Items[0].Profile.Name != sentinels[0] {
		t.Fatalf("%v, %d found", err, len(l.Items))
	}
}

// searchFiles looks for each text in every file, plain and as hex or base 64
// would write it.
func searchFiles(t *testing.T, dir string, texts []string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return ignoreGone(err)
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			for _, form := range forms(text) {
				found[text] = found[text] || bytes.Contains(content, form)
			}
		}
		return ignoreGone(err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func forms(s string) [][]byte {
	h := hex.EncodeToString([]byte(s))
	escaped := []byte{}
	for _, r := range s {
		escaped = append(escaped, `\u`+hex.EncodeToString([]byte{byte(r >> 8), byte(r)})...)
	}
	b := base64.RawStdEncoding.EncodeToString([]byte(s))
	return [][]byte{[]byte(s), []byte(h), bytes.ToUpper([]byte(h)), escaped, []byte(b[:len(b)-2])}
}

// ignoreGone passes over files that PostgreSQL removed meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func TestErase(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	p, a := insertParty(t, d, poa.PartyRecipient, "R-1", "a@example.com")
	subject := db.Subject{Class: db.ClassAccount, ID: p.ID}
	if err := d.DB.Erase(t.Context(), subject, d.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	got, err := d.DB.Recipient(t.Context(), p.ID)
	if err != nil || got.Profile != (poa.Profile{}) || got.Number != "R-1" {
		t.Errorf("%v, %+v", err, got)
	}
	if got, err := d.DB.Account(t.Context(), a.ID); err != nil || got.Email != "" {
		t.Errorf("%v, %+v", err, got)
	}
	if l, err := d.DB.Recipients(t.Context(), poa.PartyFilter{Search: "見本商事"}, poa.Order{}, poa.Page{}); err != nil || l.Total != 0 {
		t.Errorf("%v, still found", err)
	}
	if n, err := d.DB.ReplayDestroyed(t.Context()); err != nil || n != 1 {
		t.Errorf("%v, %d replayed", err, n)
	}
}
