-- SPDX-License-Identifier: Apache-2.0
-- What a party wants sent again is worked off in batches, and says how far it is.

CREATE TABLE resends (
    id          text        CONSTRAINT resends_pkey PRIMARY KEY,
    endpoint_id text        NOT NULL CONSTRAINT resends_endpoint REFERENCES endpoints (id),
    party_id    text        NOT NULL,
    kind        text        NOT NULL CONSTRAINT resends_kind CHECK (kind IN ('FAILED', 'MISSING', 'ALL')),
    since       timestamptz NOT NULL,
    total       integer     NOT NULL CONSTRAINT resends_total CHECK (total >= 0),
    resent      integer     NOT NULL DEFAULT 0 CONSTRAINT resends_resent CHECK (resent >= 0),
    created_at  timestamptz NOT NULL,
    finished_at timestamptz CONSTRAINT resends_finished CHECK (finished_at >= created_at)
);
CREATE UNIQUE INDEX resends_one_at_a_time ON resends (endpoint_id) WHERE finished_at IS NULL;
CREATE INDEX resends_by_endpoint ON resends (endpoint_id, created_at, id);
GRANT SELECT, INSERT, UPDATE (resent, finished_at) ON resends TO ininjo_program;
GRANT SELECT, DELETE ON resends TO ininjo_retention;

CREATE INDEX deliveries_failed ON deliveries (endpoint_id, last_at) WHERE state = 'FAILED';
-- The banner on every page of a party looks for these.
CREATE INDEX endpoints_in_trouble ON endpoints (party_id) WHERE deleted_at IS NULL AND (failing_since IS NOT NULL OR state = 'DISABLED');
