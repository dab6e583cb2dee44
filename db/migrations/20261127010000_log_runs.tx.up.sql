-- SPDX-License-Identifier: Apache-2.0
-- Leaves that come in the order of their inquiries' IDs are stored by the run: one
-- row for what one transaction sealed, in place of a row and two entries of indexes
-- for each, which at the end of a month cost a fifth of what all answers did.
-- log_leaves keeps what was sealed before, the leaves of audit events, and what
-- committed late: a leaf stands in one of both.

CREATE TABLE log_runs (
    -- That of the first leaf.
    position bigint NOT NULL CONSTRAINT log_runs_pkey PRIMARY KEY CONSTRAINT log_runs_position CHECK (position >= 0),
    size integer NOT NULL CONSTRAINT log_runs_size CHECK (size BETWEEN 1 AND 4096),
    first_id text COLLATE "C" NOT NULL CONSTRAINT log_runs_first_id UNIQUE,
    last_id text COLLATE "C" NOT NULL,
    -- In their order. One that is younger than all runs goes on; any other is a row of log_leaves.
    entry_ids text[] NOT NULL,
    -- Their hashes, one behind the other.
    leaves bytea NOT NULL,
    CONSTRAINT log_runs_entries CHECK (cardinality(entry_ids) = size AND entry_ids[1] = first_id AND entry_ids[size] = last_id),
    CONSTRAINT log_runs_leaves CHECK (octet_length(leaves) = 32 * size),
    CONSTRAINT log_runs_apart EXCLUDE USING gist (int8range(position, position + size) WITH &&)
);
-- Hashes do not grow smaller, and parts of them are read alone; making IDs smaller took a third of the time of storing them.
ALTER TABLE log_runs ALTER COLUMN leaves SET STORAGE EXTERNAL, ALTER COLUMN entry_ids SET STORAGE EXTERNAL;

GRANT SELECT, INSERT ON log_runs TO ininjo_program;
GRANT SELECT ON log_runs TO ininjo_auditor, ininjo_retention;
