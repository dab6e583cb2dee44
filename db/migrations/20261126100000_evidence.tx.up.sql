-- SPDX-License-Identifier: Apache-2.0
-- Formats of files, how a filing was verified, and the evidence of it (operating
-- rules 3.1.2, 4.1.5, 6.2.9). Runs as ininjo_owner.

-- The format of the file that is signed, and in which mode it was verified when
-- it was filed: in sp mode no signed file is kept.
ALTER TABLE delegations
    ADD COLUMN format text NOT NULL DEFAULT 'XML' CONSTRAINT delegations_format CHECK (format ~ '^[A-Z0-9]{1,16}$'),
    ADD COLUMN filing_mode text NOT NULL DEFAULT '' CONSTRAINT delegations_filing_mode CHECK (filing_mode IN ('', 'platform', 'sp', 'demo'));
GRANT UPDATE (filing_mode) ON delegations TO ininjo_program;

-- What a comparison passed over or found: codes with positions.
ALTER TABLE filing_checks ADD COLUMN reasons text[] NOT NULL DEFAULT '{}';

-- Evidence: append-only. A record holds the SHA-256 of the one before it in its
-- chain; what concerns the delegate's certificate is a chain of its own, which
-- the delegator does not see.
CREATE TABLE evidence (
    delegation_id text NOT NULL CONSTRAINT evidence_delegation REFERENCES delegations (id),
    chain text NOT NULL CONSTRAINT evidence_chain CHECK (chain IN ('FILING', 'DELEGATE')),
    number integer NOT NULL CONSTRAINT evidence_number CHECK (number >= 1),
    kind text NOT NULL CONSTRAINT evidence_kind CHECK (kind IN ('INTAKE', 'STATUS', 'DECISION', 'DELEGATE')),
    sha256 bytea NOT NULL CONSTRAINT evidence_sha256 CHECK (octet_length(sha256) = 32),
    sealed bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT evidence_pkey PRIMARY KEY (delegation_id, chain, number)
);

-- Its RFC 3161 time stamps, each over the record and all earlier ones.
CREATE TABLE evidence_stamps (
    delegation_id text NOT NULL,
    chain text NOT NULL,
    record integer NOT NULL,
    number integer NOT NULL CONSTRAINT evidence_stamps_number CHECK (number >= 1),
    sealed bytea NOT NULL,
    hash text NOT NULL CONSTRAINT evidence_stamps_hash CHECK (hash <> ''),
    stamped_at timestamptz NOT NULL,
    -- the earliest end of a certificate on the stamp's path
    ends_at timestamptz NOT NULL CONSTRAINT evidence_stamps_period CHECK (ends_at > stamped_at),
    CONSTRAINT evidence_stamps_pkey PRIMARY KEY (delegation_id, chain, record, number),
    CONSTRAINT evidence_stamps_record FOREIGN KEY (delegation_id, chain, record) REFERENCES evidence (delegation_id, chain, number)
);

-- When each record is to be stamped next: a work list beside what is kept, not
-- part of it.
CREATE TABLE evidence_due (
    delegation_id text NOT NULL,
    chain text NOT NULL,
    record integer NOT NULL,
    stamps integer NOT NULL DEFAULT 0 CONSTRAINT evidence_due_stamps CHECK (stamps >= 0),
    -- of the newest stamp; '' and null before the first
    hash text NOT NULL DEFAULT '',
    ends_at timestamptz,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT evidence_due_pkey PRIMARY KEY (delegation_id, chain, record),
    CONSTRAINT evidence_due_record FOREIGN KEY (delegation_id, chain, record) REFERENCES evidence (delegation_id, chain, number),
    CONSTRAINT evidence_due_stamped CHECK ((stamps = 0) = (hash = '') AND (stamps = 0) = (ends_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX evidence_due_by_time ON evidence_due (due_at);
CREATE INDEX evidence_due_by_hash ON evidence_due (hash, due_at);

GRANT SELECT, INSERT ON evidence, evidence_stamps, evidence_due TO ininjo_program;
GRANT UPDATE (stamps, hash, ends_at, due_at) ON evidence_due TO ininjo_program;
GRANT SELECT, DELETE ON evidence, evidence_stamps, evidence_due TO ininjo_retention;
