// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
	"ininjo/server/outside/status"
	"ininjo/server/outside/webhook"
)

const token = "tok_0123456789"

// bureau is a verification platform in the test's process.
type bureau struct {
	*httptest.Server
	ca       *poatest.CA
	clock    *poatest.Clock
	platform *poatest.Platform
	client   *status.Platform
	asked    atomic.Int64
}

// newBureau serves the platform, or says where that is not nil.
func newBureau(t *testing.T, says http.Handler) *bureau {
	t.Helper()
	b := &bureau{ca: poatest.MustCA(t, instant), clock: poatest.NewClock(instant)}
	b.platform = poatest.NewPlatform(token, b.clock.Now, b.ca)
	if says == nil {
		says = b.platform
	}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		for _, fault := range described(t, r.URL.Path, body) {
			t.Errorf("the request is not as described: %s", fault)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		says.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	b.client = b.connect(t, token, nil)
	return b
}

func (b *bureau) connect(t *testing.T, token string, change func(*status.PlatformConfig)) *status.Platform {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	allowed, err := webhook.ParseAllowance(strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	c := status.PlatformConfig{URL: b.URL, TokenFile: file, Allowed: []webhook.Allowance{allowed}, Timeout: 10 * time.Second, Backoff: time.Millisecond, Clock: b.clock}
	if change != nil {
		change(&c)
	}
	client, err := status.NewPlatform(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// described checks a question against docs/platform-openapi.yaml: its members, no others, and their values.
func described(t *testing.T, path string, body []byte) []string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/platform-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths      map[string]any
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]struct {
					Ref  string `yaml:"$ref"`
					Enum []string
				}
				Enum []string
			}
		}
	}
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	name := map[string]string{"/pocketsign.verify.v2.VerificationService/Verify": "VerifyRequest", "/pocketsign.verify.v2.CertificateService/CheckCertificateStatus": "CheckRequest"}[path]
	if d.Paths[path] == nil || name == "" {
		return []string{"there is no " + path}
	}
	var members map[string]string
	if err := json.Unmarshal(body, &members); err != nil {
		return []string{"the body holds other things than texts"}
	}
	var faults []string
	schema := d.Components.Schemas[name]
	for _, wanted := range schema.Required {
		if members[wanted] == "" {
			faults = append(faults, wanted+" is missing")
		}
	}
	for member, value := range members {
		p, known := schema.Properties[member]
		enum := p.Enum
		if p.Ref != "" {
			enum = d.Components.Schemas[p.Ref[strings.LastIndex(p.Ref, "/")+1:]].Enum
		}
		if !known || len(enum) > 0 && !slices.Contains(enum, value) {
			faults = append(faults, fmt.Sprintf("%s is not described so", member))
		}
	}
	return faults
}

// question is about a signature that the holder made.
func (b *bureau) question(t *testing.T, signer *poatest.Signer) poa.StatusQuestion {
	t.Helper()
	digest := sha256.Sum256([]byte("signed attributes"))
	signature, err := signer.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return poa.StatusQuestion{Certificate: signer.Certificate, Issuer: b.ca.Root, SignatureValue: signature, SignedDigest: digest[:], Hash: crypto.SHA256, At: b.clock.Now()}
}

func TestPlatformTellsTheStanding(t *testing.T) {
	t.Parallel()
	since := instant.AddDate(0, 0, -3)
	tests := map[string]struct {
		options []poatest.Option
		act     func(*bureau, *poatest.Signer, *poa.StatusQuestion)
		want    told
	}{
		"good":           {want: told{Standing: jpki.Good}},
		"good, on P-384": {options: []poatest.Option{poatest.WithECDSA(elliptic.P384())}, want: told{Standing: jpki.Good}},
		"revoked": {act: func(b *bureau, s *poatest.Signer, _ *poa.StatusQuestion) {
			b.ca.Revoke(s.Certificate, since, poatest.ReasonAffiliationChanged)
		}, want: told{jpki.Revoked, since, "affiliationChanged"}},
		"on hold":               {act: func(b *bureau, s *poatest.Signer, _ *poa.StatusQuestion) { b.ca.Hold(s.Certificate, since) }, want: told{jpki.OnHold, since, "certificateHold"}},
		"unknown":               {act: func(b *bureau, s *poatest.Signer, _ *poa.StatusQuestion) { b.ca.Forget(s.Certificate) }, want: told{Standing: jpki.Unknown}},
		"another signature":     {act: func(_ *bureau, _ *poatest.Signer, q *poa.StatusQuestion) { q.SignedDigest = make([]byte, 32) }, want: told{Standing: jpki.Unknown, Reason: "invalid_signature"}},
		"a phone's certificate": {options: []poatest.Option{poatest.WithPolicy(poatest.PolicyPhone)}, want: told{Standing: jpki.Unknown, Reason: "unsupported_certificate"}},
		"an expired one":        {options: []poatest.Option{poatest.WithValidity(since, instant.Add(-time.Second))}, want: told{Standing: jpki.Unknown, Reason: "certificate_expired"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, nil)
			signer := poatest.MustIssue(t, b.ca, person, test.options...)
			q := b.question(t, signer)
			if test.act != nil {
				test.act(b, signer, &q)
			}
			got, err := b.client.Status(t.Context(), q)
			if diff := cmp.Diff(test.want, tell(got)); err != nil || diff != "" {
				t.Fatalf("%v\n%s", err, diff)
			}
			if got.Source != jpki.SourcePlatform || got.Reason == "" && got.Standing == jpki.Good && (got.VerificationID == "" || got.CertificateID == "") {
				t.Errorf("source %s, verification %q, certificate %q", got.Source, got.VerificationID, got.CertificateID)
			}
			if raw := string(got.Raw); raw == "" || strings.Contains(raw, "名") || strings.Contains(raw, "1980") || strings.Contains(raw, "ontent") {
				t.Errorf("kept of the answer: %s", raw)
			}
		})
	}
}

