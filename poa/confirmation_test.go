// SPDX-License-Identifier: Apache-2.0

package poa_test

import (
	"testing"

	"ininjo/poa"
)

func TestConfirms(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		says, typed, name string
		want              bool
	}{
		{"as it is shown", "F6GHJ", "F6GHJ", true},
		{"in lower case", "f6ghj", "F6GHJ", true},
		{"in full width, with a space", "Ｆ６ＧＨＪ　", "F6GHJ", true},
		{"a name with another space", "佐藤花子", "佐藤　花子", true},
		{"another", "F6GHK", "F6GHJ", false},
		{"without a sign of it", "ビル", "ビール", false},
		{"without a hyphen", "ab.example", "a-b.example", false},
		{"a part", "F6GH", "F6GHJ", false},
		{"nothing", " ", "F6GHJ", false},
		{"nothing, of something without a name", "", "", false},
	} {
		t.Run(each.says, func(t *testing.T) {
			t.Parallel()
			if got := poa.Confirms(each.typed, each.name); got != each.want {
				t.Errorf("%q for %q: %t", each.typed, each.name, got)
			}
		})
	}
	if got := poa.DelegationID("7ZK3M-Q9V2R-4XW8A-BC5DE-F6GHJ").Word(); got != "F6GHJ" {
		t.Errorf("the word of an ID is %q", got)
	}
}
