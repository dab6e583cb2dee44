// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// replaceOnce swaps one run of bytes for another of the same length.
func replaceOnce(t testing.TB, file, from, to []byte) []byte {
	t.Helper()
	if bytes.Count(file, from) < 1 || len(from) != len(to) {
		t.Fatalf("nothing to replace, or of another length")
	}
	return bytes.Replace(file, from, to, 1)
}

var (
	wireMessageDigest = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04}
	wireSigningTime   = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05}
	wireData          = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	wireSignedData    = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	wireReceiptData   = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x05}
)

// nested is a body of n pairs of tag and indefinite length: the file that overflows pkcs7's stack.
func nested(n int) []byte { return bytes.Repeat([]byte{0x30, 0x80}, n) }

// wideNested is nested with definite lengths, outermost first.
func wideNested(levels int) []byte {
	inner := []byte{0x05, 0x00}
	for range levels {
		value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: inner})
		if err != nil {
			return nil
		}
		inner = value
	}
	return inner
}

func TestVerifyRefusesWithoutRunningOpenSSL(t *testing.T) {
	t.Parallel()
	signer, other := issue(t), issue(t, poatest.WithRSABits(2048))
	attached, err := signer.SignAttached(content)
	if err != nil {
		t.Fatal(err)
	}
	detached, err := signer.SignDetached(content)
	if err != nil {
		t.Fatal(err)
	}
	ess, err := signer.Sign(content, cms.SignOptions{ESS: true})
	if err != nil {
		t.Fatal(err)
	}
	foreign := *signer
	foreign.Certificate = other.Certificate
	wrongKey := *signer
	wrongKey.Key = issue(t, poatest.WithECDSA(elliptic.P256())).Key
	flipped := slices.Clone(attached)
	flipped[len(flipped)-1] ^= 1
	small := cms.Limits{MaxBytes: 100, MaxDepth: 32, MaxElements: 1000}
	few := cms.Limits{MaxBytes: 1 << 20, MaxDepth: 32, MaxElements: 20}
	shallow := cms.Limits{MaxBytes: 1 << 20, MaxDepth: 3, MaxElements: 1000}
	all := cms.DefaultLimits()
	tests := map[string]struct {
		file, beside []byte
		limits       cms.Limits
		want         cms.Kind
	}{
		"empty":                      {nil, nil, all, cms.Malformed},
		"one byte":                   {[]byte{0x30}, nil, all, cms.Malformed},
		"text":                       {[]byte("委任状"), nil, all, cms.Malformed},
		"truncated":                  {attached[:len(attached)-1], nil, all, cms.Malformed},
		"truncated in the middle":    {attached[:len(attached)/2], nil, all, cms.Malformed},
		"trailing byte":              {append(slices.Clone(attached), 0), nil, all, cms.TrailingData},
		"two files in one":           {append(slices.Clone(attached), attached...), nil, all, cms.TrailingData},
		"more bytes than allowed":    {attached, nil, small, cms.TooLarge},
		"more elements than allowed": {attached, nil, few, cms.TooManyElements},
		"more content than allowed":  {detached, make([]byte, all.MaxBytes+1), all, cms.TooLarge},
		"deeper than allowed":        {attached, nil, shallow, cms.TooDeep},
		"nested body of 4 MB":        {nested(2 << 20), nil, all, cms.TooDeep},
		"nested, definite lengths":   {wideNested(5000), nil, all, cms.TooDeep},
		"many tiny elements":         {append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x05, 0x00}, 2<<20)...), nil, all, cms.TooManyElements},
		"only ends of contents":      {make([]byte, 1000), nil, all, cms.Malformed},
		"indefinite primitive":       {[]byte{0x04, 0x80, 0, 0}, nil, all, cms.Malformed},
		"length of five bytes":       {[]byte{0x30, 0x85, 0, 0, 0, 0, 1, 0}, nil, all, cms.Malformed},
		"length of 4 GiB":            {[]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, nil, all, cms.Malformed},
		"long tag":                   {[]byte{0x3f, 0x81, 0x01, 0x00}, nil, all, cms.Malformed},
		"another content type":       {replaceOnce(t, attached, wireSignedData, wireReceiptData), nil, all, cms.NotSignedData},
		"altered content":            {replaceOnce(t, attached, []byte("delegation"), []byte("Delegation")), nil, all, cms.Digest},
		"detached, without content":  {detached, nil, all, cms.NoContent},
		"detached, other content":    {detached, []byte("other"), all, cms.Digest},
		"detached, empty content":    {detached, []byte{}, all, cms.Digest},
		"attached, other beside":     {attached, []byte("other"), all, cms.OtherContent},
		"altered signature":          {flipped, nil, all, cms.Signature},
		"unlike content type":        {replaceOnce(t, attached, wireData, wireReceiptData), nil, all, cms.ForeignContent},
		"no digest attribute":        {replaceOnce(t, attached, wireMessageDigest, wireReceiptData), nil, all, cms.NoDigest},
		"repeated attribute":         {replaceOnce(t, withTime(t, signer), wireSigningTime, wireMessageDigest), nil, all, cms.Malformed},
		"another's certificate":      {mustSign(t, &foreign), nil, all, cms.Signature},
		"another kind of key":        {mustSign(t, &wrongKey), nil, all, cms.Algorithm},
		"P-521":                      {mustSign(t, issue(t, poatest.WithECDSA(elliptic.P521()))), nil, all, cms.Algorithm},
		"P-224":                      {mustSign(t, issue(t, poatest.WithECDSA(elliptic.P224()))), nil, all, cms.Algorithm},
		"altered ESS hash":           {swapESS(t, ess, signer), nil, all, cms.Signature},
		"PEM of a certificate":       {signer.CertificatePEM(), nil, all, cms.NotSignedData},
		"PEM that is cut":            {[]byte("-----BEGIN CMS-----\nMIIB"), nil, all, cms.Malformed},
		"PEM and more":               {append(toPEM(attached), "x"...), nil, all, cms.TrailingData},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := cms.Verify(test.file, test.beside, test.limits)
			if cms.KindOf(err) != test.want || got != nil {
				t.Errorf("got %v, %v, want %s", got != nil, err, test.want)
			}
		})
	}
}

