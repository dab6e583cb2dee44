// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/digitorus/pkcs7"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

func sha256Of(b []byte) []byte {
	digest := sha256.Sum256(b)
	return digest[:]
}

var fuzzLimits = cms.Limits{MaxBytes: 1 << 16, MaxDepth: 32, MaxElements: 1 << 12}

// seeds are files made once (by Sign, by openssl with -stream, by openssl ts): every worker must see the same keys.
func seeds(f *testing.F, pattern string) map[string][]byte {
	f.Helper()
	paths, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			f.Fatal(err)
		}
	}
	return files
}

// FuzzScan looks for BER that is scanned and written differently, or for more bytes than there were.
func FuzzScan(f *testing.F) {
	for _, file := range seeds(f, "*.?er") {
		f.Add(file)
	}
	f.Add(nested(1000))
	f.Add(wideNested(100))
	f.Add(quadratic(30, 1000))
	f.Add([]byte{0x24, 0x80, 0x24, 0x80, 0x04, 0x01, 0x41, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00})
	f.Add([]byte{0x30, 0x84, 0x00, 0x00, 0x00, 0x02, 0x05, 0x00})
	f.Fuzz(func(t *testing.T, file []byte) {
		der, err := cms.ToDER(file, fuzzLimits)
		if err != nil {
			if cms.KindOf(err) == "" || der != nil {
				t.Fatalf("an error that is no Fault: %v", err)
			}
			return
		}
		if len(der) > len(file) || cap(der) > len(file) && &der[0] != &file[0] {
			t.Fatalf("%d bytes of %d", cap(der), len(file))
		}
		again, err := cms.ToDER(der, fuzzLimits)
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("its own DER is read differently: %v", err)
		}
	})
}

// FuzzVerify looks for panics, unbounded work, files that verify over another content than was signed, and files in
// which pkcs7 sees another content or signer.
func FuzzVerify(f *testing.F) {
	known := map[string]bool{}
	for name, file := range seeds(f, "*.?er") {
		signed, err := cms.Verify(file, content, fuzzLimits)
		if err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		known[string(sha256Of(signed.Signer.RawSubjectPublicKeyInfo))] = true
		f.Add(file)
	}
	f.Add(nested(1000))
	f.Add(wideNested(100))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, beside := range [][]byte{nil, content} {
			got, err := cms.Verify(file, beside, fuzzLimits)
			if err != nil {
				if cms.KindOf(err) == "" || got != nil {
					t.Fatalf("an error that is no Fault: %v", err)
				}
				continue
			}
			if known[string(sha256Of(got.Signer.RawSubjectPublicKeyInfo))] && !bytes.Equal(got.Content, content) {
				t.Fatal("verified over another content")
			}
			agree(t, file, got)
		}
	})
}

// agree asks pkcs7 only about a file that we took. It may refuse one (it is stricter about fields that decide nothing),
// but must not see another content or signer in it.
func agree(t *testing.T, file []byte, signed *cms.Signed) {
	der, err := cms.Normalized(file)
	if err != nil {
		t.Fatal(err)
	}
	other, err := pkcs7.Parse(der)
	if err != nil || cms.NamedByKeyID(file) {
		return
	}
	if !signed.Detached && !bytes.Equal(other.Content, signed.Content) {
		t.Fatal("a second reader sees another content")
	}
	if only := other.GetOnlySigner(); only != nil && !only.Equal(signed.Signer) {
		t.Fatal("a second reader sees another signer")
	}
}

// FuzzTimeStamp reads its input as a token and as an authority's answer.
func FuzzTimeStamp(f *testing.F) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(seeds(f, "stamp-root.pem")["stamp-root.pem"]) {
		f.Fatal("no root")
	}
	digest := sha256Of(content)
	for name, answer := range seeds(f, "*.tsr") {
		token, err := cms.ReadTimeStampResponse(answer, digest, crypto.SHA256, nonce)
		if err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		if _, err := cms.VerifyTimeStamp(token, digest, crypto.SHA256, roots); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.Add(answer)
		f.Add(token)
	}
	tsa, err := poatest.NewCA(instant)
	if err != nil {
		f.Fatal(err)
	}
	authority := poatest.MustTSA(f, tsa)
	authority.Do(poatest.TSARefuses)
	f.Add(authority.Answer(nil, instant))
	f.Fuzz(func(t *testing.T, input []byte) {
		token, err := cms.ReadTimeStampResponse(input, digest, crypto.SHA256, nonce)
		if err != nil && (cms.KindOf(err) == "" || token != nil) {
			t.Fatalf("an error that is no Fault: %v", err)
		}
		for _, each := range [][]byte{input, token} {
			stamp, err := cms.VerifyTimeStamp(each, digest, crypto.SHA256, roots)
			switch {
			case err != nil && cms.KindOf(err) == "":
				t.Fatalf("an error that is no Fault: %v", err)
			case err == nil && (stamp.Time.IsZero() || stamp.NotAfter.Before(stamp.Time) || stamp.Policy == "" || stamp.Signer == nil):
				t.Fatalf("an empty statement: %+v", stamp)
			}
		}
	})
}
