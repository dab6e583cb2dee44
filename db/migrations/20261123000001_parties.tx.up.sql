-- SPDX-License-Identifier: Apache-2.0
-- Parties, accounts, published documents, the audit log and the program's own
-- housekeeping. Runs as ininjo_owner. Every column named "sealed" holds personal
-- data under a subject's data key; a hash of one is keyed (design.md, rule 8).

GRANT USAGE ON SCHEMA public TO ininjo_program, ininjo_retention, ininjo_auditor;

CREATE TABLE published (
    id             text        CONSTRAINT published_pkey PRIMARY KEY,
    kind           text        NOT NULL CONSTRAINT published_kind_check CHECK (kind IN ('TERMS', 'OPERATING_RULES', 'PRICE_LIST', 'ANNOUNCEMENT')),
    version        text        NOT NULL CONSTRAINT published_version_check CHECK (version <> ''),
    title          text        NOT NULL,
    body           text        NOT NULL,
    sha256         bytea       NOT NULL CONSTRAINT published_sha256_check CHECK (octet_length(sha256) = 32),
    effective_from date        NOT NULL,
    published_at   timestamptz NOT NULL,
    CONSTRAINT published_kind_version_key UNIQUE (kind, version)
);
GRANT SELECT, INSERT ON published TO ininjo_program;

CREATE TABLE parties (
    id         text        CONSTRAINT parties_pkey PRIMARY KEY,
    role       text        NOT NULL CONSTRAINT parties_role_check CHECK (role IN ('DELEGATOR', 'RECIPIENT')),
    kind       text        NOT NULL CONSTRAINT parties_kind_check CHECK (kind IN ('CORPORATION', 'SOLE_PROPRIETOR')),
    state      text        NOT NULL CONSTRAINT parties_state_check CHECK (state IN ('APPLIED', 'ACTIVE', 'REFUSED', 'ENDED')),
    number     text        NOT NULL CONSTRAINT parties_number_key UNIQUE,
    sealed     bytea       NOT NULL,
    language   text        NOT NULL CONSTRAINT parties_language_check CHECK (language IN ('ja', 'en')),
    terms_id   text        CONSTRAINT parties_terms_fkey REFERENCES published (id),
    applied_at timestamptz NOT NULL,
    decided_at timestamptz,
    name_shown boolean     NOT NULL,
    CONSTRAINT parties_decided_check CHECK ((state = 'APPLIED') = (decided_at IS NULL)),
    CONSTRAINT parties_decided_after_check CHECK (decided_at >= applied_at),
    CONSTRAINT parties_name_shown_check CHECK (role = 'RECIPIENT' OR NOT name_shown)
);
CREATE INDEX parties_list_idx ON parties (role, applied_at, id);
GRANT SELECT, INSERT, UPDATE (state, decided_at) ON parties TO ininjo_program;

CREATE TABLE party_refusals (
    party_id text        NOT NULL CONSTRAINT party_refusals_party_fkey REFERENCES parties (id),
    ordinal  integer     NOT NULL CONSTRAINT party_refusals_ordinal_check CHECK (ordinal >= 0),
    code     text        NOT NULL CONSTRAINT party_refusals_code_check CHECK (code <> ''),
    field    text[]      NOT NULL,
    sealed   bytea       NOT NULL,
    at       timestamptz NOT NULL,
    CONSTRAINT party_refusals_pkey PRIMARY KEY (party_id, ordinal)
);
GRANT SELECT, INSERT ON party_refusals TO ininjo_program;

CREATE TABLE confirmations (
    id            text        CONSTRAINT confirmations_pkey PRIMARY KEY,
    party_id      text        NOT NULL CONSTRAINT confirmations_party_fkey REFERENCES parties (id),
    document      text        NOT NULL CONSTRAINT confirmations_document_check
        CHECK (document IN ('REGISTER_CERTIFICATE', 'REGISTER_INFORMATION', 'IDENTITY_DOCUMENT')),
    document_date date        NOT NULL,
    sealed        bytea       NOT NULL,
    confirmed_by  text        NOT NULL,
    confirmed_at  timestamptz NOT NULL
);
CREATE INDEX confirmations_party_idx ON confirmations (party_id, confirmed_at DESC, id DESC);
GRANT SELECT, INSERT ON confirmations TO ininjo_program;

