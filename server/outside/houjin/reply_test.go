// SPDX-License-Identifier: Apache-2.0

package houjin

import (
	"errors"
	"testing"
	"unicode/utf8"

	"ininjo/poa"
)

// FuzzParse reads any reply: what comes of it is bounded text of the number
// asked for, or an error that quotes nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`<corporations/>`, `<corporations><corporation><corporateNumber>2040001999902</corporateNumber><name>あ</name><closeDate>2020-01-01</closeDate></corporation></corporations>`,
		`<?xml version="1.0" encoding="Shift_JIS"?><corporations>`, `<!DOCTYPE a [<!ENTITY b "c">]><corporations>&b;</corporations>`, "\xff", `<corporations><corporation><corporateNumber>2040001999902</corporateNumber><nameImageId>1</nameImageId><latest>0</latest></corporation></corporations>`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parse(body, "2040001999902")
		if err != nil {
			if !errors.Is(err, errReply) && !errors.Is(err, poa.ErrNotFound) {
				t.Errorf("another error: %v", err)
			}
			return
		}
		if p.Number != "2040001999902" || len(p.Name) > maxText || len(p.Address) > maxText || !utf8.ValidString(p.Name+p.Address) || p.Name == "" && !p.NameImage {
			t.Errorf("read %+v", p)
		}
	})
}
