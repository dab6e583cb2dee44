// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ininjo/poa/poatest"
)

// byOpenSSL signs as somebody with OpenSSL's command would, with its flags.
func byOpenSSL(tb testing.TB, s *poatest.Signer, content []byte, flags ...string) []byte {
	tb.Helper()
	dir := tb.TempDir()
	key, err := s.KeyPEM()
	must(tb, err)
	for name, b := range map[string][]byte{"signer.pem": s.CertificatePEM(), "key.pem": key, "content": content} {
		must(tb, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	args := append([]string{"cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", "signer.pem", "-inkey", "key.pem", "-in", "content", "-out", "signed"}, flags...)
	command := exec.CommandContext(tb.Context(), "openssl", args...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("openssl: %v: %s", err, output)
	}
	signed, err := os.ReadFile(filepath.Join(dir, "signed"))
	must(tb, err)
	return signed
}
