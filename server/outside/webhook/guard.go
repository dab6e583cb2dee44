// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// ErrNotAllowed stops a connection to a target that is neither public nor
// allowed.
var ErrNotAllowed = errors.New("the target's address is not allowed")

// Covered reports whether the operator allows a private target.
func Covered(allowed []Allowance, target netip.AddrPort) bool {
	return slices.ContainsFunc(allowed, func(a Allowance) bool { return a.covers(target) })
}

// Guard refuses private addresses, but for those that the operator allows, at
// the last step before a connection, where no name is left to be resolved: it is
// the ControlContext of a dialer of every client that goes out.
func Guard(allowed []Allowance) func(context.Context, string, string, syscall.RawConn) error {
	return guard(func(target netip.AddrPort) bool { return Public(target.Addr()) || Covered(allowed, target) })
}

func guard(may func(netip.AddrPort) bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil || !may(netip.AddrPortFrom(target.Addr().Unmap(), target.Port())) {
			return ErrNotAllowed
		}
		return nil
	}
}
