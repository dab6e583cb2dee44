// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"testing"

	"ininjo/poa/locale"
)

// TestViewsParse parses every view, which a portal does when it first shows one.
func TestViewsParse(t *testing.T) {
	t.Parallel()
	all, err := parseViews(locale.Text)
	if err != nil || len(all["ja"]) < 50 {
		t.Fatalf("%d views, %v", len(all["ja"]), err)
	}
	for lang, named := range all {
		for name, view := range named {
			if _, err := view(); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
		}
	}
}
