// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ininjo/poa"
	"ininjo/poa/jpki"
	"ininjo/poa/poatest"
	"ininjo/server/outside/status"
	"ininjo/server/outside/webhook"
)

// authority is a folder in which openssl plays the authority of the test root.
func authority(t *testing.T, ca *poatest.CA, index string) string {
	t.Helper()
	key, err := ca.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	responder, err := ca.Responder()
	if err != nil {
		t.Fatal(err)
	}
	responderKey, err := responder.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"root.pem": string(ca.RootPEM()), "root.key": string(key), "responder.pem": string(responder.CertificatePEM()), "responder.key": string(responderKey),
		"index.txt": index, "crlnumber": "01\n", "ca.cnf": "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ncrlnumber = crlnumber\ndefault_md = sha256\ndefault_crl_days = 1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serveOCSP starts openssl's responder and returns its port.
func serveOCSP(t *testing.T, dir string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "openssl", "ocsp", "-port", "0", "-index", "index.txt", "-CA", "root.pem", "-rsigner", "responder.pem", "-rkey", "responder.key", "-ndays", "1")
	command.Dir = dir
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() }) // the test's context has ended it
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`:(\d+) PID`).FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("openssl says %q, %v", line, err)
	}
	return found[1]
}

// The sources are asked of another's making, too: openssl's responder over HTTP, and a list from its database.
func TestSourceAsksOpenSSL(t *testing.T) {
	t.Parallel()
	now := poa.SystemClock{}.Now() // openssl's answers are always of now
	ca, since := poatest.MustCA(t, now), now.AddDate(0, 0, -2).Truncate(time.Second)
	holders, want := map[string]*x509.Certificate{}, map[string]told{}
	var index strings.Builder
	for name, state := range map[string]struct {
		line string
		want told
	}{
		"good":    {"V\t%[1]s\t\t", told{Standing: jpki.Good}},
		"revoked": {"R\t%[1]s\t%[2]s,superseded\t", told{jpki.Revoked, since, "superseded"}},
		"on hold": {"R\t%[1]s\t%[2]s,certificateHold\t", told{jpki.OnHold, since, "certificateHold"}},
	} {
		c := poatest.MustIssue(t, ca, person).Certificate
		holders[name], want[name] = c, state.want
		fmt.Fprintf(&index, state.line, c.NotAfter.Format("060102150405Z"), since.Format("060102150405Z"))
		fmt.Fprintf(&index, "%X\tunknown\t/CN=holder\n", c.SerialNumber.Bytes())
	}
	dir := authority(t, ca, index.String())
	command := exec.CommandContext(t.Context(), "openssl", "ca", "-gencrl", "-config", "ca.cnf", "-keyfile", "root.key", "-cert", "root.pem", "-out", "list.pem")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := "127.0.0.1:" + serveOCSP(t, dir)
	allowed, err := webhook.ParseAllowance(address)
	if err != nil {
		t.Fatal(err)
	}
	root := sha256.Sum256(ca.Root.Raw)
	for _, place := range []status.Place{{Kind: status.OCSP, URL: "http://" + address}, {Kind: status.CRL, File: filepath.Join(dir, "list.pem")}} {
		s, err := status.NewSource(status.Config{Places: map[[32]byte][]status.Place{root: {place}}, Allowed: []webhook.Allowance{allowed}, Clock: poa.SystemClock{}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		for name, c := range holders {
			got, err := s.Status(t.Context(), poa.StatusQuestion{Certificate: c, Issuer: ca.Root, RootSHA256: root})
			if diff := cmp.Diff(want[name], tell(got)); err != nil || diff != "" {
				t.Errorf("%s by %s: %v\n%s", name, place.Kind, err, diff)
			}
		}
	}
}
