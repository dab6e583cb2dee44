-- SPDX-License-Identifier: Apache-2.0
-- Delegations, their history, notices and inquiries (operating rules ch. 4 to 6).
-- Instants are UTC and come from the program's clock, never from now(); sealed
-- columns hold AEAD ciphertext bound to table, column and row (design.md, rule 8).
-- Runs as ininjo_owner.

-- Status lists ---------------------------------------------------------------

-- A list has 2^20 entries. The shards count the entries that were drawn, so
-- that drafts at the same time do not queue on one row.
CREATE TABLE status_lists (
    list integer CONSTRAINT status_lists_pkey PRIMARY KEY CONSTRAINT status_lists_number CHECK (list >= 0)
);
CREATE TABLE status_list_shards (
    list integer NOT NULL CONSTRAINT status_list_shards_list REFERENCES status_lists (list),
    shard smallint NOT NULL CONSTRAINT status_list_shards_shard CHECK (shard BETWEEN 0 AND 63),
    used integer NOT NULL DEFAULT 0 CONSTRAINT status_list_shards_used CHECK (used BETWEEN 0 AND 16384),
    CONSTRAINT status_list_shards_pkey PRIMARY KEY (list, shard)
) WITH (fillfactor = 50);
CREATE TABLE status_list_entries (
    list integer NOT NULL CONSTRAINT status_list_entries_list REFERENCES status_lists (list),
    index integer NOT NULL CONSTRAINT status_list_entries_index CHECK (index BETWEEN 0 AND 1048575),
    CONSTRAINT status_list_entries_pkey PRIMARY KEY (list, index)
);
INSERT INTO status_lists (list) VALUES (0);
INSERT INTO status_list_shards (list, shard) SELECT 0, s FROM generate_series(0, 63) AS s;

-- Delegations ----------------------------------------------------------------

CREATE TABLE delegations (
    id text CONSTRAINT delegations_pkey PRIMARY KEY
        CONSTRAINT delegations_id CHECK (id ~ '^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$'),
    delegator_id text NOT NULL CONSTRAINT delegations_delegator REFERENCES parties (id),
    state text NOT NULL CONSTRAINT delegations_state
        CHECK (state IN ('DRAFTED', 'SUBMITTED', 'ABANDONED', 'WITHDRAWN', 'ACCEPTED', 'REFUSED')),
    sealed bytea NOT NULL,
    qualification text NOT NULL DEFAULT '',
    valid_from date NOT NULL,
    valid_through date NOT NULL,
    status_list integer NOT NULL,
    status_index integer NOT NULL,
    replaces text CONSTRAINT delegations_replaces REFERENCES delegations (id),
    version integer NOT NULL DEFAULT 0 CONSTRAINT delegations_version CHECK (version >= 0),
    drafted_at timestamptz NOT NULL,
    draft_sha256 bytea NOT NULL CONSTRAINT delegations_draft_sha256 CHECK (octet_length(draft_sha256) = 32),
    acknowledgement_number text CONSTRAINT delegations_acknowledgement UNIQUE,
    submitted_at timestamptz,
    signature_verified_at timestamptz,
    file_sha256 bytea CONSTRAINT delegations_file_sha256 CHECK (octet_length(file_sha256) = 32),
    content_sha256 bytea CONSTRAINT delegations_content_sha256 CHECK (octet_length(content_sha256) = 32),
    delegate_certificate_sha256 bytea CONSTRAINT delegations_certificate_sha256 CHECK (octet_length(delegate_certificate_sha256) = 32),
    delegate_certified_at timestamptz,
    accepted_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT delegations_term CHECK (valid_from <= valid_through),
    CONSTRAINT delegations_not_itself CHECK (replaces <> id),
    CONSTRAINT delegations_status_entry UNIQUE (status_list, status_index),
    CONSTRAINT delegations_status_drawn FOREIGN KEY (status_list, status_index) REFERENCES status_list_entries (list, index),
    CONSTRAINT delegations_filed CHECK ((state IN ('DRAFTED', 'ABANDONED')) = (acknowledgement_number IS NULL)
        AND (acknowledgement_number IS NULL) = (submitted_at IS NULL)
        AND (acknowledgement_number IS NULL) = (signature_verified_at IS NULL)
        AND (acknowledgement_number IS NULL) = (file_sha256 IS NULL)
        AND (acknowledgement_number IS NULL) = (content_sha256 IS NULL)),
    -- Nothing is filed before the delegate handed in a certificate (4.1.5).
    CONSTRAINT delegations_certified CHECK ((delegate_certificate_sha256 IS NULL) = (delegate_certified_at IS NULL)
        AND (acknowledgement_number IS NULL OR delegate_certificate_sha256 IS NOT NULL)),
    CONSTRAINT delegations_accepted CHECK ((state = 'ACCEPTED') = (accepted_at IS NOT NULL)),
    CONSTRAINT delegations_closed CHECK ((state IN ('ABANDONED', 'WITHDRAWN', 'REFUSED')) = (closed_at IS NOT NULL))
) WITH (fillfactor = 80);
-- At most one accepted replacement (design.md, rule 1).
CREATE UNIQUE INDEX delegations_one_replacement ON delegations (replaces) WHERE state = 'ACCEPTED';
CREATE INDEX delegations_by_delegator ON delegations (delegator_id, drafted_at, id);
CREATE INDEX delegations_by_drafted ON delegations (drafted_at, id);
CREATE INDEX delegations_by_valid_through ON delegations (valid_through, id);
CREATE INDEX delegations_open ON delegations (state, drafted_at) WHERE state IN ('DRAFTED', 'SUBMITTED');

