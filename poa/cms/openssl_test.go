// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// keys are one signer for each kind of key, made once.
var keys = sync.OnceValue(func() map[string]*poatest.Signer {
	ca, err := poatest.NewCA(instant)
	if err != nil {
		panic(err)
	}
	signers := map[string]*poatest.Signer{}
	for name, option := range map[string]poatest.Option{
		"RSA-PKCS1-v1_5": poatest.WithRSABits(2048), "RSA-PSS": poatest.WithRSABits(3072),
		"ECDSA-P-256": poatest.WithECDSA(elliptic.P256()), "ECDSA-P-384": poatest.WithECDSA(elliptic.P384()),
	} {
		if signers[name], err = ca.Issue(person, option); err != nil {
			panic(err)
		}
	}
	return signers
})

// hashes are the digests by the name that Verify gives them.
var hashes = map[string]crypto.Hash{"SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512}

// everyKind runs a subtest for each kind of key and each digest.
func everyKind(t *testing.T, run func(t *testing.T, key, digest string, b bench, signer *poatest.Signer)) {
	for key, signer := range keys() {
		for digest := range hashes {
			t.Run(key+" with "+digest, func(t *testing.T) {
				t.Parallel()
				run(t, key, digest, newBench(t, signer), signer)
			})
		}
	}
}

// Every combination of key, digest, form, name of the signer and CAdES that openssl cms -sign can be told to write.
func TestVerifyTakesWhatOpenSSLWrites(t *testing.T) {
	t.Parallel()
	forms := map[string][]string{
		"attached DER": {"-nodetach", "-outform", "DER"},
		"attached PEM": {"-nodetach", "-outform", "PEM"},
		"attached BER": {"-nodetach", "-stream", "-outform", "DER"},
		"detached DER": {"-outform", "DER"},
		"detached PEM": {"-outform", "PEM"},
	}
	everyKind(t, func(t *testing.T, key, digest string, b bench, signer *poatest.Signer) {
		for form, args := range forms {
			for _, options := range [][]string{nil, {"-keyid"}, {"-cades"}, {"-keyid", "-cades"}} {
				args := slices.Concat(args, options, []string{"-md", strings.ToLower(strings.ReplaceAll(digest, "-", ""))})
				if key == "RSA-PSS" && form == "attached BER" {
					continue // openssl 3.0 fails to write it; TestVerifyTakesIndefiniteLengths has it
				}
				if key == "RSA-PSS" {
					args = append(args, "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest")
				}
				detached := strings.HasPrefix(form, "detached")
				var beside []byte
				if detached {
					beside = content
				}
				file := b.sign(args...)
				got, err := cms.Verify(file, beside, cms.DefaultLimits())
				if err != nil {
					t.Fatalf("%v: %v", args, err)
				}
				if !got.Signer.Equal(signer.Certificate) || !bytes.Equal(got.Content, content) || got.SigningTime == nil {
					t.Errorf("%v: another signer, content or signing time: %v", args, got.SigningTime)
				}
				want := []any{detached, digest, key, hashes[digest]}
				if diff := cmp.Diff(want, []any{got.Detached, got.Digest, got.SignatureAlgorithm, got.Hash}); diff != "" {
					t.Errorf("%v: %s", args, diff)
				}
				secondOpinion(t, file, got)
			}
		}
	})
	t.Run("RSA-PSS with the longest salt", func(t *testing.T) {
		t.Parallel()
		file := newBench(t, keys()["RSA-PSS"]).sign("-nodetach", "-outform", "DER", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:max")
		if _, err := cms.Verify(file, nil, cms.DefaultLimits()); err != nil {
			t.Error(err)
		}
	})
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

// Every combination that Sign can write.
func TestOpenSSLVerifiesWhatSignWrites(t *testing.T) {
	t.Parallel()
	everyKind(t, func(t *testing.T, key, digest string, b bench, signer *poatest.Signer) {
		b.write("root.pem", signer.RootPEM())
		for number := range 1 << 4 {
			on := func(bit int) bool { return number>>bit&1 == 1 }
			options := cms.SignOptions{Hash: hashes[digest], PSS: key == "RSA-PSS", Detached: on(0), KeyID: on(1), ESS: on(2)}
			if on(3) {
				options.SigningTime = instant
			}
			file, err := signer.Sign(content, options)
			if err != nil {
				t.Fatal(err)
			}
			b.write("file", file)
			args := []string{"cms", "-verify", "-binary", "-inform", "DER", "-in", "file", "-out", "seen",
				"-CAfile", "root.pem", "-purpose", "any", "-attime", strconv.FormatInt(instant.Unix(), 10)}
			if options.Detached {
				args = append(args, "-content", "content")
			}
			if options.ESS {
				args = append(args, "-cades")
			}
			b.openssl(args...)
			if !bytes.Equal(b.read("seen"), content) {
				t.Errorf("%+v: openssl saw another content", options)
			}
			got, err := cms.Verify(file, content, cms.DefaultLimits())
			if err != nil {
				t.Fatalf("%+v: %v", options, err)
			}
			if got.Digest != digest || got.SignatureAlgorithm != key || got.Detached != options.Detached || (got.SigningTime != nil) != on(3) {
				t.Errorf("%+v: read as %s, %s, %v", options, got.Digest, got.SignatureAlgorithm, got.SigningTime)
			}
			secondOpinion(t, file, got)
		}
	})
}

// BER is taken in any form, and is the same file as its DER.
func TestVerifyTakesIndefiniteLengths(t *testing.T) {
	t.Parallel()
	for key, signer := range keys() {
		for _, piece := range []int{0, 1, 7, 1000} {
			t.Run(fmt.Sprintf("%s in pieces of %d", key, piece), func(t *testing.T) {
				t.Parallel()
				file, err := signer.Sign(content, cms.SignOptions{ESS: true, PSS: key == "RSA-PSS"})
				if err != nil {
					t.Fatal(err)
				}
				ber := poatest.BER(t, file, piece)
				if got, err := cms.Verify(ber, content, cms.DefaultLimits()); err != nil || !got.Signer.Equal(signer.Certificate) {
					t.Fatal(err)
				}
				der, err := cms.Normalized(ber)
				if err != nil || !bytes.Equal(der, file) {
					t.Errorf("not the DER that it was made of: %v", err)
				}
			})
		}
	}
}

// A card signs a digest and nothing else; what it cannot do is an error, never another signature than was asked for.
func TestSignRefusesWhatIsNotInTheTable(t *testing.T) {
	t.Parallel()
	curve, rsa := keys()["ECDSA-P-256"], keys()["RSA-PSS"]
	for name, test := range map[string]struct {
		signer  *poatest.Signer
		options cms.SignOptions
	}{
		"RSA-PSS by an ECDSA key": {curve, cms.SignOptions{PSS: true}},
		"SHA-1":                   {rsa, cms.SignOptions{Hash: crypto.SHA1}},
		"SHA-224":                 {curve, cms.SignOptions{Hash: crypto.SHA224}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if file, err := test.signer.Sign(content, test.options); err == nil || file != nil {
				t.Error("signed")
			}
		})
	}
}
