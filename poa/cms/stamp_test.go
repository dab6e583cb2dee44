// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

var nonce = new(big.Int).SetBytes([]byte("0123456789abcdef"))

// ask puts a question to an authority and returns what its answer says.
func ask(t testing.TB, tsa *poatest.TSA, hash crypto.Hash, at time.Time) (cms.TimeStamp, error) {
	t.Helper()
	digest := digestOf(hash, content)
	request, err := cms.NewTimeStampRequest(digest, hash, nonce)
	if err != nil {
		t.Fatal(err)
	}
	token, err := cms.ReadTimeStampResponse(tsa.Answer(request, at), digest, hash, nonce)
	if err != nil {
		return cms.TimeStamp{}, err
	}
	return cms.VerifyTimeStamp(token, digest, hash, tsa.Roots())
}

func digestOf(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

func TestTimeStampsAreTaken(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		options []poatest.TSAOption
		hash    crypto.Hash
	}{
		"SHA-256":                   {nil, crypto.SHA256},
		"SHA-384":                   {nil, crypto.SHA384},
		"SHA-512 signed by SHA-512": {[]poatest.TSAOption{poatest.WithTSAHash(crypto.SHA512)}, crypto.SHA512},
		"RSA-PSS":                   {[]poatest.TSAOption{poatest.WithTSAPSS()}, crypto.SHA256},
		"P-384":                     {[]poatest.TSAOption{poatest.WithTSAKey(curve), poatest.WithTSAHash(crypto.SHA384)}, crypto.SHA512},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tsa := poatest.MustTSA(t, ca, test.options...)
			got, err := ask(t, tsa, test.hash, instant.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if !got.Time.Equal(instant.Add(time.Hour)) || got.Policy != poatest.TSAPolicy || got.Serial != "1" || got.Hash != test.hash {
				t.Errorf("another statement: %+v", got)
			}
			if !got.Signer.Equal(tsa.Certificate()) || !got.NotAfter.Equal(tsa.Certificate().NotAfter) {
				t.Errorf("ends %v, its certificate %v", got.NotAfter, tsa.Certificate().NotAfter)
			}
		})
	}
}

