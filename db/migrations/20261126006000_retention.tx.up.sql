-- SPDX-License-Identifier: Apache-2.0
-- Periods and their ends (operating rules 2.6.7, 2.8 (10), 6.2.3, 6.2.9): legal
-- holds, runs of erasure with what each did, archives of the audit log, backups.
-- Runs as ininjo_owner.

-- When a party's contract or registration ended: the start of its period.
ALTER TABLE parties ADD COLUMN IF NOT EXISTS ended_at timestamptz;
GRANT UPDATE (ended_at) ON parties TO ininjo_program;

-- Holds: append-only. A lift is a row of its own.
CREATE TABLE retention_holds (
    id           text        CONSTRAINT retention_holds_pkey PRIMARY KEY,
    subject_kind text        NOT NULL CONSTRAINT retention_holds_kind_check CHECK (subject_kind IN ('PARTY', 'DELEGATION')),
    subject_id   text        NOT NULL,
    -- The ground, sealed with the held subject's own data key.
    sealed       bytea       NOT NULL,
    set_by       text        NOT NULL,
    set_at       timestamptz NOT NULL
);
CREATE INDEX retention_holds_subject_idx ON retention_holds (subject_kind, subject_id);
CREATE TABLE retention_lifts (
    hold_id   text        CONSTRAINT retention_lifts_pkey PRIMARY KEY CONSTRAINT retention_lifts_hold_fkey REFERENCES retention_holds (id),
    sealed    bytea       NOT NULL,
    lifted_by text        NOT NULL,
    lifted_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON retention_holds, retention_lifts TO ininjo_program;
GRANT SELECT ON retention_holds, retention_lifts TO ininjo_retention, ininjo_auditor;

-- What a hold keeps: its subject, a party's delegations, and the delegator of a
-- delegation, whose application papers belong to it.
CREATE VIEW retention_held AS
    WITH open_holds AS (SELECT h.subject_kind, h.subject_id FROM retention_holds h WHERE NOT EXISTS (SELECT FROM retention_lifts l WHERE l.hold_id = h.id))
    SELECT subject_kind, subject_id FROM open_holds
    UNION SELECT 'DELEGATION', d.id FROM open_holds o JOIN delegations d ON d.delegator_id = o.subject_id WHERE o.subject_kind = 'PARTY'
    UNION SELECT 'PARTY', d.delegator_id FROM open_holds o JOIN delegations d ON d.id = o.subject_id WHERE o.subject_kind = 'DELEGATION';
GRANT SELECT ON retention_held TO ininjo_program, ininjo_retention;

CREATE TABLE retention_runs (
    id          text        CONSTRAINT retention_runs_pkey PRIMARY KEY,
    kind        text        NOT NULL CONSTRAINT retention_runs_kind_check CHECK (kind IN ('PERIODIC', 'PREPARED', 'REQUEST')),
    prepared_by text        NOT NULL,
    prepared_at timestamptz NOT NULL,
    items       integer     NOT NULL CONSTRAINT retention_runs_items_check CHECK (items >= 0),
    released_by text,
    released_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT retention_runs_released_check CHECK ((released_by IS NULL) = (released_at IS NULL) AND released_at >= prepared_at),
    CONSTRAINT retention_runs_finished_check CHECK (finished_at >= released_at AND (finished_at IS NULL OR released_at IS NOT NULL)),
    -- Two people, but for a person's own request, which the owner decides.
    CONSTRAINT retention_runs_four_eyes_check CHECK (released_by IS NULL OR released_by <> prepared_by OR kind = 'REQUEST')
);
CREATE INDEX retention_runs_list_idx ON retention_runs (prepared_at, id);
CREATE TABLE retention_items (
    run_id       text        NOT NULL CONSTRAINT retention_items_run_fkey REFERENCES retention_runs (id),
    ordinal      integer     NOT NULL CONSTRAINT retention_items_ordinal_check CHECK (ordinal >= 1),
    rule         text        NOT NULL,
    subject_kind text        NOT NULL CONSTRAINT retention_items_kind_check CHECK (subject_kind IN ('DELEGATION', 'PARTY', 'STAFF', 'ARCHIVE')),
    subject_id   text        NOT NULL,
    over_at      timestamptz NOT NULL,
    outcome      text        CONSTRAINT retention_items_outcome_check CHECK (outcome IN ('ERASED', 'HELD', 'NOT_OVER', 'GONE')),
    decided_at   timestamptz,
    -- Set when the key or the file is gone, too.
    done_at      timestamptz,
    CONSTRAINT retention_items_pkey PRIMARY KEY (run_id, ordinal),
    CONSTRAINT retention_items_subject_key UNIQUE (run_id, subject_kind, subject_id),
    CONSTRAINT retention_items_decided_check CHECK ((outcome IS NULL) = (decided_at IS NULL) AND (done_at IS NULL OR outcome IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX retention_items_open_idx ON retention_items (run_id, ordinal) WHERE done_at IS NULL;
GRANT SELECT, INSERT, UPDATE (released_by, released_at) ON retention_runs TO ininjo_program;
GRANT SELECT, INSERT ON retention_items TO ininjo_program;
GRANT SELECT, UPDATE (finished_at) ON retention_runs TO ininjo_retention;
GRANT SELECT, UPDATE (outcome, decided_at, done_at) ON retention_items TO ininjo_retention;
GRANT SELECT ON retention_runs, retention_items TO ininjo_auditor;

-- Archives: a month may be archived again where rows came after the first time,
-- as they do when a clock was set back; no archive is written over.
ALTER TABLE archive_manifests DROP CONSTRAINT archive_manifests_partition_key,
    ADD COLUMN number integer NOT NULL DEFAULT 1 CONSTRAINT archive_manifests_number_check CHECK (number >= 1),
    ADD COLUMN format integer NOT NULL DEFAULT 1,
    ADD COLUMN size bigint NOT NULL DEFAULT 0,
    ADD COLUMN plain_sha256 bytea,
    ADD COLUMN root bytea,
    ADD COLUMN first_at timestamptz,
    ADD COLUMN last_at timestamptz,
    ADD COLUMN detached_at timestamptz,
    ADD COLUMN dropped_at timestamptz,
    ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT archive_manifests_partition_number_key UNIQUE (partition, number),
    ADD CONSTRAINT archive_manifests_location_key UNIQUE (location),
    ADD CONSTRAINT archive_manifests_life_check CHECK ((detached_at IS NULL OR verified_at IS NOT NULL) AND (dropped_at IS NULL OR detached_at IS NOT NULL));
GRANT UPDATE (detached_at, dropped_at, ended_at) ON archive_manifests TO ininjo_retention;

-- Names of files that were begun: of these alone, one without a manifest is a
-- leftover that may be written anew.
CREATE TABLE archive_writings (
    location   text        CONSTRAINT archive_writings_pkey PRIMARY KEY,
    partition  text        NOT NULL,
    number     integer     NOT NULL,
    begun_at   timestamptz NOT NULL
);
GRANT SELECT, INSERT ON archive_writings TO ininjo_retention;
GRANT SELECT ON archive_writings TO ininjo_program, ininjo_auditor;

-- Drops a month that a verified manifest let detach. What is attached stays.
CREATE FUNCTION audit_drop(partition_name text, manifest_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part regclass := to_regclass('public.' || quote_ident(partition_name));
BEGIN
    IF NOT EXISTS (SELECT FROM public.archive_manifests m WHERE m.id = manifest_id AND m.partition = partition_name
        AND m.verified_at IS NOT NULL AND m.detached_at IS NOT NULL AND m.dropped_at IS NULL) THEN
        RAISE EXCEPTION 'no manifest of a detached month names this table' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF part IS NULL THEN
        RETURN; -- dropped before its manifest said so
    END IF;
    IF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = part) THEN
        RAISE EXCEPTION 'the month is attached' USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE %s', part);
END
$$;
REVOKE EXECUTE ON FUNCTION audit_drop(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop(text, text) TO ininjo_retention;

-- Backups that were made (6.2.5, 6.2.10).
CREATE TABLE backups (
    id     text        CONSTRAINT backups_pkey PRIMARY KEY,
    kind   text        NOT NULL CONSTRAINT backups_kind_check CHECK (kind IN ('DATA', 'KEY_STORE')),
    at     timestamptz NOT NULL,
    sha256 bytea       NOT NULL CONSTRAINT backups_sha256_check CHECK (octet_length(sha256) = 32),
    size   bigint      NOT NULL
);
GRANT SELECT, INSERT ON backups TO ininjo_program;
GRANT SELECT ON backups TO ininjo_auditor;

-- What ends by itself, and what an erasure takes with it.
GRANT SELECT, INSERT ON audit_events TO ininjo_retention;
GRANT SELECT, DELETE ON sessions, idempotency_keys, counters, search_grams TO ininjo_retention;
