// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

func sha256Of(b []byte) []byte {
	digest := sha256.Sum256(b)
	return digest[:]
}

// FuzzVerify looks for panics, unbounded work and files that verify over another content than was signed.
func FuzzVerify(f *testing.F) {
	signers := []*poatest.Signer{issue(f), issue(f, poatest.WithECDSA(elliptic.P256()))}
	options := []cms.SignOptions{{}, {Detached: true}, {KeyID: true}, {ESS: true}, {SigningTime: instant}}
	for _, signer := range signers {
		for _, option := range options {
			file, err := signer.Sign(content, option)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(file)
			f.Add(toPEM(file))
		}
	}
	f.Add(newBench(f, signers[0]).sign("-nodetach", "-stream", "-outform", "DER"))
	f.Add(nested(1000))
	f.Add(wideNested(100))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, beside := range [][]byte{nil, content} {
			got, err := cms.Verify(file, beside, cms.DefaultLimits())
			if err != nil {
				if cms.KindOf(err) == "" || got != nil {
					t.Fatalf("an error that is no Fault: %v", err)
				}
				continue
			}
			known := got.Signer.Equal(signers[0].Certificate) || got.Signer.Equal(signers[1].Certificate)
			if known && !bytes.Equal(got.Content, content) {
				t.Fatal("verified over another content")
			}
		}
	})
}
