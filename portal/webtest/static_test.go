// SPDX-License-Identifier: Apache-2.0

package webtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const static = "../static"

// TestStaticChecksums notices an altered or replaced file that others wrote.
func TestStaticChecksums(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(filepath.Join(static, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		want, name, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found {
			t.Fatalf("SHA256SUMS has the line %q, not a checksum and a name", line)
		}
		content, err := os.ReadFile(filepath.Join(static, filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has SHA-256 %s, listed is %s", name, got, want)
		}
		listed[name] = true
	}
	for _, name := range []string{"htmx.min.js", "tokens.css"} {
		if !listed[name] {
			t.Errorf("SHA256SUMS does not list %s", name)
		}
	}
}

// TestStaticIsInstalled shows that the files are those of the packages that the lock file names.
func TestStaticIsInstalled(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"htmx.min.js": "htmx.org/dist/htmx.min.js",
		"tokens.css":  "@digital-go-jp/design-tokens/dist/tokens.css",
	} {
		ours, err := os.ReadFile(filepath.Join(static, name))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join("../node_modules", filepath.FromSlash(source)))
		if err != nil {
			t.Fatalf("run the setup task: %v", err)
		}
		// tokens.css has a comment of ours before it.
		if !bytes.HasSuffix(ours, theirs) {
			t.Errorf("%s is not the file of the installed package, %s", name, source)
		}
	}
}
