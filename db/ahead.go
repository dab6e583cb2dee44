// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"

	"github.com/uptrace/bun"
)

// aheadConns are the sessions of what goes ahead: one that numbers, one that
// records what became of deliveries.
const aheadConns = 2

// aheadSettings keep the plans of their few statements, which all find rows by
// their keys, however small a table is when they are planned.
var aheadSettings = []string{"plan_cache_mode=force_generic_plan", "enable_seqscan=off"}

type aheadKey struct{}

// Ahead returns a context whose transactions do not queue for a session behind
// people's acts: what was committed is told before more is committed. Few may
// have it, since it has two sessions, which keep their statements' plans.
func (d *DB) Ahead(ctx context.Context) context.Context {
	return context.WithValue(ctx, aheadKey{}, true)
}

func isAhead(ctx context.Context) bool { return ctx.Value(aheadKey{}) != nil }

func aheadOf(c Config) Config {
	c.MaxConns = aheadConns
	return c
}

// lane is where a transaction's session comes from.
func (d *DB) lane(ctx context.Context) *bun.DB {
	if isAhead(ctx) {
		return d.aheadBun
	}
	return d.bun
}
