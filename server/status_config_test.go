// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

var silent = slog.New(slog.DiscardHandler)

// parsed reads flags as serve does.
func parsed(t *testing.T, args ...string) statusConfig {
	t.Helper()
	var c Config
	parser, err := kong.New(&c, kong.Name("ininjo"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c.statusConfig
}

func pinOf(ca *poatest.CA) string {
	digest := sha256.Sum256(ca.Root.Raw)
	return hex.EncodeToString(digest[:])
}

func TestStatusSettingsAreCheckedAtStart(t *testing.T) {
	t.Parallel()
	pin := strings.Repeat("ab", 32)
	tests := map[string]struct {
		args  []string
		fails string
	}{
		"nothing set":                   {nil, ""},
		"a list and a responder":        {[]string{"--status", pin + "=ocsp:https://ocsp.example.jp", "--status", pin + "=crl:/var/list.crl"}, ""},
		"a platform":                    {[]string{"--platform-url=https://p.example.jp", "--platform-token-file=t", "--verification-mode=sp"}, ""},
		"LDAP":                          {[]string{"--status", pin + "=crl+ldap://directory.jpki.go.jp/ou=CRL,o=JPKI,c=JP"}, "LDAP is not spoken"},
		"no root":                       {[]string{"--status", "crl:/var/list.crl"}, "SHA-256"},
		"a place twice":                 {[]string{"--status", pin + "=crl:/var/list.crl", "--status", pin + "=crl:/var/list.crl"}, "named twice"},
		"sp without a platform":         {[]string{"--verification-mode=sp"}, "wants --platform-url"},
		"a platform without a token":    {[]string{"--platform-url=https://p.example.jp"}, "go together"},
		"a token without a platform":    {[]string{"--platform-token-file=t"}, "go together"},
		"a platform and a list":         {[]string{"--platform-url=https://p.example.jp", "--platform-token-file=t", "--status", pin + "=crl:/var/list.crl"}, ""},
		"sp with a list of its own":     {[]string{"--platform-url=https://p.example.jp", "--platform-token-file=t", "--verification-mode=sp", "--status", pin + "=crl:/var/list.crl"}, "platform alone"},
		"sp with the other method":      {[]string{"--platform-url=https://p.example.jp", "--platform-token-file=t", "--verification-mode=sp", "--commercial-registry-roots=r"}, "cards alone"},
		"a time that runs backwards":    {[]string{"--status-timeout=-1s"}, "above zero"},
		"an age that nothing could use": {[]string{"--status-max-age=-1s"}, "above zero"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := parsed(t, test.args...).check()
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, want one with %q", err, test.fails)
			}
		})
	}
	if err := (statusConfig{}).check(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}

// statusWorld is an authority with a responder in the building, and a question about a certificate of it.
type statusWorld struct {
	clock     *poatest.Clock
	ca        *poatest.CA
	roots     *jpki.Roots
	signer    *poatest.Signer
	question  poa.StatusQuestion
	responder *httptest.Server
	allow     string // the flag that lets the responder be asked
}

func newStatusWorld(t *testing.T) statusWorld {
	t.Helper()
	w := statusWorld{clock: poatest.NewClock(time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC))}
	w.ca = poatest.MustCA(t, w.clock.Now())
	var err error
	if w.roots, err = jpki.NewRoots(w.ca.Root); err != nil {
		t.Fatal(err)
	}
	w.signer = poatest.MustIssue(t, w.ca, poatest.Person{Name: "甲", Address: "東京都", BirthDate: "1980-02-17"})
	w.question = poa.StatusQuestion{Certificate: w.signer.Certificate, Issuer: w.ca.Root, RootSHA256: sha256.Sum256(w.ca.Root.Raw), At: w.clock.Now()}
	w.responder = httptest.NewServer(w.ca.OCSPHandler(w.clock.Now))
	t.Cleanup(w.responder.Close)
	w.allow = "--status-allow=" + strings.TrimPrefix(w.responder.URL, "http://")
	return w
}

