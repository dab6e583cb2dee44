// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"ininjo/poa/receipt"
)

var madeKey = regexp.MustCompile(`made (\S+) in `)

// TestKeyCommands rotates beside a running service, which publishes the new key
// without a restart.
func TestKeyCommands(t *testing.T) {
	t.Parallel()
	dir := freshHome(t)
	_, base := serving(t, nil, "--data-dir", dir)
	keys := func(args ...string) []string { return append(append([]string{"keys"}, args...), "--data-dir", dir) }
	list := func() string { return succeed(t, nil, keys("list")...) }
	if lines := strings.Count(list(), "\n"); lines != 5 || strings.Count(list(), "signs") != 5 {
		t.Fatalf("receipts, heartbeats, status lists, webhooks and checkpoints have a key each: %s", list())
	}
	said := succeed(t, nil, keys("rotate", "receipt")...)
	fresh := madeKey.FindStringSubmatch(said)
	if fresh == nil {
		t.Fatalf("printed %q", said)
	}
	wantText(t, list(), fresh[1]+"\t"+receipt.TypReceipt, "published, signs later")
	var set struct {
		Keys []struct {
			KID, Purpose string
			NBF, EXP     *int64
		}
	}
	_, text := fetch(t, base+"/.well-known/jwks.json")
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) != 6 {
		t.Fatalf("%v: %s", err, text)
	}
	for _, k := range set.Keys {
		switch {
		case k.KID == fresh[1] && (*k.NBF <= machineClock.Now().Unix() || k.EXP != nil):
			t.Errorf("the new key signs already: %s", text)
		case k.Purpose == receipt.TypReceipt && k.KID != fresh[1] && (k.EXP == nil || *k.EXP <= *k.NBF):
			t.Errorf("the former key has no end: %s", text)
		}
	}
	t.Run("at once", func(t *testing.T) {
		wantText(t, succeed(t, nil, keys("rotate", "heartbeat", "--at-once")...), "signs from")
		if list := list(); strings.Count(list, receipt.TypHeartbeat) != 2 {
			t.Error(list)
		}
	})
	t.Run("a key is ended, once", func(t *testing.T) {
		wantText(t, succeed(t, nil, keys("end", "receipt", fresh[1])...), fresh[1]+" signs no more")
		wantText(t, refused(t, nil, keys("end", "heartbeat", fresh[1])...), "there is no key")
		wantText(t, refused(t, nil, keys("end", "receipt", "x")...), "there is no key x")
	})
	t.Run("an ID that looks like a flag is an ID", func(t *testing.T) {
		for _, first := range []string{"-5", "--"} {
			id := first + strings.Repeat("A", 41)
			wantText(t, refused(t, nil, keys("end", "receipt", id)...), "there is no key "+id)
		}
	})
	t.Run("keys that are kept elsewhere are made there", func(t *testing.T) {
		args := append(keys("rotate", "receipt"), "--receipt-key", "vault:https://127.0.0.1:1/transit/receipts", "--vault-token-file", dir)
		wantText(t, refused(t, nil, args...), "make a new key or version there")
	})
}
