// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"ininjo/poa"
)

const (
	// anonymousBurst is how often a client may act at once: an office behind one
	// address signs in in the morning.
	anonymousBurst = 30
	// rememberedClients bounds the memory that clients take; who was seen
	// longest ago is forgotten first.
	rememberedClients = 10_000
)

// throttle bounds how often one client does what needs no account: sign in,
// apply, use a one-time link, send GraphQL without a token. Guessing passwords
// and filling the database cost its sender time. Each process counts for itself.
type throttle struct {
	clock   poa.Clock
	rate    rate.Limit
	trusted []netip.Prefix
	clients *lru.Cache[netip.Prefix, *rate.Limiter]
	metrics *metrics
	// reads bounds queries by GET as well: anonymous callers ask for validity.
	reads bool
}

// newThrottle lets each client act perSecond times a second in the long run;
// zero lets everybody act. Trusted are the proxies whose word on a client's
// address is taken.
func newThrottle(clock poa.Clock, perSecond float64, trusted []netip.Prefix, m *metrics) (*throttle, error) {
	clients, err := lru.New[netip.Prefix, *rate.Limiter](rememberedClients)
	if err != nil {
		return nil, fmt.Errorf("making rate limit: %w", err)
	}
	limit := rate.Limit(perSecond)
	if perSecond == 0 {
		limit = rate.Inf
	}
	return &throttle{clock: clock, rate: limit, trusted: trusted, clients: clients, metrics: m}, nil
}

// wait takes one act from the client's bucket. Where it is empty, nothing is
// taken and wait says after how long to try again.
func (t *throttle) wait(r *http.Request) time.Duration {
	now := t.clock.Now()
	taken := t.bucket(clientOfRequest(r, t.trusted)).ReserveN(now, 1)
	delay := taken.DelayFrom(now)
	if delay > 0 {
		taken.CancelAt(now)
		t.metrics.throttled.Inc()
	}
	return delay
}

// anonymousWait is wait for requests without a token; one that holds for
// nothing opens nothing to anonymous callers either.
func (t *throttle) anonymousWait(r *http.Request) time.Duration {
	if r.Method != http.MethodPost && !t.reads || r.Header.Get("Authorization") != "" {
		return 0
	}
	return t.wait(r)
}

func (t *throttle) bucket(client netip.Prefix) *rate.Limiter {
	if found, ok := t.clients.Get(client); ok {
		return found
	}
	fresh := rate.NewLimiter(t.rate, anonymousBurst)
	if earlier, ok, _ := t.clients.PeekOrAdd(client, fresh); ok {
		return earlier
	}
	return fresh
}

// clientOfRequest is the network that a request came from: an IPv4 address, or
// the /64 that one subscriber has in IPv6. It is the connection's peer, or, as
// long as that is a trusted proxy, who it says its own peer was. What stands
// further left in X-Forwarded-For was written by whoever liked to.
func clientOfRequest(r *http.Request, trusted []netip.Prefix) netip.Prefix {
	client, known := hopAddress(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !known || !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(client) }) {
			break
		}
		before, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			break
		}
		client = before
	}
	bits := 32
	if client.Is6() {
		bits = 64
	}
	network, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all such share one bucket
	}
	return network
}

// hopAddress reads an address with or without a port.
func hopAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}