CREATE TABLE delegation_files (
    delegation_id text NOT NULL CONSTRAINT delegation_files_delegation REFERENCES delegations (id),
    kind text NOT NULL CONSTRAINT delegation_files_kind CHECK (kind IN ('DRAFT', 'SIGNED', 'DELEGATE_CHALLENGE')),
    number integer NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT delegation_files_pkey PRIMARY KEY (delegation_id, kind, number),
    -- One draft and one filed file; a renewed certificate is handed in anew.
    CONSTRAINT delegation_files_once CHECK (number = 1 OR (kind = 'DELEGATE_CHALLENGE' AND number > 1))
);

-- History: append-only, with both times (design.md, rule 3) --------------------

CREATE TABLE facts (
    delegation_id text NOT NULL CONSTRAINT facts_delegation REFERENCES delegations (id),
    version integer NOT NULL CONSTRAINT facts_version CHECK (version >= 1),
    kind text NOT NULL CONSTRAINT facts_kind
        CHECK (kind IN ('ACCEPTED', 'REVOKED', 'RENOUNCED', 'SUPERSEDED', 'ENDED', 'SUSPENSION')),
    suspension_id text NOT NULL DEFAULT '',
    stands boolean NOT NULL,
    effective_from timestamptz NOT NULL,
    effective_until timestamptz,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL DEFAULT '',
    event_id text NOT NULL CONSTRAINT facts_event CHECK (event_id <> ''),
    CONSTRAINT facts_pkey PRIMARY KEY (delegation_id, version),
    CONSTRAINT facts_begin_with_acceptance CHECK ((kind = 'ACCEPTED') = (version = 1)),
    CONSTRAINT facts_suspension CHECK ((kind = 'SUSPENSION') = (suspension_id <> '')),
    CONSTRAINT facts_only_suspensions_are_lifted CHECK (kind = 'SUSPENSION' OR stands),
    CONSTRAINT facts_only_suspensions_pass CHECK (kind = 'SUSPENSION' OR effective_until IS NULL),
    CONSTRAINT facts_period CHECK (effective_until > effective_from)
);

