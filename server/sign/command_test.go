// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"ininjo/poa/cms"
	"ininjo/poa/document"
	"ininjo/poa/poatest"
)

func TestSignsWhatItShows(t *testing.T) {
	t.Parallel()
	pdf, _ := document.Known().ByExtension(".pdf")
	tests := map[string]struct {
		name, signed string
		file         func(testing.TB) []byte
		command      Command
		options      []poatest.Option
	}{
		"XML, attached":        {"a.xml", "a.xml.p7m", func(t testing.TB) []byte { return marshal(t, document.XML{}, firstID) }, Command{}, nil},
		"XML, detached":        {"a.xml", "a.xml.p7s", func(t testing.TB) []byte { return marshal(t, document.XML{}, firstID) }, Command{Detached: true}, nil},
		"XML, PSS":             {"a.xml", "a.xml.p7m", func(t testing.TB) []byte { return marshal(t, document.XML{}, firstID) }, Command{PSS: true}, nil},
		"XML, ECDSA P-384":     {"a.xml", "a.xml.p7m", func(t testing.TB) []byte { return marshal(t, document.XML{}, firstID) }, Command{}, []poatest.Option{poatest.WithECDSA(elliptic.P384())}},
		"PDF":                  {"a.pdf", "a-signed.pdf", func(t testing.TB) []byte { return marshal(t, pdf, firstID) }, Command{}, nil},
		"delegate's challenge": {"challenge.txt", "challenge.txt.p7m", func(testing.TB) []byte { return []byte(challengeText) }, Command{}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, test.options...)
			drafted := test.file(t)
			c := test.command
			c.Files, c.P12, c.PasswordFile = []string{write(t, d.dir, test.name, drafted)}, d.p12, d.secret
			out, asked, err := run(c, "y\n")
			if err != nil {
				t.Fatalf("%v\n%s%s", err, out, asked)
			}
			path := filepath.Join(d.dir, test.signed)
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			wantSigned(t, test.name, file, drafted, d.signer.Certificate)
			if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode is %v, %v", info.Mode(), err)
			}
			wantShown(t, out, test.name, drafted)
			if strings.Contains(out+asked, password) {
				t.Error("the password is shown")
			}
		})
	}
}

// wantSigned verifies a result by poa/cms and, where it is plain CMS, by openssl.
func wantSigned(t testing.TB, name string, file, drafted []byte, certificate *x509.Certificate) {
	t.Helper()
	content, detached := drafted, drafted
	container := file
	if strings.HasSuffix(name, ".pdf") {
		format, _ := document.Known().ByExtension(".pdf")
		s, err := format.Open(file, drafted)
		if err != nil {
			t.Fatal(err)
		}
		container, content, detached = s.CMS, s.Content, s.Content
	}
	signed, err := cms.Verify(container, detached, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !signed.Signer.Equal(certificate) || !bytes.Equal(signed.Content, content) {
		t.Error("another signer or content")
	}
	dir := t.TempDir()
	args := []string{"cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", write(t, dir, "s", container), "-content", write(t, dir, "c", content), "-out", filepath.Join(dir, "o")}
	if out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
		t.Errorf("openssl: %v: %s", err, out)
	}
}

func wantShown(t *testing.T, out, name string, drafted []byte) {
	t.Helper()
	d, err := readDraft(name, drafted)
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{d.SHA256(), "国税　太郎"}
	if d.Format == nil {
		wanted = append(wanted, strings.Split(strings.TrimSpace(challengeText), "\n")...)
	} else {
		c := d.Content
		wanted = append(wanted, c.DelegationID, c.Mandator.CorporateNumber, c.Mandator.Name, c.Mandator.HeadOffice, c.Mandator.RepresentativeTitle, c.Mandator.RepresentativeName,
			c.Delegate.Name, c.Delegate.Title, c.Delegate.Qualification, c.Delegate.Address, c.Delegate.IdentificationID, c.Powers[0], c.Powers[1], c.Limits[0],
			c.ValidFrom, c.ValidThrough, c.Service.Name, c.Service.PolicyURL, c.Service.ValidityURL, c.Status.ListURI, fmt.Sprint(c.Status.Index), "2026-11-01 10:30:00 JST", "(nothing)")
	}
	for _, text := range wanted {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not shown in\n%s", text, out)
		}
	}
}

func TestRefusesWithTheWayOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := write(t, d.dir, "good.xml", marshal(t, document.XML{}, firstID))
	keyless, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{d.signer.Certificate}, password)
	if err != nil {
		t.Fatal(err)
	}
	issued := func(options ...poatest.Option) string { return newDesk(t, options...).p12 }
	altered := bytes.Replace(marshal(t, document.XML{}, firstID), []byte("<Powers>"), []byte("<Powers><!-- -->"), 1)
	tests := map[string]struct {
		files   []string
		p12     string
		secret  string
		answer  string
		command Command
		want    string
	}{
		"wrong password":         {[]string{good}, d.p12, write(t, t.TempDir(), "p", []byte("wrong")), "y\n", Command{}, "password"},
		"certificate is over":    {[]string{good}, issued(poatest.WithValidity(instant.AddDate(-5, 0, 0), instant.AddDate(0, 0, -1))), d.secret, "y\n", Command{}, "expired"},
		"certificate to come":    {[]string{good}, issued(poatest.WithValidity(instant.AddDate(0, 0, 1), instant.AddDate(1, 0, 0))), d.secret, "y\n", Command{}, "not-yet-valid"},
		"not for signatures":     {[]string{good}, issued(poatest.WithKeyUsage(x509.KeyUsageDigitalSignature)), d.secret, "y\n", Command{}, "key-usage"},
		"no key":                 {[]string{good}, write(t, t.TempDir(), "k.p12", keyless), d.secret, "y\n", Command{}, "no-key"},
		"no PKCS #12":            {[]string{good}, good, d.secret, "y\n", Command{}, "pkcs12"},
		"nobody says yes":        {[]string{good}, d.p12, d.secret, "no\n", Command{}, "declined"},
		"nobody is there":        {[]string{good}, d.p12, d.secret, "", Command{}, "no-answer"},
		"no terminal":            {[]string{good}, d.p12, "", "y\n", Command{}, "no-terminal"},
		"file is not there":      {[]string{filepath.Join(d.dir, "none.xml")}, d.p12, d.secret, "y\n", Command{}, "missing"},
		"several files into one": {[]string{good, good}, d.p12, d.secret, "y\n", Command{Out: filepath.Join(d.dir, "one.p7m")}, "out-folder"},
		"altered":                {[]string{write(t, d.dir, "altered.xml", altered)}, d.p12, d.secret, "y\n", Command{}, "some-failed"},
		"not a draft":            {[]string{write(t, d.dir, "letter.txt", []byte("I owe you everything"))}, d.p12, d.secret, "y\n", Command{}, "some-failed"},
		"signed before":          {[]string{write(t, d.dir, "s.p7m", must(d.signer.SignAttached(altered)))}, d.p12, d.secret, "y\n", Command{}, "some-failed"},
		"a challenge that hides": {[]string{write(t, d.dir, "c.txt", []byte(challengeText+"\u202eevil"))}, d.p12, d.secret, "y\n", Command{}, "some-failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := test.command
			c.Files, c.P12, c.PasswordFile, c.clock, c.texts, c.Slot = test.files, test.p12, test.secret, poatest.NewClock(instant), "en", -1
			var out bytes.Buffer
			err := c.choose(t.Context(), Terminal{In: strings.NewReader(test.answer), Out: &out, Err: &out})
			if !isProblem(err, test.want) {
				t.Fatalf("got %v, want %s\n%s", err, test.want, &out)
			}
			for _, texts := range []Texts{"ja", "en"} {
				if said := texts.Problem(err); strings.Contains(said, "⟦") || strings.Contains(said, "{") || strings.Contains(said, password) {
					t.Errorf("%s: %q", texts, said)
				}
			}
			if left, _ := filepath.Glob(good + ".p7*"); len(left) > 0 {
				t.Errorf("signed all the same: %v", left)
			}
		})
	}
}

func TestNamesCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a\x1b[2J.xml", "a\nb", "a\u202egnp.xml"} {
		if said := Texts("en").Problem(wrong("missing", "name", name)); strings.ContainsFunc(said, hidden) || strings.Contains(said, "\n") {
			t.Errorf("%q is told as %q", name, said)
		}
	}
}

func must(file []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return file
}

func TestNeverReplacesWithoutForce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	draft := write(t, d.dir, "a.xml", marshal(t, document.XML{}, firstID))
	old := write(t, d.dir, "a.xml.p7m", []byte("precious"))
	c := Command{Files: []string{draft}, P12: d.p12, PasswordFile: d.secret, Yes: true}
	if out, _, err := run(c, ""); err == nil || !strings.Contains(out, "--force") {
		t.Errorf("%v: %s", err, out)
	}
	if kept, _ := os.ReadFile(old); string(kept) != "precious" {
		t.Error("the file was replaced")
	}
	c.Force = true
	if out, _, err := run(c, ""); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if kept, _ := os.ReadFile(old); string(kept) == "precious" {
		t.Error("the file was not replaced")
	}
	if all, _ := os.ReadDir(d.dir); len(all) != 2 {
		t.Errorf("%d files lie there", len(all))
	}
}

// TestFolder: one password for all, a broken one stops none, what was signed is left.
func TestFolder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, file := range map[string][]byte{
		"1.xml": marshal(t, document.XML{}, firstID), "2 日本語.xml": marshal(t, document.XML{}, secondID), "3-broken.xml": bytes.Replace(marshal(t, document.XML{}, firstID), []byte("<Powers>"), []byte("<Power>"), 1),
		"4.xml": marshal(t, document.XML{}, firstID), "4.xml.p7m": []byte("signed before"), "5.xml": []byte(`<?xml version="1.0"?><other/>`), "challenge.txt": []byte(challengeText), "notes.md": []byte("notes"),
	} {
		write(t, d.dir, name, file)
	}
	out, _, err := run(Command{Files: []string{d.dir}, P12: d.p12, PasswordFile: d.secret}, "はい\n")
	if err == nil || !strings.Contains(out, "3 signed, 1 signed before, 1 not to be signed, 1 failed") || !strings.Contains(out, "[3/6] 3-broken.xml: not signed") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"1.xml.p7m", "2 日本語.xml.p7m", "challenge.txt.p7m"} {
		if !there(filepath.Join(d.dir, name)) {
			t.Errorf("%s is missing", name)
		}
	}
	if kept, _ := os.ReadFile(filepath.Join(d.dir, "4.xml.p7m")); string(kept) != "signed before" {
		t.Error("a signed file was replaced")
	}
	if err := os.Remove(filepath.Join(d.dir, "3-broken.xml")); err != nil {
		t.Fatal(err)
	}
	if out, asked, err := run(Command{Files: []string{d.dir}, P12: d.p12}, ""); err != nil || asked != "" || !strings.Contains(out, "0 signed, 4 signed before") {
		t.Errorf("the second time: %v\n%s%s", err, out, asked)
	}
}
