-- SPDX-License-Identifier: Apache-2.0
-- Of what grows with every answer the same amount is vacuumed each time: by default
-- what a fifth of the table grew by, so that each vacuum takes longer than the one
-- before. It is what half a minute of 9,000 answers a second brings; of log_runs parts
-- of 2 kB are counted. And each works for about a millisecond between its rests: pages that
-- answers have just written cost it so little of its allowance that it worked for longer,
-- and took a third of a processor while it ran.

DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT h.inhrelid::regclass FROM pg_inherits h WHERE h.inhparent = 'inquiries'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 250000, autovacuum_vacuum_cost_limit = 50)', part);
    END LOOP;
END
$$;
ALTER TABLE inquiry_index SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 250000, autovacuum_vacuum_cost_limit = 50);
ALTER TABLE log_runs SET (toast.autovacuum_vacuum_insert_scale_factor = 0, toast.autovacuum_vacuum_insert_threshold = 10000,
    toast.autovacuum_vacuum_cost_limit = 50);
-- Statistics of a thousand IDs in each row help no plan: with 8,000 runs they took PostgreSQL eight seconds, in each minute.
ALTER TABLE log_runs ALTER COLUMN entry_ids SET STATISTICS 0, ALTER COLUMN leaves SET STATISTICS 0;

-- As before, but for the settings: a month has those of the partition for what no month took.
CREATE OR REPLACE FUNCTION audit_add_partitions(since date, until date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent regclass;
    parent_name name;
    remainder regclass;
    column_name name;
    settings text;
    month date;
    part text;
    made integer := 0;
BEGIN
    IF until - since > 400 THEN
        RAISE EXCEPTION 'more than 400 days of partitions at once';
    END IF;
    PERFORM pg_advisory_xact_lock(7310001);
    FOR parent IN SELECT public.audit_parents() ORDER BY 1 LOOP
        SELECT c.relname, p.partdefid::regclass, a.attname INTO parent_name, remainder, column_name
        FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
            JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE p.partrelid = parent;
        SELECT ' WITH (' || string_agg(o.setting, ', ') || ')' INTO settings FROM pg_class c, unnest(c.reloptions) AS o (setting) WHERE c.oid = remainder;
        month := date_trunc('month', since)::date;
        WHILE month <= until LOOP
            part := parent_name || to_char(month, '_"y"YYYY"m"MM');
            IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)%s', part, parent, settings);
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', remainder);
                EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
                    remainder, column_name, month::timestamptz, column_name, (month + interval '1 month')::timestamptz, part);
                EXECUTE format('ALTER TABLE %s ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, part, month::timestamptz, (month + interval '1 month')::timestamptz);
                made := made + 1;
            END IF;
            month := (month + interval '1 month')::date;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
