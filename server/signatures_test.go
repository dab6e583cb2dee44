// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"testing"
	"time"

	"ininjo/poa"
)

func TestEvidenceSettings(t *testing.T) {
	t.Parallel()
	p := poa.DefaultPolicy("https://ininjo.example")
	c := evidenceConfig{WeakFrom: []string{"SHA-256=2035-01-01"}, StampHash: "SHA-384", StampAheadDays: 90, StatusOutage: time.Hour}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	c.evidencePolicy(&p)
	if want := time.Date(2034, 12, 31, 15, 0, 0, 0, time.UTC); !p.WeakFrom[crypto.SHA256].Equal(want) || p.StampHash != crypto.SHA384 || p.StampAhead != 90*day || p.StatusOutage != time.Hour {
		t.Errorf("the policy is %v, %v, %v, %v", p.WeakFrom, p.StampHash, p.StampAhead, p.StatusOutage)
	}
	for _, wrong := range []evidenceConfig{{WeakFrom: []string{"MD5=2035-01-01"}}, {WeakFrom: []string{"SHA-256"}}, {WeakFrom: []string{"SHA-256=2035-02-31"}}, {StampAheadDays: -1}, {StatusOutage: -1}} {
		if wrong.check() == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}