-- The hot row: the fold of the facts for the present and the future. A test
-- compares it with the facts (design.md, rule 3).
CREATE TABLE projections (
    delegation_id text CONSTRAINT projections_pkey PRIMARY KEY CONSTRAINT projections_delegation REFERENCES delegations (id),
    accepted_at timestamptz NOT NULL,
    valid_from date NOT NULL,
    valid_through date NOT NULL,
    version integer NOT NULL CONSTRAINT projections_version CHECK (version >= 1),
    final_kind text CONSTRAINT projections_final_kind CHECK (final_kind IN ('REVOKED', 'RENOUNCED', 'SUPERSEDED', 'ENDED')),
    final_at timestamptz,
    final_reason text,
    final_version integer,
    final_recorded_at timestamptz,
    suspensions jsonb NOT NULL DEFAULT '[]' CONSTRAINT projections_suspensions CHECK (jsonb_typeof(suspensions) = 'array'),
    file_sha256 bytea NOT NULL,
    content_sha256 bytea NOT NULL,
    delegate_certificate_sha256 bytea NOT NULL,
    signature_verified_at timestamptz NOT NULL,
    qualification text NOT NULL DEFAULT '',
    CONSTRAINT projections_final CHECK (num_nulls(final_kind, final_at, final_reason, final_version, final_recorded_at) IN (0, 5))
) WITH (fillfactor = 80);
CREATE INDEX projections_by_valid_from ON projections (valid_from);
CREATE INDEX projections_by_valid_through ON projections (valid_through);
CREATE INDEX projections_final_ahead ON projections (final_at) WHERE final_at > final_recorded_at;

CREATE TABLE filing_checks (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT filing_checks_pkey PRIMARY KEY,
    delegation_id text NOT NULL CONSTRAINT filing_checks_delegation REFERENCES delegations (id),
    kind text NOT NULL,
    result text NOT NULL CONSTRAINT filing_checks_result CHECK (result IN ('PASSED', 'POSSIBLE', 'FAILED', 'NOT_CHECKED')),
    reason text NOT NULL DEFAULT '',
    -- the ground on which a person decided, sealed; none for machines
    note bytea,
    at timestamptz NOT NULL
);
CREATE INDEX filing_checks_by_delegation ON filing_checks (delegation_id, id);

CREATE TABLE refusals (
    delegation_id text NOT NULL CONSTRAINT refusals_delegation REFERENCES delegations (id),
    number integer NOT NULL CONSTRAINT refusals_number CHECK (number >= 1),
    code text NOT NULL CONSTRAINT refusals_code CHECK (code <> ''),
    field text[] NOT NULL DEFAULT '{}',
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT refusals_pkey PRIMARY KEY (delegation_id, number)
);

CREATE TABLE challenges (
    id text CONSTRAINT challenges_pkey PRIMARY KEY,
    delegation_id text NOT NULL CONSTRAINT challenges_delegation REFERENCES delegations (id),
    text bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT challenges_period CHECK (expires_at > created_at),
    CONSTRAINT challenges_used_in_time CHECK (used_at < expires_at)
);

CREATE TABLE delegate_certificates (
    delegation_id text NOT NULL CONSTRAINT delegate_certificates_delegation REFERENCES delegations (id),
    number integer NOT NULL CONSTRAINT delegate_certificates_number CHECK (number >= 1),
    certificate_sha256 bytea NOT NULL CONSTRAINT delegate_certificates_sha256 CHECK (octet_length(certificate_sha256) = 32),
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT delegate_certificates_pkey PRIMARY KEY (delegation_id, number)
);

-- Notices --------------------------------------------------------------------

-- One row for each change; the leader numbers it for the parties concerned.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    type text NOT NULL,
    delegation_id text CONSTRAINT outbox_delegation REFERENCES delegations (id),
    delegator_id text,
    version integer NOT NULL,
    status text NOT NULL,
    at timestamptz NOT NULL,
    effective_at timestamptz,
    numbered_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX outbox_waiting ON outbox (id) WHERE numbered_at IS NULL;

