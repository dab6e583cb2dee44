// SPDX-License-Identifier: Apache-2.0

// Package webhook posts webhooks to addresses that others gave us. It implements
// jobs.Poster and poa.AddressChecker.
//
// It must never connect to a private or special address unless the operator
// allowed it: checked after resolution, at every dial, so that a name that
// changes its mind changes nothing. It must never follow a redirect, use a
// proxy, read without bound, or let an address into an error.
package webhook
