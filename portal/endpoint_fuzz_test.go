// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"strings"
	"testing"

	"ininjo/poa"
	"ininjo/portal"
)

// Whatever stands in the field of an endpoint's headers, each line is one header
// without a line's end in it, and what the form shows again keeps every value.
func FuzzHeaderLines(f *testing.F) {
	for _, seed := range []string{"", "X-A: b", "X-A: b\r\nX-C: d:e", ":", "X-A", " X-A :  b ", "X-A: ••••••••", "X-A: b\rHost: other.example", "\n\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		headers := portal.HeadersIn(text)
		if len(headers) > strings.Count(text, "\n")+1 {
			t.Fatalf("%q became %d headers", text, len(headers))
		}
		shown := make([]poa.EndpointHeader, len(headers))
		for i, h := range headers {
			if strings.Contains(h.Name, "\n") || strings.Contains(h.Name, ":") || h.Value != nil && strings.Contains(*h.Value, "\n") {
				t.Errorf("%q holds a line's end or a colon: %q", text, h.Name)
			}
			shown[i].Name = h.Name
		}
		again := portal.HeadersIn(portal.HeaderLines(shown))
		for i, h := range again {
			if h.Value != nil || h.Name != headers[i].Name {
				t.Errorf("%q: shown again, %q lost its value", text, h.Name)
			}
		}
	})
}
