// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"encoding/asn1"
	"testing"

	"github.com/digitorus/pkcs7"

	"ininjo/poa/cms"
)

// BenchmarkSecondReader measures what pkcs7 would cost in service, beside what Verify does alone: given the whole
// file, and given nothing but the one signer and the certificates that were read already. Bytes are those of 4 KiB of
// content (4 MiB in the last two).
func BenchmarkSecondReader(b *testing.B) {
	small, large := make([]byte, 4<<10), make([]byte, 4<<20)
	signer := keys()["RSA-PKCS1-v1_5"]
	beside, err := signer.Sign(small, cms.SignOptions{ESS: true, SigningTime: instant})
	if err != nil {
		b.Fatal(err)
	}
	around, err := signer.SignAttached(large)
	if err != nil {
		b.Fatal(err)
	}
	signed, err := cms.Verify(beside, small, cms.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	signers, err := cms.SignersOf(beside)
	if err != nil {
		b.Fatal(err)
	}
	verify := func(file, content []byte) func() error {
		return func() error {
			_, err := cms.Verify(file, content, cms.DefaultLimits())
			return err
		}
	}
	whole := func(file, content []byte) func() error {
		return func() error {
			other, err := pkcs7.Parse(file)
			if err != nil {
				return err
			}
			if content != nil {
				other.Content = content
			}
			return other.Verify()
		}
	}
	signerAlone := func() error {
		other := pkcs7.PKCS7{Content: small, Certificates: signed.Certificates}
		if _, err := asn1.UnmarshalWithParams(signers, &other.Signers, "set"); err != nil {
			return err
		}
		return other.Verify()
	}
	for _, each := range []struct {
		name string
		run  func() error
	}{
		{"Verify", verify(beside, small)},
		{"pkcs7, whole file", whole(beside, small)},
		{"pkcs7, signer alone", signerAlone},
		{"Verify, 4 MiB", verify(around, nil)},
		{"pkcs7, whole file, 4 MiB", whole(around, nil)},
	} {
		b.Run(each.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := each.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
