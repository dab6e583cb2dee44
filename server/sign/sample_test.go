// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ininjo/poa/document"
	"ininjo/poa/poatest"
)

var (
	instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	head    = poatest.Person{Name: "国税　太郎", Address: "千葉県千葉市中央区１－１", BirthDate: "1970-01-02", Gender: "1"}
)

const password = "合言葉 1"

func TestMain(m *testing.M) {
	_ = os.Setenv("LC_ALL", "en_US.UTF-8")
	code := m.Run()
	if cardFolder != "" {
		_ = os.RemoveAll(cardFolder)
	}
	os.Exit(code)
}

func sample(id string) document.Content {
	return document.Content{
		DelegationID: id,
		Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "2040001999902", Name: "株式会社国税商事",
			HeadOffice: "千葉県千葉市中央区1-1", RepresentativeTitle: "代表取締役", RepresentativeName: "国税 太郎"},
		Delegate: document.Delegate{Name: "山田　花子", Title: "税理士", Qualification: "CERTIFIED_PUBLIC_TAX_ACCOUNTANT",
			Address: "東京都千代田区霞が関3-1-1", IdentificationID: "123456"},
		Powers: []string{"申告及び納税 <全て>", "契約の締結"}, Limits: []string{"1件100万円まで"}, ValidFrom: "2026-11-01", ValidThrough: "2027-10-31",
		Service:   document.Service{Name: "委任状サービス", PolicyURL: "https://poa.example/repository", ValidityURL: "https://poa.example/graphql"},
		Status:    document.Status{ListURI: "https://poa.example/status-lists/1", Index: 1048575},
		DraftedAt: time.Date(2026, 11, 1, 1, 30, 0, 0, time.UTC),
	}
}

const (
	firstID  = "ABCDE-FGHJK-MNPQR-STVWX-YZ012"
	secondID = "BBCDE-FGHJK-MNPQR-STVWX-YZ012"
)

const challengeText = challengeTitle + "Handing in of the delegate's certificate\n\nservice: https://poa.example\ndelegation: " + firstID +
	"\ndraft-sha256: 00\nchallenge: chl_1\nnonce: n\nexpires: 2026-11-01T04:00:00Z\n"

func marshal(t testing.TB, f document.Format, id string) []byte {
	t.Helper()
	file, err := f.Marshal(sample(id))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// write puts a file into a folder and returns its path.
func write(t testing.TB, dir, name string, file []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// desk is a folder with a certificate's file and its password.
type desk struct {
	dir, p12, secret string
	ca               *poatest.CA
	signer           *poatest.Signer
}

func newDesk(t testing.TB, options ...poatest.Option) desk {
	t.Helper()
	d := desk{dir: t.TempDir(), ca: poatest.MustCA(t, instant)}
	d.signer = poatest.MustIssue(t, d.ca, head, append([]poatest.Option{poatest.WithPooledKey()}, options...)...)
	file, err := d.signer.PKCS12(password)
	if err != nil {
		t.Fatal(err)
	}
	keys := t.TempDir()
	d.p12, d.secret = write(t, keys, "head.p12", file), write(t, keys, "password.txt", []byte(password+"\n"))
	return d
}

// run runs a command as a person would, who answers with what is given.
func run(c Command, answer string) (out, asked string, err error) {
	var stdout, stderr bytes.Buffer
	if c.Slot == 0 {
		c.Slot = -1
	}
	err = c.Sign(context.Background(), Terminal{In: strings.NewReader(answer), Out: &stdout, Err: &stderr}, poatest.NewClock(instant))
	return stdout.String(), stderr.String(), err
}
