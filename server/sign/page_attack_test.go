// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"archive/zip"
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"ininjo/poa/poatest"
)

// TestNoTwoResultsShareANameInTheZIP: unpacking would lose one without a word.
func TestNoTwoResultsShareANameInTheZIP(t *testing.T) {
	t.Parallel()
	p := &page{command: &Command{clock: poatest.NewClock(instant)}}
	for _, name := range []string{"a.xml.p7m", "2-a.xml.p7m", "a.xml.p7m", "A.xml.p7m"} {
		p.tasks = append(p.tasks, &listed{task: &task{Target: name, Signed: []byte(name)}})
	}
	w := httptest.NewRecorder()
	p.downloadAll(w, nil)
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range archive.File {
		if seen[strings.ToLower(f.Name)] {
			t.Errorf("%s stands there twice", f.Name)
		}
		seen[strings.ToLower(f.Name)] = true
	}
	if len(seen) != 4 {
		t.Errorf("got %v", seen)
	}
}
