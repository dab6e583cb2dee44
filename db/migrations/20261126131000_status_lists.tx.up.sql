-- SPDX-License-Identifier: Apache-2.0
-- Signed status lists (IETF Token Status List): how every accepted delegation's
-- entry stands, which entries changed, and what was published last. Nothing here
-- is personal.

-- The lean row of an accepted delegation's entry. From begins_at until ends_at it
-- is VALID; where suspended covers the moment before ends_at it is SUSPENDED, even
-- before begins_at; else, and where there is no row, INVALID (design.md, rule 2:
-- poa.Projection.StandingAt says the same, and a test compares them). A list's
-- number stands above the index in 31 bits.
CREATE TABLE status_list_standings (
    list integer NOT NULL CONSTRAINT status_list_standings_list CHECK (list BETWEEN 0 AND 2047),
    index integer NOT NULL CONSTRAINT status_list_standings_index CHECK (index BETWEEN 0 AND 1048575),
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    -- Null where nothing of it can matter.
    suspended tstzmultirange,
    CONSTRAINT status_list_standings_pkey PRIMARY KEY (list, index)
) WITH (fillfactor = 90);
-- What time alone changes is found by these.
CREATE INDEX status_list_standings_begin ON status_list_standings (list, begins_at);
CREATE INDEX status_list_standings_end ON status_list_standings (list, ends_at);
CREATE INDEX status_list_standings_suspended ON status_list_standings (list, (coalesce(upper(suspended), 'infinity'::timestamptz))) WHERE suspended IS NOT NULL;

-- Entries that changed and are not published yet. Rows are only inserted and, by
-- their IDs, deleted: writers do not queue here, and what commits late is not lost.
CREATE TABLE status_list_changes (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT status_list_changes_pkey PRIMARY KEY,
    list integer NOT NULL,
    index integer NOT NULL
);
CREATE INDEX status_list_changes_by_list ON status_list_changes (list, id);

