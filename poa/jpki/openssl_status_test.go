// SPDX-License-Identifier: Apache-2.0

package jpki_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
)

// opensslCA is a folder in which openssl plays the authority: it knows the test root's key and a database of
// certificates, and makes lists and responses by itself.
type opensslCA struct {
	dir string
	ca  *poatest.CA
	now time.Time
}

const opensslConfig = `[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 1
crl_extensions = plain
[plain]
authorityKeyIdentifier = keyid
[municipality]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @point
[point]
fullname = dirName:point_name
onlyuser = TRUE
[point_name]
C = JP
[delta]
authorityKeyIdentifier = keyid
2.5.29.27 = critical, DER:02:01:01
`

func (o *opensslCA) write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (o *opensslCA) run(t testing.TB, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "openssl", args...)
	command.Dir = o.dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (o *opensslCA) read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(o.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// holders are certificates with one standing each, by its name.
func newOpensslCA(t testing.TB) (o *opensslCA, holders map[string]*x509.Certificate) {
	t.Helper()
	now := poa.SystemClock{}.Now() // openssl's own responses are always of now
	o = &opensslCA{dir: t.TempDir(), ca: poatest.MustCA(t, now), now: now}
	key, err := o.ca.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := o.ca.Responder()
	if err != nil {
		t.Fatal(err)
	}
	signerKey, err := signer.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	holders = map[string]*x509.Certificate{}
	var index strings.Builder
	for name, state := range map[string]string{"good": "V\t%[1]s\t\t", "keyCompromise": "R\t%[1]s\t%[2]s,keyCompromise\t", "affiliationChanged": "R\t%[1]s\t%[2]s,affiliationChanged\t",
		"unspecified": "R\t%[1]s\t%[2]s\t", "hold": "R\t%[1]s\t%[2]s,certificateHold\t", "cessationOfOperation": "R\t%[1]s\t%[2]s,cessationOfOperation\t"} {
		certificate := poatest.MustIssue(t, o.ca, person).Certificate
		holders[name] = certificate
		fmt.Fprintf(&index, state, certificate.NotAfter.Format("060102150405Z"), o.since().Format("060102150405Z"))
		fmt.Fprintf(&index, "%X\tunknown\t/CN=holder\n", certificate.SerialNumber.Bytes())
	}
	holders["unknown"] = poatest.MustIssue(t, o.ca, person).Certificate
	for name, content := range map[string][]byte{"root.pem": o.ca.RootPEM(), "root.key": key, "responder.pem": signer.CertificatePEM(), "responder.key": signerKey,
		"index.txt": []byte(index.String()), "crlnumber": []byte("01\n"), "ca.cnf": []byte(opensslConfig)} {
		o.write(t, name, content)
	}
	return o, holders
}

func (o *opensslCA) since() time.Time { return o.now.AddDate(0, 0, -2).Truncate(time.Second) }

// list lets openssl make a CRL.
func (o *opensslCA) list(t testing.TB, args ...string) []byte {
	t.Helper()
	o.run(t, append([]string{"ca", "-gencrl", "-config", "ca.cnf", "-keyfile", "root.key", "-cert", "root.pem", "-out", "list.pem"}, args...)...)
	block, _ := pem.Decode(o.read(t, "list.pem"))
	if block == nil {
		t.Fatal("openssl made no PEM")
	}
	return block.Bytes
}

// respond lets openssl answer our request about a certificate.
func (o *opensslCA) respond(t testing.TB, certificate *x509.Certificate, args ...string) []byte {
	t.Helper()
	request, err := jpki.NewOCSPRequest(certificate, o.ca.Root, nonce)
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "request.der", request)
	o.run(t, append([]string{"ocsp", "-index", "index.txt", "-CA", "root.pem", "-reqin", "request.der", "-respout", "response.der"}, args...)...)
	return o.read(t, "response.der")
}

// expected is what openssl's database says of each holder.
func (o *opensslCA) expected() map[string]told {
	return map[string]told{"good": {Standing: jpki.Good}, "keyCompromise": {jpki.Revoked, o.since(), "keyCompromise"}, "affiliationChanged": {jpki.Revoked, o.since(), "affiliationChanged"},
		"unspecified": {jpki.Revoked, o.since(), "unspecified"}, "hold": {jpki.OnHold, o.since(), "certificateHold"}, "cessationOfOperation": {jpki.Revoked, o.since(), "cessationOfOperation"}}
}