func TestTimeStampsAreRefused(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	for fault, want := range map[poatest.TSAFault]cms.Kind{
		poatest.TSAWrongNonce:   cms.TimeStampNonce,
		poatest.TSAWithoutNonce: cms.TimeStampNonce,
		poatest.TSAWrongImprint: cms.TimeStampImprint,
		poatest.TSAExpired:      cms.TimeStampPeriod,
		poatest.TSAWrongUsage:   cms.TimeStampUsage,
		poatest.TSANotCritical:  cms.TimeStampUsage,
		poatest.TSAUnnamed:      cms.TimeStampESS,
		poatest.TSAWrongContent: cms.ForeignContent,
		poatest.TSARefuses:      cms.TimeStampRefused,
		poatest.TSAGarbage:      cms.Malformed,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			tsa := poatest.MustTSA(t, ca)
			tsa.Do(fault)
			if got, err := ask(t, tsa, crypto.SHA256, instant); cms.KindOf(err) != want || got.Token != nil {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	t.Run("the authority says why", func(t *testing.T) {
		t.Parallel()
		tsa := poatest.MustTSA(t, ca)
		tsa.Do(poatest.TSARefuses)
		if _, err := ask(t, tsa, crypto.SHA256, instant); err == nil || !bytes.HasSuffix([]byte(err.Error()), []byte("timeNotAvailable")) {
			t.Errorf("got %v", err)
		}
	})
}

func TestATimeStampIsVerifiedAgainstWhatItIsSaidToCover(t *testing.T) {
	t.Parallel()
	tsa := poatest.MustTSA(t, poatest.MustCA(t, instant))
	digest := sha256Of(content)
	token, err := tsa.Stamp(digest, crypto.SHA256, instant)
	if err != nil {
		t.Fatal(err)
	}
	signer := issue(t)
	foreign := x509.NewCertPool()
	foreign.AddCert(poatest.MustCA(t, instant, poatest.WithOwnKey()).Root)
	flipped := slices.Clone(token)
	flipped[len(flipped)-1] ^= 1
	tests := map[string]struct {
		token, digest []byte
		hash          crypto.Hash
		roots         *x509.CertPool
		want          cms.Kind
	}{
		"right":                      {token, digest, crypto.SHA256, tsa.Roots(), ""},
		"over something else":        {token, sha256Of(token), crypto.SHA256, tsa.Roots(), cms.TimeStampImprint},
		"of another hash":            {token, digestOf(crypto.SHA384, content), crypto.SHA384, tsa.Roots(), cms.TimeStampImprint},
		"a digest of no length":      {token, nil, crypto.SHA256, tsa.Roots(), cms.TimeStampImprint},
		"no roots":                   {token, digest, crypto.SHA256, nil, cms.TimeStampUntrusted},
		"another root, same name":    {token, digest, crypto.SHA256, foreign, cms.TimeStampUntrusted},
		"altered signature":          {flipped, digest, crypto.SHA256, tsa.Roots(), cms.Signature},
		"bytes after it":             {append(slices.Clone(token), 0), digest, crypto.SHA256, tsa.Roots(), cms.TrailingData},
		"a delegation":               {mustSign(t, signer), digest, crypto.SHA256, tsa.Roots(), cms.ForeignContent},
		"larger than any":            {make([]byte, 1<<20), digest, crypto.SHA256, tsa.Roots(), cms.TooLarge},
		"a signer's own certificate": {stampBy(t, signer, token), digest, crypto.SHA256, tsa.Roots(), cms.TimeStampUsage},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := cms.VerifyTimeStamp(test.token, test.digest, test.hash, test.roots); cms.KindOf(err) != test.want {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// What a statement says is read strictly: a forger is not needed, an authority with a fault of its own is enough.
func TestStatementsOfAnotherFormAreRefused(t *testing.T) {
	t.Parallel()
	tsa := poatest.MustTSA(t, poatest.MustCA(t, instant))
	type statement struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Serial     *big.Int
		Time       asn1.RawValue
		Extensions []pkix.Extension `asn1:"optional,omitempty,tag:1"`
	}
	at := func(text string) asn1.RawValue {
		return asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte(text)}
	}
	for name, test := range map[string]struct {
		change func(s *statement)
		want   cms.Kind
	}{
		"as it should be":           {func(*statement) {}, ""},
		"with a fraction":           {func(s *statement) { s.Time = at("20261101030000.25Z") }, ""},
		"an extension to pass over": {func(s *statement) { s.Extensions = []pkix.Extension{{Id: oidData, Value: []byte{5, 0}}} }, ""},
		"a critical extension": {func(s *statement) {
			s.Extensions = []pkix.Extension{{Id: oidData, Critical: true, Value: []byte{5, 0}}}
		}, cms.Malformed},
		"another version":             {func(s *statement) { s.Version = 2 }, cms.Malformed},
		"a fraction that ends with 0": {func(s *statement) { s.Time = at("20261101030000.20Z") }, cms.Malformed},
		"a time of another zone":      {func(s *statement) { s.Time = at("20261101120000+0900") }, cms.Malformed},
		"no time of any calendar":     {func(s *statement) { s.Time = at("20260231030000Z") }, cms.Malformed},
		"a number of 65 bytes":        {func(s *statement) { s.Serial = new(big.Int).Lsh(big.NewInt(1), 519) }, cms.Malformed},
		"an imprint of SHA-1": {func(s *statement) {
			s.Imprint.Algorithm.Algorithm, s.Imprint.Digest = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, make([]byte, 20)
		}, cms.WeakDigest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := statement{Version: 1, Policy: oidData, Serial: big.NewInt(1), Time: at("20261101030000Z")}
			s.Imprint.Algorithm.Algorithm, s.Imprint.Digest = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, sha256Of(content)
			test.change(&s)
			token, err := cms.Sign(poatest.DER(t, s), tsa.Certificate(), tsa.Key(), cms.SignOptions{ContentType: oidTSTInfo, ESS: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cms.VerifyTimeStamp(token, sha256Of(content), crypto.SHA256, tsa.Roots()); cms.KindOf(err) != test.want {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// stampBy signs a token's statement anew, with a certificate that is not for time stamps.
func stampBy(t testing.TB, signer *poatest.Signer, token []byte) []byte {
	t.Helper()
	statement, err := cms.ContentOf(token)
	if err != nil {
		t.Fatal(err)
	}
	again, err := signer.Sign(statement, cms.SignOptions{ContentType: oidTSTInfo, ESS: true})
	if err != nil {
		t.Fatal(err)
	}
	return again
}

var oidTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// A time stamp over the signature comes with the file (CAdES-T).
func TestVerifyReadsTimeStampsOverTheSignature(t *testing.T) {
	t.Parallel()
	tsa := poatest.MustTSA(t, poatest.MustCA(t, instant))
	signer := issue(t)
	over := func(digest func(signature []byte) []byte) []byte {
		file, err := signer.Sign(content, cms.SignOptions{ESS: true, TimeStamp: func(signature []byte) ([]byte, error) {
			return tsa.Stamp(digest(signature), crypto.SHA256, instant)
		}})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Run("right", func(t *testing.T) {
		t.Parallel()
		got, err := cms.Verify(over(sha256Of), nil, cms.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.TimeStamps) != 1 || !got.TimeStamps[0].Time.Equal(instant) || !got.TimeStamps[0].NotAfter.IsZero() || got.UnreadTimeStamps != 0 {
			t.Fatalf("read %d time stamps", len(got.TimeStamps))
		}
		if _, err := cms.VerifyTimeStamp(got.TimeStamps[0].Token, sha256Of(got.SignatureValue), crypto.SHA256, tsa.Roots()); err != nil {
			t.Error(err)
		}
	})
	t.Run("over another signature", func(t *testing.T) {
		t.Parallel()
		file := over(func([]byte) []byte { return sha256Of([]byte("other")) })
		if _, err := cms.Verify(file, nil, cms.DefaultLimits()); cms.KindOf(err) != cms.TimeStampImprint {
			t.Errorf("got %v", err)
		}
	})
	t.Run("one that cannot be read is counted, and spoils nothing", func(t *testing.T) {
		t.Parallel()
		file, err := signer.Sign(content, cms.SignOptions{TimeStamp: func([]byte) ([]byte, error) { return []byte{0x30, 0x00}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		got, err := cms.Verify(file, nil, cms.DefaultLimits())
		if err != nil || got.UnreadTimeStamps != 1 || got.TimeStamps != nil {
			t.Errorf("got %v", err)
		}
	})
}

// What was signed is told as a verification platform is asked about it.
func TestVerifyTellsSignatureAndSignedDigest(t *testing.T) {
	t.Parallel()
	signer := issue(t, poatest.WithECDSA(elliptic.P256()))
	got, err := cms.Verify(mustSign(t, signer), nil, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	public, ok := got.Signer.PublicKey.(*ecdsa.PublicKey)
	if !ok || got.Hash != crypto.SHA256 || !ecdsa.VerifyASN1(public, got.SignedDigest, got.SignatureValue) {
		t.Error("the signature value is not one over the signed digest")
	}
}
