-- SPDX-License-Identifier: Apache-2.0
-- The audit log's tree (RFC 6962): one leaf for each audit event and inquiry, in the
-- order of sealing, the roots of its full subtrees, and its signed heads.
-- Leaves are hashes: nothing of a person stands here, and neither erasing a key nor
-- detaching a month breaks a proof.

CREATE TABLE log_leaves (
    position bigint CONSTRAINT log_leaves_pkey PRIMARY KEY CONSTRAINT log_leaves_position CHECK (position >= 0),
    entry_id text NOT NULL,
    at timestamptz NOT NULL,
    leaf bytea NOT NULL CONSTRAINT log_leaves_leaf CHECK (octet_length(leaf) = 32),
    CONSTRAINT log_leaves_entry UNIQUE (at, entry_id)
);

CREATE TABLE log_nodes (
    level smallint NOT NULL CONSTRAINT log_nodes_level CHECK (level > 0 AND level % 8 = 0),
    index bigint NOT NULL CONSTRAINT log_nodes_index CHECK (index >= 0),
    hash bytea NOT NULL CONSTRAINT log_nodes_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT log_nodes_pkey PRIMARY KEY (level, index)
);

CREATE TABLE log_checkpoints (
    size bigint CONSTRAINT log_checkpoints_pkey PRIMARY KEY CONSTRAINT log_checkpoints_size CHECK (size > 0),
    at timestamptz NOT NULL,
    signed bytea NOT NULL CONSTRAINT log_checkpoints_signed CHECK (octet_length(signed) BETWEEN 1 AND 4096)
);

-- How far the log is sealed: one row, locked by who seals. What was sealed stands
-- in the tables above, which nobody changes.
CREATE TABLE log_head (
    one boolean NOT NULL DEFAULT true CONSTRAINT log_head_pkey PRIMARY KEY CONSTRAINT log_head_one CHECK (one),
    size bigint NOT NULL DEFAULT 0 CONSTRAINT log_head_size CHECK (size >= 0),
    audit_through timestamptz,
    inquiries_through timestamptz,
    swept_at timestamptz,
    -- Since when IDs of inquiries begin with their instant: what is younger is found
    -- by the primary key.
    ids_since timestamptz NOT NULL
);
INSERT INTO log_head (ids_since) SELECT coalesce(date_trunc('milliseconds', max(answered_at)) + interval '1 millisecond', 'epoch') FROM inquiries;

GRANT SELECT, INSERT ON log_leaves, log_nodes, log_checkpoints TO ininjo_program;
GRANT SELECT, UPDATE (size, audit_through, inquiries_through, swept_at) ON log_head TO ininjo_program;
GRANT SELECT ON log_leaves, log_nodes, log_checkpoints, log_head TO ininjo_auditor, ininjo_retention;
