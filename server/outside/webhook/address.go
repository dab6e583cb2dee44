// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"net/netip"
	"strings"
)

// special are the IPv4 networks that are nobody's server on the internet (IANA
// Special-Purpose Address Registry, RFC 6890).
var special = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")

// special6 are those inside 2000::/3, outside of which nothing is public.
// 2001::/23 holds Teredo, 2002::/16 is 6to4: both carry an IPv4 address.
var special6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

var (
	global6 = netip.MustParsePrefix("2000::/3")
	// nat64 carries an IPv4 address in its last 32 bits (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Public reports whether an address is one of the public internet.
func Public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	switch {
	case a.Is4():
		return !contains(special, a)
	case nat64.Contains(a):
		b := a.As16()
		return !contains(special, netip.AddrFrom4([4]byte(b[12:])))
	case a.Is6():
		return global6.Contains(a) && !contains(special6, a)
	}
	return false
}

// Allowance is a private target that the operator allows: a network, at any
// port or at one.
type Allowance struct {
	Prefix netip.Prefix
	// Port is 0 for any.
	Port uint16
}

// ParseAllowance reads "10.1.0.0/16", "10.1.2.3", "127.0.0.1:9000" or
// "[::1]:9000". Names are not taken: what they mean is another's to say.
func ParseAllowance(text string) (Allowance, error) {
	text = strings.TrimSpace(text)
	if p, err := netip.ParsePrefix(text); err == nil {
		return Allowance{Prefix: p.Masked()}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return Allowance{Prefix: netip.PrefixFrom(a, a.BitLen())}, nil
	}
	if ap, err := netip.ParseAddrPort(text); err == nil && ap.Addr().Zone() == "" && ap.Port() != 0 {
		a := ap.Addr().Unmap()
		return Allowance{Prefix: netip.PrefixFrom(a, a.BitLen()), Port: ap.Port()}, nil
	}
	return Allowance{}, fmt.Errorf("parsing allowed target %q: it is no network, address or address with port", text)
}

func (a Allowance) covers(target netip.AddrPort) bool {
	return a.Prefix.Contains(target.Addr()) && (a.Port == 0 || a.Port == target.Port())
}
