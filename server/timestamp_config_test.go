// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/sha256"
	"net/http/httptest"
	"testing"
	"time"

	"ininjo/poa/poatest"
)

func TestTimestampConfig(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	clock := poatest.NewClock(at)
	ca := poatest.MustCA(t, at)
	dir := t.TempDir()
	if err := ca.WriteRoots(dir); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(poatest.MustTSA(t, ca).Handler(clock))
	t.Cleanup(server.Close)
	set := timestampConfig{TSA: []string{server.URL}, TSARoots: dir}

	t.Run("nothing set is no authority", func(t *testing.T) {
		t.Parallel()
		var none timestampConfig
		client, roots, err := none.open(clock, false)
		if none.check() != nil || client != nil || roots != nil || err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an authority and its roots stamp", func(t *testing.T) {
		t.Parallel()
		client, roots, err := set.open(clock, true)
		if err != nil || set.check() != nil || roots == nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("evidence"))
		if _, err := client.Stamp(t.Context(), digest[:], crypto.SHA256); err != nil {
			t.Error(err)
		}
	})
	t.Run("the test hierarchy serves the demo alone", func(t *testing.T) {
		t.Parallel()
		if _, _, err := set.open(clock, false); err == nil {
			t.Error("taken")
		}
	})
	for name, bad := range map[string]timestampConfig{
		"no roots":        {TSA: set.TSA},
		"roots alone":     {TSARoots: dir},
		"a negative time": {TSA: set.TSA, TSARoots: dir, TSATimeout: -1},
		"a proxy of none": {TSA: set.TSA, TSARoots: dir, TSAProxy: "proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if bad.check() == nil {
				t.Error("taken")
			}
		})
	}
}
