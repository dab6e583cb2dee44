// SPDX-License-Identifier: Apache-2.0

package mail_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"ininjo/poa/poatest"
	"ininjo/server/outside/mail"
)

// keyFile writes a private key as an operator has it and returns the file and
// what stands in the DNS.
func keyFile(t *testing.T, key crypto.Signer, kind string) (file, record string) {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		t.Fatal(err)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok { // RFC 6376 wants a SubjectPublicKeyInfo, RFC 8463 the bare 32 bytes
		if public, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
			t.Fatal(err)
		}
	}
	return file, "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// verify asks another library, with a record as the DNS would give it.
func verify(t *testing.T, raw []byte, record string) []*dkim.Verification {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s2026._domainkey.ininjo.example" {
			t.Errorf("asked for %s", name)
		}
		return []string{record}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDKIM: what arrives at a mail server verifies, every header of one-click
// unsubscription included (RFC 8058, 4), and nothing that was changed does.
func TestDKIM(t *testing.T) {
	t.Parallel()
	for kind, key := range map[string]crypto.Signer{"ed25519": edKey(t), "rsa": rsaKey(t, 2048)} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			file, record := keyFile(t, key, kind)
			signer, err := mail.LoadDKIM(file, "s2026", "ininjo.example")
			if err != nil {
				t.Fatal(err)
			}
			s := &server{}
			from := mail.Sender{From: "Ininjo <no-reply@mail.ininjo.example>", Clock: poatest.NewClock(now), DKIM: signer}
			m, err := mail.NewSMTP(mail.SMTPConfig{Sender: from, Address: listen(t, s, nil), TLS: mail.NoTLS})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(m.Close)
			sent := message()
			sent.Unsubscribe = "https://ininjo.example/unsubscribe/adr_1.00"
			if err := m.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			raw := s.received[0]
			found := verify(t, raw, record)
			if len(found) != 1 || found[0].Err != nil || found[0].Domain != "ininjo.example" {
				t.Fatalf("%d signatures: %+v\n%s", len(found), found[0], raw)
			}
			if !verifyByHand(t, raw, key.Public()) {
				t.Errorf("by hand it does not verify:\n%s", raw)
			}
			covered := strings.ToLower(strings.Join(found[0].HeaderKeys, " ") + " ")
			for _, name := range []string{"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "content-type", "auto-submitted"} {
				if !strings.Contains(covered, name+" ") {
					t.Errorf("%s is not covered: %s", name, covered)
				}
			}
			for name, changed := range map[string][]byte{
				"another link":     bytes.Replace(raw, []byte("/unsubscribe/adr_1"), []byte("/unsubscribe/adr_2"), 1),
				"one more From":    slices.Concat([]byte("From: boss@ininjo.example\r\n"), raw),
				"one more link":    slices.Concat([]byte("List-Unsubscribe: <https://evil.example>\r\n"), raw),
				"another body":     slices.Concat(bytes.TrimRight(raw, "\r\n"), []byte("x\r\n")),
				"another receiver": bytes.Replace(raw, []byte("hanako@"), []byte("taro@"), 1),
			} {
				if bytes.Equal(changed, raw) {
					t.Errorf("%s: nothing was changed", name)
				}
				if found := verify(t, changed, record); len(found) == 1 && found[0].Err == nil || verifyByHand(t, changed, key.Public()) {
					t.Errorf("%s: still verifies", name)
				}
			}
		})
	}
}

func TestDKIMSettings(t *testing.T) {
	t.Parallel()
	good, _ := keyFile(t, edKey(t), "ed25519")
	short, _ := keyFile(t, rsaKey(t, 1024), "rsa")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][3]string{
		"no file":         {"/nowhere", "s", "ininjo.example"},
		"no key":          {text, "s", "ininjo.example"},
		"a short key":     {short, "s", "ininjo.example"},
		"no selector":     {good, "", "ininjo.example"},
		"a bad selector":  {good, "s;p=", "ininjo.example"},
		"a bad domain":    {good, "s", "ininjo"},
		"a folded domain": {good, "s", "ininjo.example\r\nx.example"},
	} {
		if _, err := mail.LoadDKIM(c[0], c[1], c[2]); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	d, err := mail.LoadDKIM(good, "s2026", "other.example")
	if err != nil {
		t.Fatal(err)
	}
	from := sender()
	from.DKIM = d
	if _, err := mail.NewSMTP(mail.SMTPConfig{Sender: from, Address: "localhost:25"}); err == nil {
		t.Error("a domain that is not the sender's was taken")
	}
}
