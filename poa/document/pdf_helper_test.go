// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/poatest"
)

// ca and person sign in these tests; the period is long enough for pdfsig, which
// looks at the machine's clock.
func person(t poatest.TB) *poatest.Signer {
	ca := poatest.MustCA(t, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), poatest.WithRootValidity(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)))
	return poatest.MustIssue(t, ca, poatest.Person{Name: "国税　太郎", Address: "千葉県千葉市中央区１－１", BirthDate: "1980-02-17"},
		poatest.WithValidity(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func signWith(s *poatest.Signer) document.Signer {
	return func(content []byte, as document.SignAs) ([]byte, error) {
		return s.Sign(content, cms.SignOptions{Detached: as.Detached, ESS: as.CAdES})
	}
}

// signingTime is the claimed time of the PDF signatures in these tests.
var signingTime = time.Date(2026, 6, 1, 9, 35, 0, 0, time.UTC)

// init keeps pdfcpu from writing into the home folder.
func init() { model.ConfigPath = "disable" }

// noSignature stands for a CMS where only the file around it matters.
func noSignature([]byte, document.SignAs) ([]byte, error) {
	return []byte{0x30, 3, 2, 1, 5}, nil
}

// draftPDF is the sample's PDF, drawn once.
var draftPDF = sync.OnceValue(func() []byte {
	file, err := document.PDF{}.Marshal(sample())
	if err != nil {
		panic(err)
	}
	return file
})

func signedPDF(t testing.TB, signer document.Signer) []byte {
	t.Helper()
	file, err := document.PDF{}.Sign(draftPDF(), signingTime, signer)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// many is a content that flows to further pages.
func many() document.Content {
	c := sample()
	c.Mandator, c.Powers, c.Limits = soleProprietor(), nil, nil
	for i := range 50 {
		c.Powers = append(c.Powers, strings.Repeat("国及び地方公共団体の入札、見積り及び契約の締結に関する一切の権限（Electronic bidding）を行うこと。", i%7+1))
		c.Limits = append(c.Limits, "1件100万円まで "+strings.Repeat("x", i*10))
	}
	return c
}

var manyDraft = sync.OnceValue(func() []byte {
	file, err := document.PDF{}.Marshal(many())
	if err != nil {
		panic(err)
	}
	return file
})

func keep(t *testing.T, name string, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantKind(t *testing.T, err error, kind document.FaultKind) {
	t.Helper()
	var f *document.Fault
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}
