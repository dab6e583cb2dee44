// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"os"
	"path/filepath"
	"testing"

	"ininjo/poa/document"
	"ininjo/portal/webtest"
)

// TestPageInABrowser signs two drafts in Chromium, in both languages and without script, from the file on that the
// browser's opener is given: what a browser sends of a strict cookie depends on where it comes from.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"Japanese":       {"LANGUAGE": "ja", "JS": "1"},
		"English":        {"LANGUAGE": "en", "JS": "1"},
		"without script": {"LANGUAGE": "ja", "JS": "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			a := startPage(t, Command{})
			first := marshal(t, document.XML{}, firstID)
			o, err := newOpener(a.address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = o.remove() })
			env["BASE_URL"], env["OPEN"], env["P12"], env["PASSWORD"] = a.base, "file://"+o.file(), d.p12, password
			env["FILES"] = write(t, d.dir, "1.xml", first) + "|" + write(t, d.dir, "2.xml", marshal(t, document.XML{}, secondID))
			env["SAVE"] = filepath.Join(t.TempDir(), "signed")
			webtest.Node(t, "browser/sign.mjs", env)
			file, err := os.ReadFile(env["SAVE"])
			if err != nil {
				t.Fatal(err)
			}
			wantSigned(t, "1.xml", file, first, d.signer.Certificate)
			err = <-a.ended
			a.ended <- err
			if err != nil {
				t.Errorf("the page ended with %v", err)
			}
		})
	}
}
