// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// dialer connects to allowed addresses only.
type dialer struct {
	lookup   func(ctx context.Context, host string) ([]netip.Addr, error)
	may      func(netip.AddrPort) bool
	deadline time.Duration
}

// dial resolves the host and connects to the first of its allowed addresses
// that answers. The name is resolved here and nowhere after: what was checked
// is what is connected to.
func (d *dialer) dial(ctx context.Context, network, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.deadline) // the transport's context outlives the request's
	defer cancel()
	targets, err := d.targets(ctx, target)
	if err != nil {
		return nil, err
	}
	connector := &net.Dialer{ControlContext: guard(d.may)}
	var conn net.Conn
	err = ErrNotAllowed
	for _, t := range targets {
		if conn, err = connector.DialContext(ctx, network, t.String()); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (d *dialer) targets(ctx context.Context, target string) ([]netip.AddrPort, error) {
	host, text, err := net.SplitHostPort(target)
	if err != nil {
		return nil, ErrNotAllowed
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return nil, ErrNotAllowed
	}
	addresses, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var kept []netip.AddrPort
	for _, a := range addresses {
		if t := netip.AddrPortFrom(a.Unmap(), uint16(port)); d.may(t) {
			kept = append(kept, t)
		}
	}
	return kept, nil
}
