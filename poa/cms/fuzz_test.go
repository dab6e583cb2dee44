// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"ininjo/poa/cms"
)

func sha256Of(b []byte) []byte {
	digest := sha256.Sum256(b)
	return digest[:]
}

// FuzzVerify looks for panics, unbounded work and files that verify over another content than was signed.
// Its seeds are files made once (by Sign, and by openssl with -stream): every worker must see the same keys.
func FuzzVerify(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.?er")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	limits := cms.Limits{MaxBytes: 1 << 16, MaxDepth: 32, MaxElements: 1 << 12}
	known := map[string]bool{}
	for _, seed := range seeds {
		file, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		signed, err := cms.Verify(file, content, limits)
		if err != nil {
			f.Fatalf("%s: %v", seed, err)
		}
		known[string(sha256Of(signed.Signer.RawSubjectPublicKeyInfo))] = true
		f.Add(file)
	}
	f.Add(nested(1000))
	f.Add(wideNested(100))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, beside := range [][]byte{nil, content} {
			got, err := cms.Verify(file, beside, limits)
			if err != nil {
				if cms.KindOf(err) == "" || got != nil {
					t.Fatalf("an error that is no Fault: %v", err)
				}
				continue
			}
			if known[string(sha256Of(got.Signer.RawSubjectPublicKeyInfo))] && !bytes.Equal(got.Content, content) {
				t.Fatal("verified over another content")
			}
		}
	})
}
