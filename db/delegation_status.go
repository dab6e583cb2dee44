// SPDX-License-Identifier: Apache-2.0

package db

import (
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"ininjo/poa"
)

// Terms are days in Japan, UTC+9 without summer time. Comparing days, not
// instants, lets an index serve: a term has begun when valid_from <= the day of
// now, and is over when valid_through < the day of now.
const (
	beginsSQL  = `((p.valid_from::timestamp - interval '9 hours') AT TIME ZONE 'UTC')`
	endsSQL    = `(((p.valid_through + 1)::timestamp - interval '9 hours') AT TIME ZONE 'UTC')`
	inTermSQL  = `p.final_at < ` + endsSQL
	suspendSQL = `EXISTS (SELECT FROM jsonb_array_elements(p.suspensions) AS s
		WHERE (s->>'from')::timestamptz <= ? AND (s->>'until' IS NULL OR (s->>'until')::timestamptz > ?))`
)

// statusSQL is design.md's rule 2 over a projection p that may be missing, as
// poa.Projection.StandingAt states it; a property test compares the two.
const statusSQL = `CASE
	WHEN p.accepted_at IS NULL OR p.accepted_at > ? THEN 'UNKNOWN'
	WHEN p.final_at <= ? AND ` + inTermSQL + ` THEN p.final_kind
	WHEN p.valid_through < ? THEN 'EXPIRED'
	WHEN ` + suspendSQL + ` THEN 'SUSPENDED'
	WHEN p.valid_from > ? THEN 'NOT_YET_VALID'
	ELSE 'VALID' END`

// statusAt is the status of a delegation at an instant that is not earlier than
// its newest fact.
func statusAt(now time.Time) schema.QueryWithArgs {
	now, today := now.UTC(), poa.DateOf(now).String()
	return bun.SafeQuery(statusSQL, now, now, today, now, now, today)
}