CREATE TABLE accounts (
    id            text        CONSTRAINT accounts_pkey PRIMARY KEY,
    party_id      text        CONSTRAINT accounts_party_fkey REFERENCES parties (id),
    kind          text        NOT NULL CONSTRAINT accounts_kind_check CHECK (kind IN ('DELEGATOR', 'RECIPIENT', 'STAFF')),
    roles         text[]      NOT NULL CONSTRAINT accounts_roles_check CHECK (roles <@ ARRAY[
        'SERVICE_OWNER', 'SERVICE_MANAGER', 'SERVICE_OPERATOR', 'RECEPTION', 'AUDITOR', 'MAINTAINER']),
    sealed        bytea       NOT NULL,
    email_hash    bytea       NOT NULL CONSTRAINT accounts_email_hash_key UNIQUE,
    password_hash text,
    language      text        NOT NULL CONSTRAINT accounts_language_check CHECK (language IN ('ja', 'en')),
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    CONSTRAINT accounts_staff_check CHECK ((kind = 'STAFF') = (party_id IS NULL)),
    CONSTRAINT accounts_staff_roles_check CHECK ((kind = 'STAFF') = (cardinality(roles) > 0))
);
CREATE INDEX accounts_party_idx ON accounts (party_id, created_at, id);
GRANT SELECT, INSERT, UPDATE (password_hash, disabled_at) ON accounts TO ininjo_program;

CREATE TABLE api_tokens (
    id           text        CONSTRAINT api_tokens_pkey PRIMARY KEY,
    account_id   text        NOT NULL CONSTRAINT api_tokens_account_fkey REFERENCES accounts (id),
    party_id     text        CONSTRAINT api_tokens_party_fkey REFERENCES parties (id),
    kind         text        NOT NULL CONSTRAINT api_tokens_kind_check CHECK (kind IN ('DELEGATOR', 'RECIPIENT', 'STAFF')),
    sealed       bytea       NOT NULL,
    hash         bytea       NOT NULL CONSTRAINT api_tokens_hash_key UNIQUE CONSTRAINT api_tokens_hash_check CHECK (octet_length(hash) = 32),
    scope        text        NOT NULL CONSTRAINT api_tokens_scope_check CHECK (scope IN ('ALL', 'VALIDITY', 'READ')),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_tokens_staff_check CHECK ((kind = 'STAFF') = (party_id IS NULL)),
    CONSTRAINT api_tokens_expiry_check CHECK (expires_at > created_at)
);
CREATE INDEX api_tokens_party_idx ON api_tokens (party_id);
CREATE INDEX api_tokens_account_idx ON api_tokens (account_id);
GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON api_tokens TO ininjo_program;

CREATE TABLE links (
    id            text        CONSTRAINT links_pkey PRIMARY KEY,
    hash          bytea       NOT NULL CONSTRAINT links_hash_key UNIQUE CONSTRAINT links_hash_check CHECK (octet_length(hash) = 32),
    purpose       text        NOT NULL CONSTRAINT links_purpose_check CHECK (purpose IN ('ANSWER', 'RENOUNCE', 'CONFIRM_ADDRESS', 'SET_PASSWORD')),
    delegation_id text,
    subject_id    text,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    CONSTRAINT links_expiry_check CHECK (expires_at > created_at),
    CONSTRAINT links_target_check CHECK ((purpose IN ('ANSWER', 'RENOUNCE')) = (delegation_id IS NOT NULL))
);
GRANT SELECT, INSERT, UPDATE (used_at) ON links TO ininjo_program;

