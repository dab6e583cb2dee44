-- SPDX-License-Identifier: Apache-2.0
-- Deliveries are their own queue: due at next_at, taken for a while by a lease,
-- so that a worker that hangs is taken over. Endpoints keep how they fare.

ALTER TABLE deliveries ADD COLUMN next_at timestamptz, ADD COLUMN leased_until timestamptz;
UPDATE deliveries v SET next_at = coalesce(v.last_at, v.at) FROM endpoints e
    WHERE e.id = v.endpoint_id AND e.state = 'ACTIVE' AND e.deleted_at IS NULL AND (v.state = 'PENDING' OR v.resend_at IS NOT NULL);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_due CHECK (next_at IS NULL OR state = 'PENDING' OR resend_at IS NOT NULL);
GRANT UPDATE (next_at, leased_until) ON deliveries TO ininjo_program;
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_due_by_endpoint ON deliveries (endpoint_id) WHERE next_at IS NOT NULL;

-- max_in_flight and rate_per_second bound what an endpoint is sent; no rate where
-- it is 0. failing_since is when the failures began that still go on, warned how
-- many of the mails about them went out, paused_until what the circuit breaker
-- waits for.
ALTER TABLE endpoints
    ADD COLUMN max_in_flight integer NOT NULL DEFAULT 16 CONSTRAINT endpoints_max_in_flight_check CHECK (max_in_flight BETWEEN 1 AND 64),
    ADD COLUMN rate_per_second integer NOT NULL DEFAULT 0 CONSTRAINT endpoints_rate_check CHECK (rate_per_second BETWEEN 0 AND 1000),
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN failures integer NOT NULL DEFAULT 0 CONSTRAINT endpoints_failures_check CHECK (failures >= 0),
    ADD COLUMN warned integer NOT NULL DEFAULT 0 CONSTRAINT endpoints_warned_check CHECK (warned BETWEEN 0 AND 3),
    ADD COLUMN warned_at timestamptz,
    ADD COLUMN paused_until timestamptz,
    ADD COLUMN disabled_at timestamptz,
    ADD CONSTRAINT endpoints_failing_check CHECK ((failing_since IS NULL) = (failures = 0));
GRANT UPDATE (max_in_flight, rate_per_second, failing_since, failures, warned, warned_at, paused_until, disabled_at) ON endpoints TO ininjo_program;
