// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

func pin(der []byte) string {
	digest := sha256.Sum256(der)
	return hex.EncodeToString(digest[:])
}

// coloned writes a pin as openssl prints it.
func coloned(digits string) string {
	var parts []string
	for i := 0; i < len(digits); i += 2 {
		parts = append(parts, digits[i:i+2])
	}
	return strings.ToUpper(strings.Join(parts, ":"))
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadRoots(t *testing.T) {
	t.Parallel()
	ca, second := poatest.MustCA(t, instant), poatest.MustCA(t, instant, poatest.WithOwnKey(), poatest.WithOrganization("JPKI"))
	leaf := poatest.MustIssue(t, ca, person)
	rootPEM, rootDER, rootPin := string(ca.RootPEM()), string(ca.Root.Raw), pin(ca.Root.Raw)
	tests := map[string]struct {
		files map[string]string
		count int
		test  bool
		fails string
	}{
		"PEM":                    {map[string]string{"a.pem": rootPEM, "pins.txt": rootPin}, 1, true, ""},
		"DER":                    {map[string]string{"a.cer": rootDER, "pins.txt": rootPin}, 1, true, ""},
		"pin as openssl prints":  {map[string]string{"a.cer": rootDER, "pins.txt": "# 署名用\n\n" + coloned(rootPin) + " # signca\r\n"}, 1, true, ""},
		"hidden files":           {map[string]string{"a.cer": rootDER, "pins.txt": rootPin, ".gitkeep": ""}, 1, true, ""},
		"production only":        {map[string]string{"b.pem": string(second.RootPEM()), "pins.txt": pin(second.Root.Raw)}, 1, false, ""},
		"two in one file":        {map[string]string{"all.pem": rootPEM + string(second.RootPEM()), "pins.txt": rootPin + "\n" + pin(second.Root.Raw)}, 2, true, ""},
		"no pins.txt":            {map[string]string{"a.pem": rootPEM}, 0, false, "reading pins"},
		"empty folder":           {map[string]string{"pins.txt": ""}, 0, false, "there is none"},
		"a file without a pin":   {map[string]string{"a.pem": rootPEM, "b.pem": string(second.RootPEM()), "pins.txt": rootPin}, 0, false, "b.pem"},
		"a pin without a file":   {map[string]string{"a.pem": rootPEM, "pins.txt": rootPin + "\n" + pin(second.Root.Raw)}, 0, false, "no certificate in the folder"},
		"a pin that is no hex":   {map[string]string{"a.pem": rootPEM, "pins.txt": "signca"}, 0, false, "line 1"},
		"a pin of 20 bytes":      {map[string]string{"a.pem": rootPEM, "pins.txt": rootPin[:40]}, 0, false, "line 1"},
		"a file that is no root": {map[string]string{"a.pem": rootPEM, "README": "hello", "pins.txt": rootPin}, 0, false, "README"},
		"a key":                  {map[string]string{"a.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "pins.txt": rootPin}, 0, false, "a.pem"},
		"a person's certificate": {map[string]string{"a.pem": string(leaf.CertificatePEM()), "pins.txt": pin(leaf.Certificate.Raw)}, 0, false, "authority"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := jpki.LoadRoots(folder(t, test.files))
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want one with %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Certificates()) != test.count || got.IsTest() != test.test {
				t.Errorf("%d roots, test %v", len(got.Certificates()), got.IsTest())
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		if _, err := jpki.LoadRoots(filepath.Join(t.TempDir(), "none")); err == nil {
			t.Error("took a folder that is not there")
		}
	})
	t.Run("as the test hierarchy writes them", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := ca.WriteRoots(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := jpki.LoadRoots(dir); err != nil || !got.IsTest() {
			t.Errorf("got %v", err)
		}
	})
}
