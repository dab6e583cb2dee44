// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"net/netip"
	"testing"

	"ininjo/server/outside/webhook"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	public := map[bool][]string{
		true: {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0",
			"223.255.255.255", "2001:200::1", "2400:cb00::1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"},
		false: {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255",
			"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
			"198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
			"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
			"64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:53aa:64c:0:7fff:8:8", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1",
			"2002:808:808::1", "3fff::1", "3fff:fff::1", "4000::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
			"2606:4700::1111%eth0"},
	}
	for want, texts := range public {
		for _, text := range texts {
			if got := webhook.Public(netip.MustParseAddr(text)); got != want {
				t.Errorf("Public(%s) = %t", text, got)
			}
		}
	}
	if webhook.Public(netip.Addr{}) {
		t.Error("no address at all is public")
	}
}

func TestParseAllowance(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]webhook.Allowance{
		"10.1.2.3/16":     {Prefix: netip.MustParsePrefix("10.1.0.0/16")},
		" 10.1.2.3 ":      {Prefix: netip.MustParsePrefix("10.1.2.3/32")},
		"127.0.0.1:9000":  {Prefix: netip.MustParsePrefix("127.0.0.1/32"), Port: 9000},
		"[::1]:9000":      {Prefix: netip.MustParsePrefix("::1/128"), Port: 9000},
		"::ffff:10.0.0.1": {Prefix: netip.MustParsePrefix("10.0.0.1/32")},
		"fd00::/8":        {Prefix: netip.MustParsePrefix("fd00::/8")},
	} {
		got, err := webhook.ParseAllowance(text)
		if err != nil || got != want {
			t.Errorf("ParseAllowance(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "localhost", "localhost:9000", "10.0.0.0/33", "127.0.0.1:0", "127.0.0.1:99999", "fe80::1%eth0", "*"} {
		if got, err := webhook.ParseAllowance(text); err == nil {
			t.Errorf("ParseAllowance(%q) took it: %v", text, got)
		}
	}
}

// Whatever is taken names exactly one network and reads the same again.
func FuzzParseAllowance(f *testing.F) {
	for _, seed := range []string{"10.1.2.3/16", "10.1.2.3", "127.0.0.1:9000", "[::1]:9000", "fd00::/8", "::ffff:10.0.0.1", "localhost:1", "[fe80::1%eth0]:1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := webhook.ParseAllowance(text)
		if err != nil {
			return
		}
		if !a.Prefix.IsValid() || a.Prefix != a.Prefix.Masked() || a.Port != 0 && !a.Prefix.IsSingleIP() {
			t.Fatalf("%q became %+v", text, a)
		}
		if again, err := webhook.ParseAllowance(a.Prefix.String()); err != nil || again.Prefix != a.Prefix {
			t.Errorf("%s became %v, %v", a.Prefix, again, err)
		}
	})
}
