// SPDX-License-Identifier: Apache-2.0

package db_test

import (
	"testing"

	"ininjo/db"
)

func TestOnThisMachine(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"postgres:///ininjo?host=/run/postgresql":  true,
		"host=/run/postgresql dbname=ininjo":       true,
		"postgres://app@localhost/ininjo":          true,
		"postgres://app@127.0.0.1:5433/ininjo":     true,
		"postgres://app@[::1]/ininjo":              true,
		"postgres://app@10.0.0.7/ininjo":           false,
		"postgres://app@localhost.example/ininjo":  false,
		"postgres://app@[2001:db8::1]:5432/ininjo": false,
		"postgres://%zz":                           false,
	} {
		if got := db.OnThisMachine(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
