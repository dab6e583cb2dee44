-- SPDX-License-Identifier: Apache-2.0
-- Leaves that come in the order of their inquiries' IDs are stored by the run: one
-- row for what one transaction sealed, in place of a row and two entries of indexes
-- for each, which at the end of a month took a fifth of PostgreSQL's time.
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
    CONSTRAINT log_runs_entries CHECK (cardinality(entry_ids) = size AND array_position(entry_ids, NULL) IS NULL AND entry_ids[1] = first_id AND entry_ids[size] = last_id),
    CONSTRAINT log_runs_leaves CHECK (octet_length(leaves) = 32 * size),
    CONSTRAINT log_runs_apart EXCLUDE USING gist (int8range(position, position + size) WITH &&)
);
-- Hashes do not grow smaller, and parts of them are read alone; making IDs smaller took a third of the time of storing them.
ALTER TABLE log_runs ALTER COLUMN leaves SET STORAGE EXTERNAL, ALTER COLUMN entry_ids SET STORAGE EXTERNAL;

-- A position is taken once, in either table.
CREATE FUNCTION log_position_is_free() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken boolean;
BEGIN
    IF TG_TABLE_NAME = 'log_runs' THEN
        taken := EXISTS (SELECT FROM public.log_leaves l WHERE l.position >= NEW.position AND l.position < NEW.position + NEW.size);
    ELSE
        taken := EXISTS (SELECT FROM public.log_runs r WHERE r.position <= NEW.position AND r.position > NEW.position - 4096 AND r.position + r.size > NEW.position);
    END IF;
    IF taken THEN
        RAISE EXCEPTION 'a position of the log is taken' USING ERRCODE = 'unique_violation', CONSTRAINT = 'log_position_is_free';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER log_position_is_free BEFORE INSERT ON log_runs FOR EACH ROW EXECUTE FUNCTION log_position_is_free();
CREATE TRIGGER log_position_is_free BEFORE INSERT ON log_leaves FOR EACH ROW EXECUTE FUNCTION log_position_is_free();

GRANT SELECT, INSERT ON log_runs TO ininjo_program;
GRANT SELECT ON log_runs TO ininjo_auditor, ininjo_retention;