CREATE TABLE sessions (
    hash       bytea       CONSTRAINT sessions_pkey PRIMARY KEY CONSTRAINT sessions_hash_check CHECK (octet_length(hash) = 32),
    sealed     bytea       NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expiry_idx ON sessions (expires_at);
GRANT SELECT, INSERT, UPDATE (sealed, expires_at), DELETE ON sessions TO ininjo_program;

CREATE TABLE idempotency_keys (
    id    bytea       CONSTRAINT idempotency_keys_pkey PRIMARY KEY,
    input bytea       NOT NULL,
    kept  text,
    until timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_until_idx ON idempotency_keys (until);
GRANT SELECT, INSERT, UPDATE (input, kept, until), DELETE ON idempotency_keys TO ininjo_program;

CREATE TABLE counters (
    kind text    NOT NULL,
    day  date    NOT NULL,
    last integer NOT NULL CONSTRAINT counters_last_check CHECK (last > 0),
    CONSTRAINT counters_pkey PRIMARY KEY (kind, day)
);
GRANT SELECT, INSERT, UPDATE (last) ON counters TO ininjo_program;

CREATE TABLE marks (
    name text        CONSTRAINT marks_pkey PRIMARY KEY,
    at   timestamptz NOT NULL
);
GRANT SELECT, INSERT ON marks TO ininjo_program;

CREATE TABLE key_checks (
    name  text  CONSTRAINT key_checks_pkey PRIMARY KEY,
    value bytea NOT NULL
);
GRANT SELECT, INSERT ON key_checks TO ininjo_program;

CREATE TABLE signing_keys (
    kid        text        CONSTRAINT signing_keys_pkey PRIMARY KEY,
    purpose    text        NOT NULL CONSTRAINT signing_keys_purpose_check CHECK (purpose <> ''),
    jwk        json        NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    CONSTRAINT signing_keys_period_check CHECK (valid_until > valid_from)
);
GRANT SELECT, INSERT, UPDATE (valid_until) ON signing_keys TO ininjo_program;

-- The list of destroyed data keys: a restored key store replays it.
CREATE TABLE destroyed_keys (
    class      text        NOT NULL,
    subject_id text        NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT destroyed_keys_pkey PRIMARY KEY (class, subject_id)
);
GRANT SELECT, INSERT ON destroyed_keys TO ininjo_program;

-- Keyed hashes of folded bigrams. Unlogged: a job can rebuild it.
CREATE UNLOGGED TABLE search_grams (
    kind       text  NOT NULL,
    subject_id text  NOT NULL,
    gram       bytea NOT NULL,
    CONSTRAINT search_grams_pkey PRIMARY KEY (kind, gram, subject_id)
);
CREATE INDEX search_grams_subject_idx ON search_grams (kind, subject_id);
GRANT SELECT, INSERT, DELETE ON search_grams TO ininjo_program;

-- The audit log (operating rules 6.2.1): append-only, by month.
CREATE TABLE audit_events (
    id         text        NOT NULL,
    at         timestamptz NOT NULL,
    actor_kind text        NOT NULL CONSTRAINT audit_events_actor_kind_check
        CHECK (actor_kind IN ('ANONYMOUS', 'DELEGATOR', 'RECIPIENT', 'DELEGATE', 'STAFF', 'SYSTEM')),
    actor_id   text        NOT NULL,
    party_id   text,
    action     text        NOT NULL CONSTRAINT audit_events_action_check CHECK (action <> ''),
    subject_id text,
    outcome    text        NOT NULL CONSTRAINT audit_events_outcome_check CHECK (outcome <> ''),
    -- json, not jsonb: its text is what the leaf hash covers.
    data       json        NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_events_list_idx ON audit_events (at, id);
CREATE INDEX audit_events_subject_idx ON audit_events (subject_id, at);
CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;
GRANT SELECT, INSERT ON audit_events TO ininjo_program;
GRANT SELECT ON audit_events TO ininjo_auditor, ininjo_retention;

CREATE TABLE archive_manifests (
    id          text        CONSTRAINT archive_manifests_pkey PRIMARY KEY,
    partition   text        NOT NULL CONSTRAINT archive_manifests_partition_key UNIQUE,
    rows        bigint      NOT NULL CONSTRAINT archive_manifests_rows_check CHECK (rows >= 0),
    sha256      bytea       NOT NULL CONSTRAINT archive_manifests_sha256_check CHECK (octet_length(sha256) = 32),
    location    text        NOT NULL,
    created_at  timestamptz NOT NULL,
    verified_at timestamptz CONSTRAINT archive_manifests_verified_check CHECK (verified_at >= created_at)
);
GRANT SELECT ON archive_manifests TO ininjo_program, ininjo_auditor;
GRANT SELECT, INSERT, UPDATE (verified_at) ON archive_manifests TO ininjo_retention;

-- The tables that are partitioned by month: ours, whichever migration made them.
CREATE FUNCTION audit_parents() RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid::regclass
    FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = 'ininjo_owner'::regrole AND p.partstrat = 'r' AND p.partdefid <> 0
$$;

-- Makes the partitions of every month that the days from since to until touch.
-- Rows that fell into the default partition meanwhile are moved: what is in
-- them, and so their leaf hashes, stays.
CREATE FUNCTION audit_add_partitions(since date, until date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    parent regclass;
    parent_name name;
    remainder regclass;
    column_name name;
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
        month := date_trunc('month', since)::date;
        WHILE month <= until LOOP
            part := parent_name || to_char(month, '_"y"YYYY"m"MM');
            IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
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
REVOKE EXECUTE ON FUNCTION audit_add_partitions(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_add_partitions(date, date) TO ininjo_program;

-- Counts what no monthly partition took: anything but 0 raises an alert.
CREATE FUNCTION audit_default_rows() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    remainder regclass;
    part bigint;
    total bigint := 0;
BEGIN
    FOR remainder IN SELECT p.partdefid::regclass FROM pg_partitioned_table p WHERE p.partrelid IN (SELECT public.audit_parents()) LOOP
        EXECUTE format('SELECT count(*) FROM %s', remainder) INTO part;
        total := total + part;
    END LOOP;
    RETURN total;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_default_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_default_rows() TO ininjo_program;

-- Takes a month out of the audit tables, only where a verified archive holds as
-- many rows as the partition does (design.md, rule 15).
CREATE FUNCTION audit_detach(partition_name text, manifest_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part regclass := to_regclass('public.' || quote_ident(partition_name));
    parent regclass;
    archived bigint;
    present bigint;
BEGIN
    SELECT i.inhparent::regclass INTO parent FROM pg_inherits i WHERE i.inhrelid = part AND i.inhparent IN (SELECT public.audit_parents());
    IF parent IS NULL THEN
        RAISE EXCEPTION 'no partition of an audit table has this name' USING ERRCODE = 'undefined_table';
    END IF;
    IF EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partdefid = part) THEN
        RAISE EXCEPTION 'the default partition is not detached' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT m.rows INTO archived FROM public.archive_manifests m
    WHERE m.id = manifest_id AND m.partition = partition_name AND m.verified_at IS NOT NULL;
    IF archived IS NULL THEN
        RAISE EXCEPTION 'no verified manifest names this partition' USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', part);
    EXECUTE format('SELECT count(*) FROM %s', part) INTO present;
    IF present <> archived THEN
        RAISE EXCEPTION 'the manifest counts other rows than the partition holds' USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, part);
END
$$;
REVOKE EXECUTE ON FUNCTION audit_detach(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_detach(text, text) TO ininjo_retention;

-- Retention ends what is past its period; history is archived, not deleted.
GRANT SELECT, DELETE ON parties, party_refusals, confirmations, accounts, api_tokens, links TO ininjo_retention;
GRANT SELECT, INSERT ON destroyed_keys TO ininjo_retention;
