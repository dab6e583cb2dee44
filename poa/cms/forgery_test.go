// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"maps"
	"math/big"
	"slices"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// forgery is what somebody with a good certificate, somebody else's signature or much patience could hand in.
type forgery struct {
	file, beside []byte
	want         cms.Kind
}

// TestForgeries is the table of them. Each is refused, and for its own reason.
func TestForgeries(t *testing.T) {
	t.Parallel()
	tests := map[string]forgery{"nothing wrong": {forge(t, keys()["RSA-PKCS1-v1_5"], cms.SignOptions{ESS: true}, func(*poatest.Forged) {}), nil, ""}}
	for _, group := range []func(*testing.T) map[string]forgery{
		forgedContent, forgedAttributes, forgedSigners, forgedNames, forgedAlgorithms, forgedShapes,
	} {
		maps.Copy(tests, group(t))
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := cms.Verify(test.file, test.beside, cms.DefaultLimits())
			if cms.KindOf(err) != test.want || (got == nil) != (test.want != "") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("every kind but those of time stamps is in a table", func(t *testing.T) {
		t.Parallel()
		elsewhere := []cms.Kind{cms.NotSignedData, cms.NoContent} // TestVerifyRefusesWithoutRunningOpenSSL
		for _, test := range tests {
			elsewhere = append(elsewhere, test.want)
		}
		for _, kind := range cms.Kinds() {
			if !bytes.HasPrefix([]byte(kind), []byte("TIME_STAMP_")) && !slices.Contains(elsewhere, kind) {
				t.Errorf("no forgery is refused as %s", kind)
			}
		}
	})
}

// right are the signed attributes as they should be.
func right(t testing.TB) []poatest.ForgedAttribute {
	t.Helper()
	return []poatest.ForgedAttribute{poatest.Attribute(t, oidContentType, oidData), poatest.Attribute(t, oidMessageDigest, sha256Of(content))}
}

// Content, and its type (RFC 5652 section 11.1).
func forgedContent(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	return map[string]forgery{
		"the content is another one": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Content.Content = poatest.Explicit(poatest.DER(t, []byte("<delegation>another</delegation>")))
		}), nil, cms.Digest},
		"the content beside is another one":                 {forge(t, victim, cms.SignOptions{Detached: true}, func(*poatest.Forged) {}), []byte("other"), cms.Digest},
		"the file carries another content than is expected": {forge(t, victim, plain, func(*poatest.Forged) {}), []byte("other"), cms.OtherContent},
		"the digest is another one, and signed": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidContentType, oidData), poatest.Attribute(t, oidMessageDigest, sha256Of([]byte("other"))))
		}), nil, cms.Digest},
		"the digest is right but not the one that was signed": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Content.Content = poatest.Explicit(poatest.DER(t, []byte("other")))
			f.Signers[0].Attributes.Bytes = bytes.Replace(f.Signers[0].Attributes.Bytes, sha256Of(content), sha256Of([]byte("other")), 1)
			f.Signers[0].Attributes.FullBytes = nil
		}), nil, cms.Signature},
		"the digest is cut": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidContentType, oidData), poatest.Attribute(t, oidMessageDigest, sha256Of(content)[:20]))
		}), nil, cms.NoDigest},
		"no digest": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidContentType, oidData))
		}), nil, cms.NoDigest},

		// Content type (RFC 5652 section 11.1).
		"the content type attribute says another type": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidContentType, oidSignedData), poatest.Attribute(t, oidMessageDigest, sha256Of(content)))
		}), nil, cms.ContentType},
		"no content type attribute": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidMessageDigest, sha256Of(content)))
		}), nil, cms.ContentType},
		"the content is said to be a time stamp": {forge(t, victim, plain, func(f *poatest.Forged) { f.Content.Type = oidTSTInfo }), nil, cms.ForeignContent},
	}
}

// Signed attributes.
func forgedAttributes(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	return map[string]forgery{
		"no signed attributes": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].Attributes = asn1.RawValue{}
			f.Signers[0].Sign(t, victim.Key, content)
		}), nil, cms.NoSignedAttributes},
		"another file's signed attributes as content": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Content.Content = poatest.Explicit(poatest.DER(t, append([]byte{0x31}, f.Signers[0].Attributes.FullBytes[1:]...)))
			f.Signers[0].Attributes = asn1.RawValue{}
		}), nil, cms.ReplayedAttributes},
		"the digest attribute twice": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, append(right(t), poatest.Attribute(t, oidMessageDigest, sha256Of([]byte("other"))))...)
		}), nil, cms.Malformed},
		"two digests in one attribute": {forge(t, victim, plain, func(f *poatest.Forged) {
			both := poatest.Attribute(t, oidMessageDigest, sha256Of(content))
			both.Values = append(both.Values, asn1.RawValue{FullBytes: poatest.DER(t, sha256Of([]byte("other")))})
			f.Signers[0].SignAttributes(t, victim.Key, poatest.Attribute(t, oidContentType, oidData), both)
		}), nil, cms.Malformed},
	}
}

