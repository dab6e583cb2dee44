// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
)

func to[T any](v T) *T { return &v }

// faultsIn tells the faults of an error as field and code.
func faultsIn(err error) map[string]poa.Code {
	var faults poa.Faults
	found := map[string]poa.Code{}
	if errors.As(err, &faults) {
		for _, f := range faults {
			found[strings.Join(f.Field, ".")] = f.Code
		}
	}
	return found
}

// set changes an endpoint's settings and nothing else.
func (o *office) set(id string, s poa.SettingsInput) (poa.Endpoint, error) {
	return o.notifier.UpdateEndpoint(o.tb.Context(), o.recipient, poa.EndpointInput{IdempotencyKey: newKey(), ID: id, URL: "https://example.jp/hook", Enabled: true, SettingsInput: s}, anyURL{})
}

func (o *office) kept(id string) poa.Endpoint {
	o.tb.Helper()
	e, err := o.store.Endpoint(o.tb.Context(), id)
	must(o.tb, err)
	return e
}

// What is left out stays; what is shown holds no secret.
func TestEndpointSettings(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	if e.MaxInFlight != poa.DefaultInFlight || e.RatePerSecond != 0 || e.Envelope() != poa.EnvelopeStandard {
		t.Errorf("made as %+v", e)
	}
	certificate := clientCertificate(t, o.clock.Now(), newECDSA(t), nil)
	shown, err := o.set(e.ID, poa.SettingsInput{MaxInFlight: to(2), RatePerSecond: to(50), Envelope: to(poa.EnvelopeCloudEvents),
		Headers: []poa.HeaderInput{{"X-Api-Key", to("sehr-geheim")}, {"Authorization", to("Basic YTpi")}}, ClientCertificate: &certificate})
	must(t, err)
	if text, err := json.Marshal(shown); err != nil || strings.Contains(string(text), "geheim") || strings.Contains(string(text), "PRIVATE KEY") || len(shown.Headers) != 2 {
		t.Errorf("shown as %s, %v", text, err)
	}
	full := o.kept(e.ID)
	if full.Headers[0] != (poa.EndpointHeader{Name: "X-Api-Key", Value: "sehr-geheim"}) || !strings.Contains(full.Certificate.Key, "PRIVATE KEY") || full.Certificate.SHA256 == "" ||
		!full.Certificate.Until.Equal(o.clock.Now().Add(time.Hour).Truncate(time.Second)) {
		t.Errorf("kept as %+v", full)
	}
	o.clock.Advance(time.Minute)
	_, err = o.set(e.ID, poa.SettingsInput{})
	must(t, err)
	if diff := cmp.Diff(full, o.kept(e.ID)); diff != "" {
		t.Error("what was left out changed:", diff)
	}
	_, err = o.set(e.ID, poa.SettingsInput{Headers: []poa.HeaderInput{{"x-api-key", nil}}, RemoveClientCertificate: true, Envelope: to(poa.EnvelopeStandard)})
	must(t, err)
	after := o.kept(e.ID)
	if diff := cmp.Diff([]poa.EndpointHeader{{Name: "x-api-key", Value: "sehr-geheim"}}, after.Headers); diff != "" || after.Certificate != nil || after.MaxInFlight != 2 {
		t.Errorf("%s, %+v", diff, after)
	}
	if now := o.clock.Now(); after.EnvelopeAt(now) != poa.EnvelopeStandard || after.EnvelopeAt(now.Add(-time.Second)) != poa.EnvelopeCloudEvents || after.EnvelopeAt(now.Add(-time.Hour)) != poa.EnvelopeStandard {
		t.Errorf("envelopes %+v", after.Envelopes)
	}
	_, err = o.set(e.ID, poa.SettingsInput{Headers: []poa.HeaderInput{}})
	must(t, err)
	if len(o.kept(e.ID).Headers) > 0 {
		t.Error("an empty list took nothing away")
	}
}

