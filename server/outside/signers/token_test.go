// SPDX-License-Identifier: Apache-2.0

//go:build !pkcs11

package signers_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"ininjo/poa/poatest"
	"ininjo/server/outside/signers"
	"ininjo/server/outside/token"
)

const someToken = "pkcs11:token=a;object=b?module-path=/m.so&pin-source=file:/pin"

// TestTokens runs the tests of the build that reaches tokens: it needs cgo, which
// other builds do without.
func TestTokens(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-tags", "pkcs11", "-run", "^TestHSM", "-v", "ininjo/server/outside/signers").CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: TestHSM") < 3 {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestBuildWithoutTokensSaysSo(t *testing.T) {
	t.Parallel()
	if _, err := signers.Open(someToken, "", signers.Config{Clock: poatest.NewClock(now)}); !errors.Is(err, token.ErrNotBuilt) {
		t.Errorf("got %v", err)
	}
}