// Signers, and their certificates by number and by key identifier.
func forgedSigners(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	thief := issue(t)
	byKeyID := cms.SignOptions{KeyID: true}
	twin := withKeyID(t, thief, x509.Certificate{SerialNumber: big.NewInt(9), NotAfter: instant}, victim.Certificate.SubjectKeyId)
	nameless := withKeyID(t, thief, x509.Certificate{SerialNumber: big.NewInt(9), NotAfter: instant}, nil)
	namesake := withKeyID(t, thief, x509.Certificate{SerialNumber: victim.Certificate.SerialNumber, RawSubject: victim.Certificate.RawIssuer, NotAfter: instant}, nil)
	return map[string]forgery{
		"two signers": {forge(t, victim, plain, func(f *poatest.Forged) { f.Signers = append(f.Signers, f.Signers[0]) }), nil, cms.SeveralSigners},
		"no signer":   {forge(t, victim, plain, func(f *poatest.Forged) { f.Signers = nil }), nil, cms.NoSigner},
		"signed by another key": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, thief.Key, right(t)...)
		}), nil, cms.Signature},
		"no certificate": {forge(t, victim, plain, func(f *poatest.Forged) { f.Certificates = poatest.Explicit() }), nil, cms.NoCertificate},
		"two certificates of the signer's name and number": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(namesake.Raw, victim.Certificate.Raw)
		}), nil, cms.NoCertificate},

		// Key identifiers.
		"two certificates of the signer's key identifier": {forge(t, victim, byKeyID, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(victim.Certificate.Raw, twin.Raw)
		}), nil, cms.KeyIdentifier},
		"the twin first": {forge(t, victim, byKeyID, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(twin.Raw, victim.Certificate.Raw)
		}), nil, cms.KeyIdentifier},
		"a twin of the key identifier in the signer's place": {forge(t, victim, byKeyID, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(twin.Raw)
		}), nil, cms.Signature},
		"a key identifier that no certificate bears": {forge(t, victim, byKeyID, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(thief.Certificate.Raw)
		}), nil, cms.KeyIdentifier},
		"an empty key identifier, and a certificate without one": {forge(t, victim, byKeyID, func(f *poatest.Forged) {
			f.Signers[0].SID = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0}
			f.Certificates = poatest.Explicit(nameless.Raw)
		}), nil, cms.KeyIdentifier},
	}
}

// The certificate that the signature names (RFC 5035); both have one key.
func forgedNames(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	ess := cms.SignOptions{ESS: true}
	same := poatest.MustIssue(t, poatest.MustCA(t, instant), person, poatest.WithKey(keyOf(victim)))
	return map[string]forgery{
		"another certificate of the same key": {forge(t, victim, ess, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(same.Certificate.Raw)
			f.Signers[0].SID = issuerSerial(t, same.Certificate)
		}), nil, cms.ESSCertificate},
		"the named certificate has another number": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, append(right(t), essNamed(t, victim.Certificate, same.Certificate))...)
		}), nil, cms.ESSCertificate},
		"the certificate's hash and its number, both right": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, append(right(t), essNamed(t, victim.Certificate, victim.Certificate))...)
		}), nil, ""},
		"the attribute names nothing": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].SignAttributes(t, victim.Key, append(right(t), poatest.Attribute(t, oidESSv2, struct{ Certs []asn1.RawValue }{}))...)
		}), nil, cms.ESSCertificate},
	}
}

// Algorithms.
func forgedAlgorithms(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	sha1 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}
	return map[string]forgery{
		"SHA-1": {forge(t, victim, plain, func(f *poatest.Forged) { f.Signers[0].Digest = sha1 }), nil, cms.WeakDigest},
		"a signature algorithm of SHA-1": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].Signature = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}}
		}), nil, cms.WeakDigest},
		"a signature algorithm of another digest": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].Signature = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}}
		}), nil, cms.Algorithm},
		"an algorithm with parameters that it has not": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Signers[0].Signature.Parameters = asn1.RawValue{FullBytes: poatest.DER(t, 1)}
		}), nil, cms.Algorithm},
		"RSA of 1024 bits": {mustSign(t, shortSigner(t)), nil, cms.KeyTooShort},
	}
}

// Sizes and shapes; none takes time or memory beyond the bounds (TestVerifyAllocatesAtMostThreeTimesTheFile).
func forgedShapes(t *testing.T) map[string]forgery {
	t.Helper()
	victim, plain := keys()["RSA-PKCS1-v1_5"], cms.SignOptions{}
	return map[string]forgery{
		"bytes after the end":           {append(forge(t, victim, plain, func(*poatest.Forged) {}), 0), nil, cms.TrailingData},
		"nested 4 MB":                   {nested(2 << 20), nil, cms.TooDeep},
		"quadratic indefinite lengths":  {append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x80, 0x00, 0x00}, 1<<18)...), nil, cms.TooManyElements},
		"indefinite lengths in a chain": {quadratic(30, 1<<15), nil, cms.Malformed},
		"64 MiB":                        {make([]byte, 64<<20), nil, cms.TooLarge},
		"64 MiB of content":             {forge(t, victim, cms.SignOptions{Detached: true}, func(*poatest.Forged) {}), make([]byte, 64<<20), cms.TooLarge},
		"a hundred certificates": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(bytes.Repeat(keys()["ECDSA-P-256"].Certificate.Raw, 100))
		}), nil, cms.TooManyElements},
		"half a megabyte of certificates": {forge(t, victim, plain, func(f *poatest.Forged) {
			f.Certificates = poatest.Explicit(bytes.Repeat(victim.Certificate.Raw, 512<<10/len(victim.Certificate.Raw)))
		}), nil, cms.TooLarge},
		"many signed attributes": {forge(t, victim, plain, func(f *poatest.Forged) {
			all := right(t)
			for i := range 100 {
				all = append(all, poatest.Attribute(t, asn1.ObjectIdentifier{1, 2, 3, i}, i))
			}
			f.Signers[0].SignAttributes(t, victim.Key, all...)
		}), nil, cms.TooManyElements},
	}
}

// quadratic is levels of values of indefinite length, each of which closes only at the file's end: who looks for every
// end from every beginning reads the file once for each level.
func quadratic(levels, width int) []byte {
	file := bytes.Repeat([]byte{0x30, 0x80}, levels)
	file = append(file, bytes.Repeat([]byte{0x05, 0x00}, width)...)
	return append(file, make([]byte, 2*levels)...)
}
