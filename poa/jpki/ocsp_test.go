// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ocsp"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

var nonce = []byte("0123456789abcdef")

func respond(t testing.TB, ca *poatest.CA, certificate *x509.Certificate, options ...poatest.ResponseOption) []byte {
	t.Helper()
	request, err := jpki.NewOCSPRequest(certificate, ca.Root, nonce)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ca.Respond(request, instant, options...)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func responder(t testing.TB, ca *poatest.CA, options ...poatest.ResponderOption) *poatest.Signer {
	t.Helper()
	signer, err := ca.Responder(options...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func TestCheckOCSPTellsTheStanding(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	delegated := responder(t, ca)
	since := instant.AddDate(0, 0, -3)
	tests := map[string]struct {
		act     func(*x509.Certificate)
		options []poatest.ResponseOption
		nonce   []byte
		want    told
	}{
		"good":                                  {nil, nil, nonce, told{Standing: jpki.Good}},
		"good, by a delegated responder":        {nil, []poatest.ResponseOption{poatest.By(delegated)}, nonce, told{Standing: jpki.Good}},
		"revoked":                               {func(c *x509.Certificate) { ca.Revoke(c, since, poatest.ReasonAffiliationChanged) }, nil, nonce, told{jpki.Revoked, since, "affiliationChanged"}},
		"revoked, by a delegated responder":     {func(c *x509.Certificate) { ca.Revoke(c, since, poatest.ReasonKeyCompromise) }, []poatest.ResponseOption{poatest.By(delegated)}, nonce, told{jpki.Revoked, since, "keyCompromise"}},
		"on hold":                               {func(c *x509.Certificate) { ca.Hold(c, since) }, nil, nonce, told{jpki.OnHold, since, "certificateHold"}},
		"unknown":                               {func(c *x509.Certificate) { ca.Forget(c) }, nil, nonce, told{Standing: jpki.Unknown}},
		"checked again without its nonce":       {nil, nil, nil, told{Standing: jpki.Good}},
		"signed beforehand, no nonce asked for": {nil, []poatest.ResponseOption{poatest.WithoutNonce()}, nil, told{Standing: jpki.Good}},
		"without a next update, new":            {nil, []poatest.ResponseOption{poatest.WithResponsePeriod(instant.Add(-time.Minute), time.Time{})}, nonce, told{Standing: jpki.Good}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, ca, person).Certificate
			if test.act != nil {
				test.act(signer)
			}
			response := respond(t, ca, signer, test.options...)
			got, err := jpki.CheckOCSP(response, signer, ca.Root, test.nonce, instant)
			if diff := cmp.Diff(test.want, tell(got)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if got.Source != jpki.SourceOCSP || got.ThisUpdate.IsZero() || !bytes.Equal(got.Raw, response) || !bytes.Equal(got.Nonce, test.nonce) {
				t.Errorf("source %s, this update %v", got.Source, got.ThisUpdate)
			}
		})
	}
}

func TestCheckOCSPTellsNothingFrom(t *testing.T) {
	t.Parallel()
	ca, foreign := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey())
	signer := poatest.MustIssue(t, ca, person).Certificate
	twin := poatest.MustIssue(t, foreign, person, poatest.WithSerial(signer.SerialNumber)).Certificate
	removed := poatest.MustIssue(t, ca, person).Certificate
	ca.Revoke(removed, instant, poatest.ReasonRemoveFromCRL)
	by := func(options ...poatest.ResponderOption) poatest.ResponseOption {
		return poatest.By(responder(t, ca, options...))
	}
	answer := func(options ...poatest.ResponseOption) []byte { return respond(t, ca, signer, options...) }
	good := answer()
	critical := poatest.WithResponseExtension(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
	tests := map[string]struct {
		response    []byte
		certificate *x509.Certificate
		want        jpki.Kind
	}{
		"nothing":                                     {nil, signer, jpki.StatusUnreadable},
		"garbage":                                     {[]byte("<html>"), signer, jpki.StatusUnreadable},
		"half a response":                             {good[:len(good)/2], signer, jpki.StatusUnreadable},
		"bytes after the response":                    {append(bytes.Clone(good), 0), signer, jpki.StatusUnreadable},
		"a response without bound":                    {make([]byte, jpki.MaxOCSP+1), signer, jpki.StatusTooLarge},
		"try later":                                   {ocsp.TryLaterErrorResponse, signer, jpki.StatusRefused},
		"unauthorized":                                {ocsp.UnauthorizedErrorResponse, signer, jpki.StatusRefused},
		"a changed signature":                         {answer(poatest.WithSpoiledSignature()), signer, jpki.StatusSignature},
		"no signature":                                {answer(poatest.WithoutSignature()), signer, jpki.StatusSignature},
		"no signature of a responder":                 {answer(by(), poatest.WithoutSignature()), signer, jpki.StatusUnreadable},
		"a changed signature of a responder":          {answer(by(), poatest.WithSpoiledSignature()), signer, jpki.StatusUnreadable},
		"a root of the same name":                     {respond(t, foreign, signer, poatest.AboutIssuer(ca.Root)), signer, jpki.StatusSignature},
		"a responder of that root":                    {answer(poatest.By(responder(t, foreign))), signer, jpki.StatusResponder},
		"a responder not certified for it":            {answer(by(func(c *x509.Certificate) { c.ExtKeyUsage = nil })), signer, jpki.StatusResponder},
		"a responder for web servers":                 {answer(by(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), signer, jpki.StatusResponder},
		"a responder without key usage bit":           {answer(by(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })), signer, jpki.StatusResponder},
		"an expired responder":                        {answer(by(func(c *x509.Certificate) { c.NotAfter = instant.Add(-time.Second) })), signer, jpki.StatusResponder},
		"a responder of tomorrow":                     {answer(by(func(c *x509.Certificate) { c.NotBefore = instant.Add(time.Hour) })), signer, jpki.StatusResponder},
		"a responder for a year without ocsp-nocheck": {answer(by(func(c *x509.Certificate) { c.ExtraExtensions = nil })), signer, jpki.StatusResponder},
		"a card as responder":                         {answer(poatest.By(poatest.MustIssue(t, ca, person))), signer, jpki.StatusResponder},
		"another serial number":                       {answer(poatest.AboutSerial(big.NewInt(7))), signer, jpki.StatusOtherCertificate},
		"the number of another issuer":                {answer(poatest.AboutIssuer(foreign.Root)), signer, jpki.StatusOtherIssuer},
		"a certificate of another issuer":             {good, twin, jpki.StatusOtherIssuer},
		"another nonce":                               {answer(poatest.WithNonce([]byte{4, 2, 1, 2})), signer, jpki.StatusNonce},
		"no nonce":                                    {answer(poatest.WithoutNonce()), signer, jpki.StatusNonce},
		"an old response":                             {answer(poatest.WithResponsePeriod(instant.AddDate(0, 0, -1), instant.Add(-time.Second))), signer, jpki.StatusStale},
		"an old response without end":                 {answer(poatest.WithResponsePeriod(instant.Add(-61*time.Minute), time.Time{})), signer, jpki.StatusStale},
		"a response from the future":                  {answer(poatest.WithResponsePeriod(instant.Add(6*time.Minute), instant.AddDate(0, 0, 1))), signer, jpki.StatusNotYet},
		"an end before the begin":                     {answer(poatest.WithResponsePeriod(instant, instant.Add(-time.Hour))), signer, jpki.StatusUnreadable},
		"an unknown critical extension":               {answer(critical), signer, jpki.StatusUnsupported},
		"removeFromCRL":                               {respond(t, ca, removed), removed, jpki.StatusUnsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := jpki.CheckOCSP(test.response, test.certificate, ca.Root, nonce, instant); jpki.KindOf(err) != test.want || got.Standing != "" {
				t.Errorf("got %s, %v, want %s", got.Standing, err, test.want)
			}
		})
	}
}

// TestAResponderOfShortLifeNeedsNoMark: nobody could use a stolen key of its for long.
func TestAResponderOfShortLifeNeedsNoMark(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	signer := poatest.MustIssue(t, ca, person).Certificate
	for days, want := range map[int]jpki.Kind{31: "", 32: jpki.StatusResponder} {
		short := responder(t, ca, func(c *x509.Certificate) {
			c.ExtraExtensions, c.NotBefore, c.NotAfter = nil, instant.AddDate(0, 0, -1), instant.AddDate(0, 0, days-1)
		})
		if _, err := jpki.CheckOCSP(respond(t, ca, signer, poatest.By(short)), signer, ca.Root, nonce, instant); jpki.KindOf(err) != want {
			t.Errorf("a responder of %d days: %v", days, err)
		}
	}
}

func TestHasNonce(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	signer := poatest.MustIssue(t, ca, person).Certificate
	if !jpki.HasNonce(respond(t, ca, signer)) || jpki.HasNonce(respond(t, ca, signer, poatest.WithoutNonce())) || jpki.HasNonce(nil) {
		t.Error("nonces are not told")
	}
}

// FuzzCheckOCSP looks for panics and for answers that were not signed. The part beside what is signed (which
// certificates go with the response) may change, so a response that is taken must give a seed's answer.
func FuzzCheckOCSP(f *testing.F) {
	ca := poatest.MustCA(f, instant)
	signer := poatest.MustIssue(f, ca, person).Certificate
	ca.Revoke(signer, instant, poatest.ReasonSuperseded)
	seeds := [][]byte{respond(f, ca, signer), respond(f, ca, signer, poatest.By(responder(f, ca))), respond(f, ca, signer, poatest.WithoutNonce()), ocsp.TryLaterErrorResponse}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := jpki.CheckOCSP(der, signer, ca.Root, nonce, instant)
		switch {
		case err != nil && (jpki.KindOf(err) == "" || got.Standing != ""):
			t.Fatalf("no Fault, or an answer beside it: %v", err)
		case err == nil && got.Standing != jpki.Revoked:
			t.Fatalf("took a response that was not signed: %s", got.Standing)
		}
		jpki.HasNonce(der)
	})
}

// Every Kind of a status answer stands in one of the tables of this package or of openssl_status_test.go.
func TestStatusKindsAreKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range jpki.StatusKinds() {
		if slices.Contains(jpki.Kinds(), kind) {
			t.Errorf("%s refuses certificates, too", kind)
		}
	}
}
