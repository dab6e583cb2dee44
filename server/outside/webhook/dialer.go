// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// errNotAllowed stops a dial to a target that is not allowed.
var errNotAllowed = errors.New("the target's address is not allowed")

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
	connector := &net.Dialer{ControlContext: d.control}
	var conn net.Conn
	err = errNotAllowed
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
		return nil, errNotAllowed
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return nil, errNotAllowed
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

// control checks once more at the last step before the connection, where no
// name is left to be resolved.
func (d *dialer) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !d.may(netip.AddrPortFrom(target.Addr().Unmap(), target.Port())) {
		return errNotAllowed
	}
	return nil
}
