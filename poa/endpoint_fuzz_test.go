// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"ininjo/poa"
)

// What is taken as a header arrives as one header of that name and value, and
// changes nothing else of the request, however it is written.
func FuzzEndpointHeader(f *testing.F) {
	for _, seed := range [][2]string{{"X-A", "a b\tc"}, {"Authorization", "Bearer abc=="}, {"Host", "other.example"}, {"host ", "x"}, {"X-A", "a\r\nHost: other.example"}, {"X:A", "b"}, {"Content-Length", "0"}, {"Webhook-Id", "x"},
		{"WEBHOOK-signature", "v1,x"}, {"X-A\n", "b"}, {"X-A", "a\x00b"}, {"X-A", "あ"}, {"Ｈｏｓｔ", "x"}, {"Transfer-Encoding", "chunked"}, {"Connection", "X-A"}, {"", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		var e poa.Endpoint
		if faults := (poa.SettingsInput{Headers: []poa.HeaderInput{{Name: name, Value: &value}}}).ApplyHeaders(&e); len(faults) > 0 {
			return
		}
		lower := strings.ToLower(name)
		if lower == "host" || strings.HasPrefix(lower, "content-") || strings.HasPrefix(lower, "webhook-") || strings.ContainsAny(name+value, "\r\n\x00") {
			t.Fatalf("took %q: %q", name, value)
		}
		plain, full := sent(t, nil), sent(t, e.Headers)
		if full.Host != plain.Host || full.ContentLength != plain.ContentLength || full.TransferEncoding != nil || full.Close != plain.Close || len(full.Header) != len(plain.Header)+1 {
			t.Errorf("%q: %q made %+v of %+v", name, value, full, plain)
		}
		if got := full.Header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%q: %q arrived as %q", name, value, got)
		}
	})
}

// sent is a request with the headers as a server reads it.
func sent(t *testing.T, headers []poa.EndpointHeader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://hooks.example/", strings.NewReader("{}"))
	must(t, err)
	for _, h := range headers {
		r.Header.Set(h.Name, h.Value)
	}
	var wire bytes.Buffer
	must(t, r.Write(&wire))
	read, err := http.ReadRequest(bufio.NewReader(&wire))
	must(t, err)
	return read
}

// What is taken as a client certificate serves as one, holds nothing else, and
// reads the same again.
func FuzzClientCertificate(f *testing.F) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	good := fuzzedCertificate(f, now)
	f.Add(good.Certificate, good.PrivateKey)
	f.Add(good.Certificate+good.Certificate, "note\n"+good.PrivateKey)
	f.Add(good.PrivateKey, good.Certificate)
	f.Add("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", strings.Replace(good.PrivateKey, "PRIVATE KEY", "EC PRIVATE KEY", 2))
	f.Add("x", "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, certificate, key string) {
		c, faults := poa.ReadClientCertificate(poa.CertificateInput{Certificate: certificate, PrivateKey: key}, now)
		if len(faults) > 0 {
			if c != (poa.ClientCertificate{}) {
				t.Errorf("refused with %v and kept %+v", faults, c)
			}
			return
		}
		if _, err := tls.X509KeyPair([]byte(c.Chain), []byte(c.Key)); err != nil || now.After(c.Until) || strings.Contains(c.Chain, "PRIVATE KEY") {
			t.Fatalf("took what does not serve: %v", err)
		}
		again, faults := poa.ReadClientCertificate(poa.CertificateInput{Certificate: c.Chain, PrivateKey: c.Key}, now)
		if len(faults) > 0 || again != c {
			t.Errorf("read again: %v, %+v of %+v", faults, again, c)
		}
	})
}

// fuzzedCertificate is the same in every process that looks for faults.
func fuzzedCertificate(f *testing.F, now time.Time) poa.CertificateInput {
	f.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := clientTemplate(now)
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	return poa.CertificateInput{Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))}
}
