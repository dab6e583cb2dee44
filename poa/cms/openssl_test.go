// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto/elliptic"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

var instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

var person = poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17", Gender: "1"}

var content = []byte("<delegation>委任状</delegation>\n")

func issue(t testing.TB, options ...poatest.Option) *poatest.Signer {
	t.Helper()
	return poatest.MustIssue(t, poatest.MustCA(t, instant), person, options...)
}

// bench is a folder with content, certificate and key, in which openssl works as an independent writer and reader.
type bench struct {
	t   testing.TB
	dir string
}

func newBench(t testing.TB, signers ...*poatest.Signer) bench {
	t.Helper()
	b := bench{t: t, dir: t.TempDir()}
	b.write("content", content)
	for i, signer := range signers {
		key, err := signer.KeyPEM()
		if err != nil {
			t.Fatal(err)
		}
		name := string(rune('a' + i))
		b.write(name+".pem", signer.CertificatePEM())
		b.write(name+".key", key)
	}
	return b
}

func (b bench) write(name string, content []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), content, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) read(name string) []byte {
	b.t.Helper()
	out, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b bench) openssl(args ...string) {
	b.t.Helper()
	command := exec.CommandContext(b.t.Context(), "openssl", args...)
	command.Dir = b.dir
	if out, err := command.CombinedOutput(); err != nil {
		b.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// sign runs openssl cms -sign with the first signer and returns the file.
func (b bench) sign(args ...string) []byte {
	b.t.Helper()
	b.openssl(append([]string{"cms", "-sign", "-binary", "-in", "content", "-out", "out", "-signer", "a.pem", "-inkey", "a.key"}, args...)...)
	return b.read("out")
}

func TestVerifyTakesWhatOpenSSLWrites(t *testing.T) {
	t.Parallel()
	rsa := []poatest.Option{}
	tests := map[string]struct {
		key               []poatest.Option
		args              []string
		detached          bool
		digest, signature string
	}{
		"attached DER":           {rsa, []string{"-nodetach", "-outform", "DER"}, false, "SHA-256", "RSA-PKCS1-v1_5"},
		"attached PEM":           {rsa, []string{"-nodetach", "-outform", "PEM"}, false, "SHA-256", "RSA-PKCS1-v1_5"},
		"detached":               {rsa, []string{"-outform", "DER"}, true, "SHA-256", "RSA-PKCS1-v1_5"},
		"indefinite length":      {rsa, []string{"-nodetach", "-stream", "-outform", "DER"}, false, "SHA-256", "RSA-PKCS1-v1_5"},
		"signer by key":          {rsa, []string{"-nodetach", "-keyid", "-outform", "DER"}, false, "SHA-256", "RSA-PKCS1-v1_5"},
		"SHA-384":                {rsa, []string{"-nodetach", "-md", "sha384", "-outform", "DER"}, false, "SHA-384", "RSA-PKCS1-v1_5"},
		"SHA-512":                {rsa, []string{"-nodetach", "-md", "sha512", "-outform", "DER"}, false, "SHA-512", "RSA-PKCS1-v1_5"},
		"CAdES-BES":              {rsa, []string{"-nodetach", "-cades", "-outform", "DER"}, false, "SHA-256", "RSA-PKCS1-v1_5"},
		"CAdES-BES with SHA-512": {rsa, []string{"-nodetach", "-cades", "-md", "sha512", "-outform", "DER"}, false, "SHA-512", "RSA-PKCS1-v1_5"},
		"RSA-PSS": {rsa, []string{"-nodetach", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest", "-outform", "DER"},
			false, "SHA-256", "RSA-PSS"},
		"RSA-PSS, longest salt": {rsa, []string{"-nodetach", "-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:max", "-outform", "DER"},
			false, "SHA-384", "RSA-PSS"},
		"P-256": {[]poatest.Option{poatest.WithECDSA(elliptic.P256())}, []string{"-nodetach", "-outform", "DER"}, false, "SHA-256", "ECDSA-P-256"},
		"P-384": {[]poatest.Option{poatest.WithECDSA(elliptic.P384())}, []string{"-nodetach", "-md", "sha384", "-outform", "DER"}, false, "SHA-384", "ECDSA-P-384"},
		"P-384 by key, detached": {[]poatest.Option{poatest.WithECDSA(elliptic.P384())},
			[]string{"-md", "sha384", "-keyid", "-outform", "DER"}, true, "SHA-384", "ECDSA-P-384"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := issue(t, test.key...)
			file := newBench(t, signer).sign(test.args...)
			var beside []byte
			if test.detached {
				beside = content
			}
			got, err := cms.Verify(file, beside, cms.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if !got.Signer.Equal(signer.Certificate) || !bytes.Equal(got.Content, content) || got.SigningTime == nil {
				t.Errorf("another signer, content or signing time: %v", got.SigningTime)
			}
			want := []any{test.detached, test.digest, test.signature}
			if diff := cmp.Diff(want, []any{got.Detached, got.Digest, got.SignatureAlgorithm}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A streamed file comes in many pieces of octet string; all of them are the content.
func TestVerifyJoinsTheSegmentsOfALargeStream(t *testing.T) {
	t.Parallel()
	signer := issue(t)
	b := newBench(t, signer)
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	b.write("content", large)
	got, err := cms.Verify(b.sign("-nodetach", "-stream", "-outform", "DER"), nil, cms.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Content, large) {
		t.Errorf("content of %d bytes, want %d", len(got.Content), len(large))
	}
}

func TestOpenSSLVerifiesWhatSignWrites(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key     []poatest.Option
		options cms.SignOptions
	}{
		"attached":            {nil, cms.SignOptions{}},
		"detached":            {nil, cms.SignOptions{Detached: true}},
		"with signing time":   {nil, cms.SignOptions{SigningTime: instant}},
		"signer by key":       {nil, cms.SignOptions{KeyID: true}},
		"signing certificate": {nil, cms.SignOptions{ESS: true}},
		"P-384":               {[]poatest.Option{poatest.WithECDSA(elliptic.P384())}, cms.SignOptions{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := issue(t, test.key...)
			b := newBench(t, signer)
			file, err := signer.Sign(content, test.options)
			if err != nil {
				t.Fatal(err)
			}
			b.write("file", file)
			b.write("root.pem", signer.RootPEM())
			args := []string{"cms", "-verify", "-binary", "-inform", "DER", "-in", "file", "-out", "seen",
				"-CAfile", "root.pem", "-purpose", "any", "-attime", strconv.FormatInt(instant.Unix(), 10)}
			if test.options.Detached {
				args = append(args, "-content", "content")
			}
			if test.options.ESS {
				args = append(args, "-cades")
			}
			b.openssl(args...)
			if !bytes.Equal(b.read("seen"), content) {
				t.Error("openssl saw another content")
			}
			got, err := cms.Verify(file, content, cms.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if claimed := got.SigningTime; (claimed != nil) != !test.options.SigningTime.IsZero() {
				t.Errorf("signing time %v", claimed)
			}
		})
	}
}
