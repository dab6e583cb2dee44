// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"net/netip"
	"net/url"
	"strconv"

	"ininjo/poa"
)

var _ poa.AddressChecker = (*Client)(nil)

// Allowed reports whether a URL may be posted to: HTTPS to a name or address
// of which every address is public or allowed, or plain HTTP to a target that
// the operator allowed. Implements poa.AddressChecker.
func (c *Client) Allowed(ctx context.Context, u *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, c.config.Deadline)
	defer cancel()
	if u.User != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	port, ok := portOf(u)
	if !ok {
		return false
	}
	addresses, err := c.lookup(ctx, u.Hostname())
	if err != nil || len(addresses) == 0 {
		return false
	}
	for _, a := range addresses {
		target := netip.AddrPortFrom(a.Unmap(), port)
		if !c.allowance(target) && (u.Scheme == "http" || !Public(target.Addr()) || !webPort(port)) {
			return false
		}
	}
	return true
}

// portOf is the URL's port, or its scheme's.
func portOf(u *url.URL) (uint16, bool) {
	switch text := u.Port(); {
	case text != "":
		port, err := strconv.ParseUint(text, 10, 16)
		return uint16(port), err == nil && port != 0
	case u.Scheme == "http":
		return 80, true
	default:
		return 443, true
	}
}

// webPort keeps webhooks off the ports of other protocols: 443 and every
// unprivileged port are taken.
func webPort(port uint16) bool { return port == 443 || port >= 1024 }
