-- SPDX-License-Identifier: Apache-2.0
-- A run that the program listed by itself is looked at by two roles, too: the
-- manager puts it forward and becomes the one who prepared it, the owner
-- releases it.
GRANT UPDATE (prepared_by) ON retention_runs TO ininjo_program;
ALTER TABLE retention_runs ADD CONSTRAINT retention_runs_seen_check CHECK (released_by IS NULL OR prepared_by <> 'system') NOT VALID;

-- Whoever prepared a run stays, once that is a person.
CREATE FUNCTION retention_runs_keep_preparer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.prepared_by <> 'system' AND NEW.prepared_by <> OLD.prepared_by THEN
        RAISE EXCEPTION 'who prepared a run stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_runs_preparer_stays';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER retention_runs_keep_preparer BEFORE UPDATE OF prepared_by ON retention_runs FOR EACH ROW EXECUTE FUNCTION retention_runs_keep_preparer();

-- The list of all titles in the order in which they are asked for again.
CREATE INDEX titles_by_ask ON titles (ask_at, delegation_id);