func TestEndpointSettingsAreBounded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	header := func(name, value string) poa.SettingsInput {
		return poa.SettingsInput{Headers: []poa.HeaderInput{{name, &value}}}
	}
	many := poa.SettingsInput{}
	for i := range 21 {
		many.Headers = append(many.Headers, poa.HeaderInput{Name: "X-" + strings.Repeat("a", i+1), Value: to("v")})
	}
	refused := map[string]struct {
		in    poa.SettingsInput
		field string
		code  poa.Code
	}{
		"nothing in flight":       {poa.SettingsInput{MaxInFlight: to(0)}, "maxInFlight", poa.CodeInvalid},
		"too much in flight":      {poa.SettingsInput{MaxInFlight: to(65)}, "maxInFlight", poa.CodeInvalid},
		"a rate below zero":       {poa.SettingsInput{RatePerSecond: to(-1)}, "ratePerSecond", poa.CodeInvalid},
		"too high a rate":         {poa.SettingsInput{RatePerSecond: to(1001)}, "ratePerSecond", poa.CodeInvalid},
		"an unknown envelope":     {poa.SettingsInput{Envelope: to(poa.Envelope("XML"))}, "envelope", poa.CodeInvalid},
		"too many headers":        {many, "headers", poa.CodeTooMany},
		"no name":                 {header("", "v"), "headers.0.name", poa.CodeRequired},
		"a long name":             {header(strings.Repeat("a", 65), "v"), "headers.0.name", poa.CodeTooLong},
		"no value":                {header("X-A", " "), "headers.0.value", poa.CodeRequired},
		"no value to keep":        {poa.SettingsInput{Headers: []poa.HeaderInput{{"X-A", nil}}}, "headers.0.value", poa.CodeRequired},
		"a long value":            {header("X-A", strings.Repeat("v", 1001)), "headers.0.value", poa.CodeTooLong},
		"twice the same":          {poa.SettingsInput{Headers: []poa.HeaderInput{{"X-A", to("1")}, {"x-a", to("2")}}}, "headers.1.name", poa.CodeHeaderNotAllowed},
		"a name with a colon":     {header("X:A", "v"), "headers.0.name", poa.CodeForbiddenCharacter},
		"a name with a blank":     {header("X A", "v"), "headers.0.name", poa.CodeForbiddenCharacter},
		"a name with CR LF":       {header("X-A\r\nHost", "v"), "headers.0.name", poa.CodeForbiddenCharacter},
		"a name that is no ASCII": {header("X-Ä", "v"), "headers.0.name", poa.CodeForbiddenCharacter},
		"a pseudo header":         {header(":authority", "v"), "headers.0.name", poa.CodeForbiddenCharacter},
		"both at once":            {poa.SettingsInput{ClientCertificate: &poa.CertificateInput{}, RemoveClientCertificate: true}, "removeClientCertificate", poa.CodeInvalid},
	}
	for _, value := range []string{"a\r\nHost: evil", "a\nb", "a\rb", "a\x00b", "a\x7Fb", "ä", " a", "a\t"} {
		refused["the value "+value] = struct {
			in    poa.SettingsInput
			field string
			code  poa.Code
		}{header("X-A", value), "headers.0.value", poa.CodeForbiddenCharacter}
	}
	for _, name := range []string{"Host", "host", "Content-Type", "CONTENT-LENGTH", "Content-Anything", "Webhook-Id", "webhook-signature", "Connection", "Keep-Alive", "Proxy-Authorization",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Cookie", "Set-Cookie", "User-Agent", "Accept-Encoding", "X-Forwarded-For", "Forwarded"} {
		refused[name] = struct {
			in    poa.SettingsInput
			field string
			code  poa.Code
		}{header(name, "v"), "headers.0.name", poa.CodeHeaderNotAllowed}
	}
	for name, each := range refused {
		_, err := o.set(e.ID, each.in)
		if got := faultsIn(err); got[each.field] != each.code {
			t.Errorf("%s: %v (%v)", name, got, err)
		}
	}
	if now := o.kept(e.ID); len(now.Headers) > 0 || now.MaxInFlight != poa.DefaultInFlight {
		t.Errorf("something refused was kept: %+v", now)
	}
	for _, in := range []poa.SettingsInput{header("X-A", "a b\tc"), header("Authorization", "Bearer abc=="), {MaxInFlight: to(64), RatePerSecond: to(1000)}, {MaxInFlight: to(1), RatePerSecond: to(0)}} {
		if _, err := o.set(e.ID, in); err != nil {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func newECDSA(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func clientTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ininjo"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
}

// clientCertificate makes one that signs itself and holds for one more hour.
func clientCertificate(t *testing.T, now time.Time, key crypto.Signer, change func(*x509.Certificate)) poa.CertificateInput {
	t.Helper()
	template := clientTemplate(now)
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return poa.CertificateInput{Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.endpoint(o.recipient)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	first, second := clientCertificate(t, o.clock.Now(), newECDSA(t), nil), clientCertificate(t, o.clock.Now(), newECDSA(t), nil)
	const certificate, private = "clientCertificate.certificate", "clientCertificate.privateKey"
	for name, each := range map[string]struct {
		in    poa.CertificateInput
		field string
		code  poa.Code
	}{
		"nothing":              {poa.CertificateInput{}, private, poa.CodeRequired},
		"no key":               {poa.CertificateInput{Certificate: first.Certificate}, private, poa.CodeRequired},
		"another's key":        {poa.CertificateInput{Certificate: first.Certificate, PrivateKey: second.PrivateKey}, private, poa.CodeKeyDoesNotFit},
		"the two changed over": {poa.CertificateInput{Certificate: first.PrivateKey, PrivateKey: first.Certificate}, certificate, poa.CodeInvalid},
		"words":                {poa.CertificateInput{Certificate: "words", PrivateKey: "words"}, certificate, poa.CodeInvalid},
		"an encrypted key":     {poa.CertificateInput{Certificate: first.Certificate, PrivateKey: strings.ReplaceAll(first.PrivateKey, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")}, private, poa.CodeInvalid},
		"far too long":         {poa.CertificateInput{Certificate: first.Certificate + strings.Repeat("\n", 17<<10), PrivateKey: first.PrivateKey}, certificate, poa.CodeTooLong},
		"six certificates":     {poa.CertificateInput{Certificate: strings.Repeat(first.Certificate, 6), PrivateKey: first.PrivateKey}, certificate, poa.CodeInvalid},
		"one that is over":     {clientCertificate(t, o.clock.Now(), newECDSA(t), func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Minute) }), certificate, poa.CodeCertificateExpired},
		"one of tomorrow":      {clientCertificate(t, o.clock.Now(), newECDSA(t), func(c *x509.Certificate) { c.NotBefore = c.NotAfter.Add(-time.Minute) }), certificate, poa.CodeCertificateNotYet},
		"one for servers":      {clientCertificate(t, o.clock.Now(), newECDSA(t), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), certificate, poa.CodeInvalid},
		"an authority":         {clientCertificate(t, o.clock.Now(), newECDSA(t), func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), certificate, poa.CodeInvalid},
		"a short key":          {clientCertificate(t, o.clock.Now(), short, nil), certificate, poa.CodeKeyTooShort},
	} {
		_, err := o.set(e.ID, poa.SettingsInput{ClientCertificate: &each.in})
		if got := faultsIn(err); got[each.field] != each.code {
			t.Errorf("%s: %v (%v)", name, got, err)
		}
	}
	for name, in := range map[string]poa.CertificateInput{"ECDSA": first, "Ed25519": clientCertificate(t, o.clock.Now(), edwards, nil), "RSA": clientCertificate(t, o.clock.Now(), strong, nil),
		"no purpose named": clientCertificate(t, o.clock.Now(), newECDSA(t), func(c *x509.Certificate) { c.ExtKeyUsage = nil }),
		"a chain":          {Certificate: "bag attributes\n" + first.Certificate + second.Certificate, PrivateKey: first.PrivateKey}} {
		shown, err := o.set(e.ID, poa.SettingsInput{ClientCertificate: &in})
		if err != nil || shown.Certificate.Subject != "CN=ininjo" || shown.Certificate.Key != "" {
			t.Errorf("%s: %+v, %v", name, shown.Certificate, err)
		}
	}
}

// A CloudEvents event holds what CloudEvents 1.0 wants and the same data.
func TestCloudEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	d := poa.Delivery{ID: "msg_1", Previous: 41, Notice: poa.Notice{Stream: "s", Sequence: 42, Change: poa.Change{Type: poa.NoticeRevoked, DelegationID: "ABCDE", Status: poa.StatusRevoked, Version: 3, At: at}}}
	policy := poa.DefaultPolicy("https://ininjo.example")
	media, body, err := d.Payload(poa.EnvelopeCloudEvents, policy)
	must(t, err)
	if want := `{"specversion":"1.0","id":"msg_1","source":"https://ininjo.example","type":"delegation.revoked","subject":"ABCDE","time":"2026-11-26T12:00:00Z","datacontenttype":"application/json",` +
		`"data":{"delegationId":"ABCDE","status":"REVOKED","version":3,"stream":"s","sequence":42,"previous":41}}`; media != "application/cloudevents+json" || string(body) != want {
		t.Errorf("%s: %s", media, body)
	}
	media, body, err = d.Payload(poa.EnvelopeStandard, policy)
	standard, err2 := json.Marshal(d.Body())
	if err != nil || err2 != nil || media != "application/json" || string(body) != string(standard) {
		t.Errorf("%s: %s", media, body)
	}
}