func mustSign(t testing.TB, signer *poatest.Signer) []byte {
	t.Helper()
	file, err := signer.SignAttached(content)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func withTime(t testing.TB, signer *poatest.Signer) []byte {
	t.Helper()
	file, err := signer.Sign(content, cms.SignOptions{SigningTime: instant})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// swapESS alters the hash inside the signed attribute, so the signature itself must fail first.
func swapESS(t testing.TB, file []byte, signer *poatest.Signer) []byte {
	t.Helper()
	hash := sha256Of(signer.Certificate.Raw)
	altered := slices.Clone(hash)
	altered[0] ^= 1
	return replaceOnce(t, file, hash, altered)
}

func toPEM(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der}) }

func TestVerifyRefusesWhatOpenSSLCanBeMadeToWrite(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want cms.Kind
	}{
		"SHA-1":                     {[]string{"-md", "sha1"}, cms.WeakDigest},
		"SHA-224":                   {[]string{"-md", "sha224"}, cms.Algorithm},
		"SHA3-256":                  {[]string{"-md", "sha3-256"}, cms.Algorithm},
		"RSA-PSS with another mask": {[]string{"-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"}, cms.Algorithm},
		"RSA-PSS with a short salt": {[]string{"-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:8"}, cms.Algorithm},
		"two signers":               {[]string{"-signer", "b.pem", "-inkey", "b.key"}, cms.SeveralSigners},
		"no signed attributes":      {[]string{"-noattr"}, cms.NoSignedAttributes},
		"no certificate":            {[]string{"-nocerts"}, cms.NoCertificate},
		"only another certificate":  {[]string{"-nocerts", "-certfile", "b.pem"}, cms.NoCertificate},
		"another content type":      {[]string{"-econtent_type", "1.2.840.113549.1.9.16.1.4"}, cms.ForeignContent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, issue(t), issue(t))
			got, err := cms.Verify(b.sign(append([]string{"-nodetach", "-outform", "DER"}, test.args...)...), nil, cms.DefaultLimits())
			if cms.KindOf(err) != test.want || got != nil {
				t.Errorf("got %v, %v, want %s", got != nil, err, test.want)
			}
		})
	}
	t.Run("certificates only", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, issue(t))
		b.openssl("crl2pkcs7", "-nocrl", "-certfile", "a.pem", "-outform", "DER", "-out", "out")
		if _, err := cms.Verify(b.read("out"), content, cms.DefaultLimits()); cms.KindOf(err) != cms.NoSigner {
			t.Errorf("got %v", err)
		}
	})
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, issue(t))
		b.openssl("cms", "-encrypt", "-in", "content", "-outform", "DER", "-out", "out", "a.pem")
		if _, err := cms.Verify(b.read("out"), nil, cms.DefaultLimits()); cms.KindOf(err) != cms.NotSignedData {
			t.Errorf("got %v", err)
		}
	})
}

func TestVerifyRefusesAShortRSAKey(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "short"}, NotBefore: instant, NotAfter: instant.Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file, err := cms.Sign(content, certificate, key, cms.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cms.Verify(file, nil, cms.DefaultLimits()); cms.KindOf(err) != cms.KeyTooShort {
		t.Errorf("got %v", err)
	}
}

// A certificate of the same key in the signer's place is what signing-certificate-v2 is there to find.
func TestVerifyRefusesASubstitutedCertificate(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	first := poatest.MustIssue(t, ca, person)
	same := poatest.WithKey(func() (crypto.Signer, error) { return first.Key, nil })
	second := poatest.MustIssue(t, ca, person, same)
	for len(second.Certificate.Raw) != len(first.Certificate.Raw) {
		second = poatest.MustIssue(t, ca, person, same)
	}
	for _, withESS := range []bool{false, true} {
		file, err := first.Sign(content, cms.SignOptions{ESS: withESS, KeyID: true})
		if err != nil {
			t.Fatal(err)
		}
		want := cms.Kind("")
		if withESS {
			want = cms.ESSCertificate
		}
		swapped := replaceOnce(t, file, first.Certificate.Raw, second.Certificate.Raw)
		if _, err := cms.Verify(swapped, nil, cms.DefaultLimits()); cms.KindOf(err) != want {
			t.Errorf("with the attribute %v: got %v, want %q", withESS, err, want)
		}
	}
}

// A claimed signing time outside of the certificate's period is shown, never judged: path and period are jpki's work.
func TestVerifyDoesNotJudgeTheClaimedSigningTime(t *testing.T) {
	t.Parallel()
	signer := issue(t)
	claimed := instant.AddDate(-30, 0, 0)
	file, err := signer.Sign(content, cms.SignOptions{SigningTime: claimed})
	if err != nil {
		t.Fatal(err)
	}
	got, err := cms.Verify(file, nil, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !got.SigningTime.Equal(claimed) {
		t.Errorf("claimed %v, want %v", got.SigningTime, claimed)
	}
}
