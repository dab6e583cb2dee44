// SPDX-License-Identifier: Apache-2.0

package db

import (
	"net/netip"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// OnThisMachine tells whether the database is reached without a network: over a
// Unix socket or a loopback address. Of a URL that cannot be read it says no.
func OnThisMachine(url string) bool {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return false
	}
	if network, _ := pgconn.NetworkAddress(config.Host, config.Port); network == "unix" || config.Host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(config.Host)
	return err == nil && address.IsLoopback()
}