-- What is published of each list: one row, which only goes forward.
CREATE TABLE status_list_publications (
    list integer CONSTRAINT status_list_publications_pkey PRIMARY KEY CONSTRAINT status_list_publications_list REFERENCES status_lists (list),
    version bigint NOT NULL CONSTRAINT status_list_publications_version CHECK (version >= 1),
    -- The moment that its entries are of, and the seconds of "iat".
    as_of timestamptz NOT NULL,
    issued_at timestamptz NOT NULL CONSTRAINT status_list_publications_issued CHECK (issued_at = date_trunc('second', issued_at)),
    kid text NOT NULL CONSTRAINT status_list_publications_kid CHECK (kid <> ''),
    -- Set where changes were dropped unpublished: the next one reads every entry.
    whole boolean NOT NULL DEFAULT false,
    token bytea NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE status_list_publications ALTER COLUMN token SET STORAGE EXTERNAL; -- it is compressed already

-- Two processes, a stale read and a clock that lags cannot put an older list over
-- a newer one.
CREATE FUNCTION status_list_goes_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.list <> OLD.list OR NEW.version <> OLD.version + 1 OR NEW.as_of <= OLD.as_of OR NEW.issued_at <= OLD.issued_at THEN
        RAISE EXCEPTION 'a status list never goes backwards' USING ERRCODE = 'check_violation', CONSTRAINT = 'status_list_publications_forward';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER status_list_publications_forward BEFORE UPDATE OF list, version, as_of, issued_at, token ON status_list_publications
    FOR EACH ROW EXECUTE FUNCTION status_list_goes_forward();

-- Every change of a projection, whoever makes it, reaches the standings in its
-- own transaction, one statement for many rows. It runs as the owner: nobody else
-- writes standings.
CREATE FUNCTION status_list_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    WITH followed AS (
        INSERT INTO status_list_standings (list, index, begins_at, ends_at, suspended)
        SELECT d.status_list, d.status_index, t.begins_at, t.ends_at, u.suspended
        FROM changed p JOIN delegations d ON d.id = p.delegation_id
        CROSS JOIN LATERAL (SELECT greatest(p.accepted_at, p.valid_from::timestamp AT TIME ZONE 'Asia/Tokyo') AS begins_at,
            least(p.final_at, (p.valid_through + 1)::timestamp AT TIME ZONE 'Asia/Tokyo') AS ends_at) t
        CROSS JOIN LATERAL (SELECT CASE WHEN p.suspensions <> '[]' AND p.accepted_at < t.ends_at THEN (
            SELECT nullif(range_agg(tstzrange((e ->> 'from')::timestamptz, (e ->> 'until')::timestamptz)) * tstzmultirange(tstzrange(p.accepted_at, t.ends_at)), '{}')
            FROM jsonb_array_elements(p.suspensions) AS e) END AS suspended) u
        -- What stands as it stood is not touched, not even locked.
        WHERE NOT EXISTS (SELECT FROM status_list_standings k WHERE k.list = d.status_list AND k.index = d.status_index
            AND (k.begins_at, k.ends_at, k.suspended) IS NOT DISTINCT FROM (t.begins_at, t.ends_at, u.suspended))
        ORDER BY d.status_list, d.status_index
        ON CONFLICT (list, index) DO UPDATE SET begins_at = excluded.begins_at, ends_at = excluded.ends_at, suspended = excluded.suspended
        RETURNING list, index)
    INSERT INTO status_list_changes (list, index) SELECT list, index FROM followed;
    RETURN NULL;
END
$$;
CREATE TRIGGER projections_followed_insert AFTER INSERT ON projections REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION status_list_follow();
CREATE TRIGGER projections_followed_update AFTER UPDATE ON projections REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION status_list_follow();

-- What is erased is INVALID from then on.
CREATE FUNCTION status_list_forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH forgotten AS (
        DELETE FROM status_list_standings s USING gone p JOIN delegations d ON d.id = p.delegation_id
        WHERE s.list = d.status_list AND s.index = d.status_index RETURNING s.list, s.index)
    INSERT INTO status_list_changes (list, index) SELECT list, index FROM forgotten;
    RETURN NULL;
END
$$;
CREATE TRIGGER projections_forgotten AFTER DELETE ON projections REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION status_list_forget();

-- What was accepted before there were lists. Each list's first publication reads
-- every entry, so no change is noted.
INSERT INTO status_list_standings (list, index, begins_at, ends_at, suspended)
SELECT d.status_list, d.status_index, t.begins_at, t.ends_at, u.suspended
FROM projections p JOIN delegations d ON d.id = p.delegation_id
CROSS JOIN LATERAL (SELECT greatest(p.accepted_at, p.valid_from::timestamp AT TIME ZONE 'Asia/Tokyo') AS begins_at,
    least(p.final_at, (p.valid_through + 1)::timestamp AT TIME ZONE 'Asia/Tokyo') AS ends_at) t
CROSS JOIN LATERAL (SELECT CASE WHEN p.suspensions <> '[]' AND p.accepted_at < t.ends_at THEN (
    SELECT nullif(range_agg(tstzrange((e ->> 'from')::timestamptz, (e ->> 'until')::timestamptz)) * tstzmultirange(tstzrange(p.accepted_at, t.ends_at)), '{}')
    FROM jsonb_array_elements(p.suspensions) AS e) END AS suspended) u
ORDER BY d.status_list, d.status_index;

REVOKE EXECUTE ON FUNCTION status_list_follow(), status_list_forget() FROM PUBLIC;
GRANT SELECT ON status_list_standings TO ininjo_program;
GRANT SELECT, DELETE ON status_list_changes TO ininjo_program;
GRANT SELECT, INSERT ON status_list_publications TO ininjo_program;
GRANT UPDATE (version, as_of, issued_at, kid, whole, token) ON status_list_publications TO ininjo_program;
