// SPDX-License-Identifier: Apache-2.0

package cms_test

import (
	"bytes"
	"testing"

	"ininjo/poa/cms"
	"ininjo/poa/poatest"
)

// Memory per verification is bounded by three times what was handed in, whatever its form. Bytes are counted, not timed.
// It is not parallel: the tests that are wait until it has ended.
func TestVerifyAllocatesAtMostThreeTimesTheFile(t *testing.T) {
	signer := keys()["RSA-PKCS1-v1_5"]
	large := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	attached, err := signer.SignAttached(large)
	if err != nil {
		t.Fatal(err)
	}
	detached, err := signer.SignDetached(large)
	if err != nil {
		t.Fatal(err)
	}
	all := cms.DefaultLimits()
	// What is most for its bytes: constructed values that hold nothing, each of which has to be measured.
	empty := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x00}, all.MaxElements-2)...)
	empty = append(empty, 0, 0)
	small := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x30, 0x02, 0x05, 0x00}, all.MaxElements/2-2)...)
	small = append(small, 0, 0)
	tests := map[string]struct {
		file, beside []byte
		refused      cms.Kind
	}{
		"attached":                       {attached, nil, ""},
		"attached and handed in":         {attached, large, ""},
		"detached":                       {detached, large, ""},
		"PEM":                            {toPEM(attached), nil, ""},
		"indefinite lengths":             {poatest.BER(t, attached, 0), nil, ""},
		"indefinite, in pieces of 4 kB":  {poatest.BER(t, attached, 4096), nil, ""},
		"indefinite, in pieces of 100 B": {poatest.BER(t, attached, 100), nil, ""},
		"4 MB of nesting":                {nested(2 << 20), nil, cms.TooDeep},
		"as many empty values as may be": {empty, nil, cms.Malformed},
		"as many small values as may be": {small, nil, cms.Malformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			whole := uint64(len(test.file) + len(test.beside))
			got := poatest.Allocated(func() {
				if _, err := cms.Verify(test.file, test.beside, all); cms.KindOf(err) != test.refused {
					t.Errorf("got %v", err)
				}
			})
			if got > 3*whole {
				t.Errorf("%d bytes for a file of %d", got, whole)
			} else {
				t.Logf("%d bytes for a file of %d: %.2f times", got, whole, float64(got)/float64(whole))
			}
		})
	}
}