-- A party's sequence: no gaps, a new stream after a restore.
CREATE TABLE streams (
    party_id text CONSTRAINT streams_pkey PRIMARY KEY,
    stream uuid NOT NULL DEFAULT gen_random_uuid(),
    sequence bigint NOT NULL DEFAULT 0 CONSTRAINT streams_sequence CHECK (sequence >= 0)
) WITH (fillfactor = 70);

CREATE TABLE notices (
    party_id text NOT NULL CONSTRAINT notices_party REFERENCES streams (party_id),
    stream uuid NOT NULL,
    sequence bigint NOT NULL CONSTRAINT notices_sequence CHECK (sequence >= 1),
    change_id bigint NOT NULL,
    type text NOT NULL,
    delegation_id text,
    delegator_id text,
    version integer NOT NULL,
    status text NOT NULL,
    at timestamptz NOT NULL,
    effective_at timestamptz,
    CONSTRAINT notices_pkey PRIMARY KEY (party_id, stream, sequence),
    CONSTRAINT notices_once UNIQUE (party_id, change_id)
);

CREATE TABLE watches (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT watches_pkey PRIMARY KEY,
    recipient_id text NOT NULL CONSTRAINT watches_recipient REFERENCES parties (id),
    delegation_id text NOT NULL CONSTRAINT watches_delegation REFERENCES delegations (id),
    since timestamptz NOT NULL,
    since_version integer NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX watches_once ON watches (recipient_id, delegation_id) WHERE ended_at IS NULL;
CREATE INDEX watches_by_delegation ON watches (delegation_id) WHERE ended_at IS NULL;

CREATE TABLE endpoints (
    id text CONSTRAINT endpoints_pkey PRIMARY KEY,
    party_id text NOT NULL CONSTRAINT endpoints_party REFERENCES parties (id),
    sealed bytea NOT NULL,
    types text[] NOT NULL DEFAULT '{}',
    state text NOT NULL CONSTRAINT endpoints_state CHECK (state IN ('ACTIVE', 'DISABLED')),
    previous_until timestamptz,
    created_at timestamptz NOT NULL,
    disabled_reason text NOT NULL DEFAULT '',
    last_sequence bigint NOT NULL DEFAULT 0,
    deleted_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX endpoints_by_party ON endpoints (party_id, created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE deliveries (
    id text CONSTRAINT deliveries_pkey PRIMARY KEY,
    endpoint_id text NOT NULL CONSTRAINT deliveries_endpoint REFERENCES endpoints (id),
    party_id text NOT NULL,
    stream uuid,
    sequence bigint NOT NULL,
    previous bigint NOT NULL,
    change_id bigint NOT NULL,
    type text NOT NULL,
    delegation_id text,
    delegator_id text,
    version integer NOT NULL,
    status text NOT NULL,
    at timestamptz NOT NULL,
    effective_at timestamptz,
    state text NOT NULL CONSTRAINT deliveries_state CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED')),
    attempts integer NOT NULL DEFAULT 0,
    last_status integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    last_at timestamptz,
    delivered_at timestamptz,
    CONSTRAINT deliveries_delivered CHECK ((state = 'DELIVERED') = (delivered_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX deliveries_once ON deliveries (endpoint_id, stream, sequence) WHERE sequence > 0;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, at, id);

CREATE TABLE attempts (
    delivery_id text NOT NULL CONSTRAINT attempts_delivery REFERENCES deliveries (id),
    number integer NOT NULL CONSTRAINT attempts_number CHECK (number >= 1),
    at timestamptz NOT NULL,
    status integer NOT NULL,
    error text NOT NULL DEFAULT '',
    millis bigint NOT NULL,
    CONSTRAINT attempts_pkey PRIMARY KEY (delivery_id, number)
);

CREATE TABLE mails (
    id text CONSTRAINT mails_pkey PRIMARY KEY,
    party_id text,
    delegation_id text,
    sealed bytea NOT NULL,
    template text NOT NULL,
    language text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT mails_subject CHECK (num_nonnulls(party_id, delegation_id) >= 1)
);
CREATE TABLE mail_addresses (
    id text CONSTRAINT mail_addresses_pkey PRIMARY KEY,
    party_id text NOT NULL CONSTRAINT mail_addresses_party REFERENCES parties (id),
    sealed bytea NOT NULL,
    language text NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX mail_addresses_by_party ON mail_addresses (party_id, created_at, id);

-- Starts and ends that were announced. Term notices happen once in a
-- delegation's life and stand with version 0, final acts with their own.
CREATE TABLE announced (
    delegation_id text NOT NULL CONSTRAINT announced_delegation REFERENCES delegations (id),
    type text NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT announced_pkey PRIMARY KEY (delegation_id, type, version)
);

-- Inquiries: the audit of questions (5.3, 6.2.1), by month ----------------------

CREATE TABLE inquiries (
    id text NOT NULL,
    answered_at timestamptz NOT NULL,
    recipient_id text NOT NULL,
    account_id text NOT NULL,
    -- Empty where the question came from a signed-in session.
    token_id text NOT NULL,
    -- Null where the ID was mistyped: its text is not kept (rule 7).
    delegation_id text,
    mistyped boolean NOT NULL,
    asked_at timestamptz,
    known_at timestamptz,
    historical boolean NOT NULL,
    document_sha256 bytea CONSTRAINT inquiries_document CHECK (octet_length(document_sha256) = 32),
    delegate_certificate_sha256 bytea CONSTRAINT inquiries_certificate CHECK (octet_length(delegate_certificate_sha256) = 32),
    nonce text NOT NULL CONSTRAINT inquiries_nonce CHECK (char_length(nonce) <= 128),
    -- Of the history that was read; null where there was none.
    version integer,
    CONSTRAINT inquiries_pkey PRIMARY KEY (id, answered_at),
    CONSTRAINT inquiries_mistyped CHECK (mistyped = (delegation_id IS NULL))
) PARTITION BY RANGE (answered_at);
CREATE TABLE inquiries_default PARTITION OF inquiries DEFAULT;

-- Rights (design.md, rule 15): the program can neither change nor delete
-- history. Sequences of identity columns need no grant of their own.
GRANT SELECT, INSERT ON status_lists, status_list_shards, status_list_entries, delegations, delegation_files, facts, projections,
    filing_checks, refusals, challenges, delegate_certificates, outbox, streams, notices, watches, endpoints, deliveries, attempts,
    mails, mail_addresses, announced, inquiries TO ininjo_program;
GRANT UPDATE (used) ON status_list_shards TO ininjo_program;
GRANT UPDATE (state, version, acknowledgement_number, submitted_at, signature_verified_at, file_sha256, content_sha256,
    delegate_certificate_sha256, delegate_certified_at, accepted_at, closed_at) ON delegations TO ininjo_program;
GRANT UPDATE (version, final_kind, final_at, final_reason, final_version, final_recorded_at, suspensions, delegate_certificate_sha256)
    ON projections TO ininjo_program;
GRANT UPDATE (used_at) ON challenges TO ininjo_program;
GRANT UPDATE (numbered_at) ON outbox TO ininjo_program;
GRANT UPDATE (sequence) ON streams TO ininjo_program;
GRANT UPDATE (ended_at) ON watches TO ininjo_program;
GRANT UPDATE (sealed, types, state, previous_until, disabled_reason, last_sequence, deleted_at) ON endpoints TO ininjo_program;
GRANT UPDATE (state, attempts, last_status, last_error, last_at, delivered_at) ON deliveries TO ininjo_program;
GRANT UPDATE (sent_at) ON mails TO ininjo_program;
GRANT UPDATE (confirmed_at) ON mail_addresses TO ininjo_program;
GRANT SELECT, DELETE ON delegations, delegation_files, facts, projections, filing_checks, refusals, challenges, delegate_certificates,
    outbox, notices, watches, endpoints, deliveries, attempts, mails, mail_addresses, announced TO ininjo_retention;
GRANT SELECT ON inquiries TO ininjo_auditor, ininjo_retention;
