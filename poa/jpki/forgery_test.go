// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/x509"
	"testing"
	"time"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// judged goes the whole way of a certificate that signed at instant: path and profile at that instant, then status as
// a responder and, where it can tell, a list say it a day later. It returns the Kind of what is wrong, or the standing.
func judged(t *testing.T, profile jpki.Profile, ca *poatest.CA, signer *x509.Certificate) (byOCSP, byCRL string) {
	t.Helper()
	certificate, err := profile.Check(signer, nil, instant)
	if err != nil {
		kind := string(jpki.KindOf(err))
		return kind, kind
	}
	later := instant.AddDate(0, 0, 1)
	request, err := jpki.NewOCSPRequest(signer, certificate.Issuer, nonce)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ca.Respond(request, later)
	if err != nil {
		t.Fatal(err)
	}
	told, err := jpki.CheckOCSP(response, signer, certificate.Issuer, nonce, later)
	if err != nil {
		t.Fatal(err)
	}
	der, err := ca.RevocationList(later)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := jpki.CheckCRL(der, signer, certificate.Issuer, later)
	if err != nil {
		t.Fatal(err)
	}
	return string(told.StandingAt(instant)), string(listed.StandingAt(instant))
}

// The forgeries and faults of issue 4 that lie in the certificate, each with its own word.
func TestForgeriesOfTheCertificate(t *testing.T) {
	t.Parallel()
	ca, foreign := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey())
	profile := jpki.Profile{Roots: roots(t, ca), Policies: []string{jpki.PolicyTest}}
	revoke := func(at time.Time, reason int) func(*x509.Certificate) {
		return func(c *x509.Certificate) { ca.Revoke(c, at, reason) }
	}
	second, before, after := time.Second, instant.Add(-time.Hour), instant.Add(time.Hour)
	tests := map[string]struct {
		ca      *poatest.CA
		options []poatest.Option
		act     func(*x509.Certificate)
		want    string
		listed  string // what a list says, where that differs
	}{
		"nothing wrong":                   {ca: ca, want: "GOOD"},
		"untrusted root of the same name": {ca: foreign, want: "UNTRUSTED"},
		"expired":                         {ca: ca, options: []poatest.Option{poatest.WithValidity(before, instant.Add(-second))}, want: "EXPIRED"},
		"not yet valid":                   {ca: ca, options: []poatest.Option{poatest.WithValidity(instant.Add(second), after)}, want: "NOT_YET_VALID"},
		"revoked before signing":          {ca: ca, act: revoke(before, poatest.ReasonSuperseded), want: "REVOKED"},
		"revoked after signing":           {ca: ca, act: revoke(after, poatest.ReasonAffiliationChanged), want: "GOOD"},
		"key lost, told after signing":    {ca: ca, act: revoke(after, poatest.ReasonKeyCompromise), want: "REVOKED"},
		"on hold":                         {ca: ca, act: func(c *x509.Certificate) { ca.Hold(c, before) }, want: "ON_HOLD"},
		"unknown":                         {ca: ca, act: func(c *x509.Certificate) { ca.Forget(c) }, want: "UNKNOWN", listed: "GOOD"},
		"wrong policy":                    {ca: ca, options: []poatest.Option{poatest.WithPolicy("1.2.392.200149.8.5.1.3.30")}, want: "POLICY"},
		"wrong key usage":                 {ca: ca, options: []poatest.Option{poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)}, want: "KEY_USAGE"},
		"authority as signer":             {ca: ca, options: []poatest.Option{poatest.AsCA()}, want: "IS_CA"},
		"certificate without a name":      {ca: ca, options: []poatest.Option{poatest.WithoutName()}, want: "NO_NAME"},
		"two names":                       {ca: ca, options: []poatest.Option{poatest.WithSecondName("別人　太郎")}, want: "AMBIGUOUS_NAME"},
		"era date 31 February":            {ca: ca, options: []poatest.Option{poatest.WithBirthDate("319800231")}, want: "NO_SUCH_DAY"},
		"date of another era":             {ca: ca, options: []poatest.Option{poatest.WithBirthDate("519800217")}, want: "ERA_MISMATCH"},
		"unknown critical extension":      {ca: ca, options: []poatest.Option{poatest.WithUnknownCritical()}, want: "CRITICAL_EXTENSION"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, test.ca, person, test.options...).Certificate
			if test.act != nil {
				test.act(signer)
			}
			if test.listed == "" {
				test.listed = test.want
			}
			if byOCSP, byCRL := judged(t, profile, test.ca, signer); byOCSP != test.want || byCRL != test.listed {
				t.Errorf("OCSP says %s, a list %s; want %s and %s", byOCSP, byCRL, test.want, test.listed)
			}
		})
	}
}
