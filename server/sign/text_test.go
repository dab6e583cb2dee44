// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	usedKeys    = regexp.MustCompile(`\bT "([a-z][a-zA-Z.0-9-]+)"|\bT\("([a-zA-Z.0-9-]+)"[,)]|Title: "([a-z.]+)"|Key: "([a-z.]+)"|one\("([a-z-]+)"|wrong\("([a-z0-9-]+)"`)
	placeholder = regexp.MustCompile(`\{[a-z]+\}`)
)

func TestEveryTextStandsInBothLanguages(t *testing.T) {
	t.Parallel()
	for key, ja := range texts["ja"] {
		en, ok := texts["en"][key]
		want, got := placeholder.FindAllString(ja, -1), placeholder.FindAllString(en, -1)
		slices.Sort(want)
		slices.Sort(got)
		if !ok || en == "" || !slices.Equal(want, got) {
			t.Errorf("%s: %q, %q", key, ja, en)
		}
	}
	if len(texts["ja"]) != len(texts["en"]) {
		t.Errorf("%d texts in Japanese, %d in English", len(texts["ja"]), len(texts["en"]))
	}
}

func TestEveryTextThatIsUsedIsThere(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("*.go")
	pages, _ := filepath.Glob("views/*.html")
	for _, name := range append(files, pages...) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range usedKeys.FindAllStringSubmatch(string(source), -1) {
			key := match[1] + match[2] + match[3] + match[4]
			switch {
			case match[5] != "":
				key = "item." + match[5]
			case match[6] != "":
				key = "problem." + match[6]
			}
			if _, ok := texts["ja"][key]; !ok && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s uses %q, which no language has", name, key)
			}
		}
	}
}