func TestPlatformIsAskedAgainWithoutTheCertificate(t *testing.T) {
	t.Parallel()
	b := newBureau(t, nil)
	signer := poatest.MustIssue(t, b.ca, person)
	first, err := b.client.Status(t.Context(), b.question(t, signer))
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(24 * time.Hour)
	if again, err := b.client.Status(t.Context(), poa.StatusQuestion{CertificateID: first.CertificateID, At: b.clock.Now()}); err != nil || again.Standing != jpki.Good || again.CertificateID != first.CertificateID {
		t.Errorf("%s, %v", again.Standing, err)
	}
	b.ca.Revoke(signer.Certificate, instant, poatest.ReasonSuperseded)
	if again, err := b.client.Status(t.Context(), poa.StatusQuestion{CertificateID: first.CertificateID, At: b.clock.Now()}); err != nil || again.Standing != jpki.Revoked {
		t.Errorf("%s, %v", again.Standing, err)
	}
	if unknown, err := b.client.Status(t.Context(), poa.StatusQuestion{CertificateID: "crt_0", At: b.clock.Now()}); err != nil || unknown.Standing != jpki.Unknown || unknown.Reason != "certificate_not_found" {
		t.Errorf("another's: %s %s, %v", unknown.Standing, unknown.Reason, err)
	}
	want := []string{"CHECK_PURPOSE_SIGNATURE_VERIFICATION", "CHECK_PURPOSE_LIVENESS_CHECK", "CHECK_PURPOSE_LIVENESS_CHECK", "CHECK_PURPOSE_LIVENESS_CHECK"}
	if diff := cmp.Diff(want, b.platform.Purposes()); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"crt_0 ", "黒桐", strings.Repeat("a", 129)} {
		if _, err := b.client.Status(t.Context(), poa.StatusQuestion{CertificateID: name, At: b.clock.Now()}); err == nil {
			t.Errorf("asked about %q", name)
		}
	}
}

// jsonOf answers a body as JSON with a status.
func jsonOf(code int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

// verified is an answer to Verify with this status.
func verified(status string) string {
	return `{"result": "RESULT_OK", "verificationId": "vrf_1", "certificate": {"id": "crt_1", "type": "TYPE_JPKI_CARD_DIGITAL_SIGNATURE"}, "certificateStatus": ` + status + `}`
}

func TestPlatformCannotTellFrom(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		says http.Handler
		want string
	}{
		"garbage":                   {jsonOf(200, "<html>"), "documented form"},
		"nothing":                   {jsonOf(200, ""), "documented form"},
		"another media type":        {bodyOf([]byte(verified(`{"status": "STATUS_GOOD"}`))), "documented form"},
		"no verification ID":        {jsonOf(200, strings.Replace(verified(`{"status": "STATUS_GOOD"}`), "vrf_1", "", 1)), "documented form"},
		"a person's name as ID":     {jsonOf(200, strings.Replace(verified(`{"status": "STATUS_GOOD"}`), "vrf_1", "黒桐", 1)), "documented form"},
		"good without a status":     {jsonOf(200, `{"result": "RESULT_OK", "verificationId": "vrf_1"}`), "documented form"},
		"good without certificate":  {jsonOf(200, `{"result": "RESULT_OK", "verificationId": "vrf_1", "certificateStatus": {"status": "STATUS_GOOD"}}`), "documented form"},
		"a status that is not ours": {jsonOf(200, verified(`{"status": "STATUS_FINE"}`)), "documented form"},
		"an empty status":           {jsonOf(200, verified(`{}`)), "documented form"},
		"from the future":           {jsonOf(200, verified(`{"status": "STATUS_GOOD", "checkedAt": "2026-11-01T03:06:00Z"}`)), "future"},
		"looked at last week":       {jsonOf(200, verified(`{"status": "STATUS_GOOD", "checkedAt": "2026-10-25T03:00:00Z"}`)), "old"},
		"a fault without a reason":  {jsonOf(400, `{"code": "invalid_argument"}`), "400"},
		"a fault that is no JSON":   {jsonOf(404, "gone"), "404"},
		"no longer let in":          {jsonOf(401, `{"code": "unauthenticated"}`), "401"},
		"429":                       {jsonOf(429, `{"code": "resource_exhausted", "details": [{"debug": {"reason": "UNSUPPORTED_CERTIFICATE"}}]}`), "429"},
		"500":                       {jsonOf(500, `{"code": "internal"}`), "500"},
		"a redirect":                {http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect), "307"},
		"without end":               {http.HandlerFunc(endless), "too large"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, test.says)
			got, err := b.client.Status(t.Context(), b.question(t, poatest.MustIssue(t, b.ca, person)))
			if err == nil || !strings.Contains(err.Error(), test.want) || got.Standing != "" {
				t.Errorf("got %s, %v, want an error with %q", got.Standing, err, test.want)
			}
			if n := b.asked.Load(); n != 1 {
				t.Errorf("a verification was asked for %d times", n)
			}
		})
	}
}

func TestPlatformReadsOtherWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		says http.Handler
		want told
	}{
		"a phone's type":            {jsonOf(200, strings.Replace(verified(`{"status": "STATUS_GOOD"}`), "TYPE_JPKI_CARD_DIGITAL_SIGNATURE", "TYPE_JPKI_PHONE_DIGITAL_SIGNATURE", 1)), told{Standing: jpki.Unknown, Reason: "unsupported_certificate"}},
		"a refusal as the code":     {jsonOf(400, `{"code": "unsupported_certificate"}`), told{Standing: jpki.Unknown, Reason: "unsupported_certificate"}},
		"another result":            {jsonOf(200, `{"result": "RESULT_CERTIFICATE_CHAIN_INVALID", "verificationId": "vrf_1"}`), told{Standing: jpki.Unknown, Reason: "certificate_chain_invalid"}},
		"revoked without time":      {jsonOf(200, verified(`{"status": "CERTIFICATE_STATUS_REVOKED", "revocationReason": "SOMETHING_NEW"}`)), told{Standing: jpki.Revoked}},
		"on hold by its own status": {jsonOf(200, verified(`{"status": "on_hold"}`)), told{Standing: jpki.OnHold, Reason: "certificateHold"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBureau(t, test.says)
			got, err := b.client.Status(t.Context(), b.question(t, poatest.MustIssue(t, b.ca, person)))
			if diff := cmp.Diff(test.want, tell(got)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestPlatformIsTriedAgainWhereNothingIsCounted(t *testing.T) {
	t.Parallel()
	b := newBureau(t, jsonOf(503, `{"code": "unavailable"}`))
	if _, err := b.client.Status(t.Context(), poa.StatusQuestion{CertificateID: "crt_1", At: instant}); err == nil || b.asked.Load() != 3 {
		t.Errorf("asked %d times, %v", b.asked.Load(), err)
	}
}

func TestPlatformKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	b := newBureau(t, nil)
	signer := poatest.MustIssue(t, b.ca, person)
	if _, err := b.connect(t, "tok_other", nil).Status(t.Context(), b.question(t, signer)); err == nil || strings.Contains(err.Error(), "tok_") || strings.Contains(err.Error(), b.URL) {
		t.Errorf("another token: %v", err)
	}
	for name, change := range map[string]func(*status.PlatformConfig){
		"no token file":        func(c *status.PlatformConfig) { c.TokenFile = "none" },
		"an address of http":   func(c *status.PlatformConfig) { c.URL = "http://verify.example.jp" },
		"a user in it":         func(c *status.PlatformConfig) { c.URL = "https://me@verify.example.jp" },
		"no clock":             func(c *status.PlatformConfig) { c.Clock = nil },
		"a private one unsaid": func(c *status.PlatformConfig) { c.Allowed = nil },
	} {
		c := status.PlatformConfig{URL: b.URL, TokenFile: filepath.Join(t.TempDir(), "t"), Clock: b.clock}
		if err := os.WriteFile(c.TokenFile, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if _, err := status.NewPlatform(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	q := b.question(t, signer)
	q.SignatureValue = nil
	if _, err := b.client.Status(t.Context(), q); err == nil {
		t.Error("asked without a signature")
	}
}
