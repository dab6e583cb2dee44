-- SPDX-License-Identifier: Apache-2.0
-- The change feed's acknowledgements, signed heartbeats, and what tells a
-- delegator how many recipients know of an end.

-- Every acknowledgement that went further than the ones before it. A party has
-- acknowledged what its highest number of the stream covers.
CREATE TABLE feed_acknowledgements (
    party_id text NOT NULL CONSTRAINT feed_acknowledgements_party REFERENCES streams (party_id),
    stream uuid NOT NULL,
    sequence bigint NOT NULL CONSTRAINT feed_acknowledgements_sequence CHECK (sequence >= 1),
    at timestamptz NOT NULL,
    CONSTRAINT feed_acknowledgements_pkey PRIMARY KEY (party_id, stream, sequence)
);
GRANT SELECT, INSERT ON feed_acknowledgements TO ininjo_program;
GRANT SELECT, DELETE ON feed_acknowledgements TO ininjo_retention;

-- The newest heartbeat of each endpoint: whoever moves slot on sends it.
CREATE TABLE heartbeats (
    endpoint_id text CONSTRAINT heartbeats_pkey PRIMARY KEY CONSTRAINT heartbeats_endpoint REFERENCES endpoints (id),
    slot timestamptz NOT NULL,
    delivery_id text NOT NULL
) WITH (fillfactor = 70);
GRANT SELECT, INSERT ON heartbeats TO ininjo_program;
GRANT UPDATE (slot, delivery_id) ON heartbeats TO ininjo_program;
GRANT SELECT, DELETE ON heartbeats TO ininjo_retention;

-- head and heartbeat are those of a service.heartbeat, which has no number of
-- the sequence.
ALTER TABLE deliveries ADD COLUMN head bigint, ADD COLUMN heartbeat text,
    ADD CONSTRAINT deliveries_heartbeat CHECK ((type = 'service.heartbeat') = (heartbeat IS NOT NULL) AND (heartbeat IS NULL) = (head IS NULL)
        AND (heartbeat IS NULL OR sequence = 0));

-- Which mail told of which change.
ALTER TABLE mails ADD COLUMN change_id bigint;

-- Who was told of an end: the other notices are in no index of theirs.
CREATE INDEX notices_of_ends ON notices (delegation_id, change_id)
    WHERE type IN ('delegation.revoked', 'delegation.renounced', 'delegation.superseded', 'delegation.expired', 'delegation.ended');
CREATE INDEX deliveries_of_ends ON deliveries (change_id, party_id)
    WHERE type IN ('delegation.revoked', 'delegation.renounced', 'delegation.superseded', 'delegation.expired', 'delegation.ended');
CREATE INDEX mails_of_changes ON mails (change_id, party_id) WHERE change_id IS NOT NULL;
