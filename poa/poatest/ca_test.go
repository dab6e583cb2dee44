// SPDX-License-Identifier: Apache-2.0

package poatest_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"ininjo/poa/poatest"
)

var (
	instant = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	person  = poatest.Person{Name: "黒桐　幹也", Address: "東京都清瀬市観布子南１２－７－２０２", BirthDate: "1980-02-17", Gender: "1"}
)

// openssl runs in a folder that holds these files.
func openssl(t *testing.T, files map[string][]byte, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "openssl", args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestIssueFollowsTheProfileOfACard(t *testing.T) {
	t.Parallel()
	signer := poatest.MustIssue(t, poatest.MustCA(t, instant), person)
	var got []string
	for _, extension := range signer.Certificate.Extensions {
		name := extension.Id.String()
		if extension.Critical {
			name += " critical"
		}
		got = append(got, name)
	}
	want := []string{"2.5.29.15 critical", "2.5.29.17", "2.5.29.32 critical", "2.5.29.18", "2.5.29.31", "2.5.29.35", "2.5.29.14"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var arcs []int
	for _, extension := range signer.Certificate.Extensions {
		if extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			arcs = otherNames(t, extension.Value)
		}
	}
	if diff := cmp.Diff([]int{1, 4, 3, 5, 2, 6}, arcs); diff != "" {
		t.Error(diff)
	}
	text := openssl(t, map[string][]byte{"a.pem": signer.CertificatePEM()}, "x509", "-in", "a.pem", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8,show_type")
	for _, part := range []string{
		"Digital Signature, Non Repudiation", "Policy: " + poatest.PolicyTest, "CPS: http://www.jpki.go.jp/cps.html", "CRL Distribution Points",
		"Issuer: OU=UTF8STRING:Japan Agency for Local Authority Information Systems,OU=UTF8STRING:JPKI for digital signature,O=UTF8STRING:JPKI-TEST,C=PRINTABLESTRING:JP",
		"L=UTF8STRING:Chiyoda-ku,L=UTF8STRING:Tokyo-to,C=PRINTABLESTRING:JP", "sha256WithRSAEncryption", "Public-Key: (2048 bit)",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("openssl does not show %q in\n%s", part, text)
		}
	}
}

// otherNames returns the last number of each otherName's identifier, in order.
func otherNames(t *testing.T, der []byte) []int {
	t.Helper()
	var names []asn1.RawValue
	if _, err := asn1.Unmarshal(der, &names); err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, name := range names {
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(name.Bytes, &oid); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, oid[len(oid)-1])
	}
	return numbers
}

func TestOpenSSLFindsThePathToTheRoot(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	for name, options := range map[string][]poatest.Option{"RSA": nil, "P-384": {poatest.WithECDSA(elliptic.P384())}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := poatest.MustIssue(t, ca, person, options...)
			files := map[string][]byte{"root.pem": ca.RootPEM(), "a.pem": signer.CertificatePEM()}
			openssl(t, files, "verify", "-x509_strict", "-CAfile", "root.pem", "-attime", "1793502000", "a.pem")
		})
	}
}

func TestPKCS12HoldsKeyAndCertificates(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	signer := poatest.MustIssue(t, ca, person)
	file, err := signer.PKCS12("合言葉")
	if err != nil {
		t.Fatal(err)
	}
	_, certificate, roots, err := pkcs12.DecodeChain(file, "合言葉")
	if err != nil || !certificate.Equal(signer.Certificate) || len(roots) != 1 || !bytes.Equal(roots[0].Raw, ca.Root.Raw) {
		t.Errorf("another certificate or root: %v", err)
	}
	if _, _, err := pkcs12.Decode(file, "wrong"); err == nil {
		t.Error("opened with another password")
	}
}

func TestBirthDatesGetTheirEra(t *testing.T) {
	t.Parallel()
	ca := poatest.MustCA(t, instant)
	for date, want := range map[string]string{
		"1912-07-29": "119120729", "1912-07-30": "219120730", "1926-12-25": "319261225", "1989-01-07": "319890107",
		"1989-01-08": "419890108", "2019-04-30": "420190430", "2019-05-01": "520190501", "400000000": "400000000",
	} {
		signer := poatest.MustIssue(t, ca, poatest.Person{Name: "甲", Address: "東京都", BirthDate: date})
		if !bytes.Contains(signer.Certificate.Raw, []byte(want)) {
			t.Errorf("%s is not in the certificate as %s", date, want)
		}
	}
	if _, err := ca.Issue(poatest.Person{BirthDate: "1980-02-30"}, poatest.WithPooledKey()); err == nil {
		t.Error("issued for a day that never was")
	}
}