func TestListsMadeByOpenSSL(t *testing.T) {
	t.Parallel()
	o, holders := newOpensslCA(t)
	der := o.list(t)
	for name, want := range o.expected() {
		got, err := jpki.CheckCRL(der, holders[name], o.ca.Root, o.now.Add(time.Minute))
		if diff := cmp.Diff(want, tell(got)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	refused := map[string]struct {
		args []string
		at   time.Duration
		want jpki.Kind
	}{
		"a day later":             {nil, 25 * time.Hour, jpki.StatusStale},
		"an hour before":          {nil, -time.Hour, jpki.StatusNotYet},
		"signed by SHA-1":         {[]string{"-md", "sha1"}, time.Minute, jpki.StatusAlgorithm},
		"of another municipality": {[]string{"-crlexts", "municipality"}, time.Minute, jpki.StatusScope},
		"a delta list":            {[]string{"-crlexts", "delta"}, time.Minute, jpki.StatusUnsupported},
	}
	for name, test := range refused {
		if _, err := jpki.CheckCRL(o.list(t, test.args...), holders["good"], o.ca.Root, o.now.Add(test.at)); jpki.KindOf(err) != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	for _, how := range [][]string{{"-md", "sha384"}, {"-md", "sha512"}, {"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"}} {
		if got, err := jpki.CheckCRL(o.list(t, how...), holders["hold"], o.ca.Root, o.now.Add(time.Minute)); err != nil || got.Standing != jpki.OnHold {
			t.Errorf("%s: %s, %v", how, got.Standing, err)
		}
	}
}

func TestResponsesMadeByOpenSSL(t *testing.T) {
	t.Parallel()
	o, holders := newOpensslCA(t)
	delegated := []string{"-rsigner", "responder.pem", "-rkey", "responder.key", "-ndays", "1"}
	expected := o.expected()
	expected["unknown"] = told{Standing: jpki.Unknown}
	for name, want := range expected {
		got, err := jpki.CheckOCSP(o.respond(t, holders[name], delegated...), holders[name], o.ca.Root, nonce, o.now.Add(time.Minute))
		if diff := cmp.Diff(want, tell(got)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	byRoot := []string{"-rsigner", "root.pem", "-rkey", "root.key", "-ndays", "1"}
	for name, args := range map[string][]string{"by the root itself": byRoot, "without certificates": append(byRoot, "-resp_no_certs"), "by key identifier": append(byRoot, "-resp_key_id"),
		"by SHA-384": append([]string{"-rmd", "sha384"}, delegated...), "without an end": delegated[:4]} {
		if got, err := jpki.CheckOCSP(o.respond(t, holders["hold"], args...), holders["hold"], o.ca.Root, nonce, o.now.Add(time.Minute)); err != nil || got.Standing != jpki.OnHold {
			t.Errorf("%s: %s, %v", name, got.Standing, err)
		}
	}
	about := o.respond(t, holders["good"], delegated...)
	refused := map[string]struct {
		response []byte
		holder   string
		nonce    []byte
		at       time.Duration
		want     jpki.Kind
	}{
		"about another certificate":       {about, "hold", nonce, time.Minute, jpki.StatusOtherCertificate},
		"to another question":             {about, "good", []byte("another"), time.Minute, jpki.StatusNonce},
		"two days later":                  {about, "good", nonce, 49 * time.Hour, jpki.StatusStale},
		"an hour before":                  {about, "good", nonce, -time.Hour, jpki.StatusNotYet},
		"signed by SHA-1":                 {o.respond(t, holders["good"], append([]string{"-rmd", "sha1"}, delegated...)...), "good", nonce, time.Minute, jpki.StatusAlgorithm},
		"of an authority that is corrupt": {o.respond(t, holders["good"], append([]string{"-badsig"}, byRoot...)...), "good", nonce, time.Minute, jpki.StatusUnreadable},
	}
	for name, test := range refused {
		if got, err := jpki.CheckOCSP(test.response, holders[test.holder], o.ca.Root, test.nonce, o.now.Add(test.at)); jpki.KindOf(err) != test.want {
			t.Errorf("%s: got %s, %v, want %s", name, got.Standing, err, test.want)
		}
	}
}

// What the test hierarchy answers is taken by openssl as well.
func TestOpenSSLReadsTheTestHierarchy(t *testing.T) {
	t.Parallel()
	o, holders := newOpensslCA(t)
	o.ca.Revoke(holders["good"], o.since(), poatest.ReasonSuperseded)
	der, err := o.ca.RevocationList(o.now)
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "ours.crl", der)
	if out := o.run(t, "crl", "-inform", "DER", "-in", "ours.crl", "-CAfile", "root.pem", "-noout", "-text"); !strings.Contains(out, "verify OK") || !strings.Contains(out, "Superseded") {
		t.Errorf("openssl says\n%s", out)
	}
	request, err := jpki.NewOCSPRequest(holders["good"], o.ca.Root, nonce)
	if err != nil {
		t.Fatal(err)
	}
	delegated, err := o.ca.Responder()
	if err != nil {
		t.Fatal(err)
	}
	response, err := o.ca.Respond(request, o.now, poatest.By(delegated))
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "ours.der", response)
	o.write(t, "holder.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: holders["good"].Raw}))
	out := o.run(t, "ocsp", "-no_nonce", "-respin", "ours.der", "-CAfile", "root.pem", "-issuer", "root.pem", "-cert", "holder.pem", "-resp_text")
	for _, part := range []string{"Response verify OK", "holder.pem: revoked", "Reason: superseded", "OCSP Nonce"} {
		if !strings.Contains(out, part) {
			t.Errorf("openssl does not say %q in\n%s", part, out)
		}
	}
}

// The next card's authority signs by ECDSA on P-384 (facts of the field 2.2): openssl makes all of it.
func TestStatusOfAnEllipticAuthority(t *testing.T) {
	t.Parallel()
	o := &opensslCA{dir: t.TempDir(), now: poa.SystemClock{}.Now()}
	o.write(t, "ca.cnf", []byte(opensslConfig+"[req]\ndistinguished_name = dn\n[dn]\n"))
	o.run(t, "req", "-x509", "-config", "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-sha384", "-keyout", "root.key", "-out", "root.pem", "-days", "2", "-subj", "/C=JP/O=JPKI-TEST",
		"-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "subjectKeyIdentifier=hash")
	o.run(t, "req", "-config", "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "holder.key", "-out", "holder.csr", "-subj", "/C=JP/CN=holder")
	o.run(t, "x509", "-req", "-in", "holder.csr", "-CA", "root.pem", "-CAkey", "root.key", "-sha384", "-set_serial", "0x0123456789ABCDEF", "-days", "1", "-out", "holder.pem")
	certificates := map[string]*x509.Certificate{}
	for _, name := range []string{"root.pem", "holder.pem"} {
		block, _ := pem.Decode(o.read(t, name))
		if block == nil {
			t.Fatal("openssl made no PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		certificates[name] = certificate
	}
	root, holder := certificates["root.pem"], certificates["holder.pem"]
	o.write(t, "index.txt", []byte("R\t"+holder.NotAfter.Format("060102150405Z")+"\t"+o.since().Format("060102150405Z")+",superseded\t0123456789ABCDEF\tunknown\t/CN=holder\n"))
	o.write(t, "crlnumber", []byte("01\n"))
	want := told{jpki.Revoked, o.since(), "superseded"}
	listed, err := jpki.CheckCRL(o.list(t, "-md", "sha384"), holder, root, o.now.Add(time.Minute))
	if diff := cmp.Diff(want, tell(listed)); err != nil || diff != "" {
		t.Errorf("a list: %v\n%s", err, diff)
	}
	request, err := jpki.NewOCSPRequest(holder, root, nonce)
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "request.der", request)
	o.run(t, "ocsp", "-index", "index.txt", "-CA", "root.pem", "-reqin", "request.der", "-respout", "response.der", "-rsigner", "root.pem", "-rkey", "root.key", "-rmd", "sha384", "-ndays", "1")
	answer, err := jpki.CheckOCSP(o.read(t, "response.der"), holder, root, nonce, o.now.Add(time.Minute))
	if diff := cmp.Diff(want, tell(answer)); err != nil || diff != "" {
		t.Errorf("a response: %v\n%s", err, diff)
	}
}