func TestStatusSourceIsWhatIsSet(t *testing.T) {
	t.Parallel()
	w := newStatusWorld(t)
	clock, ca, roots, q, responder, allow := w.clock, w.ca, w.roots, w.question, w.responder, w.allow
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		if source, err := parsed(t).statusSource(clock, silent, nil, roots); source != nil || err != nil {
			t.Errorf("got %v, %v", source, err)
		}
	})
	t.Run("a responder in the building", func(t *testing.T) {
		t.Parallel()
		source, err := parsed(t, allow, "--status", pinOf(ca)+"=ocsp:"+responder.URL).statusSource(clock, silent, nil, nil, roots)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := source.Status(t.Context(), q); err != nil || got.Standing != jpki.Good {
			t.Errorf("%s, %v", got.Standing, err)
		}
	})
	t.Run("a list in a file", func(t *testing.T) {
		t.Parallel()
		list, err := ca.RevocationList(clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "list.crl")
		if err := os.WriteFile(file, list, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := parsed(t, "--status", pinOf(ca)+"=crl:"+file).statusSource(clock, silent, nil, roots)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := source.Status(t.Context(), q); err != nil || got.Source != jpki.SourceCRL {
			t.Errorf("%s, %v", got.Source, err)
		}
	})
	for name, test := range map[string]struct {
		args  []string
		fails string
	}{
		"a root that is not pinned":     {[]string{"--status", strings.Repeat("ab", 32) + "=crl:/list"}, "no pinned root"},
		"a responder over plain HTTP":   {[]string{"--status", pinOf(ca) + "=ocsp:" + responder.URL}, "https://"},
		"an allowance that is a name":   {[]string{"--status-allow=localhost", "--status", pinOf(ca) + "=crl:/list"}, "--status-allow"},
		"a platform without its token":  {[]string{"--platform-url=https://p.example.jp", "--platform-token-file=/none"}, "token's file"},
		"a platform over plain HTTP":    {[]string{"--platform-url=http://p.example.jp", "--platform-token-file=/none"}, "https://"},
		"a platform that is not public": {[]string{"--platform-url=http://127.0.0.1:1", "--platform-token-file=/none"}, "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := parsed(t, test.args...).statusSource(clock, silent, nil, roots)
			if source != nil || err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, %v, want one with %q", source, err, test.fails)
			}
		})
	}
}

func TestStatusSourceAsksAPlatformAboutAllOtherRoots(t *testing.T) {
	t.Parallel()
	w := newStatusWorld(t)
	clock, ca, roots, signer, q, responder, allow := w.clock, w.ca, w.roots, w.signer, w.question, w.responder, w.allow
	bureau := httptest.NewServer(poatest.NewPlatform("tok", clock.Now, ca))
	t.Cleanup(bureau.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("tok"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{allow, "--status-allow=" + strings.TrimPrefix(bureau.URL, "http://"), "--platform-url=" + bureau.URL, "--platform-token-file=" + file}
	digest := sha256.Sum256(nil)
	signature, err := signer.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	q.SignatureValue, q.SignedDigest, q.Hash = signature, digest[:], crypto.SHA256
	for want, more := range map[string][]string{jpki.SourcePlatform: nil, jpki.SourceOCSP: {"--status", pinOf(ca) + "=ocsp:" + responder.URL}} {
		source, err := parsed(t, append(flags[:len(flags):len(flags)], more...)...).statusSource(clock, silent, nil, roots)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := source.Status(t.Context(), q); err != nil || got.Source != want || got.Standing != jpki.Good {
			t.Errorf("%s %s, %v; want %s", got.Source, got.Standing, err, want)
		}
		other := q
		other.RootSHA256 = sha256.Sum256([]byte("another root"))
		if got, err := source.Status(t.Context(), other); err != nil || got.Source != jpki.SourcePlatform {
			t.Errorf("another root: %s, %v", got.Source, err)
		}
	}
}

func TestCommercialRegistryIsASetting(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	registry, err := poatest.NewRegistryCA(at)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := registry.WriteRoots(dir); err != nil {
		t.Fatal(err)
	}
	roots, err := jpki.NewRoots(registry.Root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parsed(t).methods(true, nil); got != nil || err != nil {
		t.Errorf("not set: %v, %v", got, err)
	}
	on := parsed(t, "--commercial-registry-roots="+dir)
	if got, err := on.methods(true, nil); err != nil || len(got) != 1 || got[0].Method != jpki.CommercialRegistry || got[0].Policies[0] != jpki.PolicyCommercialRegistry {
		t.Errorf("set: %v, %v", got, err)
	}
	if _, err := on.methods(false, nil); err == nil || !strings.Contains(err.Error(), "only demo") {
		t.Errorf("a test hierarchy in production: %v", err)
	}
	if _, err := on.methods(true, roots); err == nil || !strings.Contains(err.Error(), "same root") {
		t.Errorf("one root for both: %v", err)
	}
	if _, err := parsed(t, "--commercial-registry-roots="+t.TempDir()).methods(true, nil); err == nil {
		t.Error("took a folder without pins")
	}
}
