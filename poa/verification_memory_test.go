// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// largeContent is a delegation with as much in it as a file may hold.
func largeContent(items int, item string) document.Content {
	c := document.Content{DelegationID: "ABCDE-FGHJK-MNPQR-STVWX-YZ012",
		Mandator: document.Mandator{Kind: document.KindCorporation, CorporateNumber: "2040001999902", Name: "株式会社国税商事",
			HeadOffice: "千葉県千葉市中央区1-1", RepresentativeTitle: "代表取締役", RepresentativeName: "国税 太郎"},
		Delegate:  document.Delegate{Name: "山田　花子", Title: "経理部長", Address: "東京都千代田区霞が関3-1-1", IdentificationID: "123456"},
		ValidFrom: "2026-06-01", ValidThrough: "2027-05-31",
		Service: document.Service{Name: "委任状サービス", PolicyURL: "https://poa.example/repository", PolicyOID: "2.999.1", ValidityURL: "https://poa.example/graphql"},
		Status:  document.Status{ListURI: "https://poa.example/status-lists/1", Index: 1048575}, DraftedAt: time.Date(2026, 6, 1, 9, 30, 0, 0, time.UTC)}
	for i := range items {
		c.Powers, c.Limits = append(c.Powers, fmt.Sprint(i, item)), append(c.Limits, fmt.Sprint(i, item))
	}
	return c
}

// TestVerificationAllocatesAtMostThreeTimesTheFile: all that a filing goes through before it is stored, form, CMS, path
// and profile, whatever the file's form, taken or refused. Bytes are counted, not timed. It is not parallel: the tests
// that are wait until it has ended.
func TestVerificationAllocatesAtMostThreeTimesTheFile(t *testing.T) {
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	ca := poatest.MustCA(t, at)
	signer := poatest.MustIssue(t, ca, representative)
	roots, err := jpki.NewRoots(ca.Root)
	must(t, err)
	registrar := poa.NewRegistrar(poatest.NewClock(at), nil, poa.Policy{}, jpki.Profile{Roots: roots, Policies: []string{jpki.PolicyTest}})
	long := strings.Repeat("電子入札に関する一切の件", 27)
	xml, err := document.XML{}.Marshal(largeContent(500, long))
	must(t, err)
	pdf, err := document.PDF{}.Marshal(largeContent(200, long))
	must(t, err)
	short, err := document.PDF{}.Marshal(largeContent(1000, ""))
	must(t, err)
	attached, err := signer.SignAttached(xml)
	must(t, err)
	detached, err := signer.SignDetached(xml)
	must(t, err)
	signPDF := func(draft []byte) []byte {
		file, err := document.PDF{}.Sign(draft, at, func(content []byte, as document.SignAs) ([]byte, error) {
			return signer.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES})
		})
		must(t, err)
		return file
	}
	other, err := signer.SignAttached([]byte(strings.Replace(string(xml), "霞が関", "霞ヶ関", 1)))
	must(t, err)
	tests := map[string]struct {
		format      document.Format
		file, draft []byte
		refused     poa.Code
	}{
		"XML, attached":                     {document.XML{}, attached, xml, ""},
		"XML, detached":                     {document.XML{}, detached, xml, ""},
		"XML, PEM":                          {document.XML{}, pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: attached}), xml, ""},
		"XML, indefinite, in pieces":        {document.XML{}, poatest.BER(t, attached, 1000), xml, ""},
		"XML, PEM of indefinite, in pieces": {document.XML{}, pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: poatest.BER(t, attached, 1000)}), xml, ""},
		"XML, another content":              {document.XML{}, other, xml, poa.CodeDocumentChanged},
		"PDF":                               {document.PDF{}, signPDF(pdf), pdf, ""},
		"PDF of many short items":           {document.PDF{}, signPDF(short), short, ""},
		"PDF, another content":              {document.PDF{}, signPDF(short), pdf, poa.CodeDocumentChanged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			whole := len(test.file)
			if whole < len(test.draft) {
				whole += len(test.draft) // a detached signature: the other half of what is filed
			}
			got := poatest.Allocated(func() {
				err := registrar.Examine(test.format, test.file, test.draft, at)
				if err == nil && test.refused != "" || err != nil && codes(err) != string(test.refused) {
					t.Errorf("got %v", err)
				}
			})
			times := float64(got) / float64(whole)
			t.Logf("%d bytes for a file of %d (drafted %d): %.2f times", got, whole, len(test.draft), times)
			if times > 3 {
				t.Errorf("%.2f times the file", times)
			}
		})
	}
}
