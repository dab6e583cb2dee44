// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"ininjo/poa/cms"
	"ininjo/poa/document"
)

func TestSignedPDF(t *testing.T) {
	t.Parallel()
	file := signedPDF(t, signWith(person(t)))
	signature, err := document.PDF{}.Open(file, draftPDF())
	if err != nil {
		t.Fatal(err)
	}
	verified(t, signature)
	if !bytes.HasPrefix(signature.Content, draftPDF()) {
		t.Error("the signed bytes do not begin with the draft")
	}
}

// verified verifies the CMS over what it must sign.
func verified(t *testing.T, s document.Signature) {
	t.Helper()
	signed, err := cms.Verify(s.CMS, s.Content, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(signed.Content, s.Content) {
		t.Error("other bytes are signed")
	}
}

// TestSignedPDFIsVerifiedByPoppler shows that another program takes what Sign
// makes, and covers the whole file with it.
func TestSignedPDFIsVerifiedByPoppler(t *testing.T) {
	t.Parallel()
	signer := person(t)
	path := keep(t, "signed.pdf", signedPDF(t, signWith(signer)))
	out := pdfsig(t, path)
	for _, want := range []string{"Signature Validation: Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", "Signature Field Name: Delegator", "Signing Time: Jun 01 2026 "} {
		if !strings.Contains(out, want) {
			t.Errorf("pdfsig does not say %q:\n%s", want, out)
		}
	}
}

// pdfsig asks without certificates: the path is jpki's to judge.
func pdfsig(t *testing.T, path string) string {
	t.Helper()
	command := exec.Command("pdfsig", "-nocert", path)
	command.Env = append(os.Environ(), "HOME="+filepath.Dir(path)) // no Firefox's certificates
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("pdfsig (.ci/setup installs it): %v\n%s", err, out)
	}
	return string(out)
}

// TestSignedPDFIsVerifiedByPdfcpu asks a third reader: the signature fits and
// nothing was changed; it knows no root, so it cannot say more.
func TestSignedPDFIsVerifiedByPdfcpu(t *testing.T) {
	t.Parallel()
	model.TrustedCertDir = t.TempDir()
	file := signedPDF(t, signWith(person(t)))
	changed := bytes.Replace(file, []byte("<Title>"), []byte("<Tilte>"), 1)
	for name, c := range map[string]struct {
		file []byte
		want model.SignatureReason
	}{"as it was signed": {file, model.SignatureReasonCertNotTrusted}, "changed": {changed, model.SignatureReasonDocModified}} {
		conf := model.NewDefaultConfiguration()
		conf.Offline = true
		results, err := api.ValidateSignaturesRaw(bytes.NewReader(c.file), true, conf)
		if err != nil || len(results) != 1 {
			t.Fatalf("%s: %d signatures, %v", name, len(results), err)
		}
		if results[0].Reason != c.want {
			t.Errorf("%s: %s: %s", name, results[0].Status, results[0].Reason)
		}
	}
}
